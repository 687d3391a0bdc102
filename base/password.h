/*
 * Passwords: made here, or chosen by people and then looked at.
 *
 * A chosen password is printable ASCII: of other characters clients send
 * different octets for the same key, and SCRAM would need SASLprep (RFC 4013),
 * which changes nothing of printable ASCII. What was hashed elsewhere may be of
 * anything.
 */
#ifndef SENDWARD_PASSWORD_H
#define SENDWARD_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

/* Characters of a password that is made here, which is about 138 bits; never
 * fewer than the second: 92 bits. */
#define PASSWORD_MADE_LENGTH 24
#define PASSWORD_MADE_MIN 16

/* Without what looks alike: 0 O o, 1 I i l. */
#define PASSWORD_ALPHABET "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

/* Each character is equally likely. False when there is no randomness. length:
 * PASSWORD_MADE_MIN to SECRET_MAX. */
bool password_make(size_t length, struct secret *out);

/* Octets of a chosen password; min_length may ask for more. */
#define PASSWORD_CHOSEN_MIN 8
#define PASSWORD_CHOSEN_MAX 128

struct password_rules {
	const char *login; /* may not be part of it, nor its parts of 4 octets and more */
	size_t min_length; /* at least PASSWORD_CHOSEN_MIN */
	const char *list_file; /* passwords that are known, one a line; NULL: none */
};

/* Characters that neither repeat nor continue a sequence ("aaaa", "1234",
 * "qwer") with what stands before them, at least. */
#define PASSWORD_FRESH_MIN 8
/* Different characters, at least. */
#define PASSWORD_DIFFERENT_MIN 5

/* Octets of a line of the list; what is behind them is not looked at. */
#define PASSWORD_LINE_MAX 200

/* False with a reason in error, which does not contain the password: it breaks
 * a rule, or the list cannot be read. */
bool password_is_good(const struct secret *password, const struct password_rules *rules,
		      char *error, size_t error_size);

#endif
