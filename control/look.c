#include "control/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/decision.h"
#include "engine/plan.h"
#include "engine/take.h"

struct asking {
	struct wait *wait;
	const char *login;  /* NULL: not about a login */
	const int64_t *fit; /* NULL: its own quotas alone, and not when more fits */
	bool account_known; /* look->account is what the caller has read */
	struct look *look;
	const struct effective_scope *scope; /* that is asked for; NULL: the login's own */
	size_t n_scopes;		     /* of the login, that have been asked for */
	int round;
	struct take take;
	struct take_row rows[TAKE_ROWS_MAX];
	look_done *done;
	void *arg;
};

static void finish(struct asking *a, bool ok)
{
	a->done(ok, a->arg);
	free(a);
}

/* The version that the answer has to be about. */
static const char *account_version(struct asking *a)
{
	const struct decision_env *env = store_env(wait_store(a->wait));
	struct look *look = a->look;
	bool known = a->account_known;

	a->account_known = false;
	if (!known) {
		account_unref(&look->account);
		known = env->account(env->ctx, a->login, &look->account);
	}
	if (!known)
		return NULL;
	return look->account ? look->account->version : "";
}

/* What is in force, as far as it is known without asking. */
static void resolve(struct asking *a)
{
	struct look *look = a->look;

	a->take.version = "";
	if (a->login) {
		a->take.version = account_version(a);
		effective_resolve(wait_config(a->wait), look->account, a->login,
				  wait_now_s(a->wait), &look->effective);
	} else {
		effective_without_login(wait_config(a->wait), "", &look->effective);
	}
	look->mode = look->effective.plan->modes[CHECK_QUOTAS];
	/* What was counted is there to be seen, whatever is done with it now. */
	look->counted = *look->effective.plan;
	look->counted.modes[CHECK_QUOTAS] = MODE_MONITOR;
	look->effective.plan = &look->counted;
}

static size_t plan_rows(struct asking *a)
{
	/* From <>, so that the null sender's quota shows, too. */
	static const struct request nothing = { .recipient = "", .sender = "" };
	const struct plan_input in = { .effective = &a->look->effective,
				       .request = &nothing,
				       .now_s = wait_now_s(a->wait) };

	return a->scope ? plan_scope_rows(&in, a->scope, a->rows) : plan_login_rows(&in, a->rows);
}

/* The time that a row's answer tells; 0 and -1 as they are. */
static int64_t at(const struct take_answer *answer, size_t row)
{
	int64_t after_ms = answer->rows[row].retry_after_ms;

	return after_ms > 0 ? answer->now_ms + after_ms : after_ms;
}

static void keep(struct asking *a, const struct take_answer *answer)
{
	struct look_row *out = &a->look->rows[a->look->n_rows];
	const struct effective *e = &a->look->effective;

	for (size_t i = 0; i < a->take.n_rows; i++) {
		const struct take_row *row = &a->rows[i];

		out[i] = (struct look_row){
			.scope = a->take.scope,
			.name = a->take.name,
			.quota = row->quota,
			.start_s = row->start_s,
			.end_s = row->end_s,
			.ramp = row->ramp,
			.used = answer->rows[i].used,
			.freed_at_ms = at(answer, i),
		};
		out[i].quota.limit = answer->rows[i].limit;
		if (a->take.scope == SCOPE_LOGIN)
			out[i].origin = row->quota.null_sender ?
						"configuration" :
						e->origins[row->ramp ? PLAN_RAMP : PLAN_QUOTAS];
	}
	a->look->now_ms = answer->now_ms;
	if (a->take.scope == SCOPE_LOGIN)
		a->look->seen = answer->seen;
}

static void ask_used(struct asking *a);

static void ask_scope(struct asking *a, const struct effective_scope *scope)
{
	a->scope = scope;
	a->round = 0;
	ask_used(a);
}

