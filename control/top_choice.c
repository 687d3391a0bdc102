/* What `sendward top` is asked for. */
#include <stdio.h>
#include <string.h>

#include "base/builder.h"
#include "base/domain.h"
#include "base/memory.h"
#include "control/top.h"

#define OTHER_UNITS_MAX 64

static bool is_unit(enum top_by by)
{
	return (int)by < QUOTA_UNITS;
}

static bool find_by(const char *text, int64_t *by)
{
	for (int unit = 0; unit < QUOTA_UNITS; unit++) {
		if (strcmp(text, quota_unit_name(unit)) == 0) {
			*by = unit;
			return true;
		}
	}
	*by = strcmp(text, "share") == 0 ? TOP_BY_SHARE : TOP_BY_ATTEMPTS;
	return *by == TOP_BY_SHARE || strcmp(text, "attempts") == 0;
}

bool top_value_by(const char *text, struct value *out, const char **reason)
{
	if (!find_by(text, &out->number)) {
		*reason = "is not share, messages, recipients, bytes or attempts";
		return false;
	}
	out->text = memory_strdup(text);
	return true;
}

/* A quota of that window. */
static bool window_quota(const char *text, struct quota *out, const char **reason)
{
	char whole[QUOTA_TEXT_MAX];
	int len = snprintf(whole, sizeof(whole), "0 messages / %s", text);

	*reason = "is too long";
	return len < (int)sizeof(whole) && quota_parse(whole, out, reason);
}

static void window_text(const struct quota *quota, char out[QUOTA_TEXT_MAX])
{
	char whole[QUOTA_TEXT_MAX];

	quota_format(quota, whole);
	snprintf(out, QUOTA_TEXT_MAX, "%s", strchr(whole, '/') + strlen("/ "));
}

bool top_value_window(const char *text, struct value *out, const char **reason)
{
	char canonical[QUOTA_TEXT_MAX];
	struct quota quota;

	if (!window_quota(text, &quota, reason))
		return false;
	window_text(&quota, canonical);
	out->text = memory_strdup(canonical);
	return true;
}

bool top_value_number(const char *text, struct value *out, const char **reason)
{
	_Static_assert(TOP_NUMBER_MAX == 1000, "the message below and the help name it");
	if (!value_count(text, out, reason))
		return false;
	if (out->number <= TOP_NUMBER_MAX)
		return true;
	value_fini(out);
	*reason = "is more than 1000";
	return false;
}

/* ---- the window ---------------------------------------------------------- */

/* The shortest one so far of the quotas that count the unit. */
static const struct quota *shorter(const struct plan *plan, enum quota_unit unit,
				   const struct quota *shortest)
{
	for (size_t i = 0; i < plan->n_quotas; i++) {
		const struct quota *quota = &plan->quotas[i];

		if (quota->unit == unit && (!shortest || quota->window_s < shortest->window_s))
			shortest = quota;
	}
	return shortest;
}

static const struct quota *usual_window(const struct config *config, enum quota_unit unit)
{
	const struct quota *found = shorter(&config->plans[0], unit, NULL);

	if (found)
		return found;
	for (size_t i = 1; i < config->n_plans; i++)
		found = shorter(&config->plans[i], unit, found);
	for (size_t i = 0; i < config->n_domains; i++)
		found = shorter(&config->domains[i].values, unit, found);
	return found;
}

/* "--by recipients or bytes, or "; nothing where no plan counts any. */
static void other_units(const struct config *config, char out[OTHER_UNITS_MAX])
{
	struct builder text;
	size_t n = 0;

	builder_init(&text, out, OTHER_UNITS_MAX);
	for (int unit = 0; unit < QUOTA_UNITS; unit++) {
		if (!usual_window(config, (enum quota_unit)unit))
			continue;
		builder_add(&text, n++ == 0 ? "--by " : " or ");
		builder_add(&text, quota_unit_name((enum quota_unit)unit));
	}
	if (n > 0)
		builder_add(&text, ", or ");
}

static int choose_window(const struct control *control, struct top_choice *out)
{
	const struct value *window = control_value(control, OPTION_WINDOW);
	const struct quota *usual = NULL;
	char others[OTHER_UNITS_MAX];
	const char *reason;

	if (window && out->by == TOP_BY_ATTEMPTS)
		return control_misuse(control, "--window is of what was sent, not of attempts");
	if (window)
		out->one_window = window_quota(window->text, &out->window, &reason);
	else if (is_unit(out->by))
		usual = usual_window(control->config, (enum quota_unit)out->by);
	if (usual) {
		out->one_window = true;
		out->window = *usual;
	}
	if (is_unit(out->by) && !out->one_window) {
		other_units(control->config, others);
		return control_misuse(control,
				      "no plan has a quota of %s: ask %sfor the --window of one "
				      "that accounts have",
				      quota_unit_name((enum quota_unit)out->by), others);
	}
	return STATUS_DONE;
}

int top_choice_read(const struct control *control, struct top_choice *out)
{
	const struct value *by = control_value(control, OPTION_BY);
	const struct value *number = control_value(control, OPTION_NUMBER);
	const struct value *domain = control_value(control, OPTION_DOMAIN);
	const struct value *plan = control_value(control, OPTION_PLAN);

	*out = (struct top_choice){
		.by = by ? (enum top_by)by->number : TOP_BY_SHARE,
		.number = number ? (size_t)number->number : TOP_NUMBER,
		.domain = domain ? domain->text : NULL,
	};
	if (plan && !(out->plan = control_plan(control, plan->text)))
		return STATUS_REFUSED;
	return choose_window(control, out);
}

void top_choice_window(const struct top_choice *choice, char out[QUOTA_TEXT_MAX])
{
	window_text(&choice->window, out);
}

/* ---- logins and rows ------------------------------------------------------ */

bool top_choice_has_domain(const struct top_choice *choice, const char *login)
{
	const char *at = strrchr(login, '@');
	char domain[DOMAIN_MAX + 1];

	if (!choice->domain)
		return true;
	return at && domain_normalise(at + 1, domain) && strcmp(domain, choice->domain) == 0;
}

static bool is_of(const struct top_choice *choice, const struct look_row *row)
{
	struct quota window = choice->window;

	if (is_unit(choice->by) &&
	    (row->quota.null_sender || row->quota.unit != (enum quota_unit)choice->by))
		return false;
	window.unit = row->quota.unit;
	window.null_sender = row->quota.null_sender;
	return !choice->one_window || quota_same_counter(&window, &row->quota);
}

const struct look_row *top_choice_row(const struct top_choice *choice, const struct look *look,
				      bool *counted)
{
	const struct look_row *nearest = NULL;

	*counted = false;
	for (size_t i = 0; i < look->n_rows; i++) {
		const struct look_row *row = &look->rows[i];

		if (!is_of(choice, row))
			continue;
		*counted = true;
		if (row->used > 0 && (!nearest || look_share(row) > look_share(nearest)))
			nearest = row;
	}
	return nearest;
}
