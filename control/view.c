#include "control/view.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "control/criteria.h"
#include "control/effect.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"
#include "engine/effective.h"
#include "engine/ownership.h"

/* The state in force. One that has ended left nothing but the time. */
static struct record_state state_of(const struct view *view)
{
	const struct account *a = view->account;

	if (account_state_at(a, view->now_s) != a->state)
		return (struct record_state){ ACCOUNT_ALLOWED, "", "", a->until_s, 0 };
	return (struct record_state){ a->state, a->reason, a->actor, a->since_s, a->until_s };
}

/* ---- JSON ---------------------------------------------------------------- */

static void set_time(json_t *object, const char *name, int64_t unix_s)
{
	json_object_set_new(object, name, unix_s ? need(json_integer(unix_s)) : json_null());
}

/* The record's own value, or null. */
static void set_own(json_t *object, const struct view *view, const char *field)
{
	json_t *value = json_object_get(view->record, field);

	if (value)
		json_object_set(object, field, value);
	else
		json_object_set_new(object, field, json_null());
}

static void set_unknown(json_t *object, const struct view *view)
{
	const char *field;
	json_t *value;

	json_object_foreach((json_t *)view->record, field, value)
	{
		if (!json_object_get(object, field) && strcmp(field, "format") != 0)
			json_object_set(object, field, value);
	}
}

static json_t *origin_json(json_t *value, const char *origin)
{
	return need(json_pack("{s:o, s:o}", "value", value, "origin", text_json(origin)));
}

static json_t *scopes_json(const struct effective *e)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < e->n_scopes; i++) {
		const struct effective_scope *s = &e->scopes[i];

		json_array_append_new(
			array, need(json_pack("{s:s, s:o, s:o}", "scope", take_scope_name(s->scope),
					      "name", text_json(s->name), "quotas",
					      effect_quotas(s->quotas, s->n_quotas))));
	}
	return array;
}

/* Who says which plan it is. */
static void plan_origin(const struct view *view, const struct effective *e, char *out, size_t size)
{
	struct effective without;

	effective_resolve(view->config, NULL, view->login, view->now_s, &without);
	if (view->account->plan && !e->plan_missing)
		snprintf(out, size, "account");
	else if (!view->account->plan && without.plan != &view->config->plans[0])
		snprintf(out, size, "domain %s", strrchr(view->login, '@') + 1);
	else
		snprintf(out, size, "built-in");
}

/* The patterns whose group of senders is not there; NULL when there are all. */
static json_t *missing_json(const struct config *config, const struct effective *e)
{
	const struct pattern_rules rules = config_pattern_rules(config);
	char text[PATTERN_TEXT_MAX];
	json_t *array = NULL;

	for (size_t i = 0; i < e->n_senders; i++) {
		if (!pattern_group_missing(&e->senders[i], &rules))
			continue;
		if (!array)
			array = need(json_array());
		pattern_format(&e->senders[i], text);
		json_array_append_new(array, text_json(text));
	}
	return array;
}

static void set_senders(const struct view *view, const struct effective *e, json_t *object)
{
	json_t *senders = json_object_get(object, plan_setting_name(PLAN_SENDERS));
	json_t *missing = missing_json(view->config, e);

	if (missing)
		json_object_set_new(senders, "not_configured", missing);
	if (ownership_beside(e))
		json_object_set_new(
			senders, "beside",
			origin_json(text_json("%login"), e->replaced_senders->origins[PLAN_SENDERS]));
}

static json_t *effective_json(const struct view *view)
{
	json_t *object = need(json_object());
	char origin[DOMAIN_MAX + 16];
	struct effective e;

	effective_resolve(view->config, view->account, view->login, view->now_s, &e);
	plan_origin(view, &e, origin, sizeof(origin));
	json_object_set_new(object, "plan", origin_json(text_json(e.plan->name), origin));
	for (int i = 0; i < PLAN_SETTINGS; i++)
		json_object_set_new(object, plan_setting_name(i),
				    origin_json(effect_json(&e, i), e.origins[i]));
	set_senders(view, &e, object);
	json_object_set_new(object, "shared", scopes_json(&e));
	return object;
}

/* Null where it is left to the domain. */
static json_t *plan_json(const struct view *view)
{
	if (view->account->plan)
		return text_json(view->account->plan);
	if (record_plan_is_redundant(view->config, view->login, "default"))
		return text_json("default");
	return json_null();
}

json_t *view_json_short(const struct view *view)
{
	static const enum plan_setting own[] = {
		PLAN_SENDERS, PLAN_NETWORKS, PLAN_QUOTAS, PLAN_MAX_RECIPIENTS, PLAN_MAX_SIZE,
		PLAN_REQUIRE_TLS,
	};
	const struct account *a = view->account;
	struct record_state state = state_of(view);
	json_t *object = need(json_object());

	json_object_set_new(object, "login", text_json(view->login));
	json_object_set_new(object, "state", text_json(account_state_name(state.state)));
	json_object_set_new(object, "reason", text_json(state.reason));
	json_object_set_new(object, "actor", text_json(state.actor));
	set_time(object, "since", state.since_s);
	set_time(object, "until", state.until_s);
	json_object_set_new(object, "plan", plan_json(view));
	json_object_set_new(object, "group", a->group ? text_json(a->group) : json_null());
	json_object_set_new(object, "description", text_json(a->description));
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		set_own(object, view, plan_setting_name(own[i]));
	set_own(object, view, "created");
	set_unknown(object, view);
	return object;
}

json_t *view_json(const struct view *view)
{
	json_t *object = view_json_short(view);

	json_object_set_new(object, "effective", effective_json(view));
	return object;
}

/* ---- for people ---------------------------------------------------------- */

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
	struct record_state state = state_of(view);
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
	struct record_state state = state_of(view);
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
