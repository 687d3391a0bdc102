#include "engine/decision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spares.h"
#include "engine/checks.h"
#include "engine/deciding.h"
#include "engine/identity.h"
#include "engine/plan.h"

static void ask_step(struct decision *d);
static void on_take(const struct take_answer *answer, void *arg);

const struct effective_scope *decision_scope(const struct decision *d)
{
	return d->step > 0 ? &d->effective.scopes[d->step - 1] : NULL;
}

/* ---- the end ------------------------------------------------------------- */

struct judge_input decision_judge_input(const struct decision *d,
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
		.scope = decision_scope(d),
	};
}

static void finish(struct decision *d)
{
	d->verdict.identified = d->request->by_identity && d->account && !d->not_identified;
	settle_charges(d);
	degraded_settle(d);
	d->verdict.now_ms = d->now_ms ? d->now_ms : d->env->now_ms(d->env->ctx);
	d->done(&d->verdict, d->arg);
	account_unref(&d->account);
	spares_give(d->env->spares, d);
}

void decision_cannot_tell(struct decision *d, const char *why)
{
	const struct judge_input in = decision_judge_input(d, NULL);

	judge_cannot_tell(&in, why, &d->verdict);
	finish(d);
}

void decision_judged(struct decision *d)
{
	const struct judge_input in = decision_judge_input(d, NULL);

	judge(&in, &d->verdict);
	finish(d);
}

/* ---- gate and plan -------------------------------------------------------- */

/* Nothing else is asked of an account that is not the session's. */
static bool is_of_account(const struct decision *d)
{
	unsigned rank;

	return d->account && d->account->identity &&
	       identity_matches(d->account->identity, d->request, &rank);
}

void decision_gate(struct decision *d, int64_t now_s)
{
	const struct gate_input in = {
		.config = d->config,
		.account = d->account,
		.account_unknown = !d->known && !d->guessed,
		.effective = &d->effective,
		.request = d->request,
	};

	effective_resolve(d->config, d->account, d->request->login, now_s, &d->effective);
	effective_credential(d->account, request_credential(d->request), now_s, &d->effective);
	gate_run(&in, d->verdict.findings);
	finding_init(&d->verdict.findings[CHECK_QUOTAS],
		     d->effective.plan->modes[CHECK_QUOTAS]);
	d->not_identified = d->request->by_identity && !is_of_account(d);
	d->refused = d->not_identified || gate_decisive(d->verdict.findings) >= 0;
	d->verdict.recipient_free =
		plan_recipient_is_free(d->config, &d->effective, d->request);
}

void decision_plan(struct decision *d, int64_t now_s)
{
	const struct effective_scope *scope = decision_scope(d);
	const struct plan_input in = {
		.effective = &d->effective,
		.request = d->request,
		.recipient_free = d->verdict.recipient_free,
		.now_s = now_s,
	};

	if (d->refused || d->request->charged_before)
		d->n_rows = 0;
	else if (scope)
		d->n_rows = plan_scope_rows(&in, scope, d->rows);
	else
		d->n_rows = plan_login_rows(&in, d->rows);
}

/* ---- asking the store ------------------------------------------------------ */

/* Where the policy daemon has charged, the milter's question is the last time that anybody
 * looks. */
static bool decides(const struct decision *d)
{
	return d->request->final || d->request->charged_before;
}

static void ask(struct decision *d, enum take_scope scope, const char *name, const char *version)
{
	const struct take take = {
		.scope = scope,
		.name = name,
		.message_key = d->message_key[0] && d->n_rows > 0 ? d->message_key : NULL,
		.version = version,
		.asked_ms = d->asked_ms,
		.decides = decides(d),
		.guessed = d->guessed,
		.may_be_repeated = d->request->may_be_repeated,
		.rows = d->rows,
		.n_rows = d->n_rows,
	};

	d->env->take(d->env->ctx, &take, on_take, d);
}

/* What is known of the account goes into the question; the answer says
 * whether it is still true. Of a login that nothing is known of that it has no
 * account: then one question does for it, too. */
static void ask_login(struct decision *d)
{
	account_unref(&d->account);
	d->known = d->env->account(d->env->ctx, d->request->login, &d->account);
	d->guessed = !d->known;
	d->asked_ms = d->env->now_ms(d->env->ctx);
	decision_gate(d, d->asked_ms / 1000);
	decision_plan(d, d->asked_ms / 1000);
	ask(d, SCOPE_LOGIN, d->request->login, d->account ? d->account->version : "");
}

static void ask_scope(struct decision *d)
{
	const struct effective_scope *scope = decision_scope(d);

	d->asked_ms = d->env->now_ms(d->env->ctx);
	decision_plan(d, d->asked_ms / 1000);
	ask(d, scope->scope, scope->name, "");
}

static void ask_step(struct decision *d)
{
	if (d->step == 0)
		ask_login(d);
	else if (!d->refused && !d->request->charged_before && d->step <= d->effective.n_scopes)
		ask_scope(d);
	else
		decision_judged(d);
}

void decision_next_step(struct decision *d)
{
	d->step++;
	ask_step(d);
}

