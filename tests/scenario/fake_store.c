#include "tests/scenario/fake_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/tally.h"
#include "store/cache.h"
#include "store/local.h"
#include "store/owed.h"

#define LOGINS_MAX 16
#define COUNTERS_MAX 32
#define MESSAGES_MAX 1000
#define WAITING_MAX 16

/* As MESSAGE_REMEMBERED_S of the store. */
#define REMEMBERED_MS INT64_C(600000)

struct counter {
	int64_t born; /* a number of its own for each one made */
	struct tally tally;
};

struct counted {
	struct quota quota;
	int64_t born, slot, amount;
};

struct message {
	char key[MESSAGE_KEY_MAX + 1];
	bool refunded;
	int64_t until_ms;
	size_t n_counted;
	struct counted counted[TAKE_ROWS_MAX];
};

/* A login, or what logins share; only logins have accounts. */
struct login {
	enum take_scope scope;
	char name[LOGIN_MAX + 1];
	char *record; /* NULL: no account */
	int churn;
	size_t n_counters, n_messages;
	struct counter counters[COUNTERS_MAX];
	struct message messages[MESSAGES_MAX];
};

struct waiting_answer {
	take_done *done;
	void *arg;
	struct take_answer answer;
};

struct waiting_refund {
	struct charge charge;
	char key[MESSAGE_KEY_MAX + 1];
	bool forget;
};

struct fake_store {
	struct decision_env env;
	enum line line;
	int64_t now_ms, remembered_ms, versions, births;
	struct cache *cache;
	struct local *local;
	struct owed *owed;
	size_t n_logins, n_answers, n_refunds;
	bool later;
	struct login logins[LOGINS_MAX];
	struct waiting_answer answers[WAITING_MAX];
	struct waiting_refund refunds[WAITING_MAX];
};

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fake store: %s\n", what);
	exit(99);
}

static struct login *entry_of(struct fake_store *s, enum take_scope scope, const char *name)
{
	struct login *l;

	for (size_t i = 0; i < s->n_logins; i++)
		if (s->logins[i].scope == scope && strcmp(s->logins[i].name, name) == 0)
			return &s->logins[i];
	must(s->n_logins < LOGINS_MAX, "too many logins");
	l = &s->logins[s->n_logins++];
	l->scope = scope;
	snprintf(l->name, sizeof(l->name), "%s", name);
	return l;
}

static struct login *login_of(struct fake_store *s, const char *name)
{
	return entry_of(s, SCOPE_LOGIN, name);
}

/* ---- accounts ----------------------------------------------------------- */

void fake_store_record(struct fake_store *s, const char *login, const char *record)
{
	struct login *l = login_of(s, login);

	free(l->record);
	l->record = memory_strdup(record);
}

void fake_store_account(struct fake_store *s, const char *login, const char *json)
{
	struct login *l = login_of(s, login);
	char record[4096];

	if (json) {
		snprintf(record, sizeof(record), "%016lld%s", (long long)++s->versions, json);
		fake_store_record(s, login, record);
		return;
	}
	free(l->record);
	l->record = NULL;
	l->n_counters = 0;
}

void fake_store_churn(struct fake_store *s, const char *login, int n)
{
	login_of(s, login)->churn = n;
}

static void churn(struct fake_store *s, struct login *l)
{
	char version[24];

	if (l->churn == 0 || !l->record)
		return;
	l->churn--;
	snprintf(version, sizeof(version), "%016lld", (long long)++s->versions);
	memcpy(l->record, version, ACCOUNT_VERSION_DIGITS);
}

static bool is_stale(const struct login *l, const char *version)
{
	char present[ACCOUNT_VERSION_DIGITS + 1] = "";

	if (l->record)
		snprintf(present, sizeof(present), "%.*s", ACCOUNT_VERSION_DIGITS, l->record);
	return !version || strcmp(version, present) != 0;
}

static void learn(struct fake_store *s, const struct login *l, struct take_answer *answer)
{
	struct account *account = NULL;

	answer->status = TAKE_STALE;
	if (l->record) {
		account = account_decode(l->record, strlen(l->record), &answer->error);
		if (!account) {
			cache_forget(s->cache, l->name);
			answer->status = TAKE_UNREADABLE;
			return;
		}
	}
	if (s->line == LINE_UP)
		cache_put(s->cache, l->name, account);
	account_unref(&account);
}

/* ---- counters ----------------------------------------------------------- */

