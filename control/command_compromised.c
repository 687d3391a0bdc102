/*
 * compromised and release: when somebody else has the password of a login, and
 * when that is over.
 */
#include <stdio.h>

#include "control/commands.h"
#include "control/control.h"
#include "control/credential.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/new_secret.h"
#include "control/order.h"
#include "control/sent_list.h"
#include "control/text.h"
#include "control/wait.h"
#include "store/sent.h"

/* What is listed unless --since says otherwise. */
#define SINCE_MS (INT64_C(24) * 3600 * 1000)

static void write_event(const struct control *control, json_t *event, const struct order *order)
{
	json_object_set_new(event, "actor", text_json(order->actor));
	json_object_set_new(event, "reason", text_json(order->state.reason));
	journal_write(control, event);
}

/* ---- compromised ------------------------------------------------------------------ */

/* What came of it. */
struct outcome {
	size_t revoked;	  /* passwords */
	json_t *left;	  /* usernames of those that could not be */
	json_t *messages; /* NULL: they could not be read */
};

static void write_compromised(const struct control *control, const struct order *order,
			      const struct outcome *o)
{
	json_t *event = journal_entry(control, "compromised", control_login(control));

	json_object_set_new(event, "revoked", need(json_integer((json_int_t)o->revoked)));
	if (json_array_size(o->left) > 0)
		json_object_set(event, "not_revoked", o->left);
	if (o->messages)
		json_object_set_new(event, "messages",
				    need(json_integer((json_int_t)json_array_size(o->messages))));
	write_event(control, event, order);
}

static void print_compromised(const struct control *control, const struct order *order,
			      const struct outcome *o)
{
	size_t left = json_array_size(o->left);

	if (control->json) {
		json_t *json = order_json(control_login(control), &order->state);

		json_object_set_new(json, "revoked", need(json_integer((json_int_t)o->revoked)));
		json_object_set(json, "not_revoked", o->left);
		json_object_set(json, "messages", o->messages ? o->messages : json_null());
		control_print_json(json);
		return;
	}
	control_say(control_login(control), "blocked");
	printf("%zu password%s revoked", o->revoked, o->revoked == 1 ? "" : "s");
	if (left > 0)
		printf(", %zu could not be", left);
	puts("\n");
	if (o->messages)
		sent_list_print(o->messages);
}

/* The daemons write what a login has sent about once a second: the last of it, from
 * before the block, is waited for. */
#define LATE_MS (SENT_COLLECT_MS + 500)

static json_t *read_sent(struct control *control, const char *login)
{
	const struct value *since = control_value(control, OPTION_SINCE);

	if (control->config->history > 0)
		wait_pause(control->wait, LATE_MS);
	return sent_list_read(control, login, since ? since->number : SINCE_MS);
}

/* Whatever cannot be done, the rest is. */
static int end_access(struct control *control, const struct order *order)
{
	const char *login = control_login(control);
	struct outcome o;
	bool ok = credential_revoke_all(control, login, &o.revoked, &o.left);

	if (!ok)
		control_refuse("%s: it is blocked, but not all is done; do it again", login);
	else if (o.revoked == 0) /* "0 passwords revoked" alone would look as if that were all */
		control_note("%s: no password of it was kept here; if another SASL server knows "
			     "one, it is to be changed there before `sendward allow`",
			     login);
	o.messages = read_sent(control, login);
	write_compromised(control, order, &o);
	print_compromised(control, order, &o);
	ok = ok && o.messages;
	json_decref(o.left);
	json_decref(o.messages);
	return ok ? STATUS_DONE : STATUS_REFUSED;
}

/* The login is blocked first: whatever fails after that, it sends no more. */
static int command_compromised(struct control *control)
{
	struct credential_id id; /* the main one, or the one that is named: the login's */
	struct order order;
	enum edit_result result;

	order_init(&order, control, ACCOUNT_BLOCKED, "compromised");
	if (!credential_of_command(control, &id) || !control_connect(control))
		return STATUS_REFUSED;
	result = order_carry_out(control, &order);
	if (result == EDIT_REFUSED)
		return STATUS_REFUSED;
	if (result == EDIT_ADDED)
		order_note_added(id.login);
	return end_access(control, &order);
}

/* ---- release ----------------------------------------------------------------------- */

static void print_released(const struct control *control, const struct order *order,
			   const struct new_secret *secret)
{
	if (control->json) {
		new_secret_print_json(secret, order_json(control_login(control), &order->state));
		return;
	}
	control_say(control_login(control), "allowed");
	new_secret_print(secret);
}

/* Who mistypes the login must not take away the password of another one. */
static bool is_to_be_released(struct edit *edit, json_t *entry, void *arg)
{
	(void)entry;
	(void)arg;
	if (edit->account->state != ACCOUNT_ALLOWED)
		return true;
	control_refuse("%s: it is neither blocked nor sandboxed; password generate gives it a new "
		       "password",
		       edit->login);
	return false;
}

static bool release(struct control *control, const struct credential_id *id, struct order *order,
		    const struct new_secret *secret)
{
	const struct credential_secret new = { .secret = secret->secret,
					       .change = is_to_be_released };

	if (!control_connect(control) || !credential_set_secret(control, id, &new) ||
	    order_carry_out(control, order) == EDIT_REFUSED)
		return false;
	write_event(control, journal_entry(control, "released", control_login(control)), order);
	return true;
}

/* The new password first: what fails after that leaves the login blocked. */
static int command_release(struct control *control)
{
	struct credential_id id;
	struct new_secret secret;
	struct order order;
	bool ok;

	order_init(&order, control, ACCOUNT_ALLOWED, "");
	if (!credential_of_command(control, &id) || !new_secret_make(&secret))
		return STATUS_REFUSED;
	ok = release(control, &id, &order, &secret);
	if (ok)
		print_released(control, &order, &secret);
	new_secret_fini(&secret);
	return ok ? STATUS_DONE : STATUS_REFUSED;
}

const struct command commands_compromised[] = {
	{ .name = "compromised",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_SINCE, OPTION_REASON, OPTION_ACTOR),
	  .help = "block a login, revoke its passwords, print what it sent",
	  .notes = "For a login whose password somebody else has. Without --since it prints what\n"
		   "was sent in the last 24 hours. `sendward release` ends it.",
	  .run = command_compromised },
	{ .name = "release",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_REASON, OPTION_ACTOR),
	  .help = "allow a login again, with a new password",
	  .notes = "Of a login that is blocked or sandboxed. Prints its new password, once. What\n"
		   "other credentials it had stays revoked, see `sendward credential add`.",
	  .run = command_release },
	{ 0 },
};
