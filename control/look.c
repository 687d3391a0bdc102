#include "control/look.h"

#include <stdio.h>
#include <string.h>

#include "engine/decision.h"
#include "engine/plan.h"
#include "engine/take.h"

struct asking {
	struct wait *wait;
	const char *login; /* NULL: not about a login */
	const int64_t *fit;
	struct look *look;
	bool done;
	struct take_answer answer;
};

static void on_take(const struct take_answer *answer, void *arg)
{
	struct asking *a = arg;

	a->done = true;
	a->answer = *answer;
	snprintf(a->look->error, sizeof(a->look->error), "redis: %s",
		 answer->error ? answer->error : "no answer");
}

/* What is in force, as far as it is known without asking. */
static void resolve(struct asking *a, struct take *take)
{
	const struct decision_env *env = store_env(wait_store(a->wait));
	struct look *look = a->look;

	take->version = "";
	if (a->login) {
		account_unref(&look->account);
		if (!env->account(env->ctx, a->login, &look->account))
			take->version = NULL;
		else if (look->account)
			take->version = look->account->version;
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

/* scope NULL: the login's own. */
static size_t plan_rows(const struct asking *a, const struct effective_scope *scope,
			struct take_row rows[TAKE_ROWS_MAX])
{
	/* From <>, so that the null sender's quota shows, too. */
	static const struct request nothing = { .recipient = "", .sender = "" };
	const struct plan_input in = { .effective = &a->look->effective,
				       .request = &nothing,
				       .now_s = wait_now_s(a->wait) };

	return scope ? plan_scope_rows(&in, scope, rows) : plan_login_rows(&in, rows);
}

static bool ask(struct asking *a, const struct take *take)
{
	a->done = false;
	store_take(wait_store(a->wait), take, on_take, a);
	wait_until(a->wait, &a->done);
	return a->answer.status == TAKE_DONE || a->answer.status == TAKE_OVER;
}

/* The time that a row's answer tells; 0 and -1 as they are. */
static int64_t at(const struct take_answer *answer, size_t row)
{
	int64_t after_ms = answer->rows[row].retry_after_ms;

	return after_ms > 0 ? answer->now_ms + after_ms : after_ms;
}

static void keep(struct asking *a, const struct take *take, struct look_row *out)
{
	const struct effective *e = &a->look->effective;

	for (size_t i = 0; i < take->n_rows; i++) {
		const struct take_row *row = &take->rows[i];

		out[i] = (struct look_row){
			.scope = take->scope,
			.name = take->name,
			.quota = row->quota,
			.start_s = row->start_s,
			.end_s = row->end_s,
			.ramp = row->ramp,
			.used = a->answer.rows[i].used,
			.freed_at_ms = at(&a->answer, i),
		};
		out[i].quota.limit = a->answer.rows[i].limit;
		if (take->scope == SCOPE_LOGIN)
			out[i].origin = row->quota.null_sender ?
						"configuration" :
						e->origins[row->ramp ? PLAN_RAMP : PLAN_QUOTAS];
	}
	a->look->now_ms = a->answer.now_ms;
	if (take->scope == SCOPE_LOGIN)
		a->look->seen = a->answer.seen;
}

/* One look at what is used, and one at when more fits. */
static bool look_once(struct asking *a, const struct effective_scope *scope)
{
	struct look_row *out = &a->look->rows[a->look->n_rows];
	struct take_row rows[TAKE_ROWS_MAX];
	struct take take = { .scope = SCOPE_LOGIN, .name = a->login, .rows = rows };

	if (scope) {
		take.scope = scope->scope;
		take.name = scope->name;
		take.version = "";
	} else {
		resolve(a, &take);
	}
	take.n_rows = plan_rows(a, scope, rows);
	for (size_t i = 0; i < take.n_rows; i++)
		rows[i].amount = 0;
	if (!ask(a, &take))
		return false;
	keep(a, &take, out);
	for (size_t i = 0; i < take.n_rows; i++)
		rows[i].amount = a->fit[rows[i].quota.unit];
	if (take.n_rows > 0 && !ask(a, &take))
		return false;
	for (size_t i = 0; i < take.n_rows; i++)
		out[i].fits_at_ms = at(&a->answer, i);
	a->look->n_rows += take.n_rows;
	return true;
}

static bool look_at(struct asking *a, const struct effective_scope *scope)
{
	for (int round = 0; round < DECISION_ROUNDS_MAX; round++) {
		if (look_once(a, scope))
			return true;
		if (a->answer.status != TAKE_STALE)
			break;
	}
	return false;
}

bool look_at_login(struct wait *wait, const char *login, const int64_t fit[QUOTA_UNITS],
		   struct look *look)
{
	struct asking a = { .wait = wait, .login = login, .fit = fit, .look = look };

	memset(look, 0, sizeof(*look));
	if (!look_at(&a, NULL))
		return false;
	for (size_t i = 0; i < look->effective.n_scopes; i++)
		if (!look_at(&a, &look->effective.scopes[i]))
			return false;
	return true;
}

bool look_at_scope(struct wait *wait, const struct effective_scope *scope,
		   const int64_t fit[QUOTA_UNITS], struct look *look)
{
	struct asking a = { .wait = wait, .fit = fit, .look = look };
	struct take unused = { .name = "" };

	memset(look, 0, sizeof(*look));
	resolve(&a, &unused);
	return look_at(&a, scope);
}

void look_fini(struct look *look)
{
	account_unref(&look->account);
}
