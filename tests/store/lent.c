#include "tests/store/lent.h"

#include <stdio.h>

#include "tests/unit/suite.h"

#define DAY 86400

/* More than two messages of a lease's look. */
#define MESSAGES_MAX 100000

struct lease_stats lent_stats(const struct lent *l)
{
	struct lease_stats stats = { 0 };

	borrow_stats(l->rig->store, &stats);
	return stats;
}

struct take_answer lent_take(const struct lent *l, const char *key, int64_t amount, int64_t limit,
			     bool repeated)
{
	const struct take_row row = {
		.quota = { .unit = QUOTA_RECIPIENTS, .limit = limit, .window_s = DAY },
		.amount = amount,
		.enforce = true
	};
	const struct take take = { .name = l->login,
				   .message_key = key,
				   .rows = &row,
				   .n_rows = 1,
				   .may_be_repeated = repeated };

	return rig_take_current(l->rig, take);
}

void lent_new_key(char key[LENT_KEY_MAX])
{
	static int messages;

	snprintf(key, LENT_KEY_MAX, "mx1/%d#p%08d", messages, messages);
	messages++;
}

bool lent_charge(const struct lent *l, int64_t limit)
{
	char key[LENT_KEY_MAX];

	lent_new_key(key);
	return lent_take(l, key, 1, limit, false).status == TAKE_DONE;
}

int64_t lent_used(const struct lent *l)
{
	return lent_take(l, NULL, 0, QUOTA_UNLIMITED, false).rows[0].used;
}

int64_t lent_until_lease(const struct lent *l, int64_t limit)
{
	int64_t before = lent_stats(l).decisions, n = 0;

	while (lent_stats(l).decisions == before && n < MESSAGES_MAX) {
		SUITE_TRUE(lent_charge(l, limit));
		n++;
	}
	return n;
}

static bool is_calm(const struct lent *l)
{
	struct lease_stats leases = lent_stats(l);
	struct store_stats stats;

	store_stats(l->rig->store, &stats);
	return leases.lent == 0 && leases.returning == 0 && stats.refunds_waiting == 0 &&
	       stats.in_flight == 0;
}

void lent_wait_returned(const struct lent *l)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (!is_calm(l) && rig_now_ms() < until_ms)
		rig_run(l->rig, 5);
	SUITE_TRUE(is_calm(l));
}
