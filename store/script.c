#include "store/script.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Made by store/embed-lua. */
extern const char script_take_lua[], script_take_hash[];
extern const char script_refund_lua[], script_refund_hash[];
extern const char script_put_lua[], script_put_hash[];
extern const char script_reset_lua[], script_reset_hash[];

static const struct {
	const char *text, *hash;
} scripts[SCRIPTS] = {
	[SCRIPT_TAKE] = { script_take_lua, script_take_hash },
	[SCRIPT_REFUND] = { script_refund_lua, script_refund_hash },
	[SCRIPT_PUT] = { script_put_lua, script_put_hash },
	[SCRIPT_RESET] = { script_reset_lua, script_reset_hash },
};

void script_command(struct command *command, enum script script, int n_keys)
{
	command_init(command);
	command_add(command, "EVALSHA");
	command_add(command, scripts[script].hash);
	command_add_int(command, n_keys);
}

/* A command under way, kept until it is known that the server has the script. */
struct call {
	struct link *link;
	struct command command;
	enum script script;
	int64_t *loads;
	bool whole; /* sent with the whole script */
	link_reply *reply;
	void *arg;
};

static void transmit(struct call *call);

static void on_reply(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	struct call *call = arg;

	if (result == LINK_OK && reply->type == REDIS_REPLY_ERROR && !call->whole &&
	    strncmp(reply->str, "NOSCRIPT", 8) == 0) {
		call->whole = true;
		++*call->loads;
		transmit(call);
		return;
	}
	call->reply(result, reply, error, call->arg);
	command_fini(&call->command);
	free(call);
}

static void transmit(struct call *call)
{
	const char *argv[COMMAND_ARGS_MAX];
	size_t lengths[COMMAND_ARGS_MAX];

	command_argv(&call->command, argv);
	memcpy(lengths, call->command.lengths, sizeof(lengths));
	if (call->whole) {
		argv[0] = "EVAL";
		lengths[0] = strlen(argv[0]);
		argv[1] = scripts[call->script].text;
		lengths[1] = strlen(argv[1]);
	}
	link_send(call->link, call->command.argc, argv, lengths, 0, on_reply, call);
}

void script_send(struct link *link, struct command *command, enum script script, int64_t *loads,
		 link_reply *reply, void *arg)
{
	struct call *call = memory_alloc(sizeof(*call));

	call->link = link;
	call->command = *command;
	call->script = script;
	call->loads = loads;
	call->whole = false;
	call->reply = reply;
	call->arg = arg;
	transmit(call);
}
