/*
 * reset.
 */
#include <stdio.h>

#include "control/commands.h"
#include "control/control.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/target.h"
#include "control/text.h"
#include "control/wait.h"

/* False, said, when the store did not do it. quota NULL: all counters. */
static bool reset_one(struct control *control, const struct target *target,
		      const struct quota *quota, const char *text)
{
	struct answer answer;
	char name[TARGET_TEXT_MAX];
	enum store_result result =
		wait_reset(control->wait, target->scope.scope, target->scope.name, quota, &answer);

	answer_fini(&answer);
	target_text(target, name);
	if (result != STORE_OK && result != STORE_NOT_FOUND)
		control_refuse("%s", answer.error);
	else if (result == STORE_NOT_FOUND && quota)
		control_note("nothing was counted in %s", text);
	else if (result == STORE_NOT_FOUND)
		control_note("%s: nothing was counted", name);
	return result == STORE_OK || result == STORE_NOT_FOUND;
}

/* Each quota that is given; done gets their texts. */
static bool reset_quotas(struct control *control, const struct target *target, json_t *done)
{
	for (size_t i = 0; i < control->n_given; i++) {
		const char *text = control->given[i].value.text, *reason;
		struct quota quota;

		if (control->given[i].option != OPTION_QUOTA)
			continue;
		if (!value_counter_quota(text, &quota, &reason) ||
		    !reset_one(control, target, &quota, text))
			return false;
		json_array_append_new(done, text_json(text));
	}
	return true;
}

static void write_event(const struct control *control, const struct target *target, json_t *quotas)
{
	json_t *event = journal_entry(control, "reset", NULL);
	char actor[JOURNAL_ACTOR_MAX];

	target_json(target, event);
	json_object_set_new(event, "quotas", quotas);
	journal_actor(control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(control, event);
}

static void print_reset(const struct control *control, const struct target *target)
{
	char name[TARGET_TEXT_MAX];
	json_t *json;

	if (control->json) {
		json = need(json_object());
		target_json(target, json);
		json_object_set_new(json, "reset", json_true());
		control_print_json(json);
	} else {
		target_text(target, name);
		control_say(name, "reset");
	}
}

static int command_reset(struct control *control)
{
	bool all = !control_has(control, OPTION_QUOTA), ok;
	struct target target;
	json_t *quotas;

	if (!target_makes_sense(control))
		return STATUS_USAGE;
	if (!control_connect(control) || !target_find(control, &target))
		return STATUS_REFUSED;
	quotas = all ? json_null() : need(json_array());
	ok = all ? reset_one(control, &target, NULL, NULL) : reset_quotas(control, &target, quotas);
	if (ok || json_array_size(quotas) > 0)
		write_event(control, &target, quotas);
	else
		json_decref(quotas);
	if (!ok)
		return STATUS_REFUSED;
	print_reset(control, &target);
	return STATUS_DONE;
}

const struct command commands_reset[] = {
	{ .name = "reset",
	  .argument = "LOGIN",
	  .argument_optional = true,
	  .check = value_login,
	  .options = OPTION_LIST(TARGET_OPTIONS, OPTION_QUOTA, OPTION_ACTOR),
	  .meanings = target_meanings,
	  .help = "forget what a login has used",
	  .notes = "Forgets all that was counted, and when a ramp began, or with --quota the\n"
		   "counters named. What is shared with others stays; an option instead of\n"
		   "LOGIN forgets that. How often it was refused stays, too.",
	  .run = command_reset },
	{ 0 },
};
