#include "engine/decision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/effective.h"
#include "engine/gate.h"
#include "engine/judge.h"
#include "engine/plan.h"

struct decision {
	const struct decision_env *env;
	const struct config *config;
	const struct request *request;
	decision_done *done;
	void *arg;

	bool known; /* something is known of the login: account tells what */
	struct account *account; /* a reference, NULL for none */
	struct effective effective;
	struct take_row rows[QUOTAS_MAX];
	size_t n_rows;
	char message_key[MESSAGE_KEY_MAX + 1]; /* empty: nothing to charge */
	int rounds;
	bool charge_in_doubt; /* the store took the charge and did not answer */
	struct verdict verdict;
};

static void on_take(const struct take_answer *answer, void *arg);

/* ---- the end ----------------------------------------------------------- */

static struct judge_input judge_input_of(const struct decision *d,
					 const struct take_row_answer *answers)
{
	return (struct judge_input){
		.config = d->config,
		.account = d->account,
		.effective = &d->effective,
		.request = d->request,
		.rows = d->rows,
		.answers = answers,
		.n_rows = answers ? d->n_rows : 0,
	};
}

static bool not_accepted(const struct verdict *verdict)
{
	return verdict->action == ACTION_DEFER || verdict->action == ACTION_REFUSE;
}

static void finish(struct decision *d)
{
	char key[MESSAGE_KEY_MAX + 1];

	if (d->charge_in_doubt && not_accepted(&d->verdict) &&
	    decision_message_key(d->config, d->request, key))
		d->env->refund(d->env->ctx, d->request->login, key);
	d->verdict.now_ms = d->env->now_ms(d->env->ctx);
	d->done(&d->verdict, d->arg);
	account_unref(&d->account);
	free(d);
}

static void finish_cannot_tell(struct decision *d, const char *why)
{
	const struct judge_input in = judge_input_of(d, NULL);

	judge_cannot_tell(&in, why, &d->verdict);
	finish(d);
}

/* answers may be NULL: quotas were not asked. */
static void finish_judged(struct decision *d, const struct take_row_answer *answers)
{
	const struct judge_input in = judge_input_of(d, answers);

	judge_quotas(&in, d->verdict.findings);
	judge(&in, &d->verdict);
	finish(d);
}

/* ---- gate and plan ----------------------------------------------------- */

static bool gate_and_plan(struct decision *d)
{
	const struct gate_input in = {
		.config = d->config,
		.account = d->account,
		.account_unknown = !d->known,
		.effective = &d->effective,
		.request = d->request,
	};
	bool refused;

	effective_resolve(d->config, d->account, d->env->now_ms(d->env->ctx) / 1000,
			  &d->effective);
	gate_run(&in, d->verdict.findings);
	refused = gate_decisive(d->verdict.findings) >= 0;
	d->n_rows = refused ? 0 : plan_rows(&d->effective, d->request, d->rows);
	d->message_key[0] = '\0';
	if (d->request->final && d->n_rows > 0)
		decision_message_key(d->config, d->request, d->message_key);
	return !refused;
}

static void ask_store(struct decision *d)
{
	struct take take = {.login = d->request->login};

	account_unref(&d->account);
	d->known = d->env->account(d->env->ctx, d->request->login, &d->account);
	d->n_rows = 0;
	d->message_key[0] = '\0';
	if (d->known) {
		gate_and_plan(d);
		take.version = d->account ? d->account->version : "";
		take.rows = d->rows;
		take.n_rows = d->n_rows;
		take.message_key = d->message_key[0] ? d->message_key : NULL;
	}
	d->env->take(d->env->ctx, &take, on_take, d);
}

/* ---- when the store does not answer ------------------------------------ */

/* This node's share of each limit. */
static void share_limits(const struct decision *d, struct take_row rows[QUOTAS_MAX])
{
	int64_t permille = d->config->degraded_share_permille;

	for (size_t i = 0; i < d->n_rows; i++) {
		int64_t limit = d->rows[i].quota.limit;

		rows[i] = d->rows[i];
		if (limit > 0)
			rows[i].quota.limit =
				limit / 1000 * permille + limit % 1000 * permille / 1000;
	}
}

