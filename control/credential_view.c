#include "control/credential_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/credential.h"
#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "control/wait.h"
#include "engine/effective.h"
#include "store/credential.h"
#include "store/login_trace.h"
#include "store/secret_record.h"

struct row {
	json_t *json; /* owned */
	char username[LOGIN_MAX + 1];
	int64_t rotate_after_s; /* 0: never */
	struct answer answer; /* about its secret */
	struct answer last;   /* about its last use */
};

struct credential_list {
	struct control *control;
	struct credential_filter filter;
	struct row rows[CREDENTIALS_AHEAD]; /* not yet printed */
	size_t n;
	struct table *table; /* NULL: JSON */
	size_t printed;
	int status;
};

struct credential_list *credential_list_begin(struct control *control,
					      const struct credential_filter *filter)
{
	static const char *const head[] = { "USERNAME", "STATE",    "PASSWORD",
					    "CHANGED",	"DUE",	 "LAST USED", "NETWORKS" };
	struct credential_list *list = memory_zero(sizeof(*list));

	list->control = control;
	list->filter = *filter;
	if (!control->json) {
		list->table = table_new(sizeof(head) / sizeof(head[0]));
		table_row(list->table, head);
	}
	return list;
}

/* ---- one row -------------------------------------------------------------------- */

static int64_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void set_time(json_t *object, const char *name, int64_t unix_s)
{
	json_object_set_new(object, name, unix_s ? need(json_integer(unix_s)) : json_null());
}

static const char *state_of(const json_t *entry, int64_t now_s)
{
	int64_t expires_s = number_of(entry, "expires");
	const char *state = json_string_value(json_object_get(entry, "state"));

	if (json_object_get(entry, "revoked"))
		return "revoked";
	if (state && strcmp(state, "blocked") == 0)
		return "blocked";
	return expires_s && expires_s <= now_s ? "expired" : "allowed";
}

/* entry: what the account says, NULL nothing. */
static json_t *row_json(const struct view *view, const char *name, const char *username,
			const json_t *entry)
{
	json_t *networks = json_object_get(entry, "networks");
	json_t *json = need(json_pack("{s:o, s:o, s:o, s:s}", "login", text_json(view->login),
				      "credential", text_json(name), "username",
				      *username ? text_json(username) : json_null(), "state",
				      state_of(entry, view->now_s)));

	json_object_set_new(json, "networks",
			    networks ? json_deep_copy(networks) : need(json_array()));
	set_time(json, "created", number_of(entry, "created"));
	set_time(json, "changed", number_of(entry, "changed"));
	set_time(json, "expires", number_of(entry, "expires"));
	return json;
}

/* When it expires, or has to be rotated, whichever comes first; 0: never. */
static int64_t due_of(const struct row *row)
{
	int64_t expires_s = number_of(row->json, "expires");
	int64_t changed_s = number_of(row->json, "changed");
	int64_t rotate_s = row->rotate_after_s && changed_s ? changed_s + row->rotate_after_s : 0;

	if (!expires_s || !rotate_s)
		return expires_s + rotate_s;
	return expires_s < rotate_s ? expires_s : rotate_s;
}

/* What the store says of its secret. */
static void add_secret(struct row *row, int64_t now_s)
{
	struct secret_record record = { 0 };
	const char *reason;
	bool there = row->answer.result == STORE_OK;

	if (there && !secret_record_decode(row->answer.text, row->answer.len, &record, &reason))
		control_note("%s: %s", row->username, reason);
	json_object_set_new(row->json, "password",
			    there ? need(json_string(password_hash_method(record.password))) :
				    json_null());
	json_object_set_new(row->json, "scram", json_boolean(*record.scram));
	set_time(row->json, "previous_until",
		 record.previous_until_s > now_s ? record.previous_until_s : 0);
	if (record.changed_s)
		set_time(row->json, "changed", record.changed_s);
	set_time(row->json, "due", there ? due_of(row) : 0);
}

/* What sendward-sasld says of its last use. */
static void add_last(struct row *row)
{
	json_t *last = row->last.result == STORE_OK ?
			       json_loadb(row->last.text, row->last.len, 0, NULL) :
			       NULL;

	if (!json_is_object(last)) {
		json_decref(last);
		last = json_null();
	}
	json_object_set_new(row->json, "last_used", last);
}

static bool is_wanted(const struct credential_list *list, const struct row *row, int64_t now_s)
{
	const struct credential_filter *f = &list->filter;
	int64_t due_s = number_of(row->json, "due");

	if (f->with_secret && json_is_null(json_object_get(row->json, "password")))
		return false;
	if (f->older_than_s && number_of(row->json, "changed") > now_s - f->older_than_s)
		return false;
	return f->due_s < 0 || (due_s && due_s <= now_s + f->due_s);
}

/* ---- printing --------------------------------------------------------------------- */

static void time_cell(struct table *table, int64_t unix_s)
{
	char text[TEXT_TIME_MAX] = "";

	if (unix_s)
		text_time(unix_s, text);
	table_cell(table, text);
}

