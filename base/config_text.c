#include "base/config_text.h"

#include <string.h>

#include "base/ascii.h"

enum token {
	TOKEN_NONE,
	TOKEN_NAME, /* of a setting or section, or a title */
	TOKEN_EQUALS,
	TOKEN_VALUE,
	TOKEN_COMMA,
	TOKEN_OPEN,
	TOKEN_CLOSE,
};

struct scanner {
	char *at;
	char *end;
	int line;
	int depth;	 /* of braces */
	int outer_line;	 /* of the "{" at depth 0 */
	int list_depth;	 /* of the list that we are in; 0: in none */
	enum token last; /* before the present one */
	char *group;	 /* the word "group", when it is the last token */
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

/*
 * A name space of its own for the sections group NAME { }, beside the setting
 * group: what no "=" follows is a section.
 */
static void take_token(struct scanner *s, enum token token)
{
	if (s->group && token != TOKEN_EQUALS)
		memcpy(s->group, CONFIG_TEXT_GROUP, strlen(CONFIG_TEXT_GROUP));
	s->group = NULL;
	s->last = token;
}

static void take_text(struct scanner *s)
{
	take_token(s, s->last == TOKEN_EQUALS || s->list_depth > 0 ? TOKEN_VALUE : TOKEN_NAME);
}

/* libconfuse has commas in lists only. */
static void take_comma(struct scanner *s)
{
	if (s->list_depth == 0) {
		if (s->last != TOKEN_VALUE && s->last != TOKEN_CLOSE)
			complain(s, s->line,
				 "a comma stands behind a setting or an element of a list only");
		*s->at = ' ';
	}
	take_token(s, TOKEN_COMMA);
	s->at++;
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

	if (s->last == TOKEN_COMMA && s->list_depth == 0) {
		complain(s, s->line, "a list of more than one element stands in braces");
		return;
	}
	take_text(s);
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

static void open_brace(struct scanner *s)
{
	if (s->depth++ == 0)
		s->outer_line = s->line;
	if (s->list_depth == 0 && s->last == TOKEN_EQUALS)
		s->list_depth = s->depth;
	take_token(s, TOKEN_OPEN);
	s->at++;
}

static void close_brace(struct scanner *s)
{
	if (s->depth == 0)
		complain(s, s->line, "\"}\" without \"{\"");
	if (s->list_depth == s->depth)
		s->list_depth = 0;
	s->depth--;
	take_token(s, TOKEN_CLOSE);
	s->at++;
}

static void take_equals(struct scanner *s)
{
	if (*s->at == '+' && !looking_at(s, "+=")) {
		complain(s, s->line, "a value with \"+\" needs quotes");
		return;
	}
	take_token(s, TOKEN_EQUALS);
	s->at += *s->at == '+' ? 2 : 1;
}

static bool is_word(const struct scanner *s)
{
	return s->at < s->end && !ascii_is_control(*s->at) && !strchr(" \"'#{}()+*,=", *s->at) &&
	       !looking_at(s, "//") && !looking_at(s, "/*");
}

static void take_word(struct scanner *s)
{
	static const char group[] = "group";
	char *first = s->at;
	bool is_first; /* not a title, nor a value */

	for (; is_word(s); s->at++)
		if (looking_at(s, "${"))
			complain(s, s->line, "\"${\" is not expanded here; write the value");
	is_first = s->last != TOKEN_NAME && s->last != TOKEN_EQUALS;
	take_text(s);
	if (s->depth == 0 && is_first && s->at - first == (int)strlen(group) &&
	    !memcmp(first, group, strlen(group)))
		s->group = first;
}

static void take_other(struct scanner *s)
{
	if (is_word(s)) {
		take_word(s);
		return;
	}
	if (*s->at == '*')
		complain(s, s->line, "a value with \"*\" needs quotes");
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
		open_brace(s);
		break;
	case '}':
		close_brace(s);
		break;
	case '=':
	case '+':
		take_equals(s);
		break;
	case ',':
		take_comma(s);
		break;
	default:
		if (looking_at(s, "//"))
			blank_line(s);
		else if (looking_at(s, "/*"))
			blank_block(s);
		else
			take_other(s);
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
