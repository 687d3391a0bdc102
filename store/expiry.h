/*
 * When this process last set the expiry of a key, so that it need not say it with every
 * write: for the process that writes to many keys, each of them now and then. A table of
 * fixed size, in which a name takes the place of another; so it may say of a key that was
 * written lately that it was not, which costs a command, and takes one key in 2^52 for
 * another.
 */
#ifndef SENDWARD_EXPIRY_H
#define SENDWARD_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

struct expiry;

/* Octets: 8 for each, of which the system gives what is in use. */
#define EXPIRY_NAMES_MAX (1 << 20)

struct expiry *expiry_new(void);
void expiry_free(struct expiry **expiry);

/* True when the name was noted less than for_ms before now_ms (clock_ms()), and then it is
 * left alone; else it is noted as of now. Exact to a minute, on the safe side. */
bool expiry_is_set(struct expiry *expiry, const char *name, int64_t now_ms, int64_t for_ms);

/* Nothing is known any more: another server. */
void expiry_clear(struct expiry *expiry);

#endif