static void networks_cell(struct table *table, const json_t *networks)
{
	size_t n = json_array_size(networks);
	const char *first = json_string_value(json_array_get(networks, 0));

	if (n > 1)
		table_cellf(table, "%s and %zu more", first, n - 1);
	else
		table_cell(table, n ? first : "anywhere");
}

/* "2026-11-20 18:00:00 +0100 from 192.0.2.7" */
static void last_cell(struct table *table, const json_t *last)
{
	const char *address = json_string_value(json_object_get(last, "address"));
	char text[TEXT_TIME_MAX];

	if (!last || json_is_null(last)) {
		table_cell(table, "");
		return;
	}
	text_time(number_of(last, "time"), text);
	table_cellf(table, "%s%s%s", text, address ? " from " : "", address ? address : "");
}

static void add_row(struct table *table, const json_t *json)
{
	const char *username = json_string_value(json_object_get(json, "username"));
	const char *method = json_string_value(json_object_get(json, "password"));
	char until[TEXT_TIME_MAX];

	table_cell(table, username ? username :
				     json_string_value(json_object_get(json, "credential")));
	table_cell(table, json_string_value(json_object_get(json, "state")));
	if (number_of(json, "previous_until")) {
		text_time(number_of(json, "previous_until"), until);
		table_cellf(table, "%s, the old one until %s", method, until);
	} else {
		table_cell(table, method ? method : "none");
	}
	time_cell(table, number_of(json, "changed"));
	time_cell(table, number_of(json, "due"));
	last_cell(table, json_object_get(json, "last_used"));
	networks_cell(table, json_object_get(json, "networks"));
}

static void print_row(struct credential_list *list, const struct row *row)
{
	if (list->table)
		add_row(list->table, row->json);
	else
		control_print_item(json_incref(row->json), list->printed);
	list->printed++;
}

static void ask(struct wait *wait, struct row *row)
{
	answer_init(&row->answer, wait);
	answer_init(&row->last, wait);
	if (*row->username) {
		store_secret_get(wait_store(wait), row->username, answer_record, &row->answer);
		store_login_trace_get(wait_store(wait), row->username, answer_record, &row->last);
	} else {
		answer_done(STORE_NOT_FOUND, NULL, &row->answer);
		answer_done(STORE_NOT_FOUND, NULL, &row->last);
	}
}

static void ask_all(struct credential_list *list)
{
	struct wait *wait = list->control->wait;

	for (size_t i = 0; i < list->n; i++)
		ask(wait, &list->rows[i]);
	for (size_t i = 0; i < list->n; i++) {
		wait_until(wait, &list->rows[i].answer.done);
		wait_until(wait, &list->rows[i].last.done);
	}
}

/* False, said once, when the store did not answer one of the two. */
static bool is_known(struct credential_list *list, const struct row *row,
		     const struct answer *answer)
{
	if (answer->result == STORE_OK || answer->result == STORE_NOT_FOUND)
		return true;
	if (list->status == STATUS_DONE)
		list->status = control_refuse("%s: %s", row->username, answer->error);
	return false;
}

/* Prints what has been collected. */
static void flush(struct credential_list *list)
{
	int64_t now_s = wait_now_s(list->control->wait);

	ask_all(list);
	for (size_t i = 0; i < list->n; i++) {
		struct row *row = &list->rows[i];
		bool known = is_known(list, row, &row->answer);

		if (is_known(list, row, &row->last))
			add_last(row);
		if (known)
			add_secret(row, now_s);
		if (known && is_wanted(list, row, now_s))
			print_row(list, row);
		json_decref(row->json);
		answer_fini(&row->answer);
		answer_fini(&row->last);
	}
	list->n = 0;
}

static void add(struct credential_list *list, const struct view *view, const char *name,
		const json_t *entry, int64_t rotate_after_s)
{
	struct row *row;

	if (list->n == CREDENTIALS_AHEAD)
		flush(list);
	row = &list->rows[list->n++];
	*row = (struct row){ .rotate_after_s = rotate_after_s };
	/* Without a separator it has none, and nobody can log in with it. */
	if (!username_join(view->login, view->config->credential_separator, name, row->username))
		*row->username = '\0';
	row->json = row_json(view, name, row->username, entry);
}

void credential_list_add(const struct view *view, void *arg)
{
	json_t *all = json_object_get(view->record, "credentials"), *entry;
	struct effective e;
	const char *name;

	effective_resolve(view->config, view->account, view->login, view->now_s, &e);
	add(arg, view, "", json_object_get(all, ""), e.must_rotate_after_s);
	json_object_foreach(all, name, entry)
	{
		if (*name)
			add(arg, view, name, entry, e.must_rotate_after_s);
	}
}

int credential_list_end(struct credential_list **list, int status)
{
	struct credential_list *l = *list;

	*list = NULL;
	flush(l);
	if (!l->table)
		control_print_end(l->printed);
	else if (l->printed)
		table_print(l->table, stdout);
	else if (status == STATUS_DONE && l->status == STATUS_DONE)
		puts("no credentials");
	table_free(&l->table);
	if (status == STATUS_DONE)
		status = l->status;
	free(l);
	return status;
}
