/*
 * export: accounts as lines of JSON, with the keys of `user show`; with the hashes
 * of their passwords when that is asked for.
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/username.h"
#include "control/accounts.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/need.h"
#include "control/wait.h"
#include "store/credential.h"

struct found {
	UT_hash_handle hh;
	char *record; /* owned; NULL: not read yet */
	char username[];
};

struct exporting {
	struct answer answer; /* first, see answer_done() */
	struct control *control;
	struct found *secrets; /* by username */
};

static void on_username(const char *username, void *arg)
{
	struct exporting *e = arg;
	size_t len = strlen(username);
	struct found *found;

	HASH_FIND(hh, e->secrets, username, len, found);
	if (found)
		return;
	found = need(calloc(1, sizeof(*found) + len + 1));
	memcpy(found->username, username, len + 1);
	HASH_ADD_KEYPTR(hh, e->secrets, found->username, len, found);
}

/* False, said. One that has gone meanwhile is none. */
static bool read_secrets(struct exporting *e)
{
	answer_init(&e->answer, e->control->wait);
	store_secret_each(wait_store(e->control->wait), on_username, answer_done, e);
	wait_until(e->control->wait, &e->answer.done);
	if (e->answer.result != STORE_OK) {
		control_refuse("%s", e->answer.error);
		return false;
	}
	for (struct found *found = e->secrets; found; found = found->hh.next) {
		struct answer answer;
		enum store_result result =
			wait_secret_get(e->control->wait, found->username, &answer);

		if (result == STORE_OK)
			found->record = need_copy(answer.text, answer.len);
		else if (result != STORE_NOT_FOUND)
			control_refuse("%s", answer.error);
		answer_fini(&answer);
		if (result != STORE_OK && result != STORE_NOT_FOUND)
			return false;
	}
	return true;
}

static void add_secret(const struct exporting *e, const char *login, const char *name, json_t *secrets)
{
	char username[LOGIN_MAX + 1];
	struct found *found;
	json_t *record;

	if (!username_join(login, e->control->config->credential_separator, name, username))
		return;
	HASH_FIND(hh, e->secrets, username, strlen(username), found);
	record = found && found->record ? json_loads(found->record, 0, NULL) : NULL;
	if (record)
		json_object_set_new(secrets, name, record);
}

static void print_line(const struct view *view, void *arg)
{
	const struct exporting *e = arg;
	json_t *json = view_json(view), *secrets = need(json_object());

	if (e->secrets)
		add_secret(e, view->login, "", secrets);
	for (size_t i = 0; e->secrets && i < view->account->n_credentials; i++)
		add_secret(e, view->login, view->account->credentials[i].name, secrets);
	if (json_object_size(secrets) > 0)
		json_object_set(json, "secrets", secrets);
	control_print_json_line(json);
	json_decref(secrets);
	json_decref(json);
}

static void forget_secrets(struct exporting *e)
{
	struct found *found, *next;

	HASH_ITER(hh, e->secrets, found, next) {
		HASH_DEL(e->secrets, found);
		free(found->record);
		free(found);
	}
}

static int command_export(struct control *control)
{
	struct exporting e = { .control = control };
	int status = STATUS_REFUSED;

	if (!control_connect(control))
		return STATUS_REFUSED;
	if (!control_has(control, OPTION_WITH_SECRETS) || read_secrets(&e))
		status = accounts_all(control, print_line, &e);
	forget_secrets(&e);
	return status;
}

const struct command commands_export[] = {
	{ .name = "export",
	  .options = OPTION_LIST(OPTION_WITH_SECRETS),
	  .help = "print all accounts, one JSON object a line",
	  .run = command_export },
	{ 0 },
};
