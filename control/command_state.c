/*
 * block, sandbox, allow: one command with three names.
 */
#include <stdio.h>

#include "control/commands.h"
#include "control/control.h"
#include "control/edit.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"

struct order {
	struct record_state state; /* since and until from edit->now_s */
	int64_t for_s;		   /* 0: for good */
};

static bool set_state(struct edit *edit, void *arg)
{
	struct order *order = arg;

	order->state.since_s = edit->now_s;
	order->state.until_s = order->for_s ? edit->now_s + order->for_s : 0;
	record_set_state(edit->record, &order->state);
	return true;
}

static json_t *order_json(const char *login, const struct record_state *state)
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
	const struct value *reason = control_value(control, OPTION_REASON);
	const struct value *time = control_value(control, OPTION_FOR);
	char actor[JOURNAL_ACTOR_MAX];
	struct order order = { .for_s = time ? (time->number + 999) / 1000 : 0 };
	enum edit_result result;

	journal_actor(control, actor);
	order.state.state = state;
	order.state.reason = reason ? reason->text : "";
	order.state.actor = actor;
	if (!control_connect(control))
		return STATUS_REFUSED;
	result = edit_account(control, control_login(control), EDIT_EITHER, set_state, &order, NULL);
	if (result == EDIT_REFUSED)
		return STATUS_REFUSED;
	write_event(control, control_login(control), &order.state);
	if (state == ACCOUNT_ALLOWED && order.for_s)
		control_note("allowed is also what follows when the time is over");
	if (result == EDIT_ADDED) /* the login may be mistyped */
		control_note("%s had no account and has one now", control_login(control));
	print_order(control, &order.state);
	return STATUS_DONE;
}

int command_block(struct control *control)
{
	return change_state(control, ACCOUNT_BLOCKED);
}

int command_sandbox(struct control *control)
{
	return change_state(control, ACCOUNT_SANDBOXED);
}

int command_allow(struct control *control)
{
	return change_state(control, ACCOUNT_ALLOWED);
}
