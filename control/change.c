#include "control/change.h"

#include <string.h>

#include "base/limits.h"
#include "base/quota.h"
#include "control/criteria.h"
#include "control/effect.h"
#include "control/need.h"
#include "control/record.h"

/* ---- lists ------------------------------------------------------------- */

static const struct list {
	enum plan_setting setting;
	size_t max;
	value_check *check;
	enum option_id replace, add, remove, none;
	bool opens; /* a list without a (positive) entry limits nothing */
} lists[] = {
	{ PLAN_SENDERS, SENDERS_MAX, value_sender, OPTION_SENDER, OPTION_ADD_SENDER,
	  OPTION_REMOVE_SENDER, OPTION_NO_SENDERS, false },
	{ PLAN_NETWORKS, NETWORKS_MAX, value_network, OPTION_NETWORK, OPTION_ADD_NETWORK,
	  OPTION_REMOVE_NETWORK, OPTION_NO_NETWORKS, true },
	{ PLAN_QUOTAS, QUOTAS_MAX, value_quota, OPTION_QUOTA, OPTION_ADD_QUOTA, OPTION_REMOVE_QUOTA,
	  OPTION_NO_QUOTAS, true },
};

#define LISTS (sizeof(lists) / sizeof(lists[0]))

/* setting: an enum plan_setting or an enum value_setting. */
static bool is_inherited(const struct control *control, int setting)
{
	for (size_t i = 0; i < control->n_given; i++)
		if (control->given[i].option == OPTION_INHERIT &&
		    control->given[i].value.number == setting)
			return true;
	return false;
}

static bool is_changed(const struct control *control, const struct list *list)
{
	return control_has(control, list->add) || control_has(control, list->remove);
}

/* Options that contradict each other. */
static bool lists_make_sense(const struct control *control)
{
	for (size_t i = 0; i < LISTS; i++) {
		const struct list *list = &lists[i];
		int ways = control_has(control, list->replace) + control_has(control, list->none) +
			   is_changed(control, list) + is_inherited(control, list->setting);

		if (ways > 1) {
			control_misuse(control,
				       "%s: replace the list, change it, empty it or leave it to "
				       "the plan, only one of these",
				       plan_setting_name(list->setting));
			return false;
		}
	}
	return true;
}

/* A quota stands for its unit and window, with or without an amount: these of the list, or n. */
static size_t same_counter(const json_t *list, const char *text)
{
	struct quota wanted, other;
	const char *reason;
	size_t i, n = json_array_size(list);

	if (!value_counter_quota(text, &wanted, &reason))
		return n;
	for (i = 0; i < n; i++) {
		const char *entry = json_string_value(json_array_get(list, i));

		if (entry && quota_parse(entry, &other, &reason) &&
		    quota_same_counter(&other, &wanted))
			break;
	}
	return i;
}

static void add_entry(json_t *array, const struct list *list, const char *text)
{
	size_t at = list->setting == PLAN_QUOTAS ? same_counter(array, text) :
						   record_list_find(array, list->check, text);

	if (at < json_array_size(array))
		json_array_set_new(array, at, need(json_string(text)));
	else
		json_array_append_new(array, need(json_string(text)));
}

static bool remove_entry(const struct edit *edit, json_t *array, const struct list *list,
			 const char *text)
{
	struct quota quota;
	const char *reason;
	bool any_amount = list->setting == PLAN_QUOTAS && !quota_parse(text, &quota, &reason);
	size_t at = any_amount ? same_counter(array, text) :
				 record_list_find(array, list->check, text);

	if (at == json_array_size(array)) {
		control_refuse("%s: %s is not in %s", edit->login, text,
			       plan_setting_name(list->setting));
		return false;
	}
	json_array_remove(array, at);
	return true;
}

/* The account's own list as an array to change, else a copy of what is in
 * force. */
static json_t *list_to_change(const struct edit *edit, const struct list *list)
{
	const char *field = plan_setting_name(list->setting);
	json_t *array = json_object_get(edit->record, field);
	struct effective e;

	if (!array) {
		effective_resolve(edit->config, edit->account, edit->login, edit->now_s, &e);
		array = effect_json(&e, list->setting);
		json_object_set_new(edit->record, field, array);
	}
	return array;
}

static size_t positive_entries(const json_t *array)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));

		n += text && text[0] != '!';
	}
	return n;
}

/* Whoever takes the last network away hardly means "from anywhere". */
static bool stays_closed(const struct edit *edit, const struct list *list, size_t before,
			 const json_t *array)
{
	const char *name = plan_setting_name(list->setting);

	if (!list->opens || before == 0 || positive_entries(array) > 0)
		return true;
	control_refuse("%s: without its last entry, %s would limit nothing; --%s says so, "
		       "--inherit %s leaves it to the plan",
		       edit->login, name, option_row(list->none)->name, name);
	return false;
}

