/*
 * Message files. What is read has the file's own lines, no CR, and is the same
 * with CRLF for LF.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/message_file.h"
#include "tests/fuzz/target.h"

/* In a buffer of its own size, so that reading behind it is found out. */
static bool read_as(const uint8_t *data, size_t size, bool crlf, struct message_file *out,
		    char error[MESSAGE_ERROR_MAX])
{
	size_t len = 0, lines = 0;
	char *octets;
	bool ok;

	for (size_t i = 0; crlf && i < size; i++)
		lines += data[i] == '\n';
	octets = malloc(size + lines > 0 ? size + lines : 1);
	must(octets != NULL);
	for (size_t i = 0; i < size; i++) {
		if (crlf && data[i] == '\n')
			octets[len++] = '\r';
		octets[len++] = (char)data[i];
	}
	ok = message_file_parse(octets, len, "m", out, error);
	free(octets);
	return ok;
}

static void check_fields(const struct message_file *file, int64_t lines)
{
	int line = 0;

	for (size_t i = 0; i < file->n_fields; i++) {
		const struct message_field *f = &file->fields[i];

		must(f->line > line && f->line <= lines);
		must(strlen(f->text) == f->len && !strchr(f->text, '\r'));
		must(strncmp(f->text, f->name, strlen(f->name)) == 0);
		line = f->line;
	}
	must(file->body_line == 0 || (file->body_line > line && file->body_line <= lines));
}

static void check_same(const struct message_file *a, const struct message_file *b)
{
	must(a->n_fields == b->n_fields && a->size_bytes == b->size_bytes &&
	     a->body_line == b->body_line);
	for (size_t i = 0; i < a->n_fields; i++) {
		must(strcmp(a->fields[i].text, b->fields[i].text) == 0);
		must(strcmp(message_field_value(&a->fields[i]),
			    message_field_value(&b->fields[i])) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[MESSAGE_ERROR_MAX] = "", other[MESSAGE_ERROR_MAX] = "";
	struct message_file lf, crlf;
	bool ok = read_as(data, size, false, &lf, error);
	const char *where;
	int64_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	must(read_as(data, size, true, &crlf, other) == ok);
	must(strcmp(error, other) == 0 && ok == !error[0]);
	check_fields(&lf, lines);
	check_same(&lf, &crlf);
	must(!message_file_sender(&lf, &where) == !message_file_sender(&crlf, &where));
	message_file_fini(&lf);
	message_file_fini(&crlf);
	return 0;
}
