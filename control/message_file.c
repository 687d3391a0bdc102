#include "control/message_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/header_address.h"
#include "control/need.h"

static const char return_path[] = "Return-Path";

/* What Postfix does: a line is taken in pieces (line_length_limit), each ends at
 * its first NUL, and a field grows until it has so many octets. That many, and
 * not header_size_limit, since there are milters (KLUDGE_HEADER_LIMIT,
 * cleanup_message.c). What is left out is not delivered either. */
#define PIECE_MAX 2048
#define FIELD_FULL 60000

/* ---- lines ------------------------------------------------------------------ */

struct reader {
	char *at, *end;
	const char *begin; /* of the message */
	int line;
	int64_t size_bytes;
};

struct line {
	char *text; /* no NUL behind it; CRs are spaces */
	size_t len;
};

static bool next_line(struct reader *r, struct line *line)
{
	char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at));
	char *end = lf ? lf : r->end;

	if (r->at == r->end)
		return false;
	line->text = r->at;
	r->at = lf ? lf + 1 : r->end;
	while (end > line->text && end[-1] == '\r')
		end--;
	line->len = (size_t)(end - line->text);
	for (char *p = line->text; (p = memchr(p, '\r', (size_t)(end - p))); p++)
		*p = ' ';
	r->line++;
	r->size_bytes += (int64_t)line->len + 2;
	return true;
}

static bool next_is_folded(const struct reader *r)
{
	return r->at < r->end && ascii_is_blank(*r->at);
}

/* "From ..." or ">From ...", in any case of letters. */
static bool is_mbox_line(const struct line *line, size_t *at)
{
	size_t i = 0;

	while (i < line->len && line->text[i] == '>')
		i++;
	*at = i + 5;
	return line->len >= i + 5 && ascii_equal_nocase(line->text + i, "From ", 5);
}

/* "From rose@example.com Fri Nov 20 ...": Thunderbird has "-" there. A copy, or
 * NULL. */
static char *mbox_sender(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && !ascii_is_blank(text[n]))
		n++;
	return memchr(text, '@', n) ? need_copy(text, n) : NULL;
}

/* Octets of the name that a header field begins with; 0: it is none. *value is
 * where its value begins. */
static size_t name_length(const struct line *line, size_t *value)
{
	size_t i = 0, len;

	while (i < line->len && line->text[i] > ' ' && line->text[i] < 0x7f && line->text[i] != ':')
		i++;
	len = i;
	while (len > 0 && i < line->len && ascii_is_blank(line->text[i]))
		i++;
	*value = i + 1;
	return i < line->len && line->text[i] == ':' ? len : 0;
}

/* ---- the header ------------------------------------------------------------- */

static bool fail(char error[MESSAGE_ERROR_MAX], const char *name, int line, const char *reason)
{
	if (line > 0)
		snprintf(error, MESSAGE_ERROR_MAX, "%s:%d: %s", name, line, reason);
	else
		snprintf(error, MESSAGE_ERROR_MAX, "%s: %s", name, reason);
	return false;
}

static void add_line(struct message_field *field, const struct line *line, bool folded)
{
	for (size_t at = 0; at < line->len && field->len < FIELD_FULL; at += PIECE_MAX) {
		size_t left = line->len - at, n = left < PIECE_MAX ? left : PIECE_MAX;

		n = strnlen(line->text + at, n);
		field->text = need_room(field->text, field->len + n + 2, 1);
		if (folded && at == 0)
			field->text[field->len++] = '\n';
		memcpy(field->text + field->len, line->text + at, n);
		field->len += n;
		field->text[field->len] = '\0';
	}
}

/* NULL: nobody wants that field. */
static struct message_field *begin_field(struct message_file *file, const struct line *line,
					 size_t name_len, size_t value, int number)
{
	struct message_field *field;
	char name[FIELD_NAME_MAX + 1];

	if (name_len > FIELD_NAME_MAX)
		return NULL;
	memcpy(name, line->text, name_len);
	name[name_len] = '\0';
	if (!originators_wants(name) && strcasecmp(name, return_path) != 0)
		return NULL;
	file->fields = need_room(file->fields, file->n_fields + 1, sizeof(*file->fields));
	field = &file->fields[file->n_fields++];
	*field = (struct message_field){ .value = value, .line = number };
	memcpy(field->name, name, name_len + 1);
	add_line(field, line, false);
	return field;
}

