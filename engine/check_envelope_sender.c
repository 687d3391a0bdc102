#include <stdio.h>

#include "engine/checks.h"

/* A quota of its own is asked with the quotas. */
static void describe_null_sender(const struct gate_input *in, struct finding *f)
{
	const struct null_sender *rule = &in->config->null_sender;
	struct quota quota = rule->quota;
	char text[QUOTA_TEXT_MAX];

	f->origin = "configuration";
	f->line = rule->line;
	quota.null_sender = false;
	if (rule->limited)
		quota_format(&quota, text);
	else
		snprintf(text, sizeof(text), "%s", rule->allowed ? "allow" : "reject");
	snprintf(f->rule, sizeof(f->rule), "null_sender = %s", text);
}

static enum finding_result null_sender(const struct gate_input *in, struct finding *f)
{
	bool allowed = in->config->null_sender.allowed;

	if (!allowed || in->request->explained)
		describe_null_sender(in, f);
	return allowed ? FINDING_PASS : finding_refuse(f, REPLY_NULL_SENDER);
}

enum finding_result check_envelope_sender(const struct gate_input *in, struct finding *f)
{
	const char *reason = "";
	struct address sender;

	switch (address_parse(in->request->sender, in->request->sender_form, &sender, &reason)) {
	case ADDRESS_NULL:
		return null_sender(in, f);
	case ADDRESS_BAD:
		snprintf(f->rule, sizeof(f->rule), "%s", reason);
		return finding_refuse(f, REPLY_SENDER_FAULT);
	case ADDRESS_OK:
		break;
	}
	if (!check_owned(in, NULL, &sender, f))
		return finding_refuse(f, REPLY_ENVELOPE_SENDER);
	check_owned_scripts(&sender, "the envelope sender", f);
	return FINDING_PASS;
}
