#include "engine/finding.h"

static const char *const action_names[] = {
	[ACTION_ACCEPT] = "accept", [ACTION_REFUSE] = "refuse",	  [ACTION_DEFER] = "defer",
	[ACTION_HOLD] = "hold",	    [ACTION_DISCARD] = "discard", [ACTION_REDIRECT] = "redirect",
};

const char *action_name(enum action action)
{
	return action_names[action];
}

/* Field by field: the two texts are long, and every decision has eight findings. */
void finding_init(struct finding *finding, enum check_mode mode)
{
	finding->result = FINDING_SKIPPED;
	finding->mode = mode;
	finding->reply = REPLY_CANNOT_TELL;
	finding->action = ACTION_ACCEPT;
	finding->origin = NULL;
	finding->line = 0;
	finding->used = 0;
	finding->limit = -1;
	finding->asked = 0;
	finding->retry_after_ms = 0;
	finding->flagged = false;
	finding->rule[0] = '\0';
	finding->subject[0] = '\0';
}

bool finding_is_enforced(const struct finding *finding)
{
	return finding->mode == MODE_ENFORCE ||
	       (finding->mode == MODE_REWRITE && finding->action != ACTION_ACCEPT);
}

enum finding_result finding_refuse(struct finding *finding, enum reply reply)
{
	finding->reply = reply;
	return FINDING_REFUSE;
}

void finding_by_setting(struct finding *finding, const struct config *config, const char *name)
{
	finding->origin = "configuration";
	finding->line = config_line(config, name);
}

void finding_by_plan(struct finding *finding, const struct effective *effective,
		     enum plan_setting setting)
{
	finding->origin = effective->origins[setting];
	finding->line = effective->lines[setting];
}

void finding_by_message(struct finding *finding)
{
	finding->origin = "message";
	finding->line = 0;
}
