/*
 * Which logins own an address: the index of senders (store/senders.h) says who
 * may, the account of each of them whether it does.
 */
#ifndef SENDWARD_POLICY_LOOKUP_H
#define SENDWARD_POLICY_LOOKUP_H

#include <stdbool.h>

#include "base/address.h"
#include "base/config.h"
#include "store/store.h"

/* Logins that are looked at for one address; with more there is no answer. */
#define LOOKUP_CANDIDATES_MAX 1000

enum lookup_result {
	LOOKUP_FOUND,	/* text: the logins, with commas between them */
	LOOKUP_NOBODY,	/* text: "" */
	LOOKUP_UNKNOWN, /* text: why it cannot be told */
};

typedef void lookup_done(enum lookup_result result, const char *text, void *arg);

/* Calls done once, perhaps before it returns; text is borrowed for the call.
 * accounts_only: not what a login without an account owns, its own address. A
 * login with a comma or a blank in it, which stand between logins, is left
 * out. config is kept with a reference meanwhile; store outlives it. */
void lookup_start(struct store *store, struct config *config, const struct address *address,
		  bool accounts_only, lookup_done *done, void *arg);

/* Says in the log what Postfix is not told, where it can ask. Call after each
 * load. */
void lookup_configured(const struct config *config);

#endif
