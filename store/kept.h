/*
 * The local copy of accounts, this node's own counts and what it owes, on
 * their way to the state file and back (store/saved.h). Without a file
 * everything here goes on, in memory only.
 *
 *	key			value
 *	s			the server all of this is about
 *	a:LOGIN			the account's record; "" for none (kept_configure())
 *	u:SCOPE NAME		counts, local_save()
 *	o:SCOPE MESSAGE NAME	a charge still to be made, owed_save()
 *	r:SCOPE MESSAGE NAME	a refund still to be made: "1" when the message is to
 *				be forgotten, else "0"
 */
#ifndef SENDWARD_KEPT_H
#define SENDWARD_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/identity.h"
#include "store/cache.h"
#include "store/local.h"
#include "store/owed.h"

struct config;
struct event_base;
struct kept;

/* Octets that accounts may take of SAVED_LIVE_MAX; what is owed needs room. */
#define KEPT_ACCOUNTS_MAX (128 * 1024 * 1024)

/* Borrows all of them. identities is told of each account that is learned of. */
struct kept *kept_new(struct event_base *base, struct cache *cache, struct identities *identities,
		      struct local *local, struct owed *owed);
void kept_free(struct kept **kept);

/* Which logins have no account is written to the file only where a login of which nothing is
 * known would be served otherwise while the store is away: they come and go with each
 * decision when there are more of them than the cache holds. Until this is called, they
 * are written. */
void kept_configure(struct kept *kept, const struct config *config);

/* Loads DIRECTORY/NAME, and writes to it from now on. server tells one store
 * from another: what is there about another one is thrown away. Calls found for
 * each refund; false when these are about another server after all. Says in the log
 * what was found. */
typedef void kept_refund_found(const struct charge *charge, const char *message_key, bool forget,
			       void *arg);
bool kept_open(struct kept *kept, const char *directory, const char *name, const char *server,
	       kept_refund_found *found, void *arg);

/* Everything is about another server from now on. */
void kept_clear(struct kept *kept, const char *server);

/* What the store says of the login's account, "" for none: into the cache and
 * the file. False with a static *error when it cannot be read; then the login
 * is forgotten, unless it is known to be restricted: that it stays for when the store
 * is away, as the store says itself that it has changed while it is not. */
bool kept_learn(struct kept *kept, const char *login, const char *record, size_t len,
		 const char **error);
void kept_forget(struct kept *kept, const char *login);

/* The account is blocked or sandboxed, or one of its credentials is blocked or
 * revoked. */
bool kept_restricts(const struct account *account);

/* The counts of that name have changed. */
void kept_counted(struct kept *kept, enum take_scope scope, const char *name);

/* A charge is to be made; is made, or not to be made any more. */
void kept_owed(struct kept *kept, const struct owed_charge *charge);
void kept_settled(struct kept *kept, const struct owed_charge *charge);

/* A refund waits; has been made, or is given up. */
void kept_refund(struct kept *kept, const struct charge *charge, const char *message_key,
		 bool forget);
void kept_refunded(struct kept *kept, const struct charge *charge, const char *message_key);

/* "none", "ok" or "failing". */
const char *kept_health(const struct kept *kept);

#endif
