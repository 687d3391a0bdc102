/*
 * What the files behind store/kept.h share; nothing else includes this.
 *
 *	kept.c		what has changed
 *	kept_load.c	what there was
 */
#ifndef SENDWARD_KEPT_INTERNAL_H
#define SENDWARD_KEPT_INTERNAL_H

#include "store/kept.h"
#include "store/saved.h"

struct event;

#define SERVER_KEY "s"

struct kept {
	struct cache *cache;
	struct identities *identities;
	struct local *local;
	struct owed *owed;
	struct saved *saved; /* NULL: in memory only */
	struct event *timer;
	bool accounts_full, identities_full; /* and it has been said */
	bool strangers;			     /* logins without an account are written */
};

/* There may be something to rewrite. */
void kept_go_on(struct kept *kept);
/* The account, NULL for none, has been put into the cache. */
void kept_learn_identity(struct kept *kept, const char *login, struct account *account);

#endif
