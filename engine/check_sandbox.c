#include <stdio.h>
#include <string.h>

#include "engine/checks.h"

static const enum action sandbox_actions[] = {
	[SANDBOX_DISCARD] = ACTION_DISCARD,
	[SANDBOX_HOLD] = ACTION_HOLD,
	[SANDBOX_REDIRECT] = ACTION_REDIRECT,
};

/* True, and said, when all recipients are known to be in the list, if there is one. */
static bool is_let_out(const struct judge_input *in, struct finding *f)
{
	const struct request *request = in->request;

	if (in->effective->n_sandbox_recipients == 0)
		return false;
	finding_by_plan(f, in->effective, PLAN_SANDBOX_RECIPIENTS);
	f->flagged = request->recipients > 0 && request->listed_recipients >= request->recipients;
	snprintf(f->rule, sizeof(f->rule), "sandboxed, %s in sandbox_recipients",
		 f->flagged ? "all recipients" : "not all recipients known to be");
	return f->flagged;
}

static void say_why_held(struct finding *f)
{
	size_t len = strlen(f->rule);

	snprintf(f->rule + len, sizeof(f->rule) - len,
		 "; held, as the account's plan is not configured");
}

bool check_sandbox_lists(const struct judge_input *in)
{
	const struct effective *e = in->effective;

	return e->state == ACCOUNT_SANDBOXED &&
	       request_recipient_is_in(in->request, in->config, e->sandbox_recipients,
				       e->n_sandbox_recipients);
}

void check_sandbox(const struct judge_input *in, struct finding *f)
{
	finding_init(f, in->effective->plan->modes[CHECK_SANDBOX]);
	if (f->mode == MODE_OFF)
		return;
	finding_by_plan(f, in->effective, PLAN_SANDBOX);
	f->result = FINDING_PASS;
	if (in->effective->state != ACCOUNT_SANDBOXED)
		return;
	snprintf(f->rule, sizeof(f->rule), "sandboxed");
	if (in->request->final && !is_let_out(in, f)) {
		f->result = FINDING_REFUSE;
		f->action = sandbox_actions[in->effective->sandbox];
		if (in->effective->sandbox_spares)
			say_why_held(f);
	}
}
