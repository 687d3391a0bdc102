/*
 * What the files of leases on a store share; nothing else includes this.
 *
 *	borrow.c	what the rest of the store asks of them
 *	borrow_ask.c	asking for one
 *	borrow_return.c	giving back, and what was charged with it
 *	borrow_hold.c	questions that wait for that
 */
#ifndef SENDWARD_BORROW_INTERNAL_H
#define SENDWARD_BORROW_INTERNAL_H

#include <sys/queue.h>

#include "store/internal.h"

struct event;

enum returning_phase {
	RETURNING_QUEUED,
	RETURNING_SENT,
	RETURNING_FAILED, /* it is sent again */
};

/* A lease on its way back. */
struct returning {
	TAILQ_ENTRY(returning) next;
	TAILQ_ENTRY(returning) in_queue; /* RETURNING_QUEUED */
	struct store *store;
	struct lease_back *back;
	enum returning_phase phase;
	int64_t began_ms, sent_ms;
};

TAILQ_HEAD(returnings, returning);
TAILQ_HEAD(helds, held);

struct borrow {
	struct leases *leases;
	struct returnings returnings; /* all of them */
	struct returnings queue;
	size_t n_returning;
	size_t n_asking; /* for leases */
	bool ending;	 /* no more are asked for */
	size_t cost_sent; /* of those on their way to the server */
	struct helds held; /* borrow_hold() */
	size_t n_held;
	struct event *timer;
	bool ticking;
};

/* The timer is wanted: there are leases, or some on their way back. */
void borrow_tick(struct borrow *borrow);

/* The key that a lease's charge is remembered by, "%" in place of a queue id; false when it is
 * too long. */
bool borrow_key(const struct store *store, uint64_t id, char out[MESSAGE_KEY_MAX + 1]);

/* Sends the question for what lease_look() has found. */
void borrow_ask(struct store *store, struct borrower *borrower);

/* Is a lease of the login that has charged the message on its way to the server? */
bool borrow_is_sent(const struct store *store, const char *login, const char *message_key);
/* A lease of the login has arrived, or not: error. What was held for it goes on. */
void borrow_release(struct store *store, const char *login, const char *error);

/* Takes back over. */
void borrow_give_back(struct store *store, struct lease_back *back);
/* Those that are over by now. */
void borrow_return_over(struct store *store, int64_t now_ms);
/* What did not arrive, if it was sent before. */
void borrow_send_again(struct store *store, int64_t sent_before_ms);
/* What is queued goes out now: of what has been on its way back since before began_before_ms a
 * portion; all of it. */
void borrow_send_late(struct store *store, int64_t began_before_ms);
void borrow_send_queued(struct store *store);
/* What is not on its way of the login goes out now, also what failed, so that the next question
 * finds it there. */
void borrow_send_of(struct store *store, const char *login);
void borrow_drop_one(struct borrow *borrow, struct returning *returning);

#endif
