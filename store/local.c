#include "store/local.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "engine/window.h"

struct counter {
	enum quota_unit unit;
	int32_t window_s;
	struct window window;
};

struct usage {
	UT_hash_handle hh;
	size_t n;
	struct counter *counters; /* QUOTAS_MAX at most */
	char login[];
};

struct local {
	struct usage *logins; /* least recently made first */
};

struct local *local_new(void)
{
	return memory_zero(sizeof(struct local));
}

static void drop(struct local *local, struct usage *u)
{
	HASH_DEL(local->logins, u);
	free(u->counters);
	free(u);
}

void local_clear(struct local *local)
{
	while (local->logins)
		drop(local, local->logins);
}

void local_free(struct local **local)
{
	if (!*local)
		return;
	local_clear(*local);
	free(*local);
	*local = NULL;
}

static struct usage *usage_of(struct local *local, const char *login)
{
	struct usage *u;

	HASH_FIND_STR(local->logins, login, u);
	if (u)
		return u;
	if (HASH_COUNT(local->logins) >= LOCAL_LOGINS_MAX)
		drop(local, local->logins);
	u = memory_zero(sizeof(*u) + strlen(login) + 1);
	strcpy(u->login, login);
	HASH_ADD_KEYPTR(hh, local->logins, u->login, strlen(u->login), u);
	return u;
}

static struct counter *new_counter(struct usage *u)
{
	struct counter *counters = memory_alloc((u->n + 1) * sizeof(*counters));

	if (u->n > 0)
		memcpy(counters, u->counters, u->n * sizeof(*counters));
	free(u->counters);
	u->counters = counters;
	return &counters[u->n++];
}

/* A counter that no quota asks for any more makes room when all are taken. */
static struct counter *counter_of(struct usage *u, const struct quota *quota)
{
	struct counter *c = NULL;

	for (size_t i = 0; i < u->n; i++) {
		c = &u->counters[i];
		if (c->unit == quota->unit && c->window_s == quota->window_s)
			return c;
	}
	if (u->n < QUOTAS_MAX)
		c = new_counter(u);
	*c = (struct counter){.unit = quota->unit, .window_s = quota->window_s};
	return c;
}

static bool row_fits(const struct take_row *row, const struct take_row_answer *answer)
{
	return row->quota.limit == QUOTA_UNLIMITED ||
	       answer->used + row->amount <= row->quota.limit;
}

void local_take(struct local *local, const struct take *take, int64_t now_ms,
		struct take_answer *answer)
{
	struct usage *u = usage_of(local, take->login);
	int64_t slots[QUOTAS_MAX];

	answer->status = TAKE_DONE;
	answer->now_ms = now_ms;
	answer->seen = u->n > 0;
	for (size_t i = 0; i < take->n_rows; i++) {
		const struct take_row *row = &take->rows[i];
		struct counter *c = counter_of(u, &row->quota);

		slots[i] = window_advance(&c->window, c->window_s, now_ms);
		answer->rows[i].used = c->window.sum;
		answer->rows[i].retry_after_ms =
			row->quota.limit == QUOTA_UNLIMITED
				? 0
				: window_retry_after_ms(&c->window, c->window_s, now_ms,
							row->amount, row->quota.limit);
		if (row->enforce && !row_fits(row, &answer->rows[i]))
			answer->status = TAKE_OVER;
	}
	if (answer->status != TAKE_DONE || !take->message_key)
		return;
	for (size_t i = 0; i < take->n_rows; i++)
		window_add(&counter_of(u, &take->rows[i].quota)->window, slots[i],
			   take->rows[i].amount);
}