static bool change_list(struct edit *edit, const struct control *control, const struct list *list)
{
	json_t *array = list_to_change(edit, list);
	size_t before = positive_entries(array);

	for (size_t i = 0; i < control->n_given; i++)
		if (control->given[i].option == list->remove &&
		    !remove_entry(edit, array, list, control->given[i].value.text))
			return false;
	for (size_t i = 0; i < control->n_given; i++)
		if (control->given[i].option == list->add)
			add_entry(array, list, control->given[i].value.text);
	return stays_closed(edit, list, before, array);
}

static void replace_list(struct edit *edit, const struct control *control, const struct list *list)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < control->n_given; i++) {
		const char *text = control->given[i].value.text;

		/* Two quotas of one unit and window are refused later. */
		if (control->given[i].option == list->replace &&
		    record_list_find(array, list->check, text) == json_array_size(array))
			json_array_append_new(array, need(json_string(text)));
	}
	json_object_set_new(edit->record, plan_setting_name(list->setting), array);
}

static bool edit_list(struct edit *edit, const struct control *control, const struct list *list)
{
	const char *field = plan_setting_name(list->setting);
	size_t n;

	if (is_inherited(control, list->setting))
		json_object_del(edit->record, field);
	else if (control_has(control, list->replace) || control_has(control, list->none))
		replace_list(edit, control, list);
	else if (is_changed(control, list) && !change_list(edit, control, list))
		return false;
	n = json_array_size(json_object_get(edit->record, field));
	if (n <= list->max)
		return true;
	control_refuse("%s: %zu %s are more than %zu", edit->login, n, field, list->max);
	return false;
}

/* ---- everything else ----------------------------------------------------- */

static void edit_number(struct edit *edit, const struct control *control, enum option_id option,
			enum plan_setting setting)
{
	const struct value *value = control_value(control, option);
	const char *field = plan_setting_name(setting);

	/* 0 is a value here: no cap. */
	if (value)
		json_object_set_new(edit->record, field, need(json_integer(value->number)));
	else if (is_inherited(control, setting))
		json_object_del(edit->record, field);
}

static void edit_require_tls(struct edit *edit, const struct control *control)
{
	const struct value *value = control_value(control, OPTION_REQUIRE_TLS);
	const char *field = plan_setting_name(PLAN_REQUIRE_TLS);

	if (value)
		record_set_text(edit->record, field, value->text);
	else if (is_inherited(control, PLAN_REQUIRE_TLS))
		json_object_del(edit->record, field);
}

static void edit_name(struct edit *edit, const struct control *control, enum option_id option,
		      const char *field, enum value_setting setting)
{
	const struct value *name = control_value(control, option);

	if (name)
		record_set_text(edit->record, field, name->text);
	else if (is_inherited(control, setting))
		json_object_del(edit->record, field);
}

/* Plan default is what an account without a plan has, unless its domain names
 * another. */
static void edit_plan(struct edit *edit, const struct control *control)
{
	const char *plan;

	edit_name(edit, control, OPTION_PLAN, "plan", VALUE_PLAN);
	plan = json_string_value(json_object_get(edit->record, "plan"));
	if (plan && record_plan_is_redundant(edit->config, edit->login, plan))
		json_object_del(edit->record, "plan");
}

bool change_settings(struct edit *edit, void *arg)
{
	const struct control *control = arg;
	const struct value *description = control_value(control, OPTION_DESCRIPTION);
	bool identity = criteria_are_given(control);

	edit_plan(edit, control);
	edit_name(edit, control, OPTION_GROUP, "group", VALUE_GROUP);
	if (description)
		record_set_text(edit->record, "description", description->text);
	edit_number(edit, control, OPTION_MAX_RECIPIENTS, PLAN_MAX_RECIPIENTS);
	edit_number(edit, control, OPTION_MAX_SIZE, PLAN_MAX_SIZE);
	edit_require_tls(edit, control);
	for (size_t i = 0; i < LISTS; i++)
		if (!(identity && lists[i].setting == PLAN_NETWORKS) &&
		    !edit_list(edit, control, &lists[i]))
			return false;
	return !identity || criteria_change(edit, control);
}

static bool singles_make_sense(const struct control *control)
{
	static const struct {
		enum option_id option;
		int setting;
		const char *name;
	} singles[] = {
		{ OPTION_MAX_RECIPIENTS, PLAN_MAX_RECIPIENTS, "max_recipients" },
		{ OPTION_MAX_SIZE, PLAN_MAX_SIZE, "max_size" },
		{ OPTION_REQUIRE_TLS, PLAN_REQUIRE_TLS, "require_tls" },
		{ OPTION_PLAN, VALUE_PLAN, "plan" },
		{ OPTION_GROUP, VALUE_GROUP, "group" },
	};

	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		if (control_has(control, singles[i].option) &&
		    is_inherited(control, singles[i].setting)) {
			control_misuse(control, "%s: set it or leave it open, not both",
				       singles[i].name);
			return false;
		}
	}
	return true;
}

bool change_makes_sense(const struct control *control)
{
	return lists_make_sense(control) && singles_make_sense(control);
}
