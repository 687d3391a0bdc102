/*
 * credential add, set, list, block, allow, revoke, rotate.
 */
#include <string.h>

#include "control/accounts.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/credential.h"
#include "control/credential_view.h"
#include "control/need.h"
#include "control/new_secret.h"
#include "control/record.h"
#include "control/text.h"
#include "control/wait.h"

/* What --grace is when it is not given. */
#define GRACE_S (24 * 3600)

static int64_t seconds_of(const struct value *value)
{
	return (value->number + 999) / 1000;
}

/* What a credential_change of this file gets. */
struct changing {
	const struct control *control;
	const struct credential_id *id;
};

/* Its own networks and its end, as the options say. */
static bool change_settings(struct edit *edit, json_t *entry, void *arg)
{
	const struct changing *c = arg;
	const struct control *control = c->control;
	const struct value *expires = control_value(control, OPTION_EXPIRES);
	json_t *networks = need(json_array());

	for (size_t i = 0; i < control->n_given; i++)
		if (control->given[i].option == OPTION_NETWORK)
			json_array_append_new(networks,
					      text_json(control->given[i].value.text));
	if (json_array_size(networks) > CREDENTIAL_NETWORKS_MAX) {
		control_refuse("%s: a credential has at most %d networks", c->id->username,
			       CREDENTIAL_NETWORKS_MAX);
		json_decref(networks);
		return false;
	}
	if (json_array_size(networks) > 0)
		json_object_set(entry, "networks", networks);
	else if (control_has(control, OPTION_NO_NETWORKS))
		json_object_del(entry, "networks");
	json_decref(networks);
	if (expires)
		record_set_number(entry, "expires",
				  expires->number ? edit->now_s + seconds_of(expires) : 0);
	return true;
}

static json_t *id_json(const struct credential_id *id, const char *what)
{
	return need(json_pack("{s:o, s:o, s:o, s:b}", "login", text_json(id->login), "credential",
			      text_json(id->name), "username", text_json(id->username), what, 1));
}

static int print_done(const struct control *control, const struct credential_id *id,
		      const char *what)
{
	if (control->json)
		control_print_json(id_json(id, what));
	else
		control_say(id->username, what);
	return STATUS_DONE;
}

/* ---- add, rotate ------------------------------------------------------------------ */

static bool get_secret(const struct control *control, const struct credential_id *id,
		       struct new_secret *out)
{
	return control_has(control, OPTION_PASSWORD_STDIN) ?
		       new_secret_take(control, id->login, out) :
		       new_secret_make(out);
}

/* new: all but the secret. what: in the event, and in what is printed. */
static int write_secret(struct control *control, const struct credential_id *id,
			struct credential_secret *new, const char *what)
{
	struct new_secret secret;
	bool ok;

	if (!get_secret(control, id, &secret))
		return STATUS_REFUSED;
	new->secret = secret.secret;
	ok = control_connect(control) && credential_set_secret(control, id, new);
	if (ok) {
		credential_event(control, id, what);
		if (control->json)
			new_secret_print_json(&secret, id_json(id, what));
		else
			control_say(id->username, what);
		if (!control->json)
			new_secret_print(&secret);
	}
	new_secret_fini(&secret);
	return ok ? STATUS_DONE : STATUS_REFUSED;
}

static bool generate_or_stdin(const struct control *control)
{
	if (!control_has(control, OPTION_GENERATE) || !control_has(control, OPTION_PASSWORD_STDIN))
		return true;
	control_misuse(control, "--generate or --password-stdin, not both");
	return false;
}

static int command_credential_add(struct control *control)
{
	struct credential_id id;
	struct changing changing = { control, &id };
	struct credential_secret new = { .add = true, .change = change_settings, .arg = &changing };

	if (!generate_or_stdin(control))
		return STATUS_USAGE;
	if (!credential_of_command(control, &id))
		return STATUS_REFUSED;
	if (!*id.name || strcmp(id.name, "main") == 0)
		return control_misuse(control, "--name is missing, or main, which is the login itself");
	return write_secret(control, &id, &new, "added");
}

static int command_credential_rotate(struct control *control)
{
	const struct value *grace = control_value(control, OPTION_GRACE);
	struct credential_secret new = { .keep_s = grace ? seconds_of(grace) : GRACE_S };
	struct credential_id id;

	if (!generate_or_stdin(control))
		return STATUS_USAGE;
	if (!credential_of_command(control, &id))
		return STATUS_REFUSED;
	return write_secret(control, &id, &new, "rotated");
}

/* ---- set, block, allow -------------------------------------------------------------- */

