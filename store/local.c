#include "store/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "engine/tally.h"

/* Counters of one name: those of its quotas, and as many of quotas it has no
 * more. */
#define COUNTERS_MAX (2 * TAKE_ROWS_MAX)

/* "domain example.com": scope and name. */
#define NAME_MAX_OCTETS (LOGIN_MAX + 16)

struct usage {
	UT_hash_handle hh;
	size_t n;
	struct tally *tallies;
	char name[];
};

struct local {
	struct usage *names; /* least recently used first */
};

struct local *local_new(void)
{
	return memory_zero(sizeof(struct local));
}

static void drop(struct local *local, struct usage *u)
{
	HASH_DEL(local->names, u);
	free(u->tallies);
	free(u);
}

void local_free(struct local **local)
{
	if (!*local)
		return;
	while ((*local)->names)
		drop(*local, (*local)->names);
	free(*local);
	*local = NULL;
}

static struct usage *usage_of(struct local *local, const struct take *take)
{
	char name[NAME_MAX_OCTETS];
	struct usage *u;

	snprintf(name, sizeof(name), "%s %s", take_scope_name(take->scope), take->name);
	HASH_FIND_STR(local->names, name, u);
	if (u) {
		/* uthash keeps the order of insertion. */
		HASH_DEL(local->names, u);
		HASH_ADD_KEYPTR(hh, local->names, u->name, strlen(u->name), u);
		return u;
	}
	if (HASH_COUNT(local->names) >= LOCAL_LOGINS_MAX)
		drop(local, local->names);
	u = memory_zero(sizeof(*u) + strlen(name) + 1);
	strcpy(u->name, name);
	HASH_ADD_KEYPTR(hh, local->names, u->name, strlen(u->name), u);
	return u;
}

static struct tally *find_tally(struct usage *u, const struct quota *quota)
{
	for (size_t i = 0; i < u->n; i++) {
		if (quota_same_counter(&u->tallies[i].quota, quota))
			return &u->tallies[i];
	}
	return NULL;
}

static void add_tally(struct usage *u, const struct quota *quota)
{
	struct tally *tallies = memory_alloc((u->n + 1) * sizeof(*tallies));

	if (u->n > 0)
		memcpy(tallies, u->tallies, u->n * sizeof(*tallies));
	free(u->tallies);
	u->tallies = tallies;
	tally_init(&u->tallies[u->n++], quota);
}

static bool is_asked_for(const struct tally *t, const struct take *take)
{
	for (size_t i = 0; i < take->n_rows; i++) {
		if (quota_same_counter(&t->quota, &take->rows[i].quota))
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
		if (is_asked_for(&u->tallies[i], take))
			u->tallies[kept++] = u->tallies[i];
	}
	u->n = kept;
}

/* The counter of each row; two rows may have the same. */
static void tallies_of(struct usage *u, const struct take *take,
		       struct tally *tallies[TAKE_ROWS_MAX])
{
	make_room(u, take);
	for (size_t i = 0; i < take->n_rows; i++) {
		if (!find_tally(u, &take->rows[i].quota))
			add_tally(u, &take->rows[i].quota);
	}
	for (size_t i = 0; i < take->n_rows; i++)
		tallies[i] = find_tally(u, &take->rows[i].quota);
}

static void charge_rows(const struct take *take, struct tally *const tallies[TAKE_ROWS_MAX],
			int64_t now_ms)
{
	for (size_t i = 0; i < take->n_rows; i++) {
		bool charged = false;

		for (size_t j = 0; j < i; j++)
			charged = charged || tallies[j] == tallies[i];
		if (!charged)
			tally_charge(tallies[i], &take->rows[i], now_ms);
	}
}

void local_take(struct local *local, const struct take *take, int64_t now_ms,
		struct take_answer *answer)
{
	struct usage *u = usage_of(local, take);
	struct tally *tallies[TAKE_ROWS_MAX];

	answer->status = TAKE_DONE;
	answer->now_ms = now_ms;
	answer->seen = u->n > 0;
	tallies_of(u, take, tallies);
	for (size_t i = 0; i < take->n_rows; i++) {
		const struct take_row *row = &take->rows[i];

		tally_test(tallies[i], row, now_ms, &answer->rows[i]);
		if (row->enforce && !tally_fits(row, &answer->rows[i]))
			answer->status = TAKE_OVER;
	}
	if (answer->status == TAKE_DONE && take->message_key)
		charge_rows(take, tallies, now_ms);
}
