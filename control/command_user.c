/*
 * user add, set, show, list, delete.
 */
#include <stdio.h>
#include <stdlib.h>

#include "control/accounts.h"
#include "control/change.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/edit.h"
#include "control/index.h"
#include "control/journal.h"
#include "control/record.h"
#include "control/text.h"
#include "control/wait.h"
#include "engine/ownership.h"

/* False, said, when the plan to give is not configured. */
static bool plan_is_there(const struct control *control)
{
	const struct value *plan = control_value(control, OPTION_PLAN);
	const struct config *config = control->config;
	char names[512] = "";
	size_t used = 0;

	if (!plan || config_plan(config, plan->text))
		return true;
	for (size_t i = 0; i < config->n_plans && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 config->plans[i].name);
	control_refuse("plan \"%s\" is not in %s; there are: %s", plan->text, config->path, names);
	return false;
}

/* The same of the group. */
static bool group_is_there(const struct control *control)
{
	const struct pattern_rules rules = config_pattern_rules(control->config);
	const struct value *group = control_value(control, OPTION_GROUP);
	const char *hint = "";

	if (!group || config_group(control->config, group->text))
		return true;
	if (pattern_group_find(&rules, group->text))
		hint = "; there is a sender_group of that name, which is --sender %group:NAME";
	control_refuse("group \"%s\" is not in %s%s", group->text, control->config->path, hint);
	return false;
}

/* And of the groups of senders that patterns name. */
static bool sender_groups_are_there(const struct control *control)
{
	const struct pattern_rules rules = config_pattern_rules(control->config);

	for (size_t i = 0; i < control->n_given; i++) {
		const struct given *given = &control->given[i];
		struct pattern pattern;
		const char *reason;

		if ((given->option == OPTION_SENDER || given->option == OPTION_ADD_SENDER) &&
		    pattern_parse(given->value.text, &pattern, &reason) &&
		    pattern_group_missing(&pattern, &rules)) {
			control_refuse("%s: sender_group \"%s\" is not in %s", given->value.text,
				       pattern.group, control->config->path);
			return false;
		}
	}
	return true;
}

