/*
 * block, sandbox, allow: one command with three names.
 */
#include <stdio.h>

#include "control/commands.h"
#include "control/control.h"
#include "control/need.h"
#include "control/order.h"
#include "control/text.h"

static void print_order(const struct control *control, const struct record_state *state)
{
	char until[TEXT_TIME_MAX], what[TEXT_TIME_MAX + NOTE_MAX + 64];
	json_t *json;

	if (control->json) {
		json = order_json(control_login(control), state);
		json_object_set_new(json, "since", need(json_integer(state->since_s)));
		control_print_json(json);
		return;
	}
	text_time(state->until_s, until);
	snprintf(what, sizeof(what), "%s%s%s%s%s%s", account_state_name(state->state),
		 state->until_s ? " until " : "", state->until_s ? until : "",
		 *state->reason ? " (" : "", state->reason, *state->reason ? ")" : "");
	control_say(control_login(control), what);
}

static int change_state(struct control *control, enum account_state state)
{
	struct order order;
	enum edit_result result;

	order_init(&order, control, state, "");
	if (!control_connect(control))
		return STATUS_REFUSED;
	result = order_carry_out(control, &order);
	if (result == EDIT_REFUSED)
		return STATUS_REFUSED;
	if (state == ACCOUNT_ALLOWED && order.for_s)
		control_note("allowed is also what follows when the time is over");
	if (state == ACCOUNT_ALLOWED && order.revoked)
		control_note("%s: its password is still revoked, and mail refused that is sent with "
			     "it; password generate gives it a new one", control_login(control));
	if (result == EDIT_ADDED)
		order_note_added(control_login(control));
	print_order(control, &order.state);
	return STATUS_DONE;
}

static int command_block(struct control *control)
{
	return change_state(control, ACCOUNT_BLOCKED);
}

static int command_sandbox(struct control *control)
{
	return change_state(control, ACCOUNT_SANDBOXED);
}

static int command_allow(struct control *control)
{
	return change_state(control, ACCOUNT_ALLOWED);
}

static const char state_notes[] =
	"A login without an account gets one. When the command returns, every server\n"
	"acts on it. After the time given with --for the login is allowed again.";

const struct command commands_state[] = {
	{ .name = "block",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_REASON, OPTION_FOR, OPTION_ACTOR),
	  .help = "refuse all mail of a login",
	  .notes = state_notes,
	  .run = command_block },
	{ .name = "sandbox",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_REASON, OPTION_FOR, OPTION_ACTOR),
	  .help = "accept mail of a login, but do not deliver it",
	  .notes = state_notes,
	  .run = command_sandbox },
	{ .name = "allow",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_REASON, OPTION_FOR, OPTION_ACTOR),
	  .help = "end block or sandbox",
	  .notes = state_notes,
	  .run = command_allow },
	{ 0 },
};