/* What is beyond the share and within the limit only the store can tell. */
static void finish_degraded(struct decision *d)
{
	struct take_row rows[QUOTAS_MAX];
	const struct take take = {
		.login = d->request->login,
		.message_key = d->message_key[0] ? d->message_key : NULL,
		.version = "",
		.rows = rows,
		.n_rows = d->n_rows,
	};
	struct take_answer answer = {.status = TAKE_DONE};
	const struct judge_input in = judge_input_of(d, answer.rows);
	struct finding *f = &d->verdict.findings[CHECK_QUOTAS];

	share_limits(d, rows);
	d->env->take_local(d->env->ctx, &take, &answer);
	judge_quotas(&in, d->verdict.findings);
	if (answer.status == TAKE_OVER && (f->result == FINDING_PASS || !d->known)) {
		f->result = FINDING_UNKNOWN;
		f->action = ACTION_DEFER;
	}
	judge(&in, &d->verdict);
	finish(d);
}

/* on_store_failure: what is known of the login stays in force; only what the
 * counters would have said is open. */
static void without_store(struct decision *d)
{
	enum store_failure mode = d->config->on_store_failure;

	if (mode == STORE_FAILURE_DEFER ||
	    (mode == STORE_FAILURE_DEGRADE && !d->known &&
	     !d->config->unknown_while_degraded_allowed)) {
		finish_cannot_tell(d, "the store does not answer");
		return;
	}
	if (!gate_and_plan(d) || mode == STORE_FAILURE_PASS)
		finish_judged(d, NULL);
	else
		finish_degraded(d);
}

/* ---- the answer --------------------------------------------------------- */

static void charged(struct decision *d, const struct take_answer *answer)
{
	struct finding *f = &d->verdict.findings[CHECK_QUOTAS];
	const struct judge_input in = judge_input_of(d, answer->rows);

	judge_quotas(&in, d->verdict.findings);
	d->verdict.charged = d->message_key[0] != '\0';
	if (d->verdict.charged && f->result == FINDING_PASS)
		f->used += f->asked;
	judge(&in, &d->verdict);
	finish(d);
}

/* Counted before, when it was within the limits: answered as then, whatever
 * the limits are now. */
static void repeated(struct decision *d, const struct take_answer *answer)
{
	const struct judge_input in = judge_input_of(d, answer->rows);

	for (size_t i = 0; i < d->n_rows; i++)
		d->rows[i].amount = 0;
	judge_quotas(&in, d->verdict.findings);
	d->verdict.findings[CHECK_QUOTAS].result = FINDING_PASS;
	d->verdict.charged = true;
	judge(&in, &d->verdict);
	finish(d);
}

static void on_take(const struct take_answer *answer, void *arg)
{
	struct decision *d = arg;

	d->verdict.store_error = answer->error;
	switch (answer->status) {
	case TAKE_STALE:
		if (++d->rounds < DECISION_ROUNDS_MAX)
			ask_store(d);
		else
			finish_cannot_tell(d, "the account changes all the time");
		return;
	case TAKE_DONE:
		charged(d, answer);
		return;
	case TAKE_OVER:
		finish_judged(d, answer->rows);
		return;
	case TAKE_REPEATED:
		repeated(d, answer);
		return;
	case TAKE_GONE:
		finish_cannot_tell(d, "this message was taken back before");
		return;
	case TAKE_UNREADABLE: /* the login may be blocked */
		finish_cannot_tell(d, "the account cannot be read");
		return;
	case TAKE_UNAVAILABLE:
	case TAKE_UNCERTAIN:
		d->charge_in_doubt = answer->status == TAKE_UNCERTAIN && d->message_key[0];
		without_store(d);
		return;
	}
	abort();
}

bool decision_message_key(const struct config *config, const struct request *request,
			  char out[MESSAGE_KEY_MAX + 1])
{
	int len = 0;

	out[0] = '\0';
	if (request->queue_id[0])
		len = snprintf(out, MESSAGE_KEY_MAX + 1, "%s/%s", config->node,
			       request->queue_id);
	if (len <= 0 || len > MESSAGE_KEY_MAX)
		out[0] = '\0';
	return out[0] != '\0';
}

void decision_start(const struct decision_env *env, const struct config *config,
		    const struct request *request, decision_done *done, void *arg)
{
	struct decision *d = memory_alloc(sizeof(*d));

	d->env = env;
	d->config = config;
	d->request = request;
	d->done = done;
	d->arg = arg;
	d->account = NULL;
	d->rounds = 0;
	d->charge_in_doubt = false;
	memset(&d->verdict, 0, offsetof(struct verdict, findings));
	for (int i = 0; i < CHECKS; i++)
		finding_init(&d->verdict.findings[i], MODE_OFF);
	ask_store(d);
}