static struct counter *find_counter(struct login *l, const struct quota *quota)
{
	for (size_t i = 0; i < l->n_counters; i++)
		if (quota_same_counter(&l->counters[i].tally.quota, quota))
			return &l->counters[i];
	return NULL;
}

static struct counter *counter_of(struct fake_store *s, struct login *l, const struct quota *quota)
{
	struct counter *c = find_counter(l, quota);

	if (c)
		return c;
	must(l->n_counters < COUNTERS_MAX, "too many counters");
	c = &l->counters[l->n_counters++];
	tally_init(&c->tally, quota);
	c->born = ++s->births;
	return c;
}

/* What has counted nothing is as if it had never been. */
static void drop_empty(struct login *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n_counters; i++)
		if (l->counters[i].tally.window.sum > 0)
			l->counters[kept++] = l->counters[i];
	l->n_counters = kept;
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
static void set_tally(struct fake_store *s, struct counter *c, const struct tally *tally)
{
	if (tally->window.sum > 0 && newest(tally) < newest(&c->tally))
		c->born = ++s->births;
	c->tally = *tally;
}

/* Time has passed for all windows, not only for those that are asked for. */
static void advance_all(struct fake_store *s, struct login *l)
{
	for (size_t i = 0; i < l->n_counters; i++) {
		struct tally t = l->counters[i].tally;

		if (t.quota.kind == QUOTA_CALENDAR)
			continue;
		window_advance(&t.window, t.quota.window_s, s->now_ms);
		set_tally(s, &l->counters[i], &t);
	}
	drop_empty(l);
}

static struct message *find_message(const struct fake_store *s, struct login *l, const char *key)
{
	for (size_t i = 0; i < l->n_messages; i++)
		if (strcmp(l->messages[i].key, key) == 0 && l->messages[i].until_ms > s->now_ms)
			return &l->messages[i];
	return NULL;
}

static struct message *new_message(const struct fake_store *s, struct login *l, const char *key)
{
	struct message *m;

	must(l->n_messages < MESSAGES_MAX, "too many messages");
	m = &l->messages[l->n_messages++];
	memset(m, 0, sizeof(*m));
	snprintf(m->key, sizeof(m->key), "%s", key);
	m->until_ms = s->now_ms + s->remembered_ms;
	return m;
}

/* Testing leaves no trace, unless the clock went back so far. */
static bool test_row(struct fake_store *s, struct login *l, const struct take_row *row,
		     struct take_row_answer *answer)
{
	struct counter *c = find_counter(l, &row->quota);
	struct tally tally;

	tally_init(&tally, &row->quota);
	if (c)
		tally = c->tally;
	tally_test(&tally, row, s->now_ms, answer);
	if (c && tally.window.sum > 0 && newest(&tally) < newest(&c->tally)) {
		set_tally(s, c, &tally);
		advance_all(s, l);
	}
	return !row->enforce || tally_fits(row, answer);
}

static void charge_row(struct fake_store *s, struct login *l, const struct take_row *row,
		       struct message *m)
{
	struct counter *c = counter_of(s, l, &row->quota);

	for (size_t i = 0; i < m->n_counted; i++)
		if (m->counted[i].born == c->born)
			return; /* two quotas of one counter */
	m->counted[m->n_counted++] =
		(struct counted){ .quota = row->quota,
				  .born = c->born,
				  .amount = row->amount,
				  .slot = tally_charge(&c->tally, row, s->now_ms) };
}

static enum take_status take_rows(struct fake_store *s, struct login *l, const struct take *take,
				  struct take_answer *answer)
{
	struct message *m = take->message_key ? find_message(s, l, take->message_key) : NULL;
	bool fits = true;

	for (size_t i = 0; i < take->n_rows; i++)
		if (!test_row(s, l, &take->rows[i], &answer->rows[i]))
			fits = false;
	if (m)
		return m->refunded ? TAKE_GONE : TAKE_REPEATED;
	if (!fits)
		return TAKE_OVER;
	if (!take->message_key)
		return TAKE_DONE;
	m = new_message(s, l, take->message_key);
	advance_all(s, l);
	for (size_t i = 0; i < take->n_rows; i++)
		charge_row(s, l, &take->rows[i], m);
	return TAKE_DONE;
}

static void take_back(struct login *l, const struct message *m)
{
	for (size_t i = 0; i < m->n_counted; i++) {
		const struct counted *counted = &m->counted[i];
		struct counter *c = find_counter(l, &counted->quota);

		if (c && c->born == counted->born)
			tally_take_back(&c->tally, counted->slot, counted->amount);
	}
	drop_empty(l);
}

