#include "control/view.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "control/effect.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"
#include "engine/effective.h"
#include "engine/ownership.h"

struct record_state view_state(const struct view *view)
{
	const struct account *a = view->account;

	if (account_state_at(a, view->now_s) != a->state)
		return (struct record_state){ ACCOUNT_ALLOWED, "", "", a->until_s, 0 };
	return (struct record_state){ a->state, a->reason, a->actor, a->since_s, a->until_s };
}

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
	struct record_state state = view_state(view);
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
