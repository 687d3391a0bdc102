#include "control/effect.h"

#include <stdio.h>

#include "base/units.h"
#include "control/need.h"
#include "control/text.h"

static const char *const over_quota_names[] = {
	[OVER_QUOTA_DEFER] = "defer",
	[OVER_QUOTA_REJECT] = "reject",
	[OVER_QUOTA_HOLD] = "hold",
	[OVER_QUOTA_SANDBOX] = "sandbox",
};

static const char *const sandbox_names[] = {
	[SANDBOX_DISCARD] = "discard",
	[SANDBOX_HOLD] = "hold",
	[SANDBOX_REDIRECT] = "redirect",
};

static json_t *quotas(const struct effective *e)
{
	json_t *list = need(json_array());
	char text[QUOTA_TEXT_MAX];

	for (size_t i = 0; i < e->n_quotas; i++) {
		quota_format(&e->quotas[i], text);
		json_array_append_new(list, text_json(text));
	}
	return list;
}

static json_t *senders(const struct effective *e)
{
	json_t *list = need(json_array());
	char text[PATTERN_TEXT_MAX];

	for (size_t i = 0; i < e->n_senders; i++) {
		pattern_format(&e->senders[i], text);
		json_array_append_new(list, text_json(text));
	}
	return list;
}

static json_t *networks(const struct effective *e)
{
	json_t *list = need(json_array());
	char text[NETWORK_TEXT_MAX];

	for (size_t i = 0; i < e->n_networks; i++) {
		network_format(&e->networks[i], text);
		json_array_append_new(list, text_json(text));
	}
	return list;
}

static json_t *max_recipients(const struct effective *e)
{
	return need(json_integer(e->max_recipients));
}

static json_t *max_size(const struct effective *e)
{
	return need(json_integer(e->max_size_bytes));
}

static json_t *over_quota(const struct effective *e)
{
	return text_json(over_quota_names[e->plan->over_quota]);
}

static json_t *sandbox(const struct effective *e)
{
	return text_json(sandbox_names[e->plan->sandbox]);
}

static json_t *sandbox_redirect(const struct effective *e)
{
	return e->plan->sandbox_redirect ? text_json(e->plan->sandbox_redirect) : json_null();
}

static const struct {
	json_t *(*json)(const struct effective *e);
	const char *empty;
} settings[PLAN_SETTINGS] = {
	[PLAN_QUOTAS] = { quotas, "no quota" },
	[PLAN_SENDERS] = { senders, "no address" },
	[PLAN_NETWORKS] = { networks, "anywhere" },
	[PLAN_MAX_RECIPIENTS] = { max_recipients, NULL },
	[PLAN_MAX_SIZE] = { max_size, NULL },
	[PLAN_OVER_QUOTA] = { over_quota, NULL },
	[PLAN_SANDBOX] = { sandbox, NULL },
	[PLAN_SANDBOX_REDIRECT] = { sandbox_redirect, NULL },
};

json_t *effect_json(const struct effective *effective, enum plan_setting setting)
{
	return settings[setting].json ? settings[setting].json(effective) : json_null();
}

const char *effect_empty(enum plan_setting setting)
{
	return settings[setting].empty;
}

void effect_text(enum plan_setting setting, const json_t *value, char out[EFFECT_TEXT_MAX])
{
	char amount[AMOUNT_TEXT_MAX];

	if (json_is_string(value)) {
		snprintf(out, EFFECT_TEXT_MAX, "%s", json_string_value(value));
	} else if (!json_is_integer(value)) {
		snprintf(out, EFFECT_TEXT_MAX, "none");
	} else if (json_integer_value(value) == 0) {
		snprintf(out, EFFECT_TEXT_MAX, "no cap");
	} else {
		amount_format(json_integer_value(value), amount);
		snprintf(out, EFFECT_TEXT_MAX, "%s%s", amount,
			 setting == PLAN_MAX_SIZE ? " bytes" : "");
	}
}
