#include "base/fields.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/octets.h"
#include "base/utf8.h"

/* ..." at the end of a value that was cut. */
static const char ellipsis[] = "...\"";

/* Room for the longest unit: \xHH of the four octets of one character. */
#define UNIT_MAX 16

static size_t escape(const char *octets, size_t n, char out[UNIT_MAX + 1])
{
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(out + 4 * i, 5, "\\x%02X", (unsigned char)octets[i]);
	return 4 * n;
}

static bool is_printable_ascii(char c)
{
	return c >= ' ' && c < 0x7f;
}

/*
 * One character of text, or one octet that is none, as it may stand in a log.
 * Returns the octets read; their number in out is *written.
 */
static size_t clean_unit(const char *text, size_t len, char out[UNIT_MAX + 1], size_t *written)
{
	uint32_t code_point;
	size_t n;

	if (is_printable_ascii(*text)) {
		out[0] = *text;
		*written = 1;
		return 1;
	}
	n = utf8_sequence(text, len, &code_point);
	if (n == 0 || utf8_is_control(code_point)) {
		n = n ? n : 1;
		*written = escape(text, n, out);
		return n;
	}
	memcpy(out, text, n);
	*written = n;
	return n;
}

static size_t quoted_unit(const char *text, size_t len, char out[UNIT_MAX + 1], size_t *written)
{
	if (*text != '"' && *text != '\\')
		return clean_unit(text, len, out, written);
	out[0] = '\\';
	out[1] = *text;
	*written = 2;
	return 1;
}

/* What stands for itself in quotes, and without. */
#define IN_QUOTES(c) ((c) >= ' ' && (c) < 0x7f && (c) != '"' && (c) != '\\')
#define BARE(c) (IN_QUOTES(c) && (c) != ' ' && (c) != '=')

static const struct octets in_quotes = OCTETS(IN_QUOTES);
static const struct octets bare = OCTETS(BARE);

/* Quotes as much of value as fits, one character after the other. Not inlined: the
 * usual value need not save its registers. */
static __attribute__((noinline)) size_t quote(const char *value, size_t len,
					      char out[FIELDS_TEXT_MAX])
{
	const size_t room = FIELDS_VALUE_MAX - (sizeof(ellipsis) - 1);
	char unit[UNIT_MAX + 1];
	size_t used = 0, at = 0, n;
	size_t fits = 0; /* up to here an ellipsis fits behind */

	out[used++] = '"';
	while (at < len) {
		at += quoted_unit(value + at, len - at, unit, &n);
		if (used + n > FIELDS_VALUE_MAX - 1)
			break;
		memcpy(out + used, unit, n);
		used += n;
		if (used <= room)
			fits = used;
		if (at == len) {
			out[used++] = '"';
			out[used] = '\0';
			return used;
		}
	}
	memcpy(out + fits, ellipsis, sizeof(ellipsis));
	return fits + sizeof(ellipsis) - 1;
}

/* Nearly every value is copied as it is, bare or in quotes; it is looked at once. */
size_t fields_quote(const char *value, size_t len, char out[FIELDS_TEXT_MAX])
{
	size_t plain = octets_span(&bare, value, len);

	if (len == 0) {
		memcpy(out, "-", 2);
		return 1;
	}
	if (plain == len && len <= FIELDS_VALUE_MAX && (len > 1 || value[0] != '-')) {
		memcpy(out, value, len);
		out[len] = '\0';
		return len;
	}
	plain += octets_span(&in_quotes, value + plain, len - plain);
	if (plain < len || len + 2 > FIELDS_VALUE_MAX)
		return quote(value, len, out);
	out[0] = '"';
	memcpy(out + 1, value, len);
	memcpy(out + 1 + len, "\"", 2);
	return len + 2;
}

void fields_init(struct fields *fields, size_t size)
{
	assert(size > 0 && size <= FIELDS_LINE_MAX);
	fields->len = 0;
	fields->size = size;
	fields->line[0] = '\0';
}

void fields_leave_out(struct fields *fields)
{
	fields->line[fields->len] = '\0';
	fields->size = 0;
}

size_t fields_clean(const char *text, size_t len, char *out, size_t out_size)
{
	char unit[UNIT_MAX + 1];
	size_t used = 0, at = 0, n;

	while (at < len) {
		at += clean_unit(text + at, len - at, unit, &n);
		if (used + n >= out_size)
			break;
		memcpy(out + used, unit, n);
		used += n;
	}
	out[used] = '\0';
	return used;
}
