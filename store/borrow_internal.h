/*
 * What the files of leases on a store share; nothing else includes this.
 *
 *	borrow.c	what the rest of the store asks of them
 *	borrow_ask.c	asking for one
 *	borrow_return.c	giving back, and what was charged with it
 */
#ifndef SENDWARD_BORROW_INTERNAL_H
#define SENDWARD_BORROW_INTERNAL_H

#include <sys/queue.h>

#include "store/internal.h"

struct event;

/* A lease on its way back. */
struct returning {
	TAILQ_ENTRY(returning) next;
	struct store *store;
	struct lease_back *back;
	bool in_flight;
	int64_t began_ms, sent_ms;
};

TAILQ_HEAD(returnings, returning);

struct borrow {
	struct leases *leases;
	struct returnings returnings;
	size_t n_returning;
	struct event *timer;
	bool ticking;
};

/* The timer is wanted: there are leases, or some on their way back. */
void borrow_tick(struct borrow *borrow);

/* The key that a lease's charge is remembered by; false when it is too long. */
bool borrow_key(const struct store *store, const char *id, char out[MESSAGE_KEY_MAX + 1]);

/* Sends the question for what lease_look() has found. */
void borrow_ask(struct store *store, struct borrower *borrower);

/* Takes back over. */
void borrow_give_back(struct store *store, struct lease_back *back);
/* Those that are over by now. */
void borrow_return_over(struct store *store, int64_t now_ms);
/* What did not arrive, if it was sent before. */
void borrow_send_again(struct store *store, int64_t sent_before_ms);
void borrow_drop_one(struct borrow *borrow, struct returning *returning);

#endif
