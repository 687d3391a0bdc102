#define _GNU_SOURCE /* open_memstream(), strsep() */
#include "store/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/units.h"
#include "engine/tally.h"

/* Counters of one name: those of its quotas, and as many of quotas it has no
 * more. */
#define COUNTERS_MAX (2 * TAKE_ROWS_MAX)

struct usage {
	UT_hash_handle hh;
	size_t n;
	struct tally *tallies;
	char name[];
};

struct local {
	struct usage *names; /* least recently used first */
	void (*dropped)(const char *scope_and_name, void *arg);
	void *dropped_arg;
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

void local_clear(struct local *local)
{
	while (local->names)
		drop(local, local->names);
}

void local_free(struct local **local)
{
	if (!*local)
		return;
	local_clear(*local);
	free(*local);
	*local = NULL;
}

void local_on_drop(struct local *local,
		   void (*dropped)(const char *scope_and_name, void *arg), void *arg)
{
	local->dropped = dropped;
	local->dropped_arg = arg;
}

void local_name(enum take_scope scope, const char *name, char out[LOCAL_NAME_MAX])
{
	snprintf(out, LOCAL_NAME_MAX, "%s %s", take_scope_name(scope), name);
}

const char *local_name_parse(const char *text, enum take_scope *scope)
{
	for (int i = 0; i < TAKE_SCOPES; i++) {
		const char *word = take_scope_name((enum take_scope)i);
		size_t len = strlen(word);

		if (strncmp(text, word, len) == 0 && text[len] == ' ' && text[len + 1] &&
		    strlen(text + len + 1) <= LOGIN_MAX) {
			*scope = (enum take_scope)i;
			return text + len + 1;
		}
	}
	return NULL;
}

static struct usage *find_usage(struct local *local, enum take_scope scope, const char *name)
{
	char key[LOCAL_NAME_MAX];
	struct usage *u;

	local_name(scope, name, key);
	HASH_FIND_STR(local->names, key, u);
	return u;
}

static void make_room_for_name(struct local *local)
{
	if (HASH_COUNT(local->names) < LOCAL_LOGINS_MAX)
		return;
	if (local->dropped)
		local->dropped(local->names->name, local->dropped_arg);
	drop(local, local->names);
}

static struct usage *usage_of(struct local *local, enum take_scope scope, const char *name)
{
	struct usage *u = find_usage(local, scope, name);
	char key[LOCAL_NAME_MAX];

	if (u) {
		/* uthash keeps the order of insertion. */
		HASH_DEL(local->names, u);
		HASH_ADD_KEYPTR(hh, local->names, u->name, strlen(u->name), u);
		return u;
	}
	make_room_for_name(local);
	local_name(scope, name, key);
	u = memory_zero(sizeof(*u) + strlen(key) + 1);
	strcpy(u->name, key);
	HASH_ADD_KEYPTR(hh, local->names, u->name, strlen(u->name), u);
	return u;
}

static struct tally *find_tally(const struct usage *u, const struct quota *quota)
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

void local_test(struct local *local, const struct take *take, int64_t now_ms,
		struct take_answer *answer)
{
	struct usage *u = usage_of(local, take->scope, take->name);
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
}

void local_charge(struct local *local, const struct take *take, int64_t now_ms,
		  int64_t slots[TAKE_ROWS_MAX])
{
	struct usage *u = usage_of(local, take->scope, take->name);
	struct tally *tallies[TAKE_ROWS_MAX];

	tallies_of(u, take, tallies);
	for (size_t i = 0; i < take->n_rows; i++) {
		bool charged = false;

		for (size_t j = 0; j < i; j++)
			charged = charged || tallies[j] == tallies[i];
		slots[i] = charged ? LOCAL_NOWHERE
				   : tally_charge(tallies[i], &take->rows[i], now_ms);
	}
}

void local_take_back(struct local *local, enum take_scope scope, const char *name,
		     const struct quota *quota, int64_t slot, int64_t amount)
{
	struct usage *u = find_usage(local, scope, name);
	struct tally *t = u ? find_tally(u, quota) : NULL;

	if (t && slot != LOCAL_NOWHERE)
		tally_take_back(t, slot, amount);
}

/* ---- as text ------------------------------------------------------------- */

static void save_tally(const struct tally *t, FILE *out)
{
	char quota[QUOTA_TEXT_MAX];
	struct quota named = t->quota;

	/* The limit means nothing here. */
	named.limit = QUOTA_UNLIMITED;
	quota_format(&named, quota);
	fprintf(out, "%lld %lld", (long long)t->period_s, (long long)t->window.sum);
	for (size_t i = 0; i < t->window.n; i++)
		fprintf(out, " %lld:%lld", (long long)t->window.slots[i].slot,
			(long long)t->window.slots[i].amount);
	fprintf(out, " %s\n", quota);
}

char *local_save(struct local *local, enum take_scope scope, const char *name)
{
	const struct usage *u = find_usage(local, scope, name);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; u && i < u->n; i++)
		if (u->tallies[i].window.sum > 0)
			save_tally(&u->tallies[i], out);
	fclose(out);
	if (size > 0)
		return text;
	free(text);
	return NULL;
}

/* SLOT:AMOUNT, rising slots; *at goes behind them. */
static bool restore_slots(struct window *w, const char **at)
{
	int64_t sum = 0;
	long long slot, amount;
	int used;

	for (; sscanf(*at, " %lld:%lld%n", &slot, &amount, &used) == 2; *at += used) {
		if (w->n > WINDOW_SLOTS || amount <= 0 || amount > AMOUNT_MAX || slot < 0 ||
		    (w->n > 0 && slot <= w->slots[w->n - 1].slot))
			return false;
		w->slots[w->n++] = (struct window_slot){slot, amount};
		sum += amount;
	}
	return w->n == 0 || sum == w->sum;
}

static bool restore_tally(const char *line, struct tally *t)
{
	long long period, sum;
	struct quota quota;
	const char *reason;
	int used = 0;

	if (sscanf(line, "%lld %lld%n", &period, &sum, &used) != 2 || period < 0 || sum <= 0 ||
	    sum > AMOUNT_MAX)
		return false;
	line += used;
	memset(t, 0, sizeof(*t));
	t->period_s = period;
	t->window.sum = sum;
	if (!restore_slots(&t->window, &line) || *line++ != ' ' ||
	    !quota_parse_any(line, &quota, &reason))
		return false;
	t->quota = quota;
	return (quota.kind == QUOTA_CALENDAR) == (t->window.n == 0);
}

bool local_restore(struct local *local, enum take_scope scope, const char *name, const char *text)
{
	char *copy = memory_strdup(text), *rest = copy, *line;
	struct usage *u = usage_of(local, scope, name);
	bool all = true;

	u->n = 0;
	while ((line = strsep(&rest, "\n"))) {
		struct tally t;

		if (!*line)
			continue;
		if (u->n >= COUNTERS_MAX || !restore_tally(line, &t) || find_tally(u, &t.quota)) {
			all = false;
			continue;
		}
		add_tally(u, &t.quota);
		u->tallies[u->n - 1] = t;
	}
	free(copy);
	return all;
}
