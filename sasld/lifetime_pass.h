/*
 * Once a day, one daemon of all servers looks at every account for credentials
 * that end (sasld/lifetime.h): those that nobody logs in with are told of too.
 * Slowly, so that nobody notices.
 */
#ifndef SENDWARD_SASLD_LIFETIME_PASS_H
#define SENDWARD_SASLD_LIFETIME_PASS_H

#include "base/config.h"
#include "store/store.h"

/* How often a daemon asks whether it is the one, and for how long it is then. */
#define LIFETIME_ASK_EVERY_S 600
#define LIFETIME_PASS_EVERY_S (86400 - 600)

/* The first time: Redis is connected by then, as a rule. */
#define LIFETIME_BEGIN_MS 1000

/* And when Redis could not be asked. */
#define LIFETIME_RETRY_S 5

/* Accounts that are read at a time, and how often: 200 a second. */
#define LIFETIME_AT_A_TIME 20
#define LIFETIME_PAUSE_MS 100

/* Accounts of one pass; those beyond are left out, which is said. */
#define LIFETIME_LOGINS_MAX 1000000

struct event_base;
struct lifetime_pass;

/* Begins to ask soon. store and config are borrowed. */
struct lifetime_pass *lifetime_pass_new(struct event_base *base, struct store *store,
					const struct config *config);

void lifetime_pass_configure(struct lifetime_pass *pass, const struct config *config);

/* Before the store goes: asks nothing any more. Then, after it, lifetime_pass_free(). */
void lifetime_pass_stop(struct lifetime_pass *pass);
void lifetime_pass_free(struct lifetime_pass **pass);

#endif
