#include "engine/ownership.h"

#include <stdio.h>

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
	return effective->replaced_senders ? plan_login_pattern(effective->replaced_senders) : NULL;
}

/* ---- the search ----------------------------------------------------------- */

struct search {
	const struct pattern_rules *rules;
	const char *login;
	const struct address *address;
	ownership_visit *visit; /* NULL: nobody looks on */
	void *arg;
	const char *origin; /* of the patterns that are asked now */
	int line;
	const struct pattern_group *group; /* NULL: they are in no group */
	struct ownership *out;
};

static void show(const struct search *s, const struct pattern *pattern, bool covers)
{
	const struct ownership_try tried = {
		.pattern = pattern,
		.covers = covers,
		.missing = pattern_group_missing(pattern, s->rules),
		.group = s->group ? s->group->name : NULL,
		.origin = s->origin,
		.line = s->group ? s->group->line : s->line,
	};

	s->visit(&tried, s->arg);
}

static void on_member(const struct pattern *pattern, bool covers, void *arg)
{
	show(arg, pattern, covers);
}

/* What the answer of a group of senders came from. */
static void show_members(const struct search *s, const struct pattern *pattern)
{
	struct search within = *s;

	within.group = pattern_group_find(s->rules, pattern->group);
	if (within.group)
		pattern_list_trace(within.group->patterns, within.group->n, s->address, s->login,
				   s->rules, on_member, &within, NULL);
}

static void on_pattern(const struct pattern *pattern, bool covers, void *arg)
{
	struct search *s = arg;

	s->out->tried++;
	s->out->last = pattern;
	s->out->missing = pattern_group_missing(pattern, s->rules);
	if (s->visit)
		show(s, pattern, covers);
	if (s->visit && pattern->kind == PATTERN_GROUP)
		show_members(s, pattern);
}

/* True: one of the list decides. */
static bool ask(struct search *s, const struct pattern *list, size_t n, const char *origin,
		int line)
{
	int rule;

	s->origin = origin;
	s->line = line;
	s->out->owned =
		pattern_list_trace(list, n, s->address, s->login, s->rules, on_pattern, s, &rule);
	if (rule < 0)
		return false;
	s->out->rule = &list[rule];
	s->out->origin = origin;
	s->out->line = line;
	return true;
}

static void ask_beside(struct search *s, const struct effective *effective)
{
	const struct pattern *own = ownership_beside(effective);
	const struct plan *plan = effective->replaced_senders;

	if (!own)
		return;
	s->out->beside = plan->origins[PLAN_SENDERS];
	ask(s, own, 1, plan->origins[PLAN_SENDERS], plan->lines[PLAN_SENDERS]);
}

void ownership_trace(const struct config *config, const struct effective *effective,
		     const char *login, const struct address *address, ownership_visit *visit,
		     void *arg, struct ownership *out)
{
	const struct pattern_rules rules = config_pattern_rules(config);
	struct search s = {
		.rules = &rules,
		.login = login,
		.address = address,
		.visit = visit,
		.arg = arg,
		.out = out,
	};
	const char *origin = effective->origins[PLAN_SENDERS];
	int line = effective->lines[PLAN_SENDERS];

	*out = (struct ownership){ .origin = origin, .line = line };
	if (!ask(&s, effective->senders, effective->n_senders, origin, line))
		ask_beside(&s, effective);
}

void ownership_of(const struct config *config, const struct effective *effective, const char *login,
		  const struct address *address, struct ownership *out)
{
	ownership_trace(config, effective, login, address, NULL, NULL, out);
}

size_t ownership_patterns(const struct effective *effective)
{
	return effective->n_senders + (ownership_beside(effective) ? 1 : 0);
}

/* ---- in words ------------------------------------------------------------- */

void ownership_subject(const char *field, const struct address *address,
		       char out[OWNERSHIP_SUBJECT_MAX])
{
	char text[ADDRESS_TEXT_MAX];

	address_format(address, text);
	snprintf(out, OWNERSHIP_SUBJECT_MAX, "%.20s%s%.250s", field ? field : "", field ? ": " : "",
		 text);
}

void ownership_describe(const struct ownership *o, const char *field, const struct address *address,
			char *out, size_t size)
{
	char subject[OWNERSHIP_SUBJECT_MAX], rule[PATTERN_TEXT_MAX] = "";
	const char *more = o->beside && !o->rule ? " and " : "";
	const char *missing = o->missing ? ", which is not configured" : "";

	ownership_subject(field, address, subject);
	if (o->last)
		pattern_format(o->last, rule);
	if (o->rule)
		snprintf(out, size, "%s is %s %.150s%s (%.60s)", subject,
			 o->owned ? "covered by" : "excluded by", rule, missing, o->origin);
	else if (o->tried == 0)
		snprintf(out, size, "%s: no pattern in the list of %.60s", subject, o->origin);
	else if (o->tried == 1)
		snprintf(out, size, "%s is not covered by %.150s%s (%.60s)", subject, rule, missing,
			 o->beside ? o->beside : o->origin);
	else
		snprintf(out, size, "%s is none of the %zu patterns of %.60s%s%.60s", subject,
			 o->tried, o->origin, more, *more ? o->beside : "");
}
