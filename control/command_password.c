/*
 * password set, generate, verify, list.
 */
#include "control/accounts.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/credential.h"
#include "control/credential_view.h"
#include "control/need.h"
#include "control/new_secret.h"
#include "control/text.h"
#include "control/wait.h"
#include "store/secret_record.h"

/* ---- set, generate ------------------------------------------------------------- */

static void print_done(const struct control *control, const struct credential_id *id,
		       const struct new_secret *secret)
{
	if (control->json) {
		new_secret_print_json(
			secret, need(json_pack("{s:o, s:o, s:o, s:b}", "login", text_json(id->login),
					       "credential", text_json(id->name), "username",
					       text_json(id->username), "changed", 1)));
		return;
	}
	control_say(id->username, "the password is changed");
	new_secret_print(secret);
}

static int set_password(struct control *control, bool make)
{
	struct new_secret secret;
	struct credential_id id;
	bool ok;

	if (!credential_of_command(control, &id))
		return STATUS_REFUSED;
	ok = make ? new_secret_make(&secret) : new_secret_take(control, id.login, &secret);
	if (!ok)
		return STATUS_REFUSED;
	ok = control_connect(control) &&
	     credential_set_secret(control, &id,
				   &(struct credential_secret){ .secret = secret.secret });
	if (ok) {
		credential_event(control, &id, "password");
		print_done(control, &id, &secret);
	}
	new_secret_fini(&secret);
	return ok ? STATUS_DONE : STATUS_REFUSED;
}

static int command_password_set(struct control *control)
{
	return set_password(control, false);
}

static int command_password_generate(struct control *control)
{
	return set_password(control, true);
}

/* ---- verify ---------------------------------------------------------------------- */

static int print_match(const struct control *control, const struct credential_id *id,
		       enum secret_match match)
{
	static const char *const words[] = {
		[SECRET_WRONG] = "wrong", [SECRET_RIGHT] = "right", [SECRET_PREVIOUS] = "previous"
	};

	if (control->json)
		control_print_json(need(json_pack("{s:o, s:o, s:s}", "login", text_json(id->login),
						  "username", text_json(id->username), "password",
						  words[match])));
	else if (match == SECRET_WRONG)
		return control_refuse("%s: that is not the password", id->username);
	else
		control_say(id->username, match == SECRET_RIGHT ?
						  "that is the password" :
						  "that is the password from before, still good");
	return match == SECRET_WRONG ? STATUS_REFUSED : STATUS_DONE;
}

static int verify(struct control *control, const struct credential_id *id,
		  const struct secret *secret)
{
	struct secret_record record;
	struct answer answer;
	const char *reason = NULL;
	int status = STATUS_REFUSED;

	wait_learn_clock(control->wait);
	switch (wait_secret_get(control->wait, id->username, &answer)) {
	case STORE_OK:
		if (!secret_record_decode(answer.text, answer.len, &record, &reason) ||
		    (reason = password_hash_fault(record.password)))
			control_refuse("%s: %s", id->username, reason);
		else
			status = print_match(control, id,
					     secret_record_verify(&record, secret,
								  wait_now_s(control->wait)));
		break;
	case STORE_NOT_FOUND:
		control_refuse("%s: it has no password", id->username);
		break;
	default:
		control_refuse("%s", answer.error);
		break;
	}
	answer_fini(&answer);
	return status;
}

static int command_password_verify(struct control *control)
{
	struct new_secret secret;
	struct credential_id id;
	int status = STATUS_REFUSED;

	if (!credential_of_command(control, &id) || !new_secret_compare(control, &secret))
		return STATUS_REFUSED;
	if (control_connect(control))
		status = verify(control, &id, secret.secret);
	new_secret_fini(&secret);
	return status;
}

/* ---- list ------------------------------------------------------------------------- */

static int64_t seconds_of(const struct control *control, enum option_id option, int64_t otherwise)
{
	const struct value *value = control_value(control, option);

	return value ? value->number / 1000 : otherwise;
}

static int command_password_list(struct control *control)
{
	const struct credential_filter filter = {
		.with_secret = true,
		.older_than_s = seconds_of(control, OPTION_OLDER_THAN, 0),
		.due_s = seconds_of(control, OPTION_DUE, -1),
	};
	struct credential_list *list;

	if (!control_connect(control))
		return STATUS_REFUSED;
	wait_learn_clock(control->wait);
	list = credential_list_begin(control, &filter);
	return credential_list_end(&list, accounts_all(control, credential_list_add, list));
}

static const char password_notes[] =
	"LOGIN is a login, or the username of one of its credentials. A password is never\n"
	"an argument: it is asked for on the terminal, or read with --password-stdin.";

const struct command commands_password[] = {
	{ .name = "password set",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_PASSWORD_STDIN, OPTION_NAME, OPTION_ACTOR),
	  .help = "set the password of an SMTP user",
	  .notes = password_notes,
	  .run = command_password_set },
	{ .name = "password generate",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_ACTOR),
	  .help = "make a password and print it, once",
	  .notes = "The one before is no longer good; see `sendward credential rotate`.",
	  .run = command_password_generate },
	{ .name = "password verify",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_PASSWORD_STDIN, OPTION_NAME),
	  .help = "tell whether a password is the right one",
	  .notes = password_notes,
	  .run = command_password_verify },
	{ .name = "password list",
	  .options = OPTION_LIST(OPTION_OLDER_THAN, OPTION_DUE),
	  .help = "print who has a password, and its age",
	  .notes = "Never the passwords, nor their hashes.",
	  .run = command_password_list },
	{ 0 },
};
