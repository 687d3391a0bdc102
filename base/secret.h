/*
 * Secrets in memory: a password on its way from the operator or a client to
 * its hash. They live in pages of their own, which are not swapped out where
 * the system allows it (mlock(2)), are not in core dumps (madvise(2)) and are
 * wiped when they go.
 *
 * A secret is never an argument of a program, never logged and never part of
 * an error text.
 */
#ifndef SENDWARD_SECRET_H
#define SENDWARD_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Octets; crypt(3) of libxcrypt takes no longer ones. */
#define SECRET_MAX 511

struct secret;

/* Empty; never NULL. */
struct secret *secret_new(void);
void secret_free(struct secret **secret);

/* Its text, ended by a NUL, and its length; borrowed. */
const char *secret_text(const struct secret *secret);
size_t secret_length(const struct secret *secret);

/* A copy of the bytes; false, and it is empty, when they are more than
 * SECRET_MAX or have a NUL among them. */
bool secret_set(struct secret *secret, const char *bytes, size_t len);
void secret_wipe(struct secret *secret);

/* The same bytes? Takes as long wherever they differ. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* The first line of what comes from fd, without its end; what follows it is
 * not read. False with a reason in error. */
bool secret_read_line(int fd, struct secret *out, char *error, size_t error_size);

/* Asks for it on the terminal, twice when it is to be confirmed, and does not
 * show it. False with a reason in error, also when there is no terminal. */
bool secret_ask(const char *prompt, bool confirm, struct secret *out, char *error,
		size_t error_size);

#endif