/* in_secret: what is changed stands with the secret too, for Dovecot. */
static int change(struct control *control, credential_change *change_entry, const char *what,
		  bool in_secret)
{
	struct credential_id id;
	enum edit_result result;
	json_t *after = NULL;
	bool ok;

	if (!credential_of_command(control, &id) || !control_connect(control))
		return STATUS_REFUSED;
	result = credential_edit(control, &id, change_entry, &(struct changing){ control, &id },
				 &after);
	if (result == EDIT_REFUSED)
		return STATUS_REFUSED;
	ok = !in_secret || credential_write_networks(control, &id, after);
	json_decref(after);
	if (!ok)
		control_note("%s: the account has it, and Dovecot does not know it; do it again",
			     id.username);
	if (result != EDIT_SAME)
		credential_event(control, &id, what);
	if (!ok)
		return STATUS_REFUSED;
	return print_done(control, &id, what);
}

static int command_credential_set(struct control *control)
{
	if (control_has(control, OPTION_NETWORK) && control_has(control, OPTION_NO_NETWORKS))
		return control_misuse(control, "--network or --no-networks, not both");
	if (!control_has(control, OPTION_NETWORK) && !control_has(control, OPTION_NO_NETWORKS) &&
	    !control_has(control, OPTION_EXPIRES))
		return control_misuse(control, "nothing to set");
	return change(control, change_settings, "changed", true);
}

static bool block_entry(struct edit *edit, json_t *entry, void *arg)
{
	(void)edit;
	(void)arg;
	record_set_text(entry, "state", account_state_name(ACCOUNT_BLOCKED));
	return true;
}

/* What was revoked is not there; a new password makes it again. */
static bool allow_entry(struct edit *edit, json_t *entry, void *arg)
{
	const struct changing *c = arg;

	(void)edit;
	if (json_object_get(entry, "revoked")) {
		control_refuse("%s: its password was revoked; set a new one", c->id->username);
		return false;
	}
	json_object_del(entry, "state");
	return true;
}

static int command_credential_block(struct control *control)
{
	return change(control, block_entry, "blocked", false);
}

static int command_credential_allow(struct control *control)
{
	return change(control, allow_entry, "allowed", false);
}

/* ---- revoke, list ------------------------------------------------------------------- */

static int command_credential_revoke(struct control *control)
{
	struct credential_id id;

	if (!credential_of_command(control, &id) || !control_connect(control) ||
	    !credential_revoke(control, &id))
		return STATUS_REFUSED;
	return print_done(control, &id, "revoked");
}

static int command_credential_list(struct control *control)
{
	const struct credential_filter filter = { .due_s = -1 };
	struct credential_list *list;
	int found;

	if (!control_connect(control))
		return STATUS_REFUSED;
	wait_learn_clock(control->wait);
	list = credential_list_begin(control, &filter);
	found = control_login(control) ?
			accounts_one(control, control_login(control), credential_list_add, list) :
			accounts_all(control, credential_list_add, list);
	return credential_list_end(&list, found);
}

static const struct meaning credential_meanings[] = {
	{ OPTION_NETWORK,
	  { "network", 0, true, "NETWORK", value_network,
	    "network it may be used from; replaces the list" } },
	{ OPTION_NO_NETWORKS,
	  { "no-networks", 0, false, NULL, NULL, "an empty list: from anywhere" } },
	{ 0 },
};

static const char state_of_one_notes[] =
	"LOGIN is the username of a credential (LOGIN+NAME), or a login for its main one.\n"
	"The account's other credentials are left alone.";

const struct command commands_credential[] = {
	{ .name = "credential add",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_NETWORK, OPTION_EXPIRES, OPTION_GENERATE,
				 OPTION_PASSWORD_STDIN, OPTION_ACTOR),
	  .meanings = credential_meanings,
	  .help = "give a login another username and password",
	  .notes = "A password is made and printed, once, unless one is given. The login's quotas\n"
		   "are shared by all of its credentials.",
	  .run = command_credential_add },
	{ .name = "credential set",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_NETWORK, OPTION_NO_NETWORKS,
				 OPTION_EXPIRES, OPTION_ACTOR),
	  .meanings = credential_meanings,
	  .help = "change a credential",
	  .notes = state_of_one_notes,
	  .run = command_credential_set },
	{ .name = "credential list",
	  .argument = "LOGIN",
	  .argument_optional = true,
	  .check = value_login,
	  .help = "print the credentials of a login, or all",
	  .notes = "Never the passwords, nor their hashes.",
	  .run = command_credential_list },
	{ .name = "credential block",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_ACTOR),
	  .help = "refuse what is sent with one credential",
	  .notes = state_of_one_notes,
	  .run = command_credential_block },
	{ .name = "credential allow",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_ACTOR),
	  .help = "end the block of one credential",
	  .notes = state_of_one_notes,
	  .run = command_credential_allow },
	{ .name = "credential rotate",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_GRACE, OPTION_GENERATE,
				 OPTION_PASSWORD_STDIN, OPTION_ACTOR),
	  .help = "make a new secret, the old one good for a while",
	  .notes = "A password is made and printed, once, unless one is given.",
	  .run = command_credential_rotate },
	{ .name = "credential revoke",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_ACTOR),
	  .help = "take a credential away",
	  .notes = state_of_one_notes,
	  .run = command_credential_revoke },
	{ 0 },
};