void decision_merge_quotas(struct decision *d, const struct finding *f)
{
	struct finding *known = &d->verdict.findings[CHECK_QUOTAS];

	if (check_quotas_tells_more(f, known))
		*known = *f;
}

/* ---- the answer -------------------------------------------------------------- */

/* repeated: counted before, when it was within the limits, and answered as
 * then, whatever the limits are now. */
static void counted(struct decision *d, const struct take_answer *answer, bool repeated)
{
	const struct judge_input in = decision_judge_input(d, answer->rows);
	struct finding *known = &d->verdict.findings[CHECK_QUOTAS];
	struct finding other, *f = known->result == FINDING_SKIPPED ? known : &other;

	for (size_t i = 0; repeated && i < d->n_rows; i++)
		d->rows[i].amount = 0;
	check_quotas(&in, f);
	settle_remember(d, &d->verdict.charges);
	if (d->message_key[0] && f->result == FINDING_PASS)
		f->used += f->asked;
	if (f == &other)
		decision_merge_quotas(d, f);
	check_quotas_warnings(&in, &d->verdict);
	decision_next_step(d);
}

static void over(struct decision *d, const struct take_answer *answer)
{
	const struct judge_input in = decision_judge_input(d, answer->rows);

	check_quotas(&in, &d->verdict.findings[CHECK_QUOTAS]);
	decision_judged(d);
}

static void ask_again(struct decision *d)
{
	if (++d->rounds < DECISION_ROUNDS_MAX)
		ask_step(d);
	else
		decision_cannot_tell(d, "the account changes all the time");
}

/* What was tested had no account, or nobody knows. */
static void settle_guess(struct decision *d, enum take_status status)
{
	if (d->guessed)
		d->known = status == TAKE_DONE || status == TAKE_OVER || status == TAKE_REPEATED;
	d->guessed = false;
}

static void on_take(const struct take_answer *answer, void *arg)
{
	struct decision *d = arg;

	d->verdict.store_error = answer->error;
	settle_guess(d, answer->status);
	switch (answer->status) {
	case TAKE_STALE:
		ask_again(d);
		return;
	case TAKE_DONE:
		d->now_ms = answer->now_ms;
		if (d->not_identified)
			decision_without_login(d);
		else
			counted(d, answer, false);
		return;
	case TAKE_OVER:
		over(d, answer);
		return;
	case TAKE_REPEATED:
		counted(d, answer, true);
		return;
	case TAKE_GONE:
		decision_cannot_tell(d, "this message was taken back before");
		return;
	case TAKE_UNREADABLE: /* the login may be blocked */
		decision_cannot_tell(d, "the account cannot be read");
		return;
	case TAKE_UNCERTAIN:
		settle_remember(d, &d->in_doubt);
		d->doubtful_steps |= 1U << d->step;
		degraded_answer(d);
		return;
	case TAKE_UNAVAILABLE:
		degraded_answer(d);
		return;
	}
	abort();
}

/* ---- the start --------------------------------------------------------------- */

/* Only the quotas of the client's network; they are asked as a scope. */
static void begin_without_login(struct decision *d)
{
	const struct unauthenticated *u = &d->config->unauthenticated;
	struct ip client;

	for (int i = CHECK_STATE; i <= CHECK_QUOTAS; i++)
		finding_init(&d->verdict.findings[i], MODE_OFF);
	if (d->request->was_identity) {
		effective_without_login(d->config, "", &d->effective);
		d->effective.n_scopes = 0;
		decision_cannot_tell(d, "the session is not the identity's any more");
		return;
	}
	if (ip_parse(d->request->client_address, &client))
		network_of_client(&client, u->ipv4_prefix, u->ipv6_prefix, d->network);
	effective_without_login(d->config, d->network, &d->effective);
	d->known = true;
	if (!d->network[0])
		d->effective.n_scopes = 0;
	decision_next_step(d);
}

void decision_without_login(struct decision *d)
{
	account_unref(&d->account);
	d->anonymous = *d->request;
	d->anonymous.login = "";
	d->anonymous.credential = "";
	d->anonymous.by_identity = false;
	d->anonymous.was_identity |= d->request->stage >= STAGE_DATA;
	d->request = &d->anonymous;
	d->not_identified = false;
	d->refused = false;
	d->n_rows = 0;
	d->verdict.not_identified = true;
	d->verdict.recipient_free = false;
	begin_without_login(d);
}

void decision_start(const struct decision_env *env, const struct config *config,
		    const struct request *request, decision_done *done, void *arg)
{
	struct decision *d = spares_take(env->spares, sizeof(*d));

	memset(d, 0, offsetof(struct decision, rows));
	d->env = env;
	d->config = config;
	d->request = request;
	d->done = done;
	d->arg = arg;
	d->message_key[0] = '\0';
	d->network[0] = '\0';
	d->in_doubt.n = 0;
	verdict_init(&d->verdict);
	if (request->final)
		decision_message_key(config, request, d->message_key);
	if (request->login[0])
		ask_step(d);
	else
		begin_without_login(d);
}
