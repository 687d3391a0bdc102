/*
 * Attempts: mail of a login that a check has refused, deferred, or held for being over quota.
 * What is counted of them, and how it stands in Redis, at PREFIX{LOGIN}:r:
 *
 *	TIME VERDICT CHECK CLIENT	the last one; an empty line: there was none
 *	SLOT NAME=COUNT NAME=COUNT	a line for each slot of time with some, oldest first
 *
 * TIME is Unix time, SLOT counts ATTEMPT_SLOT_S from 1970 on, by Redis' clock when they are
 * written. NAME is that of a check; behind ATTEMPT_MONITORED it is that of one in mode
 * monitor which would have refused a message that was accepted. Kept ATTEMPTS_KEPT_S after
 * the last one; slots of more than a day ago go when something is added. So one login's takes
 * some 150 octets, 2 KB where a check refused all day long, and 50 KB in the worst case.
 */
#ifndef SENDWARD_ATTEMPT_H
#define SENDWARD_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "engine/finding.h"

#define ATTEMPT_SLOT_S (15 * 60)
#define ATTEMPTS_KEPT_S (30 * 86400)

#define ATTEMPT_MONITORED "monitored:"

/* The slot of now and those of a day before it. */
#define ATTEMPT_SLOTS (86400 / ATTEMPT_SLOT_S + 1)

/* One of them. */
struct attempt {
	enum check check;
	bool monitored;	    /* it would have been; the rest means nothing then */
	enum action action; /* refuse, defer, hold or redirect */
	int64_t time_s;	    /* Unix time */
	const char *client; /* borrowed; "" not known */
};

/* So many, by check; [1] those monitored. */
struct attempt_counts {
	uint32_t n[2][CHECKS]; /* UINT32_MAX is that or more */
};

/* Octets of the line about the last one; a longer one loses the end of the client. */
#define ATTEMPT_LAST_MAX 160
#define ATTEMPT_CLIENT_MAX 128

/* All names, each with its count and what stands before and behind it. */
#define ATTEMPT_COUNTS_MAX (2 * CHECKS * 48)

/* A later time is none: the end of the year 9999. */
#define ATTEMPT_TIME_MAX INT64_C(253402300799)

/* As they stand in Redis, without a newline. */
void attempt_format_last(const struct attempt *attempt, char out[ATTEMPT_LAST_MAX]);
void attempt_format_counts(const struct attempt_counts *counts, char out[ATTEMPT_COUNTS_MAX]);

/* By check. The oldest slot counts as a whole, so these are the attempts of up to
 * ATTEMPT_SLOT_S more than an hour and a day. */
struct attempts_late {
	int64_t hour[CHECKS], day[CHECKS];
};

/* What is read of a login. */
struct attempts_seen {
	bool any; /* else all of it is 0 */
	struct attempts_late refused, monitored;
	/* The last one that was not only monitored. */
	bool has_last;
	int64_t last_s; /* Unix time, up to ATTEMPT_TIME_MAX */
	enum action last_action;
	enum check last_check;
	char last_client[ATTEMPT_CLIENT_MAX]; /* "" not known */
};

/* What the len octets say, any octets; now_s by the store's clock. What is no such line, and
 * names that are not known, are left out. */
void attempts_read(const char *record, size_t len, int64_t now_s, struct attempts_seen *out);

int64_t attempts_total(const int64_t by_check[CHECKS]);

#endif
