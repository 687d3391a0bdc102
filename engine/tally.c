#include "engine/tally.h"

#include <string.h>

static bool is_calendar(const struct tally *t)
{
	return t->quota.kind == QUOTA_CALENDAR;
}

void tally_init(struct tally *tally, const struct quota *quota)
{
	memset(tally, 0, sizeof(*tally));
	tally->quota = quota_to_keep(quota);
}

/* The slot to count in. A clock that went back into the period before goes on
 * counting in the later one; one that went back further counts everything as
 * of now. */
static int64_t advance(struct tally *t, const struct take_row *row, int64_t now_ms)
{
	if (!is_calendar(t))
		return window_advance(&t->window, t->quota.window_s, now_ms);
	if (t->period_s < row->start_s)
		t->window.sum = 0;
	if (t->window.sum == 0 || t->period_s > row->end_s)
		t->period_s = row->start_s;
	return t->period_s;
}

/* When the oldest of what is used is let go. */
static int64_t let_go_ms(const struct tally *t, const struct take_row *row, int64_t now_ms)
{
	if (t->window.sum == 0)
		return 0;
	if (is_calendar(t))
		return row->end_s * 1000 - now_ms;
	return (t->window.slots[0].slot + WINDOW_SLOTS + 1) * window_slot_ms(t->quota.window_s) -
	       now_ms;
}

static int64_t retry_after_ms(const struct tally *t, const struct take_row *row, int64_t now_ms)
{
	int64_t limit = row->quota.limit;

	if (row->amount == 0)
		return let_go_ms(t, row, now_ms);
	if (limit == QUOTA_UNLIMITED || t->window.sum + row->amount <= limit)
		return 0;
	if (row->amount > limit)
		return -1;
	if (is_calendar(t))
		return row->end_s * 1000 - now_ms;
	return window_retry_after_ms(&t->window, t->quota.window_s, now_ms, row->amount, limit);
}

void tally_test(struct tally *tally, const struct take_row *row, int64_t now_ms,
		struct take_row_answer *answer)
{
	advance(tally, row, now_ms);
	answer->used = tally->window.sum;
	answer->limit = row->quota.limit;
	answer->retry_after_ms = retry_after_ms(tally, row, now_ms);
	answer->mark = 0;
}

bool tally_fits(const struct take_row *row, const struct take_row_answer *answer)
{
	return answer->limit == QUOTA_UNLIMITED || row->amount == 0 ||
	       answer->used + row->amount <= answer->limit;
}

int64_t tally_charge(struct tally *tally, const struct take_row *row, int64_t now_ms)
{
	int64_t slot = advance(tally, row, now_ms);

	if (is_calendar(tally))
		tally->window.sum += row->amount;
	else
		window_add(&tally->window, slot, row->amount);
	return slot;
}

void tally_take_back(struct tally *tally, int64_t slot, int64_t amount)
{
	if (!is_calendar(tally))
		window_subtract(&tally->window, slot, amount);
	else if (tally->period_s == slot)
		tally->window.sum -= amount < tally->window.sum ? amount : tally->window.sum;
}
