#include "engine/gate.h"

#include <stdio.h>
#include <string.h>

#include "engine/checks.h"
#include "engine/rewrite.h"

#define EVERY_STAGE \
	(1U << STAGE_MAIL | 1U << STAGE_RCPT | 1U << STAGE_DATA | 1U << STAGE_END_OF_MESSAGE)
#define AT_END_OF_MESSAGE (1U << STAGE_END_OF_MESSAGE)

static const struct gate_check {
	enum check check;
	unsigned stages; /* at which it can be answered, a bit each */
	enum finding_result (*ask)(const struct gate_input *in, struct finding *f);
} gate_checks[] = {
	{ CHECK_STATE, EVERY_STAGE, check_state },
	{ CHECK_NETWORKS, EVERY_STAGE, check_networks },
	{ CHECK_ENVELOPE_SENDER, EVERY_STAGE, check_envelope_sender },
	{ CHECK_HEADER_FROM, AT_END_OF_MESSAGE, check_header_from },
	{ CHECK_CAPS, EVERY_STAGE, check_caps },
};

/* The code of the reply says whether the client may come again. */
static enum action refusal_action(const struct config *config, enum reply reply)
{
	return config->replies[reply].code[0] == '4' ? ACTION_DEFER : ACTION_REFUSE;
}

/* In mode rewrite: a header that can be put right stops nothing. */
static void try_to_rewrite(const struct gate_input *in, struct finding *f)
{
	struct rewrite rewrite;
	const char *reason = rewrite_plan(in->config, in->effective, in->request, &rewrite);
	size_t len = strlen(f->rule);

	if (!reason) {
		f->action = ACTION_ACCEPT;
		return;
	}
	if (!rewrite.address[0])
		f->reply = REPLY_HEADER_NO_REWRITE;
	if (!f->subject[0])
		snprintf(f->subject, sizeof(f->subject), "%.250s", f->rule);
	snprintf(f->rule + len, sizeof(f->rule) - len, "; not rewritten: %s", reason);
	f->action = refusal_action(in->config, f->reply);
}

void gate_run(const struct gate_input *in, struct finding findings[CHECKS])
{
	for (size_t i = 0; i < sizeof(gate_checks) / sizeof(gate_checks[0]); i++) {
		const struct gate_check *c = &gate_checks[i];
		struct finding *f = &findings[c->check];

		finding_init(f, in->effective->plan->modes[c->check]);
		if (f->mode == MODE_OFF || !(c->stages & 1U << in->request->stage))
			continue;
		f->result = c->ask(in, f);
		if (f->result == FINDING_REFUSE && in->account_unknown)
			f->result = FINDING_UNKNOWN;
		if (f->result == FINDING_REFUSE)
			f->action = refusal_action(in->config, f->reply);
		else if (f->result == FINDING_UNKNOWN)
			f->action = ACTION_DEFER;
		if (f->result == FINDING_REFUSE && f->mode == MODE_REWRITE)
			try_to_rewrite(in, f);
	}
}

int gate_decisive(const struct finding findings[CHECKS])
{
	for (int i = CHECK_STATE; i <= CHECK_CAPS; i++) {
		if (finding_stops(&findings[i]) && finding_is_enforced(&findings[i]))
			return i;
	}
	return -1;
}
