/*
 * The one question to the store: test these rows, and charge all or none.
 * Plain data, shared by the engine and whoever keeps the counters.
 */
#ifndef SENDWARD_TAKE_H
#define SENDWARD_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/quota.h"

struct take_row {
	struct quota quota; /* what to count in, and the limit */
	int64_t amount;	    /* to add; 0 only looks */
	bool enforce;	    /* false: charge beyond the limit too (monitor) */
};

struct take {
	const char *login;
	/* node/queue-id of the message to charge, or NULL to test only. */
	const char *message_key;
	/* Version of the account the caller decided on: "" for no account,
	 * NULL when it knows nothing of the login (the answer is TAKE_STALE
	 * with the account). */
	const char *version;
	const struct take_row *rows;
	size_t n_rows; /* at most QUOTAS_MAX; 0 only compares the version */
};

enum take_status {
	TAKE_DONE,	  /* every row fits; charged when a message key was given */
	TAKE_OVER,	  /* an enforced row does not fit; nothing was charged */
	TAKE_REPEATED,	  /* this message was charged before; nothing more was */
	TAKE_GONE,	  /* this message was charged and refunded before */
	TAKE_STALE,	  /* the account has changed; nothing was tested */
	TAKE_UNAVAILABLE, /* the store was not reached; nothing was charged */
	TAKE_UNCERTAIN,	  /* no answer in time; charged or not */
	TAKE_UNREADABLE,  /* there is an account that cannot be read here, by a
			   * newer Sendward perhaps; nothing was charged */
};

struct take_row_answer {
	int64_t used; /* before this message; TAKE_REPEATED: with it */
	/* When the amount would fit: 0 now, -1 never. */
	int64_t retry_after_ms;
};

struct take_answer {
	enum take_status status;
	int64_t now_ms;	  /* the store's clock, Unix time */
	bool seen;	  /* there are counters for this login */
	struct take_row_answer rows[QUOTAS_MAX]; /* in the order asked */
	const char *error; /* for the log when the store failed, else NULL */
};

/* Called exactly once for each take, never before the call that asked for it
 * has returned... unless the answer is known at once; callers must be ready
 * for both. answer is borrowed for the call. */
typedef void take_done(const struct take_answer *answer, void *arg);

#endif
