/*
 * Accounts for people.
 */
#include <stdio.h>
#include <string.h>

#include "control/criteria.h"
#include "control/effect.h"
#include "control/text.h"
#include "control/view.h"
#include "engine/effective.h"
#include "engine/ownership.h"

/* "blocked until 2026-11-20 18:00:00 +0000" */
static void state_text(const struct record_state *state, char *out, size_t size)
{
	char until[TEXT_TIME_MAX];

	if (state->until_s) {
		text_time(state->until_s, until);
		snprintf(out, size, "%s until %s", account_state_name(state->state), until);
	} else {
		snprintf(out, size, "%s", account_state_name(state->state));
	}
}

static void add_pair(struct table *table, const char *name, const char *value)
{
	table_cell(table, name);
	table_cell(table, value);
}

static void add_time(struct table *table, const char *name, int64_t unix_s)
{
	char text[TEXT_TIME_MAX];

	if (!unix_s)
		return;
	text_time(unix_s, text);
	add_pair(table, name, text);
}

static void add_group(struct table *table, const struct view *view)
{
	const char *group = view->account->group;

	if (!group)
		return;
	table_cell(table, "group");
	if (config_group(view->config, group))
		table_cell(table, group);
	else
		table_cellf(table, "%s, which is not configured", group);
}

static void add_criterion(const char *text, void *arg)
{
	add_pair(arg, "identity", text);
}

static void print_account(const struct view *view, const struct effective *e)
{
	struct record_state state = view_state(view);
	struct table *table = table_new(2);
	char text[128];

	add_pair(table, "login", view->login);
	state_text(&state, text, sizeof(text));
	table_cell(table, "state");
	if (*state.reason)
		table_cellf(table, "%s (%s)", text, state.reason);
	else
		table_cell(table, text);
	if (*state.actor)
		add_pair(table, "by", state.actor);
	add_time(table, "since", state.since_s);
	table_cell(table, "plan");
	if (e->plan_missing)
		table_cellf(table, "%s, which is not configured: plan default is in force",
			    view->account->plan);
	else
		table_cell(table, e->plan->name);
	add_group(table, view);
	if (view->account->identity)
		criteria_each(view->account->identity, add_criterion, table);
	if (*view->account->description)
		add_pair(table, "description", view->account->description);
	add_time(table, "created", json_integer_value(json_object_get(view->record, "created")));
	table_print(table, stdout);
	table_free(&table);
}

/* The i-th entry of a list, as people read it. */
static void entry_text(const struct config *config, const struct effective *e,
		       enum plan_setting setting, const json_t *entry, size_t i,
		       char out[EFFECT_TEXT_MAX])
{
	const struct pattern_rules rules = config_pattern_rules(config);
	size_t len;

	effect_text(setting, entry, out);
	len = strlen(out);
	if (setting == PLAN_SENDERS && pattern_group_missing(&e->senders[i], &rules))
		snprintf(out + len, EFFECT_TEXT_MAX - len, " (not configured)");
}

static void add_setting(struct table *table, enum plan_setting setting, const struct config *config,
			const struct effective *e)
{
	json_t *value = effect_json(e, setting);
	const char *name = plan_setting_name(setting), *origin = e->origins[setting];
	char text[EFFECT_TEXT_MAX];
	size_t n = json_array_size(value);

	if (json_is_array(value) && n == 0) {
		const char *const cells[] = { name, effect_empty(setting), origin };

		table_row(table, cells);
	} else if (!json_is_array(value)) {
		const char *const cells[] = { name, text, origin };

		effect_text(setting, value, text);
		table_row(table, cells);
	}
	for (size_t i = 0; i < n; i++) {
		const char *const cells[] = { i ? "" : name, text, i ? "" : origin };

		entry_text(config, e, setting, json_array_get(value, i), i, text);
		table_row(table, cells);
	}
	if (setting == PLAN_SENDERS && ownership_beside(e)) {
		const char *const cells[] = { "", "%login",
					      e->replaced_senders->origins[setting] };

		table_row(table, cells);
	}
	json_decref(value);
}

/* A row for each quota that is shared with others. */
static void add_scopes(struct table *table, const struct effective *e)
{
	for (size_t i = 0; i < e->n_scopes; i++) {
		const struct effective_scope *s = &e->scopes[i];

		for (size_t j = 0; j < s->n_quotas; j++) {
			char text[QUOTA_TEXT_MAX];

			quota_format(&s->quotas[j], text);
			table_cell(table, i + j ? "" : "shared");
			table_cell(table, text);
			if (j == 0)
				table_cellf(table, "%s %s", take_scope_name(s->scope), s->name);
			else
				table_cell(table, "");
		}
	}
}

void view_print(const struct view *view)
{
	static const char *const head[] = { "SETTING", "VALUE", "ORIGIN" };
	struct table *table = table_new(3);
	struct effective e;

	effective_resolve(view->config, view->account, view->login, view->now_s, &e);
	print_account(view, &e);
	putchar('\n');
	table_row(table, head);
	for (int i = 0; i < PLAN_SETTINGS; i++)
		add_setting(table, i, view->config, &e);
	add_scopes(table, &e);
	table_print(table, stdout);
	table_free(&table);
}

struct table *view_list_new(void)
{
	static const char *const head[] = {
		"LOGIN", "STATE", "PLAN", "GROUP", "REASON", "DESCRIPTION",
	};
	struct table *table = table_new(sizeof(head) / sizeof(head[0]));

	table_row(table, head);
	return table;
}

void view_list_add(struct table *table, const struct view *view)
{
	struct record_state state = view_state(view);
	struct effective e;
	char text[128];

	effective_resolve(view->config, view->account, view->login, view->now_s, &e);
	state_text(&state, text, sizeof(text));
	table_cell(table, view->login);
	table_cell(table, text);
	table_cell(table, view->account->plan ? view->account->plan : e.plan->name);
	table_cell(table, view->account->group);
	table_cell(table, state.reason);
	table_cell(table, view->account->description);
}
