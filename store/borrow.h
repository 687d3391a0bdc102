/*
 * Leases (store/lease.h) on one store: asks for them, gives them back in time, and
 * writes back what was charged from them. Nothing happens without lease_share.
 *
 * What goes back is kept until the server has said that it has it, and is sent again
 * until then; a refund of a message in it waits so long (store/refund.c). Many leases end at
 * once, and each has hundreds of messages that the server has to remember: they go back one
 * after the other beside the questions, and before a question about a message that one of
 * them may have charged, or of a login that has used much of a quota.
 */
#ifndef SENDWARD_BORROW_H
#define SENDWARD_BORROW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/take.h"
#include "store/lease.h"

struct borrow;
struct command;
struct store;

/* Leases on their way back, those included that the server has not confirmed;
 * beyond it what is left of one counts as used. */
#define BORROW_BACK_MAX 20000

/* How often it is looked which leases are over; and what did not arrive is sent
 * again. */
#define BORROW_EVERY_MS 50
#define BORROW_RETRY_MS 1000

/* One that others are before is sent after so long, when not too many are. */
#define BORROW_QUEUED_MS 500

/* The end of a daemon waits so long for them. */
#define BORROW_FINISH_MS 500

/* store->config has been set, or has changed. Keeps store->borrow NULL while there
 * are no leases. */
void borrow_configure(struct store *store);
/* All leases go back, also those that are being asked for; runs the loop until they have,
 * BORROW_FINISH_MS at most. Then servers_free(), then borrow_free(). */
void borrow_finish(struct store *store);
void borrow_free(struct borrow **borrow);

/* The functions below do nothing, and say false, without leases. */

/* Charges a message from a lease; *answer is filled then. Else *lent says whether
 * the server has to look if a lease has charged it: also when it is charged after an
 * outage. */
bool borrow_take(struct store *store, const struct take *take, struct take_answer *answer,
		 bool *lent);

/* The store has answered a take otherwise. */
void borrow_learn(struct store *store, const struct take *take, const struct take_answer *answer);

/* The lease of the login goes back, or has just gone; true when there was one, so
 * that what did not fit may fit now. */
bool borrow_return(struct store *store, const char *login);
/* All of them. */
void borrow_return_all(struct store *store);

/* Takes a message back that the store has not been told of; false when it is to be
 * asked. */
bool borrow_take_back(struct store *store, const struct charge *charge, const char *message_key,
		      bool forget);

/* A lease has charged the message, and the store has not confirmed that it knows. */
bool borrow_has_charged(const struct store *store, enum take_scope scope, const char *login,
			const char *message_key);

/* The store is being told that the message was charged. */
bool borrow_is_returning(const struct store *store, const struct charge *charge,
			 const char *message_key);

/* A question about a message that a lease has charged which is on its way to the server is held
 * until it has arrived: commands that are tried again (store/dispatch.h) may be answered in
 * another order than they were sent in. done is called once, within the deadline of what gives the
 * lease back; with an error when it has not arrived: the question is not to be asked then. False
 * when there is nothing to wait for. */
#define BORROW_HELD_MAX 10000
typedef void borrow_released(const char *error, void *arg);
bool borrow_hold(struct store *store, const char *login, const char *message_key,
		 borrow_released *done, void *arg);

/* Adds the keys where the server finds what a lease has charged, as store/lent.lua wants them:
 * BORROW_LENT_KEYS. The login is not too long. */
#define BORROW_LENT_KEYS (2 * KEY_LENT_TURNS)
void borrow_add_lent_keys(const struct store *store, const char *login, int index,
			  struct command *command);

/* A server has become usable. */
void borrow_wake(struct store *store);

/* The questions were to another store. */
void borrow_drop(struct store *store);

bool borrow_stats(const struct store *store, struct lease_stats *out);

#endif
