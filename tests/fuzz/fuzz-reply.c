/*
 * Reply texts of an operator, and the values put into them: what a client is
 * told has a good code, is one line of clean UTF-8 and fits.
 *
 * Input: which reply (1 octet), room for the result (1 octet), then the text
 * and, behind the first NUL, the value of every name in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reply.h"
#include "base/utf8.h"
#include "tests/fuzz/target.h"

static void check_line(enum reply reply, const struct reply_line *line)
{
	must(strlen(line->code) == 3 && strspn(line->code, "0123456789") == 3);
	must(line->code[0] == reply_default(reply)->code[0]);
	must(strcmp(line->code, "421") != 0 && strcmp(line->code, "521") != 0);
	must(line->xcode[0] == line->code[0] && line->xcode[1] == '.');
	must(line->text[0] && strlen(line->text) <= REPLY_TEXT_MAX);
}

static void check_clean(const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		uint32_t code_point;
		size_t n = utf8_sequence(text, len, &code_point);

		must(n > 0 && !utf8_is_control(code_point));
		text += n;
		len -= n;
	}
}

static void check_expanded(const struct reply_line *line, const char *value, size_t room)
{
	const struct reply_values values = { value, value, value, value, value,
					     value, value, value, value, value, value, value };
	char *out = malloc(room);

	if (!out)
		return;
	reply_expand(line, &values, out, room);
	must(memchr(out, '\0', room) != NULL);
	check_clean(out);
	free(out);
}

static void check(enum reply reply, size_t room, const char *text, const char *value)
{
	const char *reason = NULL;
	struct reply_line line;

	if (!reply_parse(reply, text, &line, &reason)) {
		must(reason && *reason);
		return;
	}
	check_line(reply, &line);
	check_expanded(&line, value, room);
	check_expanded(&line, NULL, REPLY_TEXT_MAX + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	size_t len;

	if (size < 2)
		return 0;
	text = calloc(1, size);
	if (!text)
		return 0;
	memcpy(text, data + 2, size - 2);
	len = strlen(text);
	check((enum reply)(data[0] % REPLIES), (size_t)data[1] + 1, text,
	      len + 2 < size ? text + len + 1 : "");
	free(text);
	return 0;
}
