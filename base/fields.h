/*
 * "key=value key=value": the fields of a log line of bounded length.
 *
 * A value is written bare when it is printable ASCII without space, quote,
 * backslash and "="; else in double quotes, with \" \\ and \xHH for what is
 * neither printable ASCII nor a printable UTF-8 character. An empty value is
 * -, a value that is "-" is quoted. So no value can look like another field
 * or another line, whoever chose it.
 */
#ifndef SENDWARD_FIELDS_H
#define SENDWARD_FIELDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/decimal.h"

/* Octets of one value as written. A longer one is cut between characters and
 * ends with ..." so that no value can push out the fields after it. */
#define FIELDS_VALUE_MAX 512

#define FIELDS_KEY_MAX 64

/* Octets of a line, with its NUL. */
#define FIELDS_LINE_MAX 4096

/* Behind the longest line is room for one field more: each is written first, then it is
 * seen whether it fits. */
struct fields {
	size_t len;
	size_t size; /* len is less; 0: one was left out, as every later one will be */
	char line[FIELDS_LINE_MAX + 1 + FIELDS_KEY_MAX + 1 + FIELDS_VALUE_MAX + 1];
};

/* For less than size octets, 1 to FIELDS_LINE_MAX. line is NUL-terminated from then on. */
void fields_init(struct fields *fields, size_t size);

/* The value alone, as fields_add() writes it. Returns its length. */
#define FIELDS_TEXT_MAX (FIELDS_VALUE_MAX + 1)
size_t fields_quote(const char *value, size_t len, char out[FIELDS_TEXT_MAX]);

/* For free text: copies it with controls and what is not UTF-8 as \xHH, and
 * nothing else changed; cut between characters at out_size - 1. Returns the
 * length. */
size_t fields_clean(const char *text, size_t len, char *out, size_t out_size);

/* What follows is made of these: the value's place behind " key="; and the field ends with the
 * value, whose NUL is there, or is left out. */
static inline char *fields_begin(struct fields *fields, const char *key, size_t key_len)
{
	char *at = fields->line + fields->len;

	if (fields->len > 0)
		*at++ = ' ';
	memcpy(at, key, key_len);
	at[key_len] = '=';
	return at + key_len + 1;
}

void fields_leave_out(struct fields *fields);

static inline void fields_end(struct fields *fields, const char *end)
{
	size_t len = (size_t)(end - fields->line);

	if (len < fields->size)
		fields->len = len;
	else
		fields_leave_out(fields);
}

/* key is ours: lower case letters and "_", at most FIELDS_KEY_MAX. A NULL value is an empty
 * one. A field that does not fit as a whole is left out, as is every later one. In the
 * caller, where to write a constant key is a move or two. */
static inline void fields_add(struct fields *fields, const char *key, const char *value)
{
	char *at = fields_begin(fields, key, strlen(key));

	fields_end(fields, at + fields_quote(value ? value : "", value ? strlen(value) : 0, at));
}

/* A value of ours that needs no quotes, whatever it says; 1 to FIELDS_VALUE_MAX octets. */
static inline void fields_add_name(struct fields *fields, const char *key, const char *value)
{
	char *at = fields_begin(fields, key, strlen(key));
	size_t len = strlen(value);

	memcpy(at, value, len + 1);
	fields_end(fields, at + len);
}

static inline void fields_add_int(struct fields *fields, const char *key, int64_t value)
{
	char *at = fields_begin(fields, key, strlen(key));

	fields_end(fields, at + decimal_format(value, at));
}

#endif
