#include "tests/scenario/fake_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/cache.h"
#include "store/local.h"
#include "store/owed.h"
#include "tests/scenario/fake_books.h"

#define WAITING_MAX 16

/* As MESSAGE_REMEMBERED_S of the store. */
#define REMEMBERED_MS INT64_C(600000)

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
	struct fake_books books;
	int64_t versions;
	struct cache *cache;
	struct local *local;
	struct owed *owed;
	size_t n_answers, n_refunds;
	bool later;
	struct waiting_answer answers[WAITING_MAX];
	struct waiting_refund refunds[WAITING_MAX];
};

static struct fake_entry *login_of(struct fake_store *s, const char *name)
{
	return fake_entry(&s->books, SCOPE_LOGIN, name);
}

/* ---- accounts ----------------------------------------------------------- */

void fake_store_record(struct fake_store *s, const char *login, const char *record)
{
	struct fake_entry *l = login_of(s, login);

	free(l->record);
	l->record = memory_strdup(record);
}

void fake_store_account(struct fake_store *s, const char *login, const char *json)
{
	struct fake_entry *l = login_of(s, login);
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

static void churn(struct fake_store *s, struct fake_entry *l)
{
	char version[24];

	if (l->churn == 0 || !l->record)
		return;
	l->churn--;
	snprintf(version, sizeof(version), "%016lld", (long long)++s->versions);
	memcpy(l->record, version, ACCOUNT_VERSION_DIGITS);
}

static bool is_stale(const struct fake_entry *l, const char *version)
{
	char present[ACCOUNT_VERSION_DIGITS + 1] = "";

	if (l->record)
		snprintf(present, sizeof(present), "%.*s", ACCOUNT_VERSION_DIGITS, l->record);
	return !version || strcmp(version, present) != 0;
}

static void learn(struct fake_store *s, const struct fake_entry *l, struct take_answer *answer)
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

void fake_store_refund(struct fake_store *s, const struct charge *charge, const char *key,
		       bool forget)
{
	fake_refund(&s->books, charge, key, forget);
}

void fake_store_reset(struct fake_store *s, const char *login)
{
	login_of(s, login)->n_counters = 0;
}

int64_t fake_store_used(struct fake_store *s, enum take_scope scope, const char *name,
			const struct quota *quota)
{
	return fake_used(&s->books, scope, name, quota);
}

const char *fake_store_message(struct fake_store *s, const char *login, const char *key)
{
	return fake_message(&s->books, login, key);
}

/* ---- the engine's environment ------------------------------------------- */

static int64_t env_now_ms(void *ctx)
{
	return ((struct fake_store *)ctx)->books.now_ms;
}

static bool env_account(void *ctx, const char *login, struct account **out)
{
	return cache_get(((struct fake_store *)ctx)->cache, login, out);
}

static void ask(struct fake_store *s, const struct take *take, struct take_answer *answer)
{
	struct fake_entry *l = fake_entry(&s->books, take->scope, take->name);

	answer->now_ms = s->books.now_ms;
	answer->seen = l->n_counters > 0;
	churn(s, l);
	if (is_stale(l, take->version))
		learn(s, l, answer);
	else
		answer->status = fake_take(&s->books, l, take, answer);
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
	fake_must(s->n_answers < WAITING_MAX, "too many answers wait");
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

	local_test(s->local, take, s->books.now_ms, answer);
	if (take->message_key && owed_find(s->owed, take->scope, take->name, take->message_key))
		answer->status = TAKE_REPEATED;
}

static void env_charge_local(void *ctx, const struct take *take, bool uncertain)
{
	struct fake_store *s = ctx;
	int64_t slots[TAKE_ROWS_MAX];

	if (owed_find(s->owed, take->scope, take->name, take->message_key))
		return;
	local_charge(s->local, take, s->books.now_ms, slots);
	owed_add(s->owed, take, s->books.now_ms, slots)->uncertain = uncertain;
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
			.n_rows = owed_rows(c, s->books.now_ms, rows),
		};
		struct take_answer answer;

		if (take.n_rows > 0)
			fake_take(&s->books, fake_entry(&s->books, c->charge.scope, c->charge.name), &take, &answer);
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
		fake_refund(&s->books, charge, key, forget);
		return;
	}
	fake_must(s->n_refunds < WAITING_MAX, "too many refunds wait");
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
	s->books.now_ms += ms;
}

size_t fake_store_waiting(const struct fake_store *s)
{
	return s->n_refunds;
}

void fake_store_remember(struct fake_store *s, int64_t ms)
{
	s->books.remembered_ms = ms;
}

int64_t fake_store_now_ms(const struct fake_store *s)
{
	return s->books.now_ms;
}

void fake_store_set_line(struct fake_store *s, enum line line)
{
	s->line = line;
	if (line != LINE_UP)
		return;
	for (size_t i = 0; i < s->n_refunds; i++)
		fake_refund(&s->books, &s->refunds[i].charge, s->refunds[i].key,
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

		fake_must(owed_restore(again, c->key, text), "what is owed is not read again");
		free(text);
	}
	owed_free(&s->owed);
	s->owed = again;
}

static void reload_local(struct fake_store *s)
{
	struct local *again = local_new();

	for (size_t i = 0; i < s->books.n_entries; i++) {
		struct fake_entry *l = &s->books.entries[i];
		char *text = local_save(s->local, l->scope, l->name);

		fake_must(!text || local_restore(again, l->scope, l->name, text),
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

	s->books.now_ms = now_ms;
	s->books.remembered_ms = REMEMBERED_MS;
	s->cache = cache_new(FAKE_ENTRIES_MAX);
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
	for (size_t i = 0; i < s->books.n_entries; i++)
		free(s->books.entries[i].record);
	cache_free(&s->cache);
	local_free(&s->local);
	owed_free(&s->owed);
	free(s);
}
