/* Who sends most, or is refused most, for people and as JSON. */
#include <stdio.h>
#include <string.h>

#include "control/attempts_view.h"
#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "control/top.h"

static void add_sent(struct table *table, const struct top_entry *entry)
{
	char name[LOOK_NAME_MAX], used[TEXT_AMOUNT_MAX], limit[TEXT_AMOUNT_MAX] = "-";
	char percent[LOOK_PERCENT_MAX] = "-", ago[TEXT_AGO_MAX];
	const struct look_row *row = &entry->row;
	const char *const cells[] = {
		entry->login, account_state_name(entry->state), name, used, limit, percent, ago,
	};

	look_name(row, name);
	look_amount(row, row->used, used);
	if (row->quota.limit != QUOTA_UNLIMITED) {
		look_amount(row, row->quota.limit, limit);
		look_percent(look_share(row), percent);
	}
	text_ago(entry->last_ms, entry->now_ms, ago);
	table_row(table, cells);
}

static void add_refused(struct table *table, const struct top_entry *entry)
{
	const struct attempts_seen *seen = &entry->attempts;
	const int mostly = attempts_mostly(seen);
	char ago[TEXT_AGO_MAX] = "-";

	if (seen->has_last)
		text_ago(seen->last_s * 1000, entry->now_ms, ago);
	table_cell(table, entry->login);
	table_cell(table, account_state_name(entry->state));
	table_cellf(table, "%lld", (long long)attempts_total(seen->refused.hour));
	table_cellf(table, "%lld", (long long)attempts_total(seen->refused.day));
	table_cellf(table, "%lld", (long long)attempts_total(seen->monitored.day));
	table_cell(table, mostly >= 0 ? check_name((enum check)mostly) : "-");
	table_cell(table, ago);
	table_cell(table, seen->last_client[0] ? seen->last_client : "-");
}

static const char *empty_text(const struct top *top)
{
	const struct top_choice *choice = &top->choice;
	bool any = !choice->domain && !choice->plan;

	if (choice->by == TOP_BY_ATTEMPTS)
		return any ? "no login was refused in the last day" :
			     "no such login was refused in the last day";
	if (top->left_out)
		return choice->one_window ? "no login has sent anything that such a quota counts" :
					    "no login that has sent has a quota";
	if (!any || choice->one_window)
		return "no such login has sent anything";
	return "no login has sent anything";
}

void top_print_table(const struct top *top, size_t most)
{
	static const char *const sent[] = {
		"LOGIN", "STATE", "QUOTA", "USED", "LIMIT", "SHARE", "LAST SENT",
	};
	static const char *const refused[] = {
		"LOGIN",     "STATE",	  "LAST HOUR",	  "LAST DAY",
		"MONITORED", "MOSTLY BY", "LAST REFUSED", "CLIENT",
	};
	const struct top_list *list = &top->list;
	bool attempts = list->by == TOP_BY_ATTEMPTS;
	struct table *table;

	if (list->n == 0) {
		puts(empty_text(top));
		return;
	}
	table = table_new(attempts ? sizeof(refused) / sizeof(refused[0]) :
				     sizeof(sent) / sizeof(sent[0]));
	table_row(table, attempts ? refused : sent);
	for (size_t i = 0; i < list->n && i < most; i++)
		(attempts ? add_refused : add_sent)(table, list->entries[i]);
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

static json_t *refused_json(const struct top_entry *entry)
{
	json_t *json = need(json_object());

	json_object_set_new(json, "login", text_json(entry->login));
	json_object_set_new(json, "state", text_json(account_state_name(entry->state)));
	json_object_set_new(json, "attempts", attempts_json(&entry->attempts));
	return json;
}

static json_t *sent_json(const struct top_entry *entry)
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
	json_t *(*entry_json)(const struct top_entry *entry) =
		top->list.by == TOP_BY_ATTEMPTS ? refused_json : sent_json;

	for (size_t i = 0; i < top->list.n; i++)
		json_array_append_new(array, entry_json(top->list.entries[i]));
	return array;
}
