#include <stdlib.h>
#include <string.h>

#include "base/config_load.h"

#define SENDER_GROUPS_MAX 1000

static int compare_groups(const void *a, const void *b)
{
	return strcmp(((const struct pattern_group *)a)->name,
		      ((const struct pattern_group *)b)->name);
}

/* Sorted by name, as pattern_group_find() wants them. */
void load_sender_groups(struct load *load, cfg_t *cfg)
{
	const char *kind = load_section_name(SECTION_SENDER_GROUP);
	size_t n = cfg_size(cfg, kind), i;
	struct pattern_group *groups;

	if (n > SENDER_GROUPS_MAX) {
		load_complain(load, 0, "more than %d groups of senders", SENDER_GROUPS_MAX);
		return;
	}
	groups = load_allocate(load, n, sizeof(*groups));
	for (i = 0; i < n; i++) {
		cfg_t *section = cfg_getnsec(cfg, kind, (unsigned)i);

		groups[i].name = load_keep(load, cfg_title(section));
		groups[i].line = load_line_of(section, "senders");
		load_check_title(load, section, "group of senders");
		load_section(load, section, SECTION_SENDER_GROUP, &groups[i]);
	}
	qsort(groups, n, sizeof(*groups), compare_groups);
	load->config->sender_groups = groups;
	load->config->n_sender_groups = n;
}

static void check_list(struct load *load, cfg_t *section, const char *name,
		       const struct pattern *list, size_t n)
{
	const struct pattern_rules rules = config_pattern_rules(load->config);
	cfg_opt_t *opt = load_find(section, name);
	size_t i;

	for (i = 0; opt && i < n; i++)
		if (pattern_group_missing(&list[i], &rules))
			load_complain(load, load_nth_line(opt, i),
				      "%s: there is no sender_group %s", name, list[i].group);
}

void load_check_patterns(struct load *load, cfg_t *section, const struct plan *plan)
{
	check_list(load, section, "senders", plan->senders, plan->n_senders);
	check_list(load, section, "free_recipients", plan->free_recipients,
		   plan->n_free_recipients);
	check_list(load, section, "sandbox_recipients", plan->sandbox_recipients,
		   plan->n_sandbox_recipients);
}
