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

static const char *const at_rcpt_names[] = {
	[AT_RCPT_QUOTA] = "quota",
	[AT_RCPT_TOO_MANY] = "too_many",
};

static const char *const at_expiry_names[] = {
	[AT_EXPIRY_EVENT] = "event",
	[AT_EXPIRY_SANDBOX] = "sandbox",
	[AT_EXPIRY_REFUSE] = "refuse",
};

json_t *effect_quotas(const struct quota *list, size_t n)
{
	json_t *array = need(json_array());
	char text[QUOTA_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		quota_format(&list[i], text);
		json_array_append_new(array, text_json(text));
	}
	return array;
}

static json_t *patterns(const struct pattern *list, size_t n)
{
	json_t *array = need(json_array());
	char text[PATTERN_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		pattern_format(&list[i], text);
		json_array_append_new(array, text_json(text));
	}
	return array;
}

static json_t *quotas(const struct effective *e)
{
	return effect_quotas(e->quotas, e->n_quotas);
}

static json_t *senders(const struct effective *e)
{
	return patterns(e->senders, e->n_senders);
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
	return text_json(over_quota_names[e->over_quota]);
}

static json_t *sandbox(const struct effective *e)
{
	return text_json(sandbox_names[e->sandbox]);
}

static json_t *sandbox_redirect(const struct effective *e)
{
	return e->sandbox_redirect ? text_json(e->sandbox_redirect) : json_null();
}

static json_t *sandbox_recipients(const struct effective *e)
{
	return patterns(e->sandbox_recipients, e->n_sandbox_recipients);
}

static json_t *free_recipients(const struct effective *e)
{
	return patterns(e->free_recipients, e->n_free_recipients);
}

static json_t *over_quota_at_rcpt(const struct effective *e)
{
	return text_json(at_rcpt_names[e->over_quota_at_rcpt]);
}

json_t *effect_ramp(const struct ramp *ramp)
{
	return need(json_pack("{s:s, s:I, s:f, s:i, s:I}", "unit", quota_unit_name(ramp->unit),
			      "start", (json_int_t)ramp->start, "factor",
			      ramp->factor_permille / 1000.0, "every_s", (int)ramp->every_s,
			      "until", (json_int_t)ramp->until));
}

/* "365d"; null: any age. */
static json_t *must_rotate_after(const struct effective *e)
{
	char text[DURATION_TEXT_MAX];

	if (e->must_rotate_after_s == 0)
		return json_null();
	duration_format(e->must_rotate_after_s * 1000, text);
	return text_json(text);
}

static json_t *at_expiry(const struct effective *e)
{
	return text_json(at_expiry_names[e->at_expiry]);
}

static json_t *ramp_or_null(const struct effective *e)
{
	return e->ramp ? effect_ramp(e->ramp) : json_null();
}

static json_t *require_tls(const struct effective *e)
{
	return text_json(tls_requirement_name(e->require_tls));
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
	[PLAN_SANDBOX_RECIPIENTS] = { sandbox_recipients, "none is reached" },
	[PLAN_FREE_RECIPIENTS] = { free_recipients, "every recipient counts" },
	[PLAN_OVER_QUOTA_AT_RCPT] = { over_quota_at_rcpt, NULL },
	[PLAN_RAMP] = { ramp_or_null, NULL },
	[PLAN_REQUIRE_TLS] = { require_tls, NULL },
	[PLAN_MUST_ROTATE_AFTER] = { must_rotate_after, NULL },
	[PLAN_AT_EXPIRY] = { at_expiry, NULL },
};

json_t *effect_json(const struct effective *effective, enum plan_setting setting)
{
	return settings[setting].json(effective);
}

const char *effect_empty(enum plan_setting setting)
{
	return settings[setting].empty;
}

/* "50 recipients / 1d, times 1.5 every 1d, until 2000" */
static void ramp_text(const json_t *ramp, char out[EFFECT_TEXT_MAX])
{
	char start[AMOUNT_TEXT_MAX], until[AMOUNT_TEXT_MAX], every[DURATION_TEXT_MAX];

	amount_format(json_integer_value(json_object_get(ramp, "start")), start);
	amount_format(json_integer_value(json_object_get(ramp, "until")), until);
	duration_format(1000 * json_integer_value(json_object_get(ramp, "every_s")), every);
	snprintf(out, EFFECT_TEXT_MAX, "%s %s / %s, times %g every %s, until %s", start,
		 json_string_value(json_object_get(ramp, "unit")), every,
		 json_real_value(json_object_get(ramp, "factor")), every, until);
}

void effect_text(enum plan_setting setting, const json_t *value, char out[EFFECT_TEXT_MAX])
{
	char amount[AMOUNT_TEXT_MAX];

	if (json_is_string(value)) {
		snprintf(out, EFFECT_TEXT_MAX, "%s", json_string_value(value));
	} else if (json_is_object(value)) {
		ramp_text(value, out);
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
