#include "tests/scenario/fake_books.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fake_must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fake store: %s\n", what);
	exit(99);
}

struct fake_entry *fake_entry(struct fake_books *b, enum take_scope scope, const char *name)
{
	struct fake_entry *e;

	for (size_t i = 0; i < b->n_entries; i++)
		if (b->entries[i].scope == scope && strcmp(b->entries[i].name, name) == 0)
			return &b->entries[i];
	fake_must(b->n_entries < FAKE_ENTRIES_MAX, "too many logins");
	e = &b->entries[b->n_entries++];
	e->scope = scope;
	snprintf(e->name, sizeof(e->name), "%s", name);
	return e;
}

/* ---- counters ----------------------------------------------------------- */

static struct counter *find_counter(struct fake_entry *e, const struct quota *quota)
{
	for (size_t i = 0; i < e->n_counters; i++)
		if (quota_same_counter(&e->counters[i].tally.quota, quota))
			return &e->counters[i];
	return NULL;
}

static struct counter *counter_of(struct fake_books *b, struct fake_entry *e,
				  const struct quota *quota)
{
	struct counter *c = find_counter(e, quota);

	if (c)
		return c;
	fake_must(e->n_counters < COUNTERS_MAX, "too many counters");
	c = &e->counters[e->n_counters++];
	tally_init(&c->tally, quota);
	c->born = ++b->births;
	return c;
}

/* What has counted nothing is as if it had never been. */
static void drop_empty(struct fake_entry *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n_counters; i++)
		if (e->counters[i].tally.window.sum > 0)
			e->counters[kept++] = e->counters[i];
	e->n_counters = kept;
}

/* How late the counter counts: a slot, or a period. */
static int64_t newest(const struct tally *t)
{
	if (t->quota.kind == QUOTA_CALENDAR)
		return t->period_s;
	return t->window.n > 0 ? t->window.slots[t->window.n - 1].slot : 0;
}

/* When the clock went back so far that everything counts as of now, no
 * message was charged there. */
static void set_tally(struct fake_books *b, struct counter *c, const struct tally *tally)
{
	if (tally->window.sum > 0 && newest(tally) < newest(&c->tally))
		c->born = ++b->births;
	c->tally = *tally;
}

/* Time has passed for all windows, not only for those that are asked for. */
static void advance_all(struct fake_books *b, struct fake_entry *e)
{
	for (size_t i = 0; i < e->n_counters; i++) {
		struct tally t = e->counters[i].tally;

		if (t.quota.kind == QUOTA_CALENDAR)
			continue;
		window_advance(&t.window, t.quota.window_s, b->now_ms);
		set_tally(b, &e->counters[i], &t);
	}
	drop_empty(e);
}

static struct message *find_message(const struct fake_books *b, struct fake_entry *e,
				    const char *key)
{
	for (size_t i = 0; i < e->n_messages; i++)
		if (strcmp(e->messages[i].key, key) == 0 && e->messages[i].until_ms > b->now_ms)
			return &e->messages[i];
	return NULL;
}

static struct message *new_message(const struct fake_books *b, struct fake_entry *e,
				   const char *key)
{
	struct message *m;

	fake_must(e->n_messages < MESSAGES_MAX, "too many messages");
	m = &e->messages[e->n_messages++];
	memset(m, 0, sizeof(*m));
	snprintf(m->key, sizeof(m->key), "%s", key);
	m->until_ms = b->now_ms + b->remembered_ms;
	return m;
}

/* Testing leaves no trace, unless the clock went back so far. */
static bool test_row(struct fake_books *b, struct fake_entry *e, const struct take_row *row,
		     struct take_row_answer *answer)
{
	struct counter *c = find_counter(e, &row->quota);
	struct tally tally;

	tally_init(&tally, &row->quota);
	if (c)
		tally = c->tally;
	tally_test(&tally, row, b->now_ms, answer);
	if (c && tally.window.sum > 0 && newest(&tally) < newest(&c->tally)) {
		set_tally(b, c, &tally);
		advance_all(b, e);
	}
	return !row->enforce || tally_fits(row, answer);
}

static void charge_row(struct fake_books *b, struct fake_entry *e, const struct take_row *row,
		       struct message *m)
{
	struct counter *c = counter_of(b, e, &row->quota);

	for (size_t i = 0; i < m->n_counted; i++)
		if (m->counted[i].born == c->born)
			return; /* two quotas of one counter */
	m->counted[m->n_counted++] =
		(struct counted){ .quota = row->quota,
				  .born = c->born,
				  .amount = row->amount,
				  .slot = tally_charge(&c->tally, row, b->now_ms) };
}

enum take_status fake_take(struct fake_books *b, struct fake_entry *e, const struct take *take,
			   struct take_answer *answer)
{
	struct message *m = take->message_key ? find_message(b, e, take->message_key) : NULL;
	bool fits = true;

	for (size_t i = 0; i < take->n_rows; i++)
		if (!test_row(b, e, &take->rows[i], &answer->rows[i]))
			fits = false;
	if (m)
		return m->refunded ? TAKE_GONE : TAKE_REPEATED;
	if (!fits)
		return TAKE_OVER;
	if (!take->message_key)
		return TAKE_DONE;
	m = new_message(b, e, take->message_key);
	advance_all(b, e);
	for (size_t i = 0; i < take->n_rows; i++)
		charge_row(b, e, &take->rows[i], m);
	return TAKE_DONE;
}

static void take_back(struct fake_entry *e, const struct message *m)
{
	for (size_t i = 0; i < m->n_counted; i++) {
		const struct counted *counted = &m->counted[i];
		struct counter *c = find_counter(e, &counted->quota);

		if (c && c->born == counted->born)
			tally_take_back(&c->tally, counted->slot, counted->amount);
	}
	drop_empty(e);
}

void fake_refund(struct fake_books *b, const struct charge *charge, const char *key, bool forget)
{
	struct fake_entry *e = fake_entry(b, charge->scope, charge->name);
	struct message *m = find_message(b, e, key);

	if (!m && !forget)
		m = new_message(b, e, key);
	if (!m)
		return;
	if (!m->refunded)
		take_back(e, m);
	m->refunded = true;
	if (forget)
		m->key[0] = '\0';
}

int64_t fake_used(struct fake_books *b, enum take_scope scope, const char *name,
		  const struct quota *quota)
{
	struct take_row row = { .quota = *quota };
	struct take_row_answer answer;

	if (quota->kind == QUOTA_CALENDAR)
		calendar_period(quota->calendar, quota->zone, b->now_ms / 1000, &row.start_s,
				&row.end_s);
	test_row(b, fake_entry(b, scope, name), &row, &answer);
	return answer.used;
}

const char *fake_message(struct fake_books *b, const char *login, const char *key)
{
	const struct message *m = find_message(b, fake_entry(b, SCOPE_LOGIN, login), key);

	if (!m)
		return "unknown";
	return m->refunded ? "refunded" : "charged";
}
