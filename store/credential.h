/*
 * The secrets of SMTP users in the store: one record (store/secret_record.h) for
 * each username, which is a login, or a login with the name of one of its
 * credentials (base/username.h).
 *
 * A username's key has a hash tag of its own: in a cluster its secret and the
 * account it belongs to are in different places, and no script writes both.
 * Whoever writes both, writes first what refuses: the account, when something
 * is revoked or changed; and a new secret last.
 *
 * As in store/store.h: everything is asynchronous, answered once, within
 * redis.deadline.
 */
#ifndef SENDWARD_CREDENTIAL_H
#define SENDWARD_CREDENTIAL_H

#include "store/store.h"

/* record is the JSON. STORE_NOT_FOUND: the username has no secret. */
void store_secret_get(struct store *store, const char *username, store_record_done *done,
		      void *arg);

/* Writes json as the username's record when its present one is before ("" to
 * create it; NULL whatever it is), else STORE_CONFLICT. */
void store_secret_put(struct store *store, const char *username, const char *before,
		      const char *json, store_done *done, void *arg);

/* With it go the last use of the username and its failed logins. STORE_NOT_FOUND when
 * there is no secret. */
void store_secret_delete(struct store *store, const char *username, store_done *done, void *arg);

/* Calls each username that has a secret, in no order, perhaps twice; then done. */
void store_secret_each(struct store *store, void (*each)(const char *username, void *arg),
		       store_done *done, void *arg);

#endif
