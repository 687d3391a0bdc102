#include "base/config_text.h"

#include <string.h>

#include "base/ascii.h"

struct scanner {
	char *at;
	char *end;
	int line;
	int depth;	 /* of braces */
	int outer_line;	 /* of the "{" at depth 0 */
	const char *why; /* NULL while all is well */
	int why_line;
};

static void complain(struct scanner *s, int line, const char *why)
{
	s->why = why;
	s->why_line = line;
}

static bool looking_at(const struct scanner *s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s->end - s->at) >= len && !memcmp(s->at, text, len);
}

static void blank_line(struct scanner *s)
{
	for (; s->at < s->end && *s->at != '\n'; s->at++)
		*s->at = ' ';
}

static void blank_block(struct scanner *s)
{
	int first = s->line;

	memset(s->at, ' ', 2);
	s->at += 2;
	while (s->at < s->end && !looking_at(s, "*/")) {
		if (*s->at == '\n')
			s->line++;
		else
			*s->at = ' ';
		s->at++;
	}
	if (s->at == s->end) {
		complain(s, first, "a comment begins here and does not end");
		return;
	}
	memset(s->at, ' ', 2);
	s->at += 2;
}

static void check_string_octet(struct scanner *s, char quote)
{
	if (ascii_is_control(*s->at) && *s->at != '\t')
		complain(s, s->line, "a control character in a string");
	else if (quote == '"' && looking_at(s, "${"))
		complain(s, s->line,
			 "\"${\" is not expanded here; write the value, or use single quotes");
}

static void skip_escape(struct scanner *s, char quote)
{
	if (s->end - s->at < 2 || (s->at[1] != quote && s->at[1] != '\\')) {
		complain(s, s->line,
			 quote == '"' ? "in double quotes a backslash stands only before \" or \\" :
					"in single quotes a backslash stands only before ' or \\");
		return;
	}
	s->at += 2;
}

/* From the opening quote to behind the closing one. */
static void skip_string(struct scanner *s)
{
	const char quote = *s->at++;

	while (s->at < s->end && *s->at != '\n' && !s->why) {
		if (*s->at == quote) {
			s->at++;
			return;
		}
		if (*s->at == '\\') {
			skip_escape(s, quote);
			continue;
		}
		check_string_octet(s, quote);
		s->at++;
	}
	if (!s->why)
		complain(s, s->line, "a string begins in this line and does not end in it");
}

static void count_brace(struct scanner *s)
{
	if (*s->at == '{') {
		if (s->depth++ == 0)
			s->outer_line = s->line;
	} else if (s->depth-- == 0) {
		complain(s, s->line, "\"}\" without \"{\"");
	}
	s->at++;
}

static void check_other(struct scanner *s)
{
	if (*s->at == '*')
		complain(s, s->line, "a value with \"*\" needs quotes");
	else if (*s->at == '+' && !looking_at(s, "+="))
		complain(s, s->line, "a value with \"+\" needs quotes");
	else if (looking_at(s, "${"))
		complain(s, s->line, "\"${\" is not expanded here; write the value");
	else if (ascii_is_control(*s->at) && *s->at != '\t' && *s->at != '\r')
		complain(s, s->line, "a control character");
	s->at++;
}

static void scan_one(struct scanner *s)
{
	switch (*s->at) {
	case '\n':
		s->line++;
		s->at++;
		break;
	case '#':
		blank_line(s);
		break;
	case '"':
	case '\'':
		skip_string(s);
		break;
	case '{':
	case '}':
		count_brace(s);
		break;
	default:
		if (looking_at(s, "//"))
			blank_line(s);
		else if (looking_at(s, "/*"))
			blank_block(s);
		else
			check_other(s);
	}
}

bool config_text_prepare(char *text, size_t len, int *line, const char **reason)
{
	struct scanner s = { .at = text, .end = text + len, .line = 1 };

	while (s.at < s.end && !s.why)
		scan_one(&s);
	if (!s.why && s.depth > 0)
		complain(&s, s.outer_line, "the \"{\" in this line has no \"}\"");
	if (!s.why)
		return true;
	*line = s.why_line;
	*reason = s.why;
	return false;
}
