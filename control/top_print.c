/* Who sends most, for people and as JSON. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "control/top.h"

#define AGE_MAX (DURATION_TEXT_MAX + 8)

/* "14 min ago" */
static void age_text(const struct top_entry *entry, char out[AGE_MAX])
{
	int64_t age_ms = entry->now_ms - entry->last_ms;
	char age[DURATION_TEXT_MAX];

	duration_format_human(age_ms > 0 ? age_ms : 0, age);
	if (entry->last_ms > 0)
		snprintf(out, AGE_MAX, "%s ago", age);
	else
		snprintf(out, AGE_MAX, "-");
}

static void add_row(struct table *table, const struct top_entry *entry)
{
	char name[LOOK_NAME_MAX], used[TEXT_AMOUNT_MAX], limit[TEXT_AMOUNT_MAX] = "-";
	char percent[LOOK_PERCENT_MAX] = "-", age[AGE_MAX];
	const struct look_row *row = &entry->row;
	const char *const cells[] = {
		entry->login, account_state_name(entry->state), name, used, limit, percent, age,
	};

	look_name(row, name);
	look_amount(row, row->used, used);
	if (row->quota.limit != QUOTA_UNLIMITED) {
		look_amount(row, row->quota.limit, limit);
		look_percent(look_share(row), percent);
	}
	age_text(entry, age);
	table_row(table, cells);
}

static const char *empty_text(const struct top *top)
{
	const struct top_choice *choice = &top->choice;

	if (top->left_out)
		return choice->one_window ? "no login has sent anything that such a quota counts" :
					    "no login that has sent has a quota";
	if (choice->domain || choice->plan || choice->one_window)
		return "no such login has sent anything";
	return "no login has sent anything";
}

void top_print_table(const struct top *top, size_t most)
{
	static const char *const head[] = {
		"LOGIN", "STATE", "QUOTA", "USED", "LIMIT", "SHARE", "LAST SENT",
	};
	const struct top_list *list = &top->list;
	struct table *table;

	if (list->n == 0) {
		puts(empty_text(top));
		return;
	}
	table = table_new(sizeof(head) / sizeof(head[0]));
	table_row(table, head);
	for (size_t i = 0; i < list->n && i < most; i++)
		add_row(table, list->entries[i]);
	table_print(table, stdout);
	table_free(&table);
}

/* Beyond it a share has no digits that are worth cutting off. */
#define SHARE_CUT_MAX 1e9

/* To 0.0001; what is below a limit does not become 1. */
static json_t *share_json(double share)
{
	if (share < 0)
		return json_null();
	if (share < SHARE_CUT_MAX)
		share = (double)look_parts(share, 10000) / 10000;
	return need(json_real(share));
}

static json_t *entry_json(const struct top_entry *entry)
{
	json_t *json = need(json_object()), *row = look_row_json(&entry->row, entry->now_ms);

	json_object_set_new(json, "login", text_json(entry->login));
	json_object_set_new(json, "state", text_json(account_state_name(entry->state)));
	json_object_set_new(json, "mode", text_json(check_mode_name(entry->mode)));
	/* That was not asked. */
	json_object_del(row, "fits_in_s");
	json_object_update(json, row);
	json_decref(row);
	json_object_set_new(json, "share", share_json(look_share(&entry->row)));
	json_object_set_new(json, "last_sent",
			    entry->last_ms > 0 ? need(json_integer(entry->last_ms / 1000)) :
						 json_null());
	return json;
}

json_t *top_json(const struct top *top)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < top->list.n; i++)
		json_array_append_new(array, entry_json(top->list.entries[i]));
	return array;
}
