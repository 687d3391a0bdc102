/*
 * How often mail of each login was refused, kept in Redis (store/attempt.h).
 *
 * What a daemon refuses is collected for ATTEMPTS_COLLECT_MS and then written, a login at a
 * time (store/attempts.lua), ATTEMPTS_PER_S logins a second at most: refusals come as fast as
 * clients send them. Nobody waits for it, and what is accepted costs nothing. While the store
 * is away they wait, of ATTEMPT_TALLY_LOGINS_MAX logins, and count as of its return. What has no
 * room, was on its way when the store went, or is refused, is not counted, which the log says.
 * What waited while nobody told of deleted logins is written when it is known that its login is
 * none (store/deleted.h).
 */
#ifndef SENDWARD_ATTEMPTS_H
#define SENDWARD_ATTEMPTS_H

#include "store/attempt.h"
#include "store/store.h"

#define ATTEMPTS_COLLECT_MS 1000
#define ATTEMPTS_PER_S 100

struct attempts;

/* For the store. */
struct attempts *attempts_new(struct store *store);
/* What waits is lost. */
void attempts_free(struct attempts **attempts);
/* The login was deleted, with what was kept of it: what waits of it is not written. What is on
 * its way in that moment is. */
void attempts_forget(struct attempts *attempts, const char *login);
/* What waits is sent now. */
void attempts_write(struct attempts *attempts);

/* Mail of the login was refused; of "" nothing is kept. The client's address is not kept with
 * history = 0. */
void store_attempt(struct store *store, const char *login, const struct attempt *attempt);

/* record is what attempts_read() reads. */
void store_attempts_get(struct store *store, const char *login, store_record_done *done, void *arg);

#endif
