/*
 * Hashes of passwords, as crypt(3) of libxcrypt makes them and as Dovecot
 * writes them ("{CRYPT}$y$j9T$...").
 *
 * Everything here may be called from any thread, and takes as long as the
 * method says: tens of milliseconds of processor time, and for yescrypt the
 * memory below. Nothing of the password stays behind.
 *
 * Source: crypt(3) and crypt(5) of libxcrypt.
 */
#ifndef SENDWARD_PASSWORD_HASH_H
#define SENDWARD_PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

enum password_method { PASSWORD_YESCRYPT, PASSWORD_BCRYPT, PASSWORD_SHA512 };

/* What one guess costs. yescrypt: 1 to 9, with 2^cost / 2 MiB of memory (7:
 * 64 MiB); bcrypt: 4 to 15; sha512: rounds, 5,000 to 10,000,000. */
struct password_cost {
	enum password_method method;
	int cost;
};

/* Octets of a hash with its NUL: CRYPT_OUTPUT_SIZE and the scheme. */
#define PASSWORD_HASH_MAX 400

/* bcrypt looks at no more octets of a password. */
#define PASSWORD_BCRYPT_MAX 72

/* With a new salt. False with *reason (static) when the password does not fit
 * the method, or there is no memory. */
bool password_hash_make(const struct password_cost *cost, const struct secret *password,
			char out[PASSWORD_HASH_MAX], const char **reason);

/* NULL when password_hash_verify() can do with the hash, else why not: schemes are
 * {CRYPT}, {BLF-CRYPT} and {SHA512-CRYPT}; within them the three methods, at a
 * cost that no login may exceed (yescrypt 256 MiB, bcrypt 15, sha512 10,000,000
 * rounds): whoever can write a hash must not be able to stop the daemons. */
const char *password_hash_fault(const char *hash);

/* Is it the password? False for a hash with a fault. The comparison takes as
 * long wherever the two differ. */
bool password_hash_verify(const char *hash, const struct secret *password);

/* Takes as long as password_hash_verify() of a hash of that cost: for a user
 * that there is not. */
void password_hash_pretend(const struct password_cost *cost, const struct secret *password);

/* "yescrypt", "bcrypt", "sha512": the method of a hash; "unknown" for others. */
const char *password_hash_method(const char *hash);

#endif
