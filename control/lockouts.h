/*
 * Failed logins as the store remembers them (store/guess.h), for `sendward lockout`.
 */
#ifndef SENDWARD_CONTROL_LOCKOUTS_H
#define SENDWARD_CONTROL_LOCKOUTS_H

#include <stddef.h>
#include <stdint.h>

#include "control/control.h"

/* Failures of one user name from one client network, or of a network. */
struct lockout {
	char *username;			 /* owned; NULL: of the network, whatever the names */
	char *network;			 /* owned; its canonical text, or LOCKOUT_UNKNOWN */
	int64_t failed, last_s, until_s; /* Unix times; it is refused until then */
};

/* The network of clients whose address Postfix does not tell. */
#define LOCKOUT_UNKNOWN "unknown"

/* Which ones. */
struct lockout_choice {
	const char *username; /* NULL: of all, and of networks */
	const char *network;  /* only where one holds the other; NULL: all */
};

/* Begins as { 0 }. */
struct lockouts {
	struct lockout *list;
	size_t n, room;
};

/* Those that are chosen, in the order of their names, networks last. Of all names the whole
 * store is looked through. False, said, when it did not answer; lockouts_fini() in any case. */
bool lockouts_read(struct control *control, const struct lockout_choice *choice,
		   struct lockouts *out);

/* The networks that they come from, as a whole. Likewise. */
bool lockouts_networks(struct control *control, const struct lockouts *of, struct lockouts *out);
void lockouts_fini(struct lockouts *lockouts);

/* value_check: a network or an address, or LOCKOUT_UNKNOWN. */
bool lockout_value_network(const char *text, struct value *out, const char **reason);

#endif
