#include <stdio.h>

#include "engine/checks.h"

static const enum action sandbox_actions[] = {
	[SANDBOX_DISCARD] = ACTION_DISCARD,
	[SANDBOX_HOLD] = ACTION_HOLD,
	[SANDBOX_REDIRECT] = ACTION_REDIRECT,
};

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
	if (in->request->final) {
		f->result = FINDING_REFUSE;
		f->action = sandbox_actions[in->effective->sandbox];
	}
}