/* Fields up to the line that ends them. False: that is the first line, and it
 * is not empty. */
static bool read_fields(struct reader *r, struct message_file *file, struct line *line, bool more)
{
	struct message_field *field;
	size_t value, len;
	bool any = false;

	while (more && line->len > 0 && r->at - r->begin <= MESSAGE_HEADER_MAX) {
		len = name_length(line, &value);
		if (len == 0) {
			file->body_line = r->line;
			return any;
		}
		any = true;
		field = begin_field(file, line, len, value, r->line);
		while (next_is_folded(r)) {
			next_line(r, line);
			if (field)
				add_line(field, line, true);
		}
		more = next_line(r, line);
	}
	return true;
}

static bool read_message(struct reader *r, const char *name, struct message_file *file, char *error)
{
	struct line line = { NULL, 0 };
	bool more = next_line(r, &line);
	size_t at;

	if (!more)
		return fail(error, name, 0, "is empty");
	while (more && is_mbox_line(&line, &at)) {
		if (!file->mbox_sender)
			file->mbox_sender = mbox_sender(line.text + at, line.len - at);
		r->size_bytes = 0;
		more = next_line(r, &line);
	}
	if (!read_fields(r, file, &line, more))
		return fail(error, name, file->body_line,
			    "neither a header field nor the empty line behind the header");
	if (line.len > 0 && r->at - r->begin > MESSAGE_HEADER_MAX && !file->body_line)
		return fail(error, name, r->line, "the header is longer than 1048576 octets");
	while (next_line(r, &line))
		;
	return true;
}

bool message_file_parse(char *octets, size_t len, const char *name, struct message_file *out,
			char error[MESSAGE_ERROR_MAX])
{
	struct reader reader = { .at = octets, .end = octets + len, .begin = octets };
	bool ok;

	*out = (struct message_file){ 0 };
	ok = read_message(&reader, name, out, error);
	out->size_bytes = reader.size_bytes;
	return ok;
}

void message_file_fini(struct message_file *file)
{
	for (size_t i = 0; i < file->n_fields; i++)
		free(file->fields[i].text);
	free(file->fields);
	free(file->mbox_sender);
	*file = (struct message_file){ 0 };
}

const char *message_field_value(const struct message_field *field)
{
	return field->len > field->value ? field->text + field->value : "";
}

const char *message_file_sender(const struct message_file *file, const char **where)
{
	for (size_t i = 0; i < file->n_fields; i++) {
		if (strcasecmp(file->fields[i].name, return_path) == 0) {
			*where = "Return-Path field";
			return message_field_value(&file->fields[i]);
		}
	}
	*where = "mbox line";
	return file->mbox_sender;
}

/* ---- the file --------------------------------------------------------------- */

/* NULL with the reason in *why. */
static char *slurp(FILE *file, size_t *len, const char **why)
{
	size_t room = 0, got;
	char *octets = NULL;

	*len = 0;
	do {
		if (*len == room) {
			room = room ? 2 * room : 65536;
			octets = need_room(octets, room, 1);
		}
		got = fread(octets + *len, 1, room - *len, file);
		*len += got;
	} while (got > 0 && *len <= MESSAGE_FILE_MAX);
	*why = NULL;
	if (ferror(file))
		*why = strerror(errno);
	else if (*len > MESSAGE_FILE_MAX)
		*why = "is larger than 67108864 octets";
	if (!*why)
		return octets;
	free(octets);
	return NULL;
}

bool message_file_read(const char *path, struct message_file *out, char error[MESSAGE_ERROR_MAX])
{
	bool standard_input = strcmp(path, "-") == 0;
	const char *name = standard_input ? "standard input" : path, *why;
	FILE *file = standard_input ? stdin : fopen(path, "re");
	size_t len = 0;
	char *octets;
	bool ok;

	*out = (struct message_file){ 0 };
	if (!file)
		return fail(error, name, 0, strerror(errno));
	octets = slurp(file, &len, &why);
	if (!standard_input)
		fclose(file);
	if (!octets)
		return fail(error, name, 0, why);
	ok = message_file_parse(octets, len, name, out, error);
	free(octets);
	return ok;
}
