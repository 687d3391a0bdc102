/*
 * Questions about the servers themselves, for `sendward doctor`: each goes to
 * one of the servers that have keys, whatever keys it names.
 */
#ifndef SENDWARD_ASK_H
#define SENDWARD_ASK_H

#include "store/store.h"

/* The servers' numbers, in ascending order: the first one after the given
 * number (0 to begin with); 0 when there is none. */
unsigned ask_next(const struct store *store, unsigned after);

/* "inet:192.0.2.1:6379", borrowed until the loop goes on; "" when there is no
 * such server any more. */
const char *ask_name(const struct store *store, unsigned server);

/* Asks the server. record is its reply as text: a number in decimal digits, of
 * a list each element (and each of theirs) on a line of its own. An error
 * reply is STORE_BAD with its text. Nothing is asked twice. */
void ask_server(struct store *store, unsigned server, const char *const *words, size_t n,
		store_record_done *done, void *arg);

#endif