void fake_store_refund(struct fake_store *s, const struct charge *charge, const char *key,
		       bool forget)
{
	struct login *l = entry_of(s, charge->scope, charge->name);
	struct message *m = find_message(s, l, key);

	if (!m && !forget)
		m = new_message(s, l, key);
	if (!m)
		return;
	if (!m->refunded)
		take_back(l, m);
	m->refunded = true;
	if (forget)
		m->key[0] = '\0';
}

void fake_store_reset(struct fake_store *s, const char *login)
{
	login_of(s, login)->n_counters = 0;
}

int64_t fake_store_used(struct fake_store *s, enum take_scope scope, const char *name,
			const struct quota *quota)
{
	struct take_row row = { .quota = *quota };
	struct take_row_answer answer;

	if (quota->kind == QUOTA_CALENDAR)
		calendar_period(quota->calendar, quota->zone, s->now_ms / 1000, &row.start_s,
				&row.end_s);
	test_row(s, entry_of(s, scope, name), &row, &answer);
	return answer.used;
}

const char *fake_store_message(struct fake_store *s, const char *login, const char *key)
{
	const struct message *m = find_message(s, login_of(s, login), key);

	if (!m)
		return "unknown";
	return m->refunded ? "refunded" : "charged";
}

/* ---- the engine's environment ------------------------------------------- */

static int64_t env_now_ms(void *ctx)
{
	return ((struct fake_store *)ctx)->now_ms;
}

static bool env_account(void *ctx, const char *login, struct account **out)
{
	return cache_get(((struct fake_store *)ctx)->cache, login, out);
}

static void ask(struct fake_store *s, const struct take *take, struct take_answer *answer)
{
	struct login *l = entry_of(s, take->scope, take->name);

	answer->now_ms = s->now_ms;
	answer->seen = l->n_counters > 0;
	churn(s, l);
	if (is_stale(l, take->version))
		learn(s, l, answer);
	else
		answer->status = take_rows(s, l, take, answer);
	/* It was no account at all. */
	if (take->guessed && answer->status != TAKE_STALE && s->line == LINE_UP)
		cache_put(s->cache, l->name, NULL);
}

static void tell(struct fake_store *s, const struct take_answer *answer, take_done *done, void *arg)
{
	if (!s->later) {
		done(answer, arg);
		return;
	}
	must(s->n_answers < WAITING_MAX, "too many answers wait");
	s->answers[s->n_answers++] = (struct waiting_answer){ done, arg, *answer };
}

static void env_take(void *ctx, const struct take *take, take_done *done, void *arg)
{
	struct fake_store *s = ctx;
	struct take_answer answer = { .status = TAKE_UNAVAILABLE, .error = "not connected" };
	const struct take_answer lost = { .status = TAKE_UNCERTAIN,
					  .error = "no answer within the deadline" };

	if (s->line == LINE_UP || s->line == LINE_MUTE) {
		answer.error = NULL;
		ask(s, take, &answer);
	}
	tell(s, s->line == LINE_MUTE || s->line == LINE_DEAF ? &lost : &answer, done, arg);
}

static void env_take_local(void *ctx, const struct take *take, struct take_answer *answer)
{
	struct fake_store *s = ctx;

	local_test(s->local, take, s->now_ms, answer);
	if (take->message_key && owed_find(s->owed, take->scope, take->name, take->message_key))
		answer->status = TAKE_REPEATED;
}

static void env_charge_local(void *ctx, const struct take *take, bool uncertain)
{
	struct fake_store *s = ctx;
	int64_t slots[TAKE_ROWS_MAX];

	if (owed_find(s->owed, take->scope, take->name, take->message_key))
		return;
	local_charge(s->local, take, s->now_ms, slots);
	owed_add(s->owed, take, s->now_ms, slots)->uncertain = uncertain;
}

/* What is owed is charged, whatever the limits are. */
static void replay(struct fake_store *s)
{
	struct owed_charge *c;

	while ((c = owed_first(s->owed))) {
		struct take_row rows[TAKE_ROWS_MAX];
		const struct take take = {
			.message_key = c->message_key,
			.rows = rows,
			.n_rows = owed_rows(c, s->now_ms, rows),
		};
		struct take_answer answer;

		if (take.n_rows > 0)
			take_rows(s, entry_of(s, c->charge.scope, c->charge.name), &take, &answer);
		owed_drop(s->owed, c);
	}
}

