/*
 * One counter, of a rolling window or of calendar periods: what store/take.lua
 * keeps in Redis, in memory. For what a node counts by itself while the store
 * is away, and for tests. A plain value.
 */
#ifndef SENDWARD_TALLY_H
#define SENDWARD_TALLY_H

#include "engine/take.h"
#include "engine/window.h"

struct tally {
	struct quota quota; /* which counter it is; its limit means nothing */
	int64_t period_s;   /* calendar: start of the period that was counted in */
	struct window window; /* calendar: only the sum */
};

void tally_init(struct tally *tally, const struct quota *quota);

/* What the row finds; the answer's limit is the row's. */
void tally_test(struct tally *tally, const struct take_row *row, int64_t now_ms,
		struct take_row_answer *answer);

/* Does the amount fit? An amount of 0 always does. */
bool tally_fits(const struct take_row *row, const struct take_row_answer *answer);

/* After tally_test(): counts the row's amount. Returns where, for
 * tally_take_back(). */
int64_t tally_charge(struct tally *tally, const struct take_row *row, int64_t now_ms);

void tally_take_back(struct tally *tally, int64_t slot, int64_t amount);

#endif
