#include "control/order.h"

#include "control/need.h"
#include "control/text.h"

void order_init(struct order *order, const struct control *control, enum account_state state,
		const char *reason)
{
	const struct value *given = control_value(control, OPTION_REASON);
	const struct value *time = control_value(control, OPTION_FOR);

	journal_actor(control, order->actor);
	order->revoked = false;
	order->for_s = time ? (time->number + 999) / 1000 : 0;
	order->state = (struct record_state){ .state = state,
					      .reason = given ? given->text : reason,
					      .actor = order->actor };
}

/* An account of that name would stop nobody: the daemons take it for a credential. */
static bool is_a_login(const struct edit *edit)
{
	struct username username;

	config_username(edit->config, edit->login, &username);
	if (edit->account || !*username.credential)
		return true;
	control_refuse("%s is the username of a credential of %s: `sendward credential block` "
		       "blocks it, `sendward block %s` the login",
		       edit->login, username.login, username.login);
	return false;
}

static bool set_state(struct edit *edit, void *arg)
{
	struct order *order = arg;
	const struct account_credential *main_one =
		edit->account ? account_credential(edit->account, "") : NULL;

	if (!is_a_login(edit))
		return false;
	order->revoked = main_one && main_one->revoked_s;
	order->state.since_s = edit->now_s;
	order->state.until_s = order->for_s ? edit->now_s + order->for_s : 0;
	record_set_state(edit->record, &order->state);
	return true;
}

json_t *order_json(const char *login, const struct record_state *state)
{
	json_t *until = state->until_s ? need(json_integer(state->until_s)) : json_null();

	return need(json_pack("{s:o, s:s, s:s, s:s, s:o}", "login", text_json(login), "state",
			      account_state_name(state->state), "reason", state->reason, "actor",
			      state->actor, "until", until));
}

static void write_event(const struct control *control, const char *login,
			const struct record_state *state)
{
	json_t *event = journal_entry(control, "state", login);
	json_t *order = order_json(login, state);

	json_object_update(event, order);
	json_object_set_new(event, "time", need(json_integer(state->since_s)));
	json_decref(order);
	journal_write(control, event);
}

void order_note_added(const char *login)
{
	control_note("%s had no account and has one now; if it is mistyped, user delete ends that",
		     login);
}

enum edit_result order_carry_out(struct control *control, struct order *order)
{
	const char *login = control_login(control);
	enum edit_result result = edit_account(control, login, EDIT_EITHER, set_state, order, NULL);

	if (result != EDIT_REFUSED)
		write_event(control, login, &order->state);
	return result;
}
