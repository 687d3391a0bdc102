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
	bool refused; /* by the gate: no quota is asked */
	struct account *account; /* a reference, NULL for none */
	struct effective effective;
	char network[NETWORK_TEXT_MAX]; /* of a session without a login */

	/* The scopes are asked one after the other: 0 is the login's own, then
	 * those of effective. */
	size_t step;
	struct take_row rows[TAKE_ROWS_MAX];
	size_t n_rows;
	char message_key[MESSAGE_KEY_MAX + 1]; /* empty: nothing to charge */
	int rounds;
	struct charges in_doubt; /* the store took the charge and did not answer */
	/* A bit for each step that only this node has counted. */
	unsigned local_steps;
	struct verdict verdict;
};

static void ask_step(struct decision *d);
static void on_take(const struct take_answer *answer, void *arg);

/* ---- charges ------------------------------------------------------------ */

static const struct effective_scope *scope_of_step(const struct decision *d)
{
	return d->step > 0 ? &d->effective.scopes[d->step - 1] : NULL;
}

static void remember_charge(const struct decision *d, struct charges *charges)
{
	const struct effective_scope *scope = scope_of_step(d);
	struct charge *c = &charges->items[charges->n];

	if (!d->message_key[0] || d->n_rows == 0 || charges->n >= TAKE_SCOPES)
		return;
	c->scope = scope ? scope->scope : SCOPE_LOGIN;
	snprintf(c->name, sizeof(c->name), "%s", scope ? scope->name : d->request->login);
	charges->n++;
}

static void take_back(const struct decision *d, const struct charges *charges, bool forget)
{
	for (size_t i = 0; i < charges->n; i++)
		d->env->refund(d->env->ctx, &charges->items[i], d->message_key, forget);
}

static bool not_accepted(const struct verdict *verdict)
{
	return verdict->action == ACTION_DEFER || verdict->action == ACTION_REFUSE;
}

/* One for each scope at most, so there is room. */
static void add_charges(struct charges *to, const struct charges *from)
{
	for (size_t i = 0; i < from->n; i++)
		to->items[to->n++] = from->items[i];
}

/* Postfix asks a policy server again whose answer was lost, a milter never. */
static bool may_be_repeated(const struct request *request)
{
	return !request->token || request->token[0] != 'm';
}

/* The gate refuses at the last stage. Should it be a repeated request, the
 * login blocked since the first was charged, that charge goes back. */
static void forget_charges(const struct decision *d)
{
	struct charges charges = {.n = 1 + d->effective.n_scopes};

	snprintf(charges.items[0].name, sizeof(charges.items[0].name), "%s", d->request->login);
	charges.items[0].scope = SCOPE_LOGIN;
	for (size_t i = 0; i < d->effective.n_scopes; i++) {
		charges.items[i + 1].scope = d->effective.scopes[i].scope;
		snprintf(charges.items[i + 1].name, sizeof(charges.items[i + 1].name), "%s",
			 d->effective.scopes[i].name);
	}
	take_back(d, &charges, true);
}

/* What one scope refuses is charged to none; what is not accepted neither. */
static void settle_charges(struct decision *d)
{
	struct verdict *v = &d->verdict;
	const struct finding *quotas = &v->findings[CHECK_QUOTAS];
	bool over = quotas->result == FINDING_REFUSE && quotas->mode == MODE_ENFORCE;

	if (d->refused && d->message_key[0] && may_be_repeated(d->request))
		forget_charges(d);
	if (over || not_accepted(v)) {
		take_back(d, &v->charges, over);
		take_back(d, &d->in_doubt, false);
		v->charges.n = 0;
		v->n_warnings = 0;
		v->charged = false;
		return;
	}
	v->charged = v->charges.n > 0;
	/* A charge that may still arrive is one that may have to go back. */
	add_charges(&v->charges, &d->in_doubt);
}

static void plan(struct decision *d);
static void ask_local(struct decision *d, bool charge, struct take_answer *answer);

/* What passed by this node's own count is counted when all of it has passed. */
static void settle_local(struct decision *d)
{
	struct take_answer answer;

	if (!d->message_key[0] || not_accepted(&d->verdict))
		return;
	for (size_t step = 0; d->local_steps >> step != 0; step++) {
		if (!(d->local_steps >> step & 1))
			continue;
		d->step = step;
		plan(d);
		ask_local(d, true, &answer);
	}
}

/* ---- the end ------------------------------------------------------------- */

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
		.scope = scope_of_step(d),
	};
}

