/*
 * usage, reset.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/effect.h"
#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "control/wait.h"
#include "engine/decision.h"
#include "engine/effective.h"
#include "engine/take.h"

/* Characters of the bar that shows how much is used up. */
#define BAR_WIDTH 20

/* What is asked of the store, and what it said. */
struct question {
	struct wait *wait;
	const char *login;
	struct account *account; /* a reference; NULL: none */
	struct effective effective;
	bool done;
	struct take_answer answer;
	char error[256];
};

static void on_take(const struct take_answer *answer, void *arg)
{
	struct question *q = arg;

	q->done = true;
	q->answer = *answer;
	snprintf(q->error, sizeof(q->error), "%s", answer->error ? answer->error : "no answer");
	q->answer.error = q->error;
}

/* Asks for one more of each: so the answer tells when that would fit. No
 * message key: nothing is charged. */
static void ask(struct question *q)
{
	const struct decision_env *env = store_env(wait_store(q->wait));
	struct take_row rows[QUOTAS_MAX];
	struct take take = { .name = q->login, .rows = rows };

	account_unref(&q->account);
	if (env->account(env->ctx, q->login, &q->account))
		take.version = q->account ? q->account->version : "";
	effective_resolve(wait_config(q->wait), q->account, q->login, wait_now_s(q->wait),
			  &q->effective);
	take.n_rows = q->effective.n_quotas;
	for (size_t i = 0; i < take.n_rows; i++)
		rows[i] = (struct take_row){ .quota = q->effective.quotas[i], .amount = 1 };
	q->done = false;
	env->take(env->ctx, &take, on_take, q);
	wait_until(q->wait, &q->done);
}

/* False when the store did not answer. */
static bool find_usage(struct question *q)
{
	for (int round = 0; round < DECISION_ROUNDS_MAX; round++) {
		ask(q);
		if (q->answer.status != TAKE_STALE)
			break;
	}
	return q->answer.status == TAKE_DONE || q->answer.status == TAKE_OVER;
}

/* ---- what is printed ----------------------------------------------------- */

static json_t *usage_json(const struct question *q)
{
	const struct effective *e = &q->effective;
	json_t *quotas = need(json_array());

	for (size_t i = 0; i < e->n_quotas; i++) {
		const struct quota *quota = &e->quotas[i];
		json_t *limit = quota->limit == QUOTA_UNLIMITED ? json_null() :
								  need(json_integer(quota->limit));
		char text[QUOTA_TEXT_MAX];

		quota_format(quota, text);
		json_array_append_new(
			quotas, need(json_pack("{s:s, s:s, s:i, s:o, s:I, s:s}", "quota", text,
					       "unit", quota_unit_name(quota->unit), "window_s",
					       (int)quota->window_s, "limit", limit, "used",
					       (json_int_t)q->answer.rows[i].used, "origin",
					       e->origins[PLAN_QUOTAS])));
	}
	return need(json_pack("{s:o, s:s, s:o}", "login", text_json(q->login), "state",
			      account_state_name(e->state), "quotas", quotas));
}

/* "[#####...............]  25%" */
static void bar_text(int64_t used, int64_t limit, char *out, size_t size)
{
	double part = limit > 0 ? (double)used / (double)limit : 1;
	int percent = (int)(part * 100), full = (int)(part * BAR_WIDTH);
	char bar[BAR_WIDTH + 1];

	if (limit == QUOTA_UNLIMITED) {
		snprintf(out, size, "unlimited");
		return;
	}
	full = full > BAR_WIDTH ? BAR_WIDTH : full;
	for (int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	snprintf(out, size, "[%s] %3d%%", bar, percent);
}

static void next_text(const struct quota *quota, const struct take_row_answer *answer,
		      char out[DURATION_TEXT_MAX + 8])
{
	char after[DURATION_TEXT_MAX];

	if (quota->limit == 0 || answer->retry_after_ms < 0) {
		snprintf(out, DURATION_TEXT_MAX + 8, "never");
	} else if (answer->retry_after_ms == 0) {
		snprintf(out, DURATION_TEXT_MAX + 8, "now");
	} else {
		duration_format_human(answer->retry_after_ms, after);
		snprintf(out, DURATION_TEXT_MAX + 8, "in %s", after);
	}
}

static void add_row(struct table *table, const struct question *q, size_t i)
{
	const struct quota *quota = &q->effective.quotas[i];
	char text[QUOTA_TEXT_MAX], used[TEXT_AMOUNT_MAX], bar[BAR_WIDTH + 32];
	char next[DURATION_TEXT_MAX + 8];
	const char *const cells[] = { text, used, bar, next, q->effective.origins[PLAN_QUOTAS] };

	quota_format(quota, text);
	if (quota->unit == QUOTA_BYTES)
		text_amount(q->answer.rows[i].used, used);
	else
		snprintf(used, sizeof(used), "%" PRId64, q->answer.rows[i].used);
	bar_text(q->answer.rows[i].used, quota->limit, bar, sizeof(bar));
	next_text(quota, &q->answer.rows[i], next);
	table_row(table, cells);
}

static void print_usage(const struct question *q)
{
	static const char *const head[] = { "QUOTA", "USED", "USED UP", "NEXT FITS", "ORIGIN" };
	struct table *table;

	control_say(q->login, account_state_name(q->effective.state));
	putchar('\n');
	if (q->effective.n_quotas == 0) {
		puts(effect_empty(PLAN_QUOTAS));
		return;
	}
	table = table_new(sizeof(head) / sizeof(head[0]));
	table_row(table, head);
	for (size_t i = 0; i < q->effective.n_quotas; i++)
		add_row(table, q, i);
	table_print(table, stdout);
	table_free(&table);
}

int command_usage(struct control *control)
{
	struct question q = { .login = control_login(control) };
	int status = STATUS_DONE;

	if (!control_connect(control))
		return STATUS_REFUSED;
	q.wait = control->wait;
	if (!find_usage(&q))
		status = control_refuse("redis: %s", q.answer.error);
	else if (!q.account && !q.answer.seen)
		status = control_refuse("%s: no account, and it has not sent anything", q.login);
	else if (control->json)
		control_print_json(usage_json(&q));
	else
		print_usage(&q);
	account_unref(&q.account);
	return status;
}

int command_reset(struct control *control)
{
	struct answer answer;
	enum store_result result;

	if (!control_connect(control))
		return STATUS_REFUSED;
	result = wait_reset(control->wait, SCOPE_LOGIN, control_login(control), NULL, &answer);
	answer_fini(&answer);
	if (result != STORE_OK && result != STORE_NOT_FOUND)
		return control_refuse("%s", answer.error);
	return control_done(control, "reset");
}
