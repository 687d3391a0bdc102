#include "control/target.h"

#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "control/text.h"

const struct meaning target_meanings[] = {
	{ OPTION_PLAN,
	  { "plan", 0, false, "PLAN", value_name, "what the logins of a plan share" } },
	{ OPTION_GROUP, { "group", 0, false, "GROUP", value_name, "what a group shares" } },
	{ OPTION_NETWORK,
	  { "network", 0, false, "NETWORK", value_network, "what clients without a login share" } },
	{ OPTION_QUOTA,
	  { "quota", 0, true, "QUOTA", value_counter, "only this one (\"messages / 1h\")" } },
	{ 0 },
};

static bool not_there(const struct control *control, const char *what, const char *name)
{
	control_refuse("%s \"%s\" is not in %s", what, name, control->config->path);
	return false;
}

static bool find_domain(const struct control *control, const char *text, struct target *out)
{
	const struct domain *domain = NULL;

	if (domain_normalise(text, out->room))
		domain = config_domain(control->config, out->room);
	if (!domain)
		return not_there(control, "domain", text);
	out->scope.name = domain->name;
	out->scope.quotas = domain->shared_quotas;
	out->scope.n_quotas = domain->n_shared_quotas;
	return true;
}

static bool find_plan(const struct control *control, const char *text, struct target *out)
{
	const struct plan *plan = control_plan(control, text);

	if (!plan)
		return false;
	out->scope.name = plan->name;
	out->scope.quotas = plan->shared_quotas;
	out->scope.n_quotas = plan->n_shared_quotas;
	return true;
}

static bool find_group(const struct control *control, const char *text, struct target *out)
{
	const struct account_group *group = config_group(control->config, text);

	if (!group)
		return not_there(control, "group", text);
	out->scope.name = group->name;
	out->scope.quotas = group->quotas;
	out->scope.n_quotas = group->n_quotas;
	return true;
}

/* An address in the network will do, or a part of it. */
static bool find_network(const struct control *control, const char *text, struct target *out)
{
	const struct unauthenticated *u = &control->config->unauthenticated;
	struct network given, counted;
	const char *reason;

	if (!network_parse(text, &given, &reason) || given.deny) {
		control_refuse("\"%s\" is not a network", text);
		return false;
	}
	network_of_client(&given.base, u->ipv4_prefix, u->ipv6_prefix, out->room);
	if (!network_parse(out->room, &counted, &reason) || given.prefix < counted.prefix) {
		control_refuse("%s is wider than %s, which is what is counted together", text,
			       out->room);
		return false;
	}
	out->scope.name = out->room;
	out->scope.quotas = u->quotas;
	out->scope.n_quotas = u->n_quotas;
	return true;
}

static const struct kind {
	enum option_id option;
	enum take_scope scope;
	bool (*find)(const struct control *control, const char *text, struct target *out);
} kinds[] = {
	{ OPTION_DOMAIN, SCOPE_DOMAIN, find_domain },
	{ OPTION_PLAN, SCOPE_PLAN, find_plan },
	{ OPTION_GROUP, SCOPE_GROUP, find_group },
	{ OPTION_NETWORK, SCOPE_NETWORK, find_network },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

bool target_makes_sense(const struct control *control)
{
	int n = control->argument.text ? 1 : 0;

	for (size_t i = 0; i < KINDS; i++)
		n += control_has(control, kinds[i].option);
	if (n == 1)
		return true;
	control_misuse(control, "%s LOGIN, --domain, --plan, --group or --network",
		       n ? "only one of" : "one is missing of");
	return false;
}

bool target_find(const struct control *control, struct target *target)
{
	*target = (struct target){ .scope = { .scope = SCOPE_LOGIN,
					      .name = control->argument.text } };
	for (size_t i = 0; i < KINDS; i++) {
		const struct value *value = control_value(control, kinds[i].option);

		if (!value)
			continue;
		target->scope.scope = kinds[i].scope;
		return kinds[i].find(control, value->text, target);
	}
	return true;
}

void target_text(const struct target *target, char out[TARGET_TEXT_MAX])
{
	const struct effective_scope *scope = &target->scope;

	if (scope->scope == SCOPE_LOGIN)
		snprintf(out, TARGET_TEXT_MAX, "%s", scope->name);
	else
		snprintf(out, TARGET_TEXT_MAX, "%s %s", take_scope_name(scope->scope), scope->name);
}

void target_json(const struct target *target, json_t *object)
{
	const struct effective_scope *scope = &target->scope;

	if (scope->scope == SCOPE_LOGIN) {
		json_object_set_new(object, "login", text_json(scope->name));
		return;
	}
	json_object_set_new(object, "scope", text_json(take_scope_name(scope->scope)));
	json_object_set_new(object, "name", text_json(scope->name));
}