/* What was found is kept; goes on with what the login shares. */
static void next_scope(struct asking *a)
{
	const struct effective *e = &a->look->effective;

	a->look->n_rows += a->take.n_rows;
	if (a->login && a->fit && a->n_scopes < e->n_scopes)
		ask_scope(a, &e->scopes[a->n_scopes++]);
	else
		finish(a, true);
}

/* False: it is asked again, or was in vain. */
static bool is_answer(struct asking *a, const struct take_answer *answer)
{
	if (answer->status == TAKE_DONE || answer->status == TAKE_OVER)
		return true;
	if (answer->status == TAKE_STALE && ++a->round < DECISION_ROUNDS_MAX) {
		ask_used(a);
		return false;
	}
	wait_error(wait_config(a->wait), answer->error ? answer->error : "no answer",
		   a->look->error);
	finish(a, false);
	return false;
}

static void on_fits(const struct take_answer *answer, void *arg)
{
	struct asking *a = arg;

	if (!is_answer(a, answer))
		return;
	for (size_t i = 0; i < a->take.n_rows; i++)
		a->look->rows[a->look->n_rows + i].fits_at_ms = at(answer, i);
	next_scope(a);
}

static void on_used(const struct take_answer *answer, void *arg)
{
	struct asking *a = arg;

	if (!is_answer(a, answer))
		return;
	keep(a, answer);
	if (!a->fit || a->take.n_rows == 0) {
		next_scope(a);
		return;
	}
	for (size_t i = 0; i < a->take.n_rows; i++)
		a->rows[i].amount = a->fit[a->rows[i].quota.unit];
	store_take(wait_store(a->wait), &a->take, on_fits, a);
}

/* One look at what is used, and one at when more fits. */
static void ask_used(struct asking *a)
{
	a->take = (struct take){ .scope = SCOPE_LOGIN, .name = a->login, .rows = a->rows };
	if (a->scope) {
		a->take.scope = a->scope->scope;
		a->take.name = a->scope->name;
		a->take.version = "";
	} else {
		resolve(a);
	}
	a->take.n_rows = plan_rows(a);
	for (size_t i = 0; i < a->take.n_rows; i++)
		a->rows[i].amount = 0;
	store_take(wait_store(a->wait), &a->take, on_used, a);
}

static struct asking *asking_new(struct wait *wait, const char *login, const int64_t *fit,
				 struct look *look)
{
	struct asking *a = memory_zero(sizeof(*a));

	memset(look, 0, sizeof(*look));
	a->wait = wait;
	a->login = login;
	a->fit = fit;
	a->look = look;
	return a;
}

void look_start(struct wait *wait, const char *login, struct account *account, struct look *look,
		look_done *done, void *arg)
{
	struct asking *a = asking_new(wait, login, NULL, look);

	a->account_known = true;
	look->account = account ? account_ref(account) : NULL;
	a->done = done;
	a->arg = arg;
	ask_scope(a, NULL);
}

struct waiting {
	bool done, ok;
};

static void on_looked(bool ok, void *arg)
{
	*(struct waiting *)arg = (struct waiting){ .done = true, .ok = ok };
}

static bool look_at(struct asking *a, const struct effective_scope *scope)
{
	struct waiting waiting = { 0 };
	struct wait *wait = a->wait;

	a->done = on_looked;
	a->arg = &waiting;
	ask_scope(a, scope);
	wait_until(wait, &waiting.done);
	return waiting.ok;
}

bool look_at_login(struct wait *wait, const char *login, const int64_t fit[QUOTA_UNITS],
		   struct look *look)
{
	return look_at(asking_new(wait, login, fit, look), NULL);
}

bool look_at_scope(struct wait *wait, const struct effective_scope *scope,
		   const int64_t fit[QUOTA_UNITS], struct look *look)
{
	struct asking *a = asking_new(wait, NULL, fit, look);

	resolve(a);
	return look_at(a, scope);
}

void look_fini(struct look *look)
{
	account_unref(&look->account);
}
