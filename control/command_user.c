/*
 * user add, set.
 */
#include <stdio.h>

#include "control/accounts.h"
#include "control/change.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/credential.h"
#include "control/criteria.h"
#include "control/edit.h"
#include "control/journal.h"
#include "control/new_secret.h"
#include "control/record.h"
#include "control/text.h"
#include "control/user.h"
#include "control/wait.h"
#include "engine/ownership.h"

/* False, said, when the plan to give is not configured. */
static bool plan_is_there(const struct control *control)
{
	const struct value *plan = control_value(control, OPTION_PLAN);

	return !plan || control_plan(control, plan->text);
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

/* About those of the account: in identity add and set they are criteria. */
static bool is_about_networks(const struct control *control)
{
	return !criteria_are_given(control) &&
	       (control_has(control, OPTION_NETWORK) || control_has(control, OPTION_ADD_NETWORK));
}

static void note_result(const struct control *control, const json_t *record)
{
	const char *reason;
	struct account *account = record_account(record, &reason);

	if (account && is_about_senders(control))
		note_lost_address(control, account);
	if (account && account->identity && is_about_networks(control))
		control_note("%s is an identity: its sessions must be in these networks, too; "
			     "identity set --network changes those it is told by",
			     control_login(control));
	account_unref(&account);
}

static const char *const words[] = {
	[EDIT_ADDED] = "added",
	[EDIT_CHANGED] = "changed",
	[EDIT_SAME] = "was already so",
};

int user_write(struct control *control, enum edit_when when, enum edit_result *out)
{
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
		journal_account(control, words[result]);
	*out = result;
	return STATUS_DONE;
}

/* A login that the daemons would take for a credential of another. */
static bool is_a_login(const struct control *control)
{
	struct username username;

	config_username(control->config, control_login(control), &username);
	if (!*username.credential)
		return true;
	control_refuse("%s is the username of a credential of %s, see `sendward credential add`",
		       control_login(control), username.login);
	return false;
}

static bool set_password(struct control *control, const struct new_secret *secret)
{
	struct credential_secret new = { .secret = secret->secret };
	struct credential_id id;

	if (!secret->secret)
		return true;
	if (!credential_id(control->config, control_login(control), "", &id) ||
	    !credential_set_secret(control, &id, &new)) {
		control_note("%s: the account is there; `sendward password set` gives it a password",
			     control_login(control));
		return false;
	}
	credential_event(control, &id, "password");
	return true;
}

static void print_with_password(const struct view *view, void *arg)
{
	new_secret_print_json(arg, view_json(view));
}

static int add_user(struct control *control, struct new_secret *secret)
{
	enum edit_result result;
	int status = user_write(control, EDIT_NEW, &result);

	if (status != STATUS_DONE)
		return status;
	if (!set_password(control, secret))
		return STATUS_REFUSED;
	if (control->json)
		return accounts_one(control, control_login(control), print_with_password, secret);
	control_say(control_login(control), "added");
	new_secret_print(secret);
	return STATUS_DONE;
}

static int command_user_add(struct control *control)
{
	bool make = control_has(control, OPTION_GENERATE);
	bool take = control_has(control, OPTION_PASSWORD_STDIN);
	struct new_secret secret = { 0 };
	int status;

	if (make && take)
		return control_misuse(control, "--generate or --password-stdin, not both");
	if (!control_load(control) || !is_a_login(control) || (make && !new_secret_make(&secret)) ||
	    (take && !new_secret_take(control, control_login(control), &secret)))
		return STATUS_REFUSED;
	status = add_user(control, &secret);
	new_secret_fini(&secret);
	return status;
}

int user_written(struct control *control, enum edit_result result)
{
	if (control->json)
		return accounts_one(control, control_login(control), print_view_json, NULL);
	control_say(control_login(control), words[result]);
	return STATUS_DONE;
}

static int set_user(struct control *control)
{
	enum edit_result result;
	int status = user_write(control, EDIT_EXISTING, &result);

	return status == STATUS_DONE ? user_written(control, result) : status;
}

static int command_user_set(struct control *control)
{
	for (size_t i = 0; i < control->n_given; i++)
		if (command_takes(control->command, control->given[i].option) &&
		    control->given[i].option != OPTION_ACTOR)
			return set_user(control);
	return control_misuse(control, "nothing to set");
}

const struct command commands_user[] = {
	{ .name = "user add",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(ACCOUNT_OPTIONS, OPTION_NO_NETWORKS, OPTION_ACTOR,
				 OPTION_GENERATE, OPTION_PASSWORD_STDIN),
	  .help = "create an account",
	  .notes = "What is not given comes from the plan, also when the plan changes later.\n"
		   "Without --generate or --password-stdin it has no password.",
	  .run = command_user_add },
	{ .name = "user set",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(ACCOUNT_OPTIONS, OPTION_NO_NETWORKS, OPTION_ADD_SENDER,
				 OPTION_REMOVE_SENDER, OPTION_ADD_NETWORK,
				 OPTION_REMOVE_NETWORK, OPTION_ADD_QUOTA, OPTION_REMOVE_QUOTA,
				 OPTION_INHERIT, OPTION_ACTOR),
	  .help = "change an account",
	  .notes = "--add-... and --remove-... change the account's own list; when it has none\n"
		   "they start from the list that is in force. Removing comes before adding.",
	  .run = command_user_set },
	{ 0 },
};
