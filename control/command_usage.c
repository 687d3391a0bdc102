/*
 * usage: what a login has used of its quotas, how often it was refused.
 */
#include <stdio.h>

#include "control/attempts_view.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/look.h"
#include "control/need.h"
#include "control/target.h"
#include "control/text.h"

/* Of a login what was refused; NULL when that cannot be read, and of all others. */
static json_t *usage_json(const struct target *target, const struct look *look, int64_t fit,
			  const struct attempts_seen *attempts)
{
	json_t *json = need(json_object());

	target_json(target, json);
	if (target->scope.scope == SCOPE_LOGIN) {
		json_object_set_new(json, "state",
				    text_json(account_state_name(look->effective.state)));
		json_object_set_new(json, "mode", text_json(check_mode_name(look->mode)));
	}
	json_object_set_new(json, "time", need(json_integer(look->now_ms / 1000)));
	json_object_set_new(json, "fit", need(json_integer(fit)));
	json_object_set_new(json, "quotas", look_json(look));
	if (target->scope.scope == SCOPE_LOGIN)
		json_object_set_new(json, "attempts",
				    attempts ? attempts_json(attempts) : json_null());
	return json;
}

/* "rose: allowed, quotas are off", "domain dom.example: shared" */
static void print_head(const struct target *target, const struct look *look)
{
	char name[TARGET_TEXT_MAX], what[64] = "shared";

	target_text(target, name);
	if (target->scope.scope == SCOPE_LOGIN)
		snprintf(what, sizeof(what), "%s%s%s", account_state_name(look->effective.state),
			 look->mode == MODE_ENFORCE ? "" : ", quotas are ",
			 look->mode == MODE_ENFORCE ? "" :
			 look->mode == MODE_OFF	    ? "off" :
						      "only monitored");
	control_say(name, what);
	putchar('\n');
}

static void print_usage(const struct control *control, const struct target *target,
			const struct look *look, int64_t fit, const struct attempts_seen *attempts)
{
	char fit_head[40];

	if (control->json) {
		control_print_json(usage_json(target, look, fit, attempts));
		return;
	}
	print_head(target, look);
	snprintf(fit_head, sizeof(fit_head), "%lld MORE FIT%s", (long long)fit,
		 fit == 1 ? "S" : "");
	look_print(look, fit_head);
	if (attempts)
		attempts_print(attempts, look->now_ms);
}

static int usage_of_login(struct control *control, const struct target *target,
			  const struct look *look, int64_t fit)
{
	struct attempts_seen attempts;
	char error[WAIT_ERROR_MAX];
	bool ok = attempts_look(control->wait, target->scope.name, look->now_ms, &attempts, error);

	if (!ok)
		control_note("%s: refusals cannot be read: %s", target->scope.name, error);
	if (!look->account && !look->seen && !attempts.any)
		return control_refuse("%s: no account, and it has not sent anything",
				      target->scope.name);
	print_usage(control, target, look, fit, ok ? &attempts : NULL);
	return STATUS_DONE;
}

static int usage_of_scope(struct control *control, const struct target *target,
			  const struct look *look, int64_t fit)
{
	print_usage(control, target, look, fit, NULL);
	return STATUS_DONE;
}

static int command_usage(struct control *control)
{
	const struct value *more = control_value(control, OPTION_FIT);
	int64_t n = more ? more->number : 1;
	const int64_t fit[QUOTA_UNITS] = { n, n, n };
	struct target target;
	struct look look;
	bool ok, own;
	int status;

	if (!target_makes_sense(control))
		return STATUS_USAGE;
	if (!control_connect(control) || !target_find(control, &target))
		return STATUS_REFUSED;
	own = target.scope.scope == SCOPE_LOGIN;
	if (own)
		ok = look_at_login(control->wait, target.scope.name, fit, &look);
	else
		ok = look_at_scope(control->wait, &target.scope, fit, &look);
	if (!ok)
		status = control_refuse("%s", look.error);
	else
		status = (own ? usage_of_login : usage_of_scope)(control, &target, &look, n);
	look_fini(&look);
	return status;
}

const struct command commands_usage[] = {
	{ .name = "usage",
	  .argument = "LOGIN",
	  .argument_optional = true,
	  .check = value_login,
	  .options = OPTION_LIST(TARGET_OPTIONS, OPTION_FIT),
	  .meanings = target_meanings,
	  .help = "print what a login has used of its quotas, and how often it was refused",
	  .notes = "With LOGIN the quotas that it shares with others are shown too; an option\n"
		   "instead of LOGIN shows only what is shared there.",
	  .run = command_usage },
	{ 0 },
};
