/*
 * check-config.
 */
#include <stdio.h>
#include <string.h>

#include "control/commands.h"
#include "control/config_host.h"
#include "control/control.h"
#include "control/effect.h"
#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "engine/effective.h"

/* What a plan amounts to for a login without an account of its own. */
static void effective_of(const struct config *config, const struct plan *plan,
			 struct effective *out)
{
	struct account account = { .plan = plan->name,
				   .max_recipients = ACCOUNT_UNSET,
				   .max_size_bytes = ACCOUNT_UNSET,
				   .require_tls = ACCOUNT_UNSET };

	effective_resolve(config, &account, "", 0, out);
}

static json_t *plan_json(const struct config *config, const struct plan *plan)
{
	json_t *object = need(json_pack("{s:o}", "plan", text_json(plan->name)));
	struct effective e;

	effective_of(config, plan, &e);
	for (int i = 0; i < PLAN_SETTINGS; i++)
		json_object_set_new(object, plan_setting_name(i), effect_json(&e, i));
	json_object_set_new(object, "shared_quotas",
			    effect_quotas(plan->shared_quotas, plan->n_shared_quotas));
	return object;
}

static json_t *domains_json(const struct config *config)
{
	json_t *domains = need(json_array());

	for (size_t i = 0; i < config->n_domains; i++) {
		const struct domain *d = &config->domains[i];

		json_array_append_new(
			domains,
			need(json_pack("{s:o, s:o, s:o}", "domain", text_json(d->name), "plan",
				       d->plan ? text_json(d->plan) : json_null(), "shared_quotas",
				       effect_quotas(d->shared_quotas, d->n_shared_quotas))));
	}
	return domains;
}

static json_t *groups_json(const struct config *config)
{
	json_t *groups = need(json_array());

	for (size_t i = 0; i < config->n_groups; i++) {
		const struct account_group *g = &config->groups[i];

		json_array_append_new(
			groups, need(json_pack("{s:o, s:o}", "group", text_json(g->name), "quotas",
					       effect_quotas(g->quotas, g->n_quotas))));
	}
	return groups;
}

static void add_plan(struct table *table, const struct config *config, const struct plan *plan)
{
	static const enum plan_setting shown[] = { PLAN_QUOTAS, PLAN_SENDERS, PLAN_NETWORKS };
	struct effective e;

	effective_of(config, plan, &e);
	table_cell(table, plan->name);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		json_t *list = effect_json(&e, shown[i]);
		const char *first = json_string_value(json_array_get(list, 0));
		size_t n = json_array_size(list);

		if (n == 0)
			table_cell(table, effect_empty(shown[i]));
		else if (n == 1)
			table_cell(table, first);
		else
			table_cellf(table, "%s and %zu more", first, n - 1);
		json_decref(list);
	}
}

/* ---- daemons ---------------------------------------------------------------- */

static const char *charged_by(const struct config *config)
{
	return config_charge_by(config) == CHARGE_MILTER ? "milter" : "policyd";
}

static void add_daemon(struct table *table, const struct config *config, const char *daemon)
{
	const struct endpoint *listener;
	char text[ENDPOINT_TEXT_MAX];
	const char *of;
	size_t n = 0;

	for (size_t i = 0; (listener = config_listener(config, i, &of)); i++) {
		if (strcmp(of, daemon) != 0)
			continue;
		endpoint_format(listener, text);
		table_cell(table, n++ ? "" : daemon);
		table_cell(table, text);
	}
	if (n == 0) {
		table_cell(table, daemon);
		table_cell(table, "not configured");
	}
}

static void print_daemons(const struct config *config)
{
	struct table *table = table_new(2);
	char redis[REDIS_NAME_MAX];
	const char *of;

	redis_name(&config->redis, redis);
	table_row(table, (const char *const[]){ "redis", redis });
	add_daemon(table, config, "policyd");
	add_daemon(table, config, "milter");
	add_daemon(table, config, "sasld");
	table_print(table, stdout);
	table_free(&table);
	if (config_listener(config, 0, &of))
		printf("messages are charged by %s\n", charged_by(config));
	else
		puts("no daemon can start with it: section policyd, milter or sasld must have a "
		     "listen");
}

static json_t *listeners_json(const struct config *config)
{
	json_t *listeners = need(json_array());
	const struct endpoint *listener;
	char text[ENDPOINT_TEXT_MAX];
	const char *daemon;

	for (size_t i = 0; (listener = config_listener(config, i, &daemon)); i++) {
		endpoint_format(listener, text);
		json_array_append_new(listeners, need(json_pack("{s:s, s:o}", "daemon", daemon,
								"address", text_json(text))));
	}
	return listeners;
}

