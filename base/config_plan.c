#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_load.h"
#include "base/limits.h"
#include "base/name.h"

#define PLANS_MAX 256
#define GROUPS_MAX 1000

void load_check_title(struct load *load, cfg_t *section, const char *kind)
{
	if (!name_is_valid(cfg_title(section)))
		load_complain(load, load_line_of(section, NULL),
			      "the name of a %s is 1 to 64 letters, digits, \".\", \"-\" or \"_\"",
			      kind);
}

void load_check_quotas(struct load *load, cfg_t *section, const char *name,
		       const struct quota *quotas, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (quota_same_counter(&quotas[i], &quotas[j]))
				load_complain(load, load_line_of(section, name),
					      "%s: two with the same unit and window", name);
}

static void check_ramp(struct load *load, cfg_t *section, const struct ramp *ramp)
{
	static const char *const needed[] = { "start", "factor", "until" };
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!load_find(section, needed[i]))
			load_complain(load, load_line_of(section, NULL), "ramp needs %s",
				      needed[i]);
	if (load->failed)
		return;
	if (ramp->start < 1)
		load_complain(load, load_line_of(section, "start"), "start must be at least 1");
	if (ramp->until > RAMP_MAX)
		load_complain(load, load_line_of(section, "until"), "until must be at most 900G");
	if (ramp->until <= ramp->start)
		load_complain(load, load_line_of(section, "until"),
			      "until must be more than start");
	else if (ramp->start * ramp->factor_permille / 1000 <= ramp->start)
		load_complain(load, load_line_of(section, "factor"),
			      "factor is too small: %lld would never grow", (long long)ramp->start);
}

/* A ramp is one value: what it leaves open does not come from another plan.
 * An empty one is none. */
void load_ramp(struct load *load, cfg_t *parent, struct plan *plan, const char *origin)
{
	cfg_t *section;

	if (cfg_size(parent, "ramp") == 0)
		return;
	section = cfg_getsec(parent, "ramp");
	load_defaults(load, SECTION_RAMP, plan);
	plan->ramp.start = 0;
	plan->origins[PLAN_RAMP] = origin;
	plan->lines[PLAN_RAMP] = load_line_of(section, NULL);
	load_section(load, section, SECTION_RAMP, plan);
	if (!load->failed && !load_is_empty(section))
		check_ramp(load, section, &plan->ramp);
}

static void check_plan(struct load *load, cfg_t *section, const struct plan *plan)
{
	const char *culprit = load_find(section, "sandbox") ? "sandbox" : "sandbox_redirect";

	load_check_title(load, section, "plan");
	if (plan->sandbox == SANDBOX_REDIRECT && !plan->sandbox_redirect)
		load_complain(load, load_line_of(section, culprit),
			      "plan %s: sandbox = redirect needs a sandbox_redirect address",
			      plan->name);
	load_check_quotas(load, section, "quotas", plan->quotas, plan->n_quotas);
	load_check_quotas(load, section, "shared_quotas", plan->shared_quotas,
			  plan->n_shared_quotas);
	load_check_patterns(load, section, plan);
}

/* plan holds what it leaves open. */
static void read_plan(struct load *load, cfg_t *section, struct plan *plan)
{
	const char *origin;

	plan->name = load_keep(load, cfg_title(section));
	origin = load_origin(load, "plan", plan->name);
	load_plan_section(load, section, plan, origin);
	load_section(load, cfg_getsec(section, "checks"), SECTION_CHECKS, plan);
	load_ramp(load, section, plan, origin);
	if (!load->failed)
		check_plan(load, section, plan);
}

void load_plans(struct load *load, cfg_t *cfg)
{
	size_t n = cfg_size(cfg, "plan"), i, used = 1;
	cfg_t *section = cfg_gettsec(cfg, "plan", "default");
	struct plan *plans;

	if (n > PLANS_MAX) {
		load_complain(load, 0, "more than %d plans", PLANS_MAX);
		return;
	}
	plans = load_allocate(load, n + 1, sizeof(*plans));
	plans[0].name = "default";
	load_defaults(load, SECTION_PLAN, &plans[0]);
	load_defaults(load, SECTION_RAMP, &plans[0]);
	load_defaults(load, SECTION_CHECKS, &plans[0]);
	for (i = 0; i < PLAN_SETTINGS; i++)
		plans[0].origins[i] = "built-in";
	if (section)
		read_plan(load, section, &plans[0]);
	for (i = 0; i < n; i++) {
		if (cfg_getnsec(cfg, "plan", (unsigned)i) == section)
			continue;
		plans[used] = plans[0];
		plans[used].n_shared_quotas = 0;
		read_plan(load, cfg_getnsec(cfg, "plan", (unsigned)i), &plans[used++]);
	}
	load->config->plans = plans;
	load->config->n_plans = used;
}

void load_groups(struct load *load, cfg_t *cfg)
{
	size_t n = cfg_size(cfg, load_section_name(SECTION_GROUP)), i;
	struct account_group *groups;

	if (n > GROUPS_MAX) {
		load_complain(load, 0, "more than %d groups", GROUPS_MAX);
		return;
	}
	groups = load_allocate(load, n, sizeof(*groups));
	for (i = 0; i < n; i++) {
		cfg_t *section = cfg_getnsec(cfg, load_section_name(SECTION_GROUP), (unsigned)i);

		groups[i].name = load_keep(load, cfg_title(section));
		load_check_title(load, section, "group");
		load_section(load, section, SECTION_GROUP, &groups[i]);
		groups[i].quotas_line = load_line_if_set(section, "quotas");
		if (!load->failed)
			load_check_quotas(load, section, "quotas", groups[i].quotas,
					  groups[i].n_quotas);
	}
	load->config->groups = groups;
	load->config->n_groups = n;
}
