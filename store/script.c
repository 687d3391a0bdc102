#include "store/script.h"

/* Made by store/embed-lua. */
extern const char script_take_lua[], script_take_hash[];
extern const char script_refund_lua[], script_refund_hash[];
extern const char script_put_lua[], script_put_hash[];
extern const char script_delete_lua[], script_delete_hash[];
extern const char script_reset_lua[], script_reset_hash[];
extern const char script_secret_lua[], script_secret_hash[];
extern const char script_guess_lua[], script_guess_hash[];
extern const char script_sent_lua[], script_sent_hash[];
extern const char script_attempts_lua[], script_attempts_hash[];

static const struct {
	const char *text, *hash;
} scripts[SCRIPTS] = {
	[SCRIPT_TAKE] = { script_take_lua, script_take_hash },
	[SCRIPT_REFUND] = { script_refund_lua, script_refund_hash },
	[SCRIPT_PUT] = { script_put_lua, script_put_hash },
	[SCRIPT_DELETE] = { script_delete_lua, script_delete_hash },
	[SCRIPT_RESET] = { script_reset_lua, script_reset_hash },
	[SCRIPT_SECRET] = { script_secret_lua, script_secret_hash },
	[SCRIPT_GUESS] = { script_guess_lua, script_guess_hash },
	[SCRIPT_SENT] = { script_sent_lua, script_sent_hash },
	[SCRIPT_ATTEMPTS] = { script_attempts_lua, script_attempts_hash },
};

void script_command(struct command *command, enum script script, int n_keys)
{
	command_init(command);
	command_add(command, "EVALSHA");
	command_add(command, scripts[script].hash);
	command_add_int(command, n_keys);
	command->script = scripts[script].text;
}
