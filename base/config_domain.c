#include <stdlib.h>
#include <string.h>

#include "base/config_load.h"
#include "base/domain.h"
#include "base/fields.h"

#define DOMAINS_MAX 10000

/* What a domain leaves open comes from the plan of the account, any plan. */
static void check_domain_redirect(struct load *load, cfg_t *section, const struct domain *domain)
{
	const struct config *config = load->config;
	const struct plan *values = &domain->values;
	const char *culprit = domain->set[PLAN_SANDBOX] ? "sandbox" : "sandbox_redirect";
	size_t i;

	for (i = 0; i < config->n_plans; i++) {
		const struct plan *plan = &config->plans[i];

		if ((domain->set[PLAN_SANDBOX] ? values : plan)->sandbox == SANDBOX_REDIRECT &&
		    !(domain->set[PLAN_SANDBOX_REDIRECT] ? values : plan)->sandbox_redirect)
			load_complain(load, load_line_of(section, culprit),
				      "domain %s with plan %s: sandbox = redirect needs a "
				      "sandbox_redirect address",
				      domain->name, plan->name);
	}
}

static void check_domain(struct load *load, cfg_t *section, const struct domain *domain)
{
	char quoted[FIELDS_TEXT_MAX];

	if (domain->plan && !config_plan(load->config, domain->plan)) {
		fields_quote(domain->plan, strlen(domain->plan), quoted);
		load_complain(load, load_line_of(section, "plan"), "domain %s: there is no plan %s",
			      domain->name, quoted);
	}
	load_check_quotas(load, section, "quotas", domain->values.quotas, domain->values.n_quotas);
	load_check_quotas(load, section, "shared_quotas", domain->shared_quotas,
			  domain->n_shared_quotas);
	load_check_patterns(load, section, &domain->values);
	check_domain_redirect(load, section, domain);
}

static void read_domain(struct load *load, cfg_t *section, const char *name, struct domain *domain)
{
	const char *origin = load_origin(load, "domain", name);
	struct plan *values = &domain->values;
	size_t i;

	domain->name = values->name = name;
	load_section(load, section, SECTION_DOMAIN, domain);
	load_plan_section(load, section, values, origin);
	load_ramp(load, section, values, origin);
	for (i = 0; i < PLAN_SETTINGS; i++)
		domain->set[i] = values->origins[i] != NULL;
	domain->shared_quotas = values->shared_quotas;
	domain->n_shared_quotas = values->n_shared_quotas;
	if (!load->failed)
		check_domain(load, section, domain);
}

struct title {
	const char *name; /* normalised */
	cfg_t *section;
};

static void read_title(struct load *load, cfg_t *section, struct title *title)
{
	char name[DOMAIN_MAX + 1], quoted[FIELDS_TEXT_MAX];
	const char *text = cfg_title(section);

	if (domain_normalise(text, name)) {
		title->name = load_keep(load, name);
		title->section = section;
		return;
	}
	fields_quote(text, strlen(text), quoted);
	load_complain(load, load_line_of(section, NULL), "domain %s: this is not a domain", quoted);
}

static int compare_titles(const void *a, const void *b)
{
	const struct title *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->section->line - y->section->line;
}

/* Sorted by name, no two the same. */
static struct title *read_titles(struct load *load, cfg_t *cfg, size_t n)
{
	struct title *titles = load_allocate(load, n, sizeof(*titles));
	size_t i;

	for (i = 0; i < n && !load->failed; i++)
		read_title(load, cfg_getnsec(cfg, "domain", (unsigned)i), &titles[i]);
	if (load->failed)
		return titles;
	qsort(titles, n, sizeof(*titles), compare_titles);
	for (i = 1; i < n; i++)
		if (!strcmp(titles[i - 1].name, titles[i].name))
			load_complain(load, load_line_of(titles[i].section, NULL),
				      "domain %s stands twice, first in line %d", titles[i].name,
				      load_line_of(titles[i - 1].section, NULL));
	return titles;
}

void load_domains(struct load *load, cfg_t *cfg)
{
	size_t n = cfg_size(cfg, "domain"), i;
	struct domain *domains;
	struct title *titles;

	if (n > DOMAINS_MAX) {
		load_complain(load, 0, "more than %d domains", DOMAINS_MAX);
		return;
	}
	titles = read_titles(load, cfg, n);
	domains = load_allocate(load, n, sizeof(*domains));
	for (i = 0; i < n && !load->failed; i++)
		read_domain(load, titles[i].section, titles[i].name, &domains[i]);
	load->config->domains = domains;
	load->config->n_domains = n;
}
