#define _GNU_SOURCE
#include "control/postfix_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct postfix_lines {
	FILE *file;
	enum postfix_form form;
	size_t read;	/* lines read so far */
	char *ahead;	/* the line read last */
	size_t room;	/* of it */
	ssize_t length; /* of it; -1: there is none */
	char *logical;	/* POSTFIX_LINE_MAX and a NUL */
};

static void read_ahead(struct postfix_lines *lines)
{
	lines->length = getline(&lines->ahead, &lines->room, lines->file);
	lines->read += lines->length >= 0;
}

struct postfix_lines *postfix_lines_new(FILE *file, enum postfix_form form)
{
	struct postfix_lines *lines = memory_zero(sizeof(*lines));

	lines->file = file;
	lines->form = form;
	lines->logical = memory_alloc(POSTFIX_LINE_MAX + 1);
	read_ahead(lines);
	return lines;
}

void postfix_lines_free(struct postfix_lines **lines)
{
	if (!*lines)
		return;
	free((*lines)->ahead);
	free((*lines)->logical);
	free(*lines);
	*lines = NULL;
}

/* isspace() of the C locale. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Empty, blanks only, or a comment. */
static bool is_nothing(const struct postfix_lines *lines)
{
	const char *p = lines->ahead;

	while (is_space(*p))
		p++;
	return *p == '\0' || *p == '#';
}

/* Adds the line ahead. Sets *fault when there is something in it that is not
 * text, or no room. */
static void take(struct postfix_lines *lines, size_t *used, const char **fault)
{
	size_t len = (size_t)lines->length;

	if (strlen(lines->ahead) != len) {
		*fault = "has a NUL in it";
		return;
	}
	while (len > 0 && (lines->ahead[len - 1] == '\n' || lines->ahead[len - 1] == '\r'))
		len--;
	if (len > POSTFIX_LINE_MAX - *used) {
		*fault = "is longer than 1048576 octets";
		return;
	}
	memcpy(lines->logical + *used, lines->ahead, len);
	*used += len;
	lines->logical[*used] = '\0';
}

/* Puts a logical line together: what begins with a blank goes on with the line
 * before it, also behind comments and empty lines. False at the end. */
static bool next_logical(struct postfix_lines *lines, struct postfix_line *out)
{
	bool source = lines->form == POSTFIX_SOURCE;
	size_t used = 0;

	lines->logical[0] = '\0';
	while (source && lines->length >= 0 && is_nothing(lines))
		read_ahead(lines);
	if (lines->length < 0)
		return false;
	*out = (struct postfix_line){ .number = lines->read, .key = "", .value = "" };
	if (source && is_space(lines->ahead[0]))
		out->fault = "begins with a blank, and there is no line that it goes on with";
	do {
		take(lines, &used, &out->fault);
		read_ahead(lines);
		while (source && lines->length >= 0 && is_nothing(lines))
			read_ahead(lines);
	} while (source && lines->length >= 0 && is_space(lines->ahead[0]));
	return true;
}

/* Where the key ends: at the first blank outside quotes. */
static char *end_of_key(char *p, const char **fault)
{
	bool quoted = false;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && is_space(*p))
			break;
	}
	if (quoted)
		*fault = "has a quote that does not end";
	return p;
}

static void trim(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && is_space(text[len - 1]))
		text[--len] = '\0';
}

static void split(const struct postfix_lines *lines, struct postfix_line *out)
{
	char *key = lines->logical, *end;

	if (lines->form == POSTFIX_LISTED)
		end = key + strcspn(key, "\t");
	else
		end = end_of_key(key, &out->fault);
	if (*end)
		*end++ = '\0';
	while (is_space(*end))
		end++;
	trim(end);
	out->key = key;
	out->value = end;
	if (out->fault)
		return;
	if (*key == '\0' || *end == '\0')
		out->fault = "is not a key, a blank and a value";
	else if (key[strlen(key) - 1] == ':')
		out->fault = "is \"key: value\", as in an alias file; a table has no \":\" there";
}

bool postfix_lines_next(struct postfix_lines *lines, struct postfix_line *out)
{
	if (!next_logical(lines, out))
		return false;
	if (!out->fault)
		split(lines, out);
	return true;
}
