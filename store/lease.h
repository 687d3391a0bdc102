/*
 * Leases: what a daemon has of a login's quotas in advance. A lease is charged in
 * Redis like a message, into the slots of that moment, and messages are charged
 * from it here as long as these slots last, so each counts in the slot in which it
 * is accepted. What is left goes back to where it was charged, and the messages
 * are written to Redis with it (store/refund.lua).
 *
 * These are the books of it: which login is busy enough, how much to ask for, what
 * is left. No I/O, no clock: now_ms is lease_clock_ms() of store/clock.h. Nothing is
 * refused from here; what a lease does not cover is asked of the store.
 *
 * HACKING.md, "Leases", says why the promises hold.
 */
#ifndef SENDWARD_LEASE_H
#define SENDWARD_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/account.h"
#include "engine/take.h"
#include "store/lease_records.h"

/* A lease lasts at most so long; whoever changes an account waits as long (put.lua). */
#define LEASE_MS 1000

/* It ends so much earlier here than in Redis: two times rounded down to
 * milliseconds, and clocks that do not run alike. */
#define LEASE_MARGIN_MS 5

/* One that would end sooner is not worth it. */
#define LEASE_LEAST_MS 20

/* A login gets one when it has sent so many messages a second through this
 * daemon, in so many milliseconds at least. */
#define LEASE_RATE_MIN 5
#define LEASE_LOOK_MS 100

/* Logins looked at; more get none. */
#define LEASE_NAMES_MAX 20000

/* Of one row, in its unit. */
#define LEASE_AMOUNT_MAX INT64_C(2147483647)

struct leases;
struct borrower; /* a login that is looked at */

struct leases *leases_new(void);
void leases_free(struct leases **leases);

/* The largest part of what remains of a quota. */
void leases_set_share(struct leases *leases, int share_permille);

/* Numbers since the start, for status. */
struct lease_stats {
	int64_t taken, returned, decisions;
	int64_t names, lent; /* now */
	int64_t returning;   /* borrow_stats(): on their way back now */
};
void lease_stats(const struct leases *leases, struct lease_stats *out);

/* ---- charging ----------------------------------------------------------------- */

/* A lease that has ended: what goes back, and the messages. Owned by whoever got
 * it. */
struct lease_back {
	char login[LOGIN_MAX + 1];
	int64_t left[TAKE_ROWS_MAX];
	bool is_wanted; /* more than half of a quota is used: what is left may matter at once */
	struct lease_records records;
};
void lease_back_free(struct lease_back **back);

enum lease_result {
	LEASE_NONE,	/* ask the store */
	LEASE_ANSWERED, /* *answer is filled, but for its now_ms */
	LEASE_ENDED,	/* give *back back, then ask the store */
};

/* Has this daemon seen the message lately? Notes that it has. Messages of whatever login, as
 * long as there are leases at all. */
bool lease_seen(struct leases *leases, const struct lease_message *message);

/* Charges the message, which is lease_message(take->message_key), when there is a lease that
 * all of it fits in. A message that was seen, or whose request is perhaps a repeated one, is
 * not charged, but answered as before when it was charged from this lease. */
enum lease_result lease_charge(struct leases *leases, const struct take *take,
			       const struct lease_message *message, bool seen, int64_t now_ms,
			       struct take_answer *answer, struct lease_back **back);

/* Takes a message back that was charged from the lease there is; false when none
 * was. */
bool lease_take_back(struct leases *leases, const char *login, const char *message_key,
		     bool forget);

/* Has the lease there is charged the message? */
bool lease_has_charged(const struct leases *leases, const char *login, const char *message_key);

/* ---- taking one --------------------------------------------------------------- */

/* The store has charged a message (TAKE_DONE). A borrower: it is busy, and a lease
 * is to be asked for. NULL: none. Borrowed until lease_granted(), lease_refused(). */
struct borrower *lease_look(struct leases *leases, const struct take *take,
			    const struct take_answer *answer, int64_t now_ms);

/* The question, but for its message key: one for the lease's id. Pointers are to the
 * borrower; rows has room for TAKE_ROWS_MAX. */
void lease_question(const struct borrower *borrower, struct take_row *rows, struct take *out);
uint64_t lease_id(const struct borrower *borrower);

/* The store has charged it, TAKE_DONE. asked_ms: before it was asked. False when it
 * is not to be used: it goes back as a whole. */
bool lease_granted(struct leases *leases, struct borrower *borrower,
		   const struct take_answer *answer, int64_t asked_ms, int64_t now_ms);
void lease_refused(struct borrower *borrower, int64_t now_ms);

/* ---- ending ------------------------------------------------------------------- */

/* The lease of the login, NULL when there is none. */
struct lease_back *lease_end(struct leases *leases, const char *login);

/* One that is over by now, NULL when there is none; with INT64_MAX any. */
struct lease_back *lease_over(struct leases *leases, int64_t now_ms);

#endif