static void write_event(const struct control *control, const char *change)
{
	json_t *event = journal_entry(control, "account", control_login(control));
	char actor[JOURNAL_ACTOR_MAX];

	json_object_set_new(event, "change", text_json(change));
	journal_actor(control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(control, event);
}

static void print_view_json(const struct view *view, void *arg)
{
	(void)arg;
	control_print_json(view_json(view));
}

static bool owns_itself(const struct control *control, const struct account *account,
			const struct address *own, struct ownership *out)
{
	const char *login = control_login(control);
	struct effective e;

	effective_resolve(control->config, account, login, wait_now_s(control->wait), &e);
	ownership_of(control->config, &e, login, own, out);
	return out->owned;
}

/* Whoever gives a login of *@example.org one address more hardly means to take
 * its own away. */
static void note_lost_address(const struct control *control, const struct account *account)
{
	const char *login = control_login(control);
	const char *reason;
	struct address own;
	struct ownership o;

	if (address_parse(login, ADDRESS_INTERNAL, &own, &reason) != ADDRESS_OK ||
	    !owns_itself(control, NULL, &own, &o) || owns_itself(control, account, &own, &o) ||
	    o.rule)
		return;
	control_note("%s: its own list of senders has taken the place of that of its plan or "
		     "domain, and %s is not in it; --add-sender %%login adds it", login, login);
}

static bool is_about_senders(const struct control *control)
{
	return control_has(control, OPTION_SENDER) || control_has(control, OPTION_ADD_SENDER) ||
	       control_has(control, OPTION_REMOVE_SENDER);
}

static void note_result(const struct control *control, const json_t *record)
{
	const char *reason;
	struct account *account = record_account(record, &reason);

	if (account && is_about_senders(control))
		note_lost_address(control, account);
	account_unref(&account);
}

static int write_settings(struct control *control, enum edit_when when)
{
	static const char *const words[] = {
		[EDIT_ADDED] = "added",
		[EDIT_CHANGED] = "changed",
		[EDIT_SAME] = "was already so",
	};
	const char *login = control_login(control);
	enum edit_result result;
	json_t *record = NULL;

	if (!change_makes_sense(control))
		return STATUS_USAGE;
	if (!control_connect(control) || !plan_is_there(control) || !group_is_there(control) ||
	    !sender_groups_are_there(control))
		return STATUS_REFUSED;
	result = edit_account(control, login, when, change_settings, control, &record);
	if (result == EDIT_REFUSED)
		return STATUS_REFUSED;
	note_result(control, record);
	json_decref(record);
	if (result != EDIT_SAME)
		write_event(control, words[result]);
	if (control->json)
		return accounts_one(control, login, print_view_json, NULL);
	control_say(login, words[result]);
	return STATUS_DONE;
}

int command_user_add(struct control *control)
{
	return write_settings(control, EDIT_NEW);
}

int command_user_set(struct control *control)
{
	for (size_t i = 0; i < control->n_given; i++)
		if ((control->command->options & OPTION_BIT(control->given[i].option)) &&
		    control->given[i].option != OPTION_ACTOR)
			return write_settings(control, EDIT_EXISTING);
	return control_misuse(control, "nothing to set");
}

static void show(const struct view *view, void *arg)
{
	const struct control *control = arg;

	if (control->json)
		control_print_json(view_json(view));
	else
		view_print(view);
}

int command_user_show(struct control *control)
{
	if (!control_connect(control))
		return STATUS_REFUSED;
	return accounts_one(control, control_login(control), show, control);
}

/* The list as it grows; JSON is printed at once, a table has to wait. */
struct listing {
	struct table *table; /* NULL: JSON */
	size_t n;
};

static void list(const struct view *view, void *arg)
{
	struct listing *listing = arg;
	json_t *json;

	if (listing->table) {
		view_list_add(listing->table, view);
	} else {
		json = view_json_short(view);
		fputs(listing->n ? ",\n" : "\n", stdout);
		json_dumpf(json, stdout, JSON_COMPACT);
		json_decref(json);
	}
	listing->n++;
}

int command_user_list(struct control *control)
{
	struct listing listing = { 0 };
	int status;

	if (!control_connect(control))
		return STATUS_REFUSED;
	if (control->json)
		putchar('[');
	else
		listing.table = view_list_new();
	status = accounts_all(control, list, &listing);
	if (control->json)
		puts(listing.n ? "\n]" : "]");
	else if (listing.n)
		table_print(listing.table, stdout);
	else
		puts("no accounts");
	table_free(&listing.table);
	return status;
}

/* answer is the account as it was, and then what came of it. */
static enum store_result delete_account(struct control *control, const char *login,
					struct answer *answer)
{
	const char *reason;
	char error[WAIT_ERROR_MAX];
	/* One that cannot be read is deleted too. */
	struct account *account = account_decode(answer->text, answer->len, &reason);
	struct index *index = index_begin(control->wait, login, account, NULL, error);
	enum store_result result;

	answer_fini(answer);
	result = wait_account_delete(control->wait, login, answer);
	index_end(&index, result == STORE_OK);
	account_unref(&account);
	return result;
}

int command_user_delete(struct control *control)
{
	const char *login = control_login(control);
	struct answer answer;
	enum store_result result;

	if (!control_connect(control))
		return STATUS_REFUSED;
	/* The store deletes counters too, also where there is no account. */
	result = wait_account_get(control->wait, login, &answer);
	if (result == STORE_OK)
		result = delete_account(control, login, &answer);
	answer_fini(&answer);
	if (result == STORE_NOT_FOUND)
		return control_refuse("%s: no account", login);
	if (result != STORE_OK)
		return control_refuse("%s", answer.error);
	write_event(control, "deleted");
	return control_done(control, "deleted");
}
