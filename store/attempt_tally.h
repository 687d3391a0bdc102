/*
 * Attempts (store/attempt.h) that wait to be written: those of one login together, whose
 * number costs nothing. No I/O and no clock.
 */
#ifndef SENDWARD_ATTEMPT_TALLY_H
#define SENDWARD_ATTEMPT_TALLY_H

#include "base/hash.h"
#include "base/limits.h"
#include "store/attempt.h"

/* Logins that wait; about 4 MB. */
#define ATTEMPT_TALLY_LOGINS_MAX 8192

/* Of one login. */
struct tallied {
	UT_hash_handle hh; /* in the order in which they are due */
	int64_t due_ms;
	int64_t n; /* attempts ... */
	int64_t first_s; /* ... and the time of the first, Unix time */
	struct attempt_counts counts;
	char last[ATTEMPT_LAST_MAX]; /* as it stands in Redis; "" all were monitored */
	char login[];
};

struct attempt_tally;

struct attempt_tally *attempt_tally_new(void);
/* Returns how many attempts were still waiting. */
int64_t attempt_tally_free(struct attempt_tally **tally);

/* Of a login that does not wait yet they are due at due_ms, which does not go back from one
 * call to the next. False: there is no room for another login. */
bool attempt_tally_add(struct attempt_tally *tally, const char *login,
		       const struct attempt *attempt, int64_t due_ms);

/* Takes out what is due by now_ms, the oldest first; NULL: nothing is. The caller's: free(). */
struct tallied *attempt_tally_take(struct attempt_tally *tally, int64_t now_ms);

/* Drops those of the login. */
void attempt_tally_forget(struct attempt_tally *tally, const char *login);

size_t attempt_tally_logins(const struct attempt_tally *tally);

#endif
