#include "base/header_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/utf8.h"

/* --- unfolding --------------------------------------------------------------- */

/* C0 but the tab, DEL, C1, and the separators that some programs break lines
 * at (Python's str.splitlines() among them). */
static bool breaks_text(uint32_t code_point)
{
	return (code_point < 0x20 && code_point != '\t') ||
	       (code_point >= 0x7f && code_point < 0xa0) || code_point == 0x2028 ||
	       code_point == 0x2029;
}

/* A line break at value[i], of *n octets: why it is not one of folding. */
static const char *check_fold(const char *value, size_t len, size_t i, size_t *n)
{
	*n = value[i] == '\r' ? 2 : 1;
	if (*n == 2 && (i + 1 == len || value[i + 1] != '\n'))
		return "a bare carriage return";
	i += *n;
	if (i == len || !ascii_is_blank(value[i]))
		return "a line break that is not folding";
	while (i < len && ascii_is_blank(value[i]))
		i++;
	if (i == len || value[i] == '\n' || value[i] == '\r')
		return "a folded line that is blank";
	return NULL;
}

/* The character at value[i], of *n octets: why it cannot be there. */
static const char *check_character(const char *value, size_t len, size_t i, size_t *n)
{
	uint32_t code_point;

	if (value[i] == '\0')
		return "a NUL";
	*n = utf8_sequence(value + i, len - i, &code_point);
	if (*n == 0)
		return "not UTF-8";
	if (breaks_text(code_point))
		return "a control character";
	return NULL;
}

const char *header_text_unfold(const char *value, size_t len, size_t used, char *out)
{
	size_t line = used, n;

	for (size_t i = 0; i < len; i += n) {
		const char *reason;

		if (value[i] == '\r' || value[i] == '\n') {
			reason = check_fold(value, len, i, &n);
			line = 0;
		} else {
			reason = check_character(value, len, i, &n);
			line += n;
			memcpy(out, value + i, reason ? 0 : n);
			out += n;
		}
		if (reason)
			return reason;
		if (line > HEADER_LINE_MAX)
			return "a line longer than 998 octets";
	}
	*out = '\0';
	return NULL;
}

/* --- what looks like an address ------------------------------------------------ */

/* What a character counts as: 0 when it does not show. */
static uint32_t plain_character(uint32_t code_point)
{
	static const struct {
		uint32_t first, last, plain;
	} table[] = {
		{ 0x00ab, 0x00ab, ' ' },			  /* angle quotation marks */
		{ 0x00ad, 0x00ad, 0 },				  /* soft hyphen */
		{ 0x00bb, 0x00bb, ' ' }, { 0x2010, 0x2015, '-' }, /* hyphens and dashes */
		{ 0x2024, 0x2024, '.' },			  /* one dot leader */
		{ 0x2000, 0x200a, ' ' }, /* spaces of General Punctuation */
		{ 0x2016, 0x2027, ' ' }, /* and its quotation marks */
		{ 0x202f, 0x205f, ' ' }, { 0x3000, 0x3001, ' ' }, /* ideographic space and comma */
		{ 0x3002, 0x3002, '.' },			  /* ideographic full stop */
		{ 0x3003, 0x303f, ' ' },			  /* CJK brackets */
		{ 0xfe00, 0xfe0f, 0 },				  /* variation selectors */
		{ 0xfe52, 0xfe52, '.' },			  /* small full stop */
		{ 0xfe6b, 0xfe6b, '@' },			  /* small commercial at */
		{ 0xff0e, 0xff0e, '.' },			  /* fullwidth full stop */
		{ 0xff20, 0xff20, '@' },			  /* fullwidth commercial at */
		{ 0xff61, 0xff61, '.' }, /* halfwidth ideographic full stop */
	};

	if (utf8_is_control(code_point))
		return code_point < 0x20 ? ' ' : 0;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (code_point >= table[i].first && code_point <= table[i].last)
			return table[i].plain;
	return code_point;
}

static bool is_plain_ascii(char c)
{
	return c >= ' ' && c < 0x7f;
}

void header_text_make_plain(char *text)
{
	size_t len = strlen(text), n;
	char *out = text;

	for (size_t i = 0; i < len; i += n) {
		uint32_t code_point = 0, plain;

		if (is_plain_ascii(text[i])) {
			*out++ = text[i];
			n = 1;
			continue;
		}
		n = utf8_sequence(text + i, len - i, &code_point);
		plain = n > 0 ? plain_character(code_point) : ' ';
		if (n == 0)
			n = 1;
		if (plain == code_point) {
			memmove(out, text + i, n);
			out += n;
		} else if (plain != 0) {
			*out++ = (char)plain;
		}
	}
	*out = '\0';
}

static bool ends_local_part(char c)
{
	return ascii_is_control(c) || strchr(" <>()[]\",;:@", c) != NULL;
}

static bool is_domain_octet(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || ascii_is_8bit(c) || c == '-' ||
	       c == '_' || c == '.';
}

/* Where the domain at text ends; text itself when it does not look like one:
 * without a dot inside ("Bob@work"). */
static const char *domain_end(const char *text)
{
	const char *end = text, *dot;

	if (*text == '[') {
		end = memchr(text, ']', strnlen(text, DOMAIN_MAX));
		return end ? end + 1 : text;
	}
	while (is_domain_octet(*end))
		end++;
	while (end > text && (end[-1] == '.' || end[-1] == '-'))
		end--;
	dot = memchr(text, '.', (size_t)(end - text));
	return dot && dot > text ? end : text;
}

/* The most octets of text, not more than len, that do not end within a
 * character. */
static size_t cut_before(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

bool header_text_next_address(const char **text, char *out, size_t size)
{
	const char *at = *text;

	while ((at = strchr(at, '@'))) {
		const char *start = at, *end = domain_end(at + 1);
		size_t len;

		while (start > *text && !ends_local_part(start[-1]))
			start--;
		/* Mail programs put addresses in single quotes. */
		while (*start == '\'')
			start++;
		at++;
		if (start == at - 1 || end == at)
			continue;
		len = (size_t)(end - start);
		if (len > size - 1)
			len = cut_before(start, size - 1);
		memcpy(out, start, len);
		out[len] = '\0';
		*text = end;
		return true;
	}
	return false;
}

/* Writes the characters of a text of that length, the last one first. */
static void turn(const char *from, const char *to, char *out)
{
	while (to > from) {
		const char *last = to - 1;

		while (last > from && ((unsigned char)*last & 0xc0) == 0x80)
			last--;
		memcpy(out, last, (size_t)(to - last));
		out += to - last;
		to = last;
	}
}

char *header_text_turned(const char *text)
{
	static const char override[] = "\xe2\x80\xae", end[] = "\xe2\x80\xac";
	const char *at = strstr(text, override), *to;
	char *out;

	if (!at)
		return NULL;
	out = memory_strdup(text);
	for (; at; at = strstr(to, override)) {
		at += strlen(override);
		to = strstr(at, end);
		if (!to)
			to = at + strlen(at);
		turn(at, to, out + (at - text));
	}
	return out;
}

bool header_text_holds_address(const char *text)
{
	char *plain = memory_strdup(text), found[2];
	const char *rest = plain;
	bool holds;

	header_text_make_plain(plain);
	holds = header_text_next_address(&rest, found, sizeof(found));
	free(plain);
	return holds;
}
