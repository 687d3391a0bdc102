/*
 * sent: the messages of a login, from what the daemons remember.
 */
#include "control/commands.h"
#include "control/control.h"
#include "control/sent_list.h"
#include "control/wait.h"

static void print_lines(const json_t *messages)
{
	json_t *message;
	size_t i;

	json_array_foreach((json_t *)messages, i, message)
		control_print_json_line(message);
}

/* Nothing sent looks the same for a login that is mistyped. */
static void note_unknown(struct control *control)
{
	struct answer answer;

	if (wait_account_get(control->wait, control_login(control), &answer) == STORE_NOT_FOUND)
		control_note("%s: no account, and nothing of it is remembered",
			     control_login(control));
	answer_fini(&answer);
}

static int command_sent(struct control *control)
{
	const struct value *since = control_value(control, OPTION_SINCE);
	json_t *messages;

	if (!control_connect(control))
		return STATUS_REFUSED;
	messages = sent_list_read(control, control_login(control), since ? since->number : 0);
	if (!messages)
		return STATUS_REFUSED;
	if (wait_config(control->wait)->history == 0)
		control_note("history = 0: what logins send is not remembered");
	else if (json_array_size(messages) == 0)
		note_unknown(control);
	if (control->json)
		print_lines(messages);
	else
		sent_list_print(messages);
	json_decref(messages);
	return STATUS_DONE;
}

const struct command commands_sent[] = {
	{ .name = "sent",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_SINCE),
	  .help = "print the messages a login has sent",
	  .notes = "The last ones, as many as history in sendward.conf(5) says, the newest first.",
	  .run = command_sent },
	{ 0 },
};
