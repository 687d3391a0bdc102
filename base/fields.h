/*
 * "key=value key=value": the fields of a log line in a bounded buffer.
 *
 * A value is written bare when it is printable ASCII without space, quote,
 * backslash and "="; else in double quotes, with \" \\ and \xHH for what is
 * neither printable ASCII nor a printable UTF-8 character. An empty value is
 * -, a value that is "-" is quoted. So no value can look like another field
 * or another line, whoever chose it.
 */
#ifndef SENDWARD_FIELDS_H
#define SENDWARD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Octets of one value as written. A longer one is cut between characters and
 * ends with ..." so that no value can push out the fields after it. */
#define FIELDS_VALUE_MAX 512

struct fields {
	char *out; /* borrowed; always NUL-terminated */
	size_t size;
	size_t len;
	bool cut; /* something was cut or left out */
};

/* size is at least 1. */
void fields_init(struct fields *fields, char *out, size_t size);

/* What follows is made of these. */
void fields_put(struct fields *fields, const char *key, size_t key_len, const char *value,
		size_t len);
void fields_put_int(struct fields *fields, const char *key, size_t key_len, int64_t value);
void fields_put_bare(struct fields *fields, const char *key, size_t key_len, const char *value,
		     size_t len);

/* key is ours: lower case letters and "_". A NULL value is an empty one. A
 * field that does not fit as a whole is left out, as is every later one. In the
 * caller, where the length of a constant is one. */
static inline void fields_add_bytes(struct fields *fields, const char *key, const char *value,
				    size_t len)
{
	fields_put(fields, key, strlen(key), value, len);
}

static inline void fields_add(struct fields *fields, const char *key, const char *value)
{
	fields_put(fields, key, strlen(key), value ? value : "", value ? strlen(value) : 0);
}

/* A value of ours that needs no quotes, whatever it says, and is not empty. */
static inline void fields_add_name(struct fields *fields, const char *key, const char *value)
{
	fields_put_bare(fields, key, strlen(key), value, strlen(value));
}

static inline void fields_add_int(struct fields *fields, const char *key, int64_t value)
{
	fields_put_int(fields, key, strlen(key), value);
}

/* The value alone, as fields_add() writes it. Returns its length. */
#define FIELDS_TEXT_MAX (FIELDS_VALUE_MAX + 1)
size_t fields_quote(const char *value, size_t len, char out[FIELDS_TEXT_MAX]);

/* For free text: copies it with controls and what is not UTF-8 as \xHH, and
 * nothing else changed; cut between characters at out_size - 1. Returns the
 * length. */
size_t fields_clean(const char *text, size_t len, char *out, size_t out_size);

#endif
