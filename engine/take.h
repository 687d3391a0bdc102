/*
 * The one question to the store: test these rows, and charge all or none.
 * Plain data, shared by the engine and whoever keeps the counters.
 */
#ifndef SENDWARD_TAKE_H
#define SENDWARD_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/quota.h"

/* Whose counters: a login's own, or ones that several share. */
enum take_scope {
	SCOPE_LOGIN,
	SCOPE_DOMAIN,  /* all logins of a mail domain */
	SCOPE_PLAN,    /* all logins of a plan */
	SCOPE_GROUP,   /* the accounts of a named group */
	SCOPE_NETWORK, /* the clients of a network, without a login */
};
#define TAKE_SCOPES 5

/* "login", "domain", "plan", "group", "network". */
const char *take_scope_name(enum take_scope scope);

struct take_row {
	int64_t amount; /* to add; 0 only looks */
	bool enforce;	/* false: charge beyond the limit too (monitor) */
	/* Calendar quotas: the period of now, Unix time. */
	int64_t start_s, end_s;
	/* Not NULL: the limit is the ramp's, and the quota's only what it starts
	 * with; counts where the rolling quota of its unit and window does. */
	const struct ramp *ramp;
	struct quota quota; /* what to count in, and the limit */
};

struct take {
	enum take_scope scope;
	const char *name; /* the login, domain, plan, group or network */
	/* node/queue-id of the message to charge, or NULL to test only. */
	const char *message_key;
	/* SCOPE_LOGIN: version of the account the caller decided on: "" for no
	 * account, NULL when it knows nothing of the login (the answer is
	 * TAKE_STALE with the account), "*" whatever it is. The others have none:
	 * "". */
	const char *version;
	/* Unix time of the question, by the store's clock as well as it is known; for an
	 * answer that the store is not asked for. */
	int64_t asked_ms;
	bool decides; /* nothing is asked after it: what is known here does not do */
	bool guessed; /* nothing is known of the login, and version is "" */
	bool may_be_repeated; /* struct request */
	const struct take_row *rows;
	size_t n_rows; /* at most TAKE_ROWS_MAX; 0 only compares the version */
};

enum take_status {
	TAKE_DONE,	  /* every row fits; charged when a message key was given */
	TAKE_OVER,	  /* an enforced row does not fit; nothing was charged */
	TAKE_REPEATED,	  /* this message was charged before; nothing more was */
	TAKE_GONE,	  /* this message was charged and refunded before */
	TAKE_STALE,	  /* the account has changed, or the clock was wrong; nothing was
			   * tested, and asking again will do */
	TAKE_UNAVAILABLE, /* the store was not reached; nothing was charged */
	TAKE_UNCERTAIN,	  /* no answer in time; charged or not */
	TAKE_UNREADABLE,  /* there is an account that cannot be read here, by a
			   * newer Sendward perhaps; nothing was charged */
};

struct take_row_answer {
	int64_t used; /* before this message; TAKE_REPEATED: with it */
	/* When the amount would fit: 0 now, -1 never. For amount 0: when the
	 * oldest of what is used is let go, 0 when nothing is used. */
	int64_t retry_after_ms;
	int64_t limit; /* in force: the quota's, or what the ramp has come to */
	/* 80 or 95: that many percent of the limit were reached by this charge
	 * for the first time in this window; else 0. */
	int mark;
};

struct take_answer {
	enum take_status status;
	int64_t now_ms;	  /* the store's clock, Unix time */
	bool seen;	  /* there are counters for this name */
	struct take_row_answer rows[TAKE_ROWS_MAX]; /* in the order asked */
	const char *error; /* for the log when the store failed, else NULL */
};

/* Called exactly once for each take, perhaps before the call that asked has
 * returned. answer is borrowed for the call. */
typedef void take_done(const struct take_answer *answer, void *arg);

/* Where one message was charged: what a refund has to take back. */
struct charge {
	enum take_scope scope;
	char name[LOGIN_MAX + 1];
};

struct charges {
	size_t n;
	struct charge items[TAKE_SCOPES];
};

#endif
