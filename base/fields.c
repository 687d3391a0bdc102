#include "base/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
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

static bool is_bare(const char *value, size_t len)
{
	if (len > FIELDS_VALUE_MAX || (len == 1 && value[0] == '-'))
		return false;
	return octets_span(&bare, value, len) == len;
}

/* Quotes as much of value as fits. */
static size_t quote(const char *value, size_t len, char out[FIELDS_TEXT_MAX])
{
	const size_t room = FIELDS_VALUE_MAX - (sizeof(ellipsis) - 1);
	char unit[UNIT_MAX + 1];
	size_t used = 0, at = 0, n;
	size_t fits = 0; /* up to here an ellipsis fits behind */

	out[used++] = '"';
	if (len + 2 <= FIELDS_VALUE_MAX && octets_span(&in_quotes, value, len) == len) {
		memcpy(out + 1, value, len);
		memcpy(out + 1 + len, "\"", 2);
		return len + 2;
	}
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

size_t fields_quote(const char *value, size_t len, char out[FIELDS_TEXT_MAX])
{
	if (len == 0) {
		memcpy(out, "-", 2);
		return 1;
	}
	if (!is_bare(value, len))
		return quote(value, len, out);
	memcpy(out, value, len);
	out[len] = '\0';
	return len;
}

void fields_init(struct fields *fields, char *out, size_t size)
{
	fields->out = out;
	fields->size = size;
	fields->len = 0;
	fields->cut = false;
	out[0] = '\0';
}

/* Space, key and "=" of a value with so many octets, whose place is returned, and
 * the NUL behind it; NULL when there is no room. */
static char *begin_value(struct fields *fields, const char *key, size_t key_len, size_t len)
{
	size_t space = fields->len > 0;
	char *at = fields->out + fields->len;

	if (fields->cut || space + key_len + 1 + len >= fields->size - fields->len) {
		fields->cut = true;
		return NULL;
	}
	if (space)
		*at++ = ' ';
	memcpy(at, key, key_len);
	at += key_len;
	*at++ = '=';
	at[len] = '\0';
	fields->len += space + key_len + 1 + len;
	return at;
}

/* The value as it is to stand there. */
void fields_put_bare(struct fields *fields, const char *key, size_t key_len, const char *value,
		     size_t len)
{
	char *at = begin_value(fields, key, key_len, len);

	if (at)
		memcpy(at, value, len);
}

void fields_put(struct fields *fields, const char *key, size_t key_len, const char *value,
		size_t len)
{
	char text[FIELDS_TEXT_MAX];

	if (len > 0 && is_bare(value, len))
		fields_put_bare(fields, key, key_len, value, len);
	else
		fields_put_bare(fields, key, key_len, text, fields_quote(value, len, text));
}

/* Written where it is to stand: the processor waits where digits that were just
 * written one by one are copied together. */
void fields_put_int(struct fields *fields, const char *key, size_t key_len, int64_t value)
{
	size_t len = decimal_length(value);
	char *at = begin_value(fields, key, key_len, len);

	if (at)
		decimal_write(value, len, at);
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
