/*
 * Attempts (store/attempt.h) that wait to be written: those of one login together, whose
 * number costs nothing. No I/O and no clock.
 */
#ifndef SENDWARD_TALLY_H
#define SENDWARD_TALLY_H

#include "base/hash.h"
#include "base/limits.h"
#include "store/attempt.h"

/* Logins that wait; about 4 MB. */
#define TALLY_LOGINS_MAX 8192

/* Of one login. */
struct tallied {
	UT_hash_handle hh; /* in the order in which they are due */
	int64_t due_ms;
	int64_t n; /* attempts */
	struct attempt_counts counts;
	char last[ATTEMPT_LAST_MAX]; /* as it stands in Redis; "" all were monitored */
	char login[];
};

struct tally;

struct tally *tally_new(void);
/* Returns how many attempts were still waiting. */
int64_t tally_free(struct tally **tally);

/* Of a login that does not wait yet they are due at due_ms, which does not go back from one
 * call to the next. False: there is no room for another login. */
bool tally_add(struct tally *tally, const char *login, const struct attempt *attempt,
	       int64_t due_ms);

/* Takes out what is due by now_ms, the oldest first; NULL: nothing is. The caller's: free(). */
struct tallied *tally_take(struct tally *tally, int64_t now_ms);

/* Drops those of the login. */
void tally_forget(struct tally *tally, const char *login);

size_t tally_logins(const struct tally *tally);

#endif
