/*
 * What was found in the counters of a name a moment ago. A question that only
 * tests is answered from here when everything it asks for fits: it is asked
 * again before the message is charged, and that decides. What does not fit is
 * never said from here, since it may fit by now.
 */
#ifndef SENDWARD_RECENT_H
#define SENDWARD_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/take.h"

struct recent;

/* So old it may be: other servers may have charged meanwhile, and an account may
 * have changed whose news was lost. */
#define RECENT_MS 1000

/* Names of one scope known at a time; the oldest go first. */
#define RECENT_NAMES_MAX 50000

struct recent *recent_new(void);
void recent_free(struct recent **recent);

/* The store's answer to a take, TAKE_DONE or TAKE_REPEATED; of a charge only what was tested
 * before. now_ms: clock_ms(). */
void recent_learn(struct recent *recent, const struct take *take, const struct take_answer *answer,
		  int64_t now_ms);

/* True when the take tests only, another question will decide, and all of it fits: *answer is filled but for its
 * now_ms. version: the account must not have changed since. */
bool recent_test(struct recent *recent, const struct take *take, int64_t now_ms,
		 struct take_answer *answer);

/* The account or the counters of a login have changed elsewhere. */
void recent_forget(struct recent *recent, enum take_scope scope, const char *name);
void recent_clear(struct recent *recent);

#endif
