/*
 * user show, list, delete.
 */
#include <stdio.h>

#include "control/accounts.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/credential.h"
#include "control/credential_view.h"
#include "control/index.h"
#include "control/journal.h"
#include "control/user.h"
#include "control/wait.h"

/* The exit status. */
static int print_credentials(struct control *control, const struct view *view)
{
	const struct credential_filter filter = { .due_s = -1 };
	struct credential_list *list;

	if (!json_object_get(view->record, "credentials"))
		return STATUS_DONE;
	putchar('\n');
	list = credential_list_begin(control, &filter);
	credential_list_add(view, list);
	return credential_list_end(&list, STATUS_DONE);
}

struct showing {
	struct control *control;
	int status; /* of the credentials */
};

static void show(const struct view *view, void *arg)
{
	struct showing *showing = arg;

	if (showing->control->json) {
		control_print_json(view_json(view));
	} else {
		view_print(view);
		showing->status = print_credentials(showing->control, view);
	}
}

int user_show(struct control *control)
{
	struct showing showing = { control, STATUS_DONE };
	int status;

	if (!control_connect(control))
		return STATUS_REFUSED;
	status = accounts_one(control, control_login(control), show, &showing);
	return status == STATUS_DONE ? showing.status : status;
}

/* The list as it grows; JSON is printed at once, a table has to wait. */
struct listing {
	struct table *table; /* NULL: JSON */
	size_t n;
};

static void list(const struct view *view, void *arg)
{
	struct listing *listing = arg;

	if (listing->table)
		view_list_add(listing->table, view);
	else
		control_print_item(view_json_short(view), listing->n);
	listing->n++;
}

static int command_user_list(struct control *control)
{
	struct listing listing = { 0 };
	int status;

	if (!control_connect(control))
		return STATUS_REFUSED;
	if (!control->json)
		listing.table = view_list_new();
	status = accounts_all(control, list, &listing);
	if (control->json)
		control_print_end(listing.n);
	else if (listing.n)
		table_print(listing.table, stdout);
	else
		puts("no accounts");
	table_free(&listing.table);
	return status;
}

/* answer is the account as it was, and then what came of it. */
static enum store_result delete_account(struct control *control, const char *login,
					const struct account *account, struct answer *answer)
{
	char error[WAIT_ERROR_MAX];
	struct index *index = index_begin(control->wait, login, account, NULL, error);
	enum store_result result;

	answer_fini(answer);
	result = wait_account_delete(control->wait, login, answer);
	index_end(&index, result == STORE_OK);
	return result;
}

/* The secrets of its credentials go first: without the account they would be
 * nobody's. The login's own goes with it. */
static bool delete_all(struct control *control, const char *login)
{
	struct account *account = NULL;
	struct answer answer;
	const char *reason;
	/* The store deletes counters too, also where there is no account. */
	enum store_result result = wait_account_get(control->wait, login, &answer);
	bool ok = result == STORE_OK;

	/* One that cannot be read is deleted too. */
	if (ok && (account = account_decode(answer.text, answer.len, &reason)))
		ok = credential_forget_secrets(control, login, account);
	if (ok)
		result = delete_account(control, login, account, &answer);
	if (result == STORE_NOT_FOUND)
		control_refuse("%s: no account", login);
	else if (result != STORE_OK)
		control_refuse("%s", answer.error);
	account_unref(&account);
	answer_fini(&answer);
	return ok && result == STORE_OK;
}

int user_delete(struct control *control)
{
	if (!control_connect(control) || !delete_all(control, control_login(control)))
		return STATUS_REFUSED;
	journal_account(control, "deleted");
	return control_done(control, "deleted");
}

const struct command commands_users[] = {
	{ .name = "user show",
	  .argument = "LOGIN",
	  .check = value_login,
	  .help = "print an account and what is in force",
	  .run = user_show },
	{ .name = "user list", .help = "print all accounts", .run = command_user_list },
	{ .name = "user delete",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_ACTOR),
	  .help = "delete an account, its counters and passwords",
	  .notes = "The login is then served by plan default (see unknown_login in\n"
		   "sendward.conf(5)): to stop it from sending, block it instead.",
	  .run = user_delete },
	{ 0 },
};