/* ---- plans ------------------------------------------------------------------ */

static void print_plans(const struct config *config)
{
	static const char *const head[] = { "PLAN", "QUOTAS", "SENDERS", "NETWORKS" };
	struct table *table = table_new(sizeof(head) / sizeof(head[0]));

	table_row(table, head);
	for (size_t i = 0; i < config->n_plans; i++)
		add_plan(table, config, &config->plans[i]);
	table_print(table, stdout);
	table_free(&table);
}

static void add_shared(struct table *table, enum take_scope scope, const char *name,
		       const struct quota *quotas, size_t n)
{
	char text[QUOTA_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		quota_format(&quotas[i], text);
		table_cellf(table, "%s%s%s", take_scope_name(scope), *name ? " " : "", name);
		table_cell(table, text);
	}
}

/* Nothing is printed when nothing is shared. */
static void print_shared(const struct config *config)
{
	const struct unauthenticated *u = &config->unauthenticated;
	struct table *table = table_new(2);
	bool any = u->n_quotas > 0 || config->n_groups > 0;

	table_cell(table, "SHARED BY");
	table_cell(table, "QUOTA");
	for (size_t i = 0; i < config->n_domains; i++) {
		const struct domain *d = &config->domains[i];

		add_shared(table, SCOPE_DOMAIN, d->name, d->shared_quotas, d->n_shared_quotas);
		any = any || d->n_shared_quotas > 0;
	}
	for (size_t i = 0; i < config->n_plans; i++) {
		const struct plan *p = &config->plans[i];

		add_shared(table, SCOPE_PLAN, p->name, p->shared_quotas, p->n_shared_quotas);
		any = any || p->n_shared_quotas > 0;
	}
	for (size_t i = 0; i < config->n_groups; i++)
		add_shared(table, SCOPE_GROUP, config->groups[i].name, config->groups[i].quotas,
			   config->groups[i].n_quotas);
	add_shared(table, SCOPE_NETWORK, "", u->quotas, u->n_quotas);
	if (any) {
		putchar('\n');
		table_print(table, stdout);
	}
	table_free(&table);
}

/* warnings: taken over. */
static void print_json(const struct config *config, json_t *warnings)
{
	json_t *plans = need(json_array());
	char redis[REDIS_NAME_MAX];

	redis_name(&config->redis, redis);
	for (size_t i = 0; i < config->n_plans; i++)
		json_array_append_new(plans, plan_json(config, &config->plans[i]));
	control_print_json(need(json_pack(
		"{s:o, s:b, s:b, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "file",
		text_json(config->path), "ok", 1, "empty", config->sets_nothing, "warnings",
		warnings, "redis", text_json(redis), "listeners", listeners_json(config), "charge",
		charged_by(config), "plans", plans, "domains", domains_json(config), "groups",
		groups_json(config), "unauthenticated",
		effect_quotas(config->unauthenticated.quotas, config->unauthenticated.n_quotas))));
}

static int refuse_config(const struct control *control, const char *error)
{
	if (control->json)
		control_print_json(
			need(json_pack("{s:o, s:b, s:o}", "file", text_json(control->config_path),
				       "ok", 0, "error", text_json(error))));
	fflush(stdout);
	fprintf(stderr, "%s\n", error);
	return STATUS_REFUSED;
}

static void note_warning(const char *text, void *arg)
{
	json_t *warnings = arg;

	json_array_append_new(warnings, text_json(text));
	fprintf(stderr, "%s\n", text);
}

static int command_check_config(struct control *control)
{
	json_t *warnings = need(json_array());
	char error[1024];

	control->config = config_load(control->config_path, error, sizeof(error));
	if (!control->config) {
		json_decref(warnings);
		return refuse_config(control, error);
	}
	config_host_look(control->config, note_warning, warnings);
	if (control->json) {
		print_json(control->config, warnings);
		return STATUS_DONE;
	}
	json_decref(warnings);
	control_say(control->config->path, "ok");
	if (control->config->sets_nothing)
		puts("nothing is set in it: what follows is built in");
	putchar('\n');
	print_daemons(control->config);
	putchar('\n');
	print_plans(control->config);
	print_shared(control->config);
	return STATUS_DONE;
}

const struct command commands_config[] = {
	{ .name = "check-config",
	  .help = "check the configuration file",
	  .run = command_check_config },
	{ 0 },
};