static void finish(struct decision *d)
{
	settle_charges(d);
	settle_local(d);
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

static void finish_judged(struct decision *d)
{
	const struct judge_input in = judge_input_of(d, NULL);

	judge(&in, &d->verdict);
	finish(d);
}

/* ---- gate and plan -------------------------------------------------------- */

static void gate(struct decision *d)
{
	const struct gate_input in = {
		.config = d->config,
		.account = d->account,
		.account_unknown = !d->known,
		.effective = &d->effective,
		.request = d->request,
	};

	effective_resolve(d->config, d->account, d->request->login,
			  d->env->now_ms(d->env->ctx) / 1000, &d->effective);
	gate_run(&in, d->verdict.findings);
	finding_init(&d->verdict.findings[CHECK_QUOTAS],
		     d->effective.plan->modes[CHECK_QUOTAS]);
	d->refused = gate_decisive(d->verdict.findings) >= 0;
	d->verdict.recipient_free =
		plan_recipient_is_free(d->config, &d->effective, d->request);
}

static void plan(struct decision *d)
{
	const struct effective_scope *scope = scope_of_step(d);
	const struct plan_input in = {
		.effective = &d->effective,
		.request = d->request,
		.recipient_free = d->verdict.recipient_free,
		.now_s = d->env->now_ms(d->env->ctx) / 1000,
	};

	if (d->refused)
		d->n_rows = 0;
	else if (scope)
		d->n_rows = plan_scope_rows(&in, scope, d->rows);
	else
		d->n_rows = plan_login_rows(&in, d->rows);
}

/* ---- asking the store ------------------------------------------------------ */

static void ask(struct decision *d, enum take_scope scope, const char *name, const char *version)
{
	const struct take take = {
		.scope = scope,
		.name = name,
		.message_key = d->message_key[0] && d->n_rows > 0 ? d->message_key : NULL,
		.version = version,
		.rows = d->rows,
		.n_rows = d->n_rows,
	};

	d->env->take(d->env->ctx, &take, on_take, d);
}

/* What is known of the account goes into the question; the answer says
 * whether it is still true. */
static void ask_login(struct decision *d)
{
	const char *version = NULL;

	account_unref(&d->account);
	d->known = d->env->account(d->env->ctx, d->request->login, &d->account);
	d->n_rows = 0;
	if (d->known) {
		gate(d);
		plan(d);
		version = d->account ? d->account->version : "";
	}
	ask(d, SCOPE_LOGIN, d->request->login, version);
}

static void ask_scope(struct decision *d)
{
	const struct effective_scope *scope = scope_of_step(d);

	plan(d);
	ask(d, scope->scope, scope->name, "");
}

static void ask_step(struct decision *d)
{
	if (d->step == 0)
		ask_login(d);
	else if (!d->refused && d->step <= d->effective.n_scopes)
		ask_scope(d);
	else
		finish_judged(d);
}

static void next_step(struct decision *d)
{
	d->step++;
	ask_step(d);
}

static void merge_quotas(struct decision *d, const struct finding *f)
{
	struct finding *known = &d->verdict.findings[CHECK_QUOTAS];

	if (judge_tells_more(f, known))
		*known = *f;
}

/* ---- when the store does not answer ---------------------------------------- */

/* This node's share of each limit. */
static void share_limits(const struct decision *d, struct take_row rows[TAKE_ROWS_MAX])
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

/* The node's own count is judged by the real limits: what is beyond the share
 * and within the limit only the store can tell. */
static void judge_degraded(struct decision *d, struct take_answer *answer)
{
	const struct judge_input in = judge_input_of(d, answer->rows);
	struct finding f;

	for (size_t i = 0; i < d->n_rows; i++)
		answer->rows[i].limit = d->rows[i].quota.limit;
	judge_quotas(&in, &f);
	if (answer->status == TAKE_OVER && (f.result == FINDING_PASS || !d->known)) {
		f.result = FINDING_UNKNOWN;
		f.action = ACTION_DEFER;
	}
	if (answer->status == TAKE_OVER)
		d->verdict.findings[CHECK_QUOTAS] = f;
	else
		merge_quotas(d, &f);
}

/* The node's own count of the present step's rows: tests them, or charges. */
static void ask_local(struct decision *d, bool charge, struct take_answer *answer)
{
	const struct effective_scope *scope = scope_of_step(d);
	struct take_row rows[TAKE_ROWS_MAX];
	const struct take take = {
		.scope = scope ? scope->scope : SCOPE_LOGIN,
		.name = scope ? scope->name : d->request->login,
		.message_key = charge ? d->message_key : NULL,
		.version = "",
		.rows = rows,
		.n_rows = d->n_rows,
	};

	share_limits(d, rows);
	d->env->take_local(d->env->ctx, &take, answer);
}

static void degraded_step(struct decision *d)
{
	struct take_answer answer = {.status = TAKE_DONE};

	ask_local(d, false, &answer);
	judge_degraded(d, &answer);
	if (answer.status == TAKE_OVER) {
		finish_judged(d);
		return;
	}
	d->local_steps |= 1U << d->step;
	next_step(d);
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
	if (d->step == 0 && !d->known) {
		gate(d);
		plan(d);
	}
	if (d->refused || mode == STORE_FAILURE_PASS)
		finish_judged(d);
	else
		degraded_step(d);
}

/* ---- the answer -------------------------------------------------------------- */

/* repeated: counted before, when it was within the limits, and answered as
 * then, whatever the limits are now. */
static void counted(struct decision *d, const struct take_answer *answer, bool repeated)
{
	const struct judge_input in = judge_input_of(d, answer->rows);
	struct finding f;

	for (size_t i = 0; repeated && i < d->n_rows; i++)
		d->rows[i].amount = 0;
	judge_quotas(&in, &f);
	remember_charge(d, &d->verdict.charges);
	if (d->message_key[0] && f.result == FINDING_PASS)
		f.used += f.asked;
	merge_quotas(d, &f);
	judge_warnings(&in, &d->verdict);
	next_step(d);
}

static void over(struct decision *d, const struct take_answer *answer)
{
	const struct judge_input in = judge_input_of(d, answer->rows);

	judge_quotas(&in, &d->verdict.findings[CHECK_QUOTAS]);
	finish_judged(d);
}

static void ask_again(struct decision *d)
{
	if (++d->rounds < DECISION_ROUNDS_MAX)
		ask_step(d);
	else
		finish_cannot_tell(d, "the account changes all the time");
}

static void on_take(const struct take_answer *answer, void *arg)
{
	struct decision *d = arg;

	d->verdict.store_error = answer->error;
	switch (answer->status) {
	case TAKE_STALE:
		ask_again(d);
		return;
	case TAKE_DONE:
		counted(d, answer, false);
		return;
	case TAKE_OVER:
		over(d, answer);
		return;
	case TAKE_REPEATED:
		counted(d, answer, true);
		return;
	case TAKE_GONE:
		finish_cannot_tell(d, "this message was taken back before");
		return;
	case TAKE_UNREADABLE: /* the login may be blocked */
		finish_cannot_tell(d, "the account cannot be read");
		return;
	case TAKE_UNCERTAIN:
		remember_charge(d, &d->in_doubt);
		without_store(d);
		return;
	case TAKE_UNAVAILABLE:
		without_store(d);
		return;
	}
	abort();
}

/* ---- the start --------------------------------------------------------------- */

bool decision_message_key(const struct config *config, const struct request *request,
			  char out[MESSAGE_KEY_MAX + 1])
{
	const char *token = request->token ? request->token : "";
	int len = 0;

	out[0] = '\0';
	if (request->queue_id[0])
		len = snprintf(out, MESSAGE_KEY_MAX + 1, "%s/%s%s%s", config->node,
			       request->queue_id, *token ? "#" : "", token);
	if (len <= 0 || len > MESSAGE_KEY_MAX)
		out[0] = '\0';
	return out[0] != '\0';
}

void decision_refund(const struct decision_env *env, const struct config *config,
		     const struct request *request, const struct charges *charges)
{
	char key[MESSAGE_KEY_MAX + 1];

	if (!decision_message_key(config, request, key))
		return;
	for (size_t i = 0; i < charges->n; i++)
		env->refund(env->ctx, &charges->items[i], key, false);
}

/* Only the quotas of the client's network; they are asked as a scope. */
static void begin_without_login(struct decision *d)
{
	const struct unauthenticated *u = &d->config->unauthenticated;
	struct ip client;

	if (ip_parse(d->request->client_address, &client))
		network_of_client(&client, u->ipv4_prefix, u->ipv6_prefix, d->network);
	effective_without_login(d->config, d->network, &d->effective);
	d->known = true;
	if (!d->network[0])
		d->effective.n_scopes = 0;
	next_step(d);
}

void decision_start(const struct decision_env *env, const struct config *config,
		    const struct request *request, decision_done *done, void *arg)
{
	struct decision *d = memory_alloc(sizeof(*d));

	memset(d, 0, offsetof(struct decision, effective));
	d->env = env;
	d->config = config;
	d->request = request;
	d->done = done;
	d->arg = arg;
	d->network[0] = '\0';
	d->step = 0;
	d->n_rows = 0;
	d->rounds = 0;
	d->in_doubt.n = 0;
	d->local_steps = 0;
	memset(&d->verdict, 0, offsetof(struct verdict, warnings));
	for (int i = 0; i < CHECKS; i++)
		finding_init(&d->verdict.findings[i], MODE_OFF);
	d->message_key[0] = '\0';
	if (request->final)
		decision_message_key(config, request, d->message_key);
	if (request->login[0])
		ask_step(d);
	else
		begin_without_login(d);
}
