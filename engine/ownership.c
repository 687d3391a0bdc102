#include "engine/ownership.h"

static const struct pattern *plan_login_pattern(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_senders; i++) {
		if (plan->senders[i].kind == PATTERN_LOGIN && !plan->senders[i].exclude)
			return &plan->senders[i];
	}
	return NULL;
}

const struct pattern *ownership_beside(const struct effective *effective)
{
	if (effective->senders == effective->plan->senders)
		return NULL;
	return plan_login_pattern(effective->plan);
}

void ownership_of(const struct config *config, const struct effective *effective, const char *login,
		  const struct address *address, struct ownership *out)
{
	const struct pattern_rules rules = {
		.delimiters = config->recipient_delimiter,
		.local_case_sensitive = config->local_part_case_sensitive,
	};
	const struct pattern *own;
	int rule;

	out->owned = pattern_list_owns(effective->senders, effective->n_senders, address, login,
				       &rules, &rule);
	out->rule = rule >= 0 ? &effective->senders[rule] : NULL;
	out->origin = effective->origins[PLAN_SENDERS];
	out->line = effective->lines[PLAN_SENDERS];
	if (out->rule)
		return;

	own = ownership_beside(effective);
	if (own && pattern_covers(own, address, login, &rules)) {
		out->owned = true;
		out->rule = own;
		out->origin = effective->plan->origins[PLAN_SENDERS];
		out->line = effective->plan->lines[PLAN_SENDERS];
	}
}
