#include <stdio.h>

#include "engine/checks.h"
#include "engine/deciding.h"

static int64_t now_s(const struct decision *d)
{
	return d->env->now_ms(d->env->ctx) / 1000;
}

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

/* The most that a row may come to. How far a ramp has come only the store knows: its share
 * is one of what it starts with, and beyond its end nothing is accepted. */
static int64_t real_limit(const struct take_row *row)
{
	return row->ramp ? row->ramp->until : row->quota.limit;
}

/* The node's own count is judged by the real limits: what is beyond the share
 * and within the limit only the store can tell. */
static void judge_degraded(struct decision *d, struct take_answer *answer)
{
	const struct judge_input in = decision_judge_input(d, answer->rows);
	struct finding f;

	for (size_t i = 0; i < d->n_rows; i++)
		answer->rows[i].limit = real_limit(&d->rows[i]);
	check_quotas(&in, &f);
	if (answer->status == TAKE_OVER && (f.result == FINDING_PASS || !d->known)) {
		f.result = FINDING_UNKNOWN;
		f.action = ACTION_DEFER;
	}
	if (answer->status == TAKE_OVER)
		d->verdict.findings[CHECK_QUOTAS] = f;
	else
		decision_merge_quotas(d, &f);
}

/* The present step as a question to this node. */
static struct take local_take(const struct decision *d, const struct take_row *rows)
{
	const struct effective_scope *scope = decision_scope(d);

	return (struct take){
		.scope = scope ? scope->scope : SCOPE_LOGIN,
		.name = scope ? scope->name : d->request->login,
		.message_key = d->message_key[0] ? d->message_key : NULL,
		.version = "",
		.rows = rows,
		.n_rows = d->n_rows,
	};
}

/* Accepted by this node before: passes again, whatever the limits are now. */
static void pass_again(struct decision *d)
{
	for (size_t i = 0; i < d->n_rows; i++)
		d->rows[i].amount = 0;
}

/* True when the present step fits this node's share. */
static bool fits_share(struct decision *d)
{
	struct take_answer answer = {.status = TAKE_DONE};
	struct take_row rows[TAKE_ROWS_MAX];
	const struct take take = local_take(d, rows);

	share_limits(d, rows);
	d->env->take_local(d->env->ctx, &take, &answer);
	if (answer.status == TAKE_REPEATED)
		pass_again(d);
	judge_degraded(d, &answer);
	return answer.status != TAKE_OVER;
}

/* ---- what the operator chose ---------------------------------------------- */

static const char no_answer[] = "the store does not answer";

/* What is known of the login stays in force in any case; "pass" is for what is
 * not known. */
static void apply_choice(const struct decision *d, enum check check, struct finding *f)
{
	enum store_failure choice = d->config->store_failure[check];

	if (f->result == FINDING_SKIPPED)
		return;
	if (choice == STORE_FAILURE_DEFER) {
		f->result = FINDING_UNKNOWN;
		f->action = ACTION_DEFER;
		snprintf(f->rule, sizeof(f->rule), "%s", no_answer);
	} else if (choice == STORE_FAILURE_PASS && !d->known) {
		f->result = FINDING_PASS;
	}
}

/* Before the store has said anything of the login: its account is what the
 * local copy says, if it says anything. */
static void gate_alone(struct decision *d)
{
	int64_t now = now_s(d);

	if (!d->known)
		decision_gate(d, now);
	for (int i = CHECK_STATE; i <= CHECK_CAPS; i++)
		apply_choice(d, (enum check)i, &d->verdict.findings[i]);
	d->refused = gate_decisive(d->verdict.findings) >= 0;
	decision_plan(d, now);
}

/* The first check of all: when it is put off, so is everything. */
static bool puts_off_all(const struct decision *d)
{
	enum store_failure choice = d->config->store_failure[CHECK_STATE];

	return choice == STORE_FAILURE_DEFER ||
	       (choice == STORE_FAILURE_DEGRADE && !d->known &&
		!d->config->unknown_while_degraded_allowed);
}

static bool passes_quotas(struct decision *d)
{
	struct finding *f = &d->verdict.findings[CHECK_QUOTAS];

	switch (d->config->store_failure[CHECK_QUOTAS]) {
	case STORE_FAILURE_DEGRADE:
		return fits_share(d);
	case STORE_FAILURE_PASS:
		return true;
	case STORE_FAILURE_DEFER:
		break;
	}
	if (d->n_rows == 0)
		return true;
	f->result = FINDING_UNKNOWN;
	f->action = ACTION_DEFER;
	snprintf(f->rule, sizeof(f->rule), "%s", no_answer);
	return false;
}

void degraded_answer(struct decision *d)
{
	d->verdict.degraded = true;
	if (d->step == 0) {
		if (d->request->by_identity && !d->known) {
			decision_cannot_tell(d, no_answer);
			return;
		}
		if (d->not_identified) {
			decision_without_login(d);
			return;
		}
		if (puts_off_all(d)) {
			decision_cannot_tell(d, no_answer);
			return;
		}
		gate_alone(d);
	}
	if (d->refused || !passes_quotas(d)) {
		decision_judged(d);
		return;
	}
	d->local_steps |= 1U << d->step;
	decision_next_step(d);
}

void degraded_settle(struct decision *d)
{
	if (!d->message_key[0] || !settle_is_charged(&d->verdict))
		return;
	for (size_t step = 0; d->local_steps >> step != 0; step++) {
		bool doubtful = d->doubtful_steps >> step & 1;
		struct take take;

		if (!(d->local_steps >> step & 1))
			continue;
		d->step = step;
		decision_plan(d, now_s(d));
		take = local_take(d, d->rows);
		if (d->n_rows == 0)
			continue;
		d->env->charge_local(d->env->ctx, &take, doubtful);
		if (!doubtful)
			settle_remember(d, &d->verdict.charges);
	}
}