/* True when nothing of it can have reached the store. */
static bool take_back_local(struct fake_store *s, const struct charge *charge, const char *key)
{
	struct owed_charge *c = owed_find(s->owed, charge->scope, charge->name, key);
	bool here_only;

	if (!c)
		return false;
	for (size_t i = 0; i < c->n_rows; i++)
		local_take_back(s->local, charge->scope, charge->name, &c->rows[i].quota,
				c->rows[i].slot, c->rows[i].amount);
	here_only = !c->uncertain;
	owed_drop(s->owed, c);
	return here_only;
}

static void env_refund(void *ctx, const struct charge *charge, const char *key, bool forget)
{
	struct fake_store *s = ctx;
	struct waiting_refund *w = &s->refunds[s->n_refunds];

	if (take_back_local(s, charge, key))
		return;
	if (s->line == LINE_UP) {
		fake_store_refund(s, charge, key, forget);
		return;
	}
	must(s->n_refunds < WAITING_MAX, "too many refunds wait");
	w->charge = *charge;
	w->forget = forget;
	snprintf(w->key, sizeof(w->key), "%s", key);
	s->n_refunds++;
}

const struct decision_env *fake_store_env(struct fake_store *s)
{
	return &s->env;
}

void fake_store_answer_later(struct fake_store *s, bool later)
{
	s->later = later;
}

bool fake_store_answer(struct fake_store *s)
{
	struct waiting_answer first;

	if (s->n_answers == 0)
		return false;
	first = s->answers[0];
	memmove(s->answers, s->answers + 1, --s->n_answers * sizeof(s->answers[0]));
	first.done(&first.answer, first.arg);
	return true;
}

/* ---- what scenarios do to it -------------------------------------------- */

void fake_store_move_clock(struct fake_store *s, int64_t ms)
{
	s->now_ms += ms;
}

void fake_store_remember(struct fake_store *s, int64_t ms)
{
	s->remembered_ms = ms;
}

int64_t fake_store_now_ms(const struct fake_store *s)
{
	return s->now_ms;
}

void fake_store_set_line(struct fake_store *s, enum line line)
{
	s->line = line;
	if (line != LINE_UP)
		return;
	for (size_t i = 0; i < s->n_refunds; i++)
		fake_store_refund(s, &s->refunds[i].charge, s->refunds[i].key,
				  s->refunds[i].forget);
	s->n_refunds = 0;
	replay(s);
}

/* What is owed, by way of the state file's texts. */
static void reload_owed(struct fake_store *s)
{
	struct owed *again = owed_new();

	for (struct owed_charge *c = owed_first(s->owed); c; c = owed_next(c)) {
		char *text = owed_save(c);

		must(owed_restore(again, c->key, text), "what is owed is not read again");
		free(text);
	}
	owed_free(&s->owed);
	s->owed = again;
}

static void reload_local(struct fake_store *s)
{
	struct local *again = local_new();

	for (size_t i = 0; i < s->n_logins; i++) {
		struct login *l = &s->logins[i];
		char *text = local_save(s->local, l->scope, l->name);

		must(!text || local_restore(again, l->scope, l->name, text),
		     "counts are not read again");
		free(text);
	}
	local_free(&s->local);
	s->local = again;
}

void fake_store_restart(struct fake_store *s, bool lost)
{
	if (!lost) {
		reload_owed(s);
		reload_local(s);
		return;
	}
	cache_clear(s->cache);
	local_clear(s->local);
	owed_clear(s->owed);
}

struct fake_store *fake_store_new(int64_t now_ms)
{
	struct fake_store *s = memory_zero(sizeof(*s));

	s->now_ms = now_ms;
	s->remembered_ms = REMEMBERED_MS;
	s->cache = cache_new(LOGINS_MAX);
	s->local = local_new();
	s->owed = owed_new();
	s->env = (struct decision_env){
		.ctx = s,
		.now_ms = env_now_ms,
		.account = env_account,
		.take = env_take,
		.take_local = env_take_local,
		.charge_local = env_charge_local,
		.refund = env_refund,
	};
	return s;
}

void fake_store_free(struct fake_store **store)
{
	struct fake_store *s = *store;

	*store = NULL;
	if (!s)
		return;
	for (size_t i = 0; i < s->n_logins; i++)
		free(s->logins[i].record);
	cache_free(&s->cache);
	local_free(&s->local);
	owed_free(&s->owed);
	free(s);
}
