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

/* Counters of one login: those of its quotas, and as many of quotas it has no
 * more. */
#define COUNTERS_MAX (2 * QUOTAS_MAX)

struct usage {
	UT_hash_handle hh;
	size_t n;
	struct counter *counters;
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

void local_free(struct local **local)
{
	if (!*local)
		return;
	while ((*local)->logins)
		drop(*local, (*local)->logins);
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

static struct counter *find_counter(struct usage *u, const struct quota *quota)
{
	for (size_t i = 0; i < u->n; i++) {
		struct counter *c = &u->counters[i];

		if (c->unit == quota->unit && c->window_s == quota->window_s)
			return c;
	}
	return NULL;
}

static void add_counter(struct usage *u, const struct quota *quota)
{
	struct counter *counters = memory_alloc((u->n + 1) * sizeof(*counters));

	if (u->n > 0)
		memcpy(counters, u->counters, u->n * sizeof(*counters));
	free(u->counters);
	u->counters = counters;
	u->counters[u->n++] =
		(struct counter){.unit = quota->unit, .window_s = quota->window_s};
}

static bool is_asked_for(const struct counter *c, const struct take *take)
{
	for (size_t i = 0; i < take->n_rows; i++) {
		const struct quota *quota = &take->rows[i].quota;

		if (c->unit == quota->unit && c->window_s == quota->window_s)
			return true;
	}
	return false;
}

/* Counters that no quota asks for any more go when they would be too many. */
static void make_room(struct usage *u, const struct take *take)
{
	size_t kept = 0;

	if (u->n + take->n_rows <= COUNTERS_MAX)
		return;
	for (size_t i = 0; i < u->n; i++) {
		if (is_asked_for(&u->counters[i], take))
			u->counters[kept++] = u->counters[i];
	}
	u->n = kept;
}

/* The counter of each row; two rows may have the same. */
static void counters_of(struct usage *u, const struct take *take,
			struct counter *counters[QUOTAS_MAX])
{
	make_room(u, take);
	for (size_t i = 0; i < take->n_rows; i++) {
		if (!find_counter(u, &take->rows[i].quota))
			add_counter(u, &take->rows[i].quota);
	}
	for (size_t i = 0; i < take->n_rows; i++)
		counters[i] = find_counter(u, &take->rows[i].quota);
}

static bool row_fits(const struct take_row *row, const struct take_row_answer *answer)
{
	return row->quota.limit == QUOTA_UNLIMITED ||
	       answer->used + row->amount <= row->quota.limit;
}

static void test_row(const struct take_row *row, struct counter *c, int64_t now_ms,
		     struct take_row_answer *answer)
{
	window_advance(&c->window, c->window_s, now_ms);
	answer->used = c->window.sum;
	answer->retry_after_ms = 0;
	if (row->quota.limit != QUOTA_UNLIMITED)
		answer->retry_after_ms = window_retry_after_ms(
			&c->window, c->window_s, now_ms, row->amount, row->quota.limit);
}

static void charge_rows(const struct take *take, struct counter *const counters[QUOTAS_MAX],
			int64_t now_ms)
{
	for (size_t i = 0; i < take->n_rows; i++) {
		struct counter *c = counters[i];
		bool charged = false;

		for (size_t j = 0; j < i; j++)
			charged = charged || counters[j] == c;
		if (!charged)
			window_add(&c->window, window_advance(&c->window, c->window_s, now_ms),
				   take->rows[i].amount);
	}
}

void local_take(struct local *local, const struct take *take, int64_t now_ms,
		struct take_answer *answer)
{
	struct usage *u = usage_of(local, take->login);
	struct counter *counters[QUOTAS_MAX];

	answer->status = TAKE_DONE;
	answer->now_ms = now_ms;
	answer->seen = u->n > 0;
	counters_of(u, take, counters);
	for (size_t i = 0; i < take->n_rows; i++) {
		const struct take_row *row = &take->rows[i];

		test_row(row, counters[i], now_ms, &answer->rows[i]);
		if (row->enforce && !row_fits(row, &answer->rows[i]))
			answer->status = TAKE_OVER;
	}
	if (answer->status == TAKE_DONE && take->message_key)
		charge_rows(take, counters, now_ms);
}
