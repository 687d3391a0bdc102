#include "store/servers.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/clock.h"

/* The one server there is. */
#define THE_SERVER 1

struct servers {
	const struct redis_settings *settings;
	struct link *link;
	int64_t script_loads;
};

/* A command under way, kept until it is known that it need not be sent again. */
struct asked {
	struct servers *servers;
	struct command command;
	int64_t deadline_ms;
	bool whole; /* sent with the whole script */
	link_reply *reply;
	void *arg;
};

struct servers *servers_new(struct event_base *base, const struct redis_settings *settings,
			    link_change *change, void *arg)
{
	struct servers *s = memory_zero(sizeof(*s));

	s->settings = settings;
	s->link = link_new(base, settings, change, arg);
	return s;
}

void servers_configure(struct servers *s, const struct redis_settings *settings)
{
	s->settings = settings;
	link_configure(s->link, settings);
}

void servers_free(struct servers **servers)
{
	struct servers *s = *servers;

	if (!s)
		return;
	link_free(&s->link);
	free(s);
	*servers = NULL;
}

/* ---- sending ------------------------------------------------------------ */

static void transmit(struct asked *asked);

static bool lacks_script(const struct asked *asked, const struct redisReply *reply)
{
	return reply->type == REDIS_REPLY_ERROR && asked->command.script && !asked->whole &&
	       strncmp(reply->str, "NOSCRIPT", 8) == 0;
}

static void on_reply(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	struct asked *asked = arg;

	if (result == LINK_OK && lacks_script(asked, reply)) {
		asked->whole = true;
		asked->servers->script_loads++;
		transmit(asked);
		return;
	}
	asked->reply(result, reply, error, asked->arg);
	command_fini(&asked->command);
	free(asked);
}

static void transmit(struct asked *asked)
{
	const char *argv[COMMAND_ARGS_MAX];
	size_t lengths[COMMAND_ARGS_MAX];

	command_argv(&asked->command, argv);
	memcpy(lengths, asked->command.lengths, sizeof(lengths));
	if (asked->whole) {
		argv[0] = "EVAL";
		lengths[0] = strlen(argv[0]);
		argv[1] = asked->command.script;
		lengths[1] = strlen(argv[1]);
	}
	link_send(asked->servers->link, asked->command.argc, argv, lengths, asked->deadline_ms,
		  on_reply, asked);
}

void servers_send(struct servers *s, struct command *command, int64_t extra_ms, link_reply *reply,
		  void *arg)
{
	struct asked *asked = memory_alloc(sizeof(*asked));

	*asked = (struct asked){
		.servers = s,
		.command = *command,
		.deadline_ms = clock_ms() + s->settings->deadline_ms + extra_ms,
		.reply = reply,
		.arg = arg,
	};
	transmit(asked);
}

unsigned servers_next(const struct servers *s, unsigned after)
{
	(void)s;
	return after < THE_SERVER ? THE_SERVER : 0;
}

void servers_send_to(struct servers *s, unsigned server, struct command *command,
		     link_reply *reply, void *arg)
{
	if (server == THE_SERVER) {
		servers_send(s, command, 0, reply, arg);
		return;
	}
	command_fini(command);
	reply(LINK_UNAVAILABLE, NULL, "this server is not one of ours any more", arg);
}

void servers_stats(const struct servers *s, struct servers_stats *out)
{
	struct link_stats link;

	link_stats(s->link, &link);
	*out = (struct servers_stats){
		.up = link.up,
		.connects = link.connects,
		.failures = link.failures,
		.timeouts = link.timeouts,
		.requests = link.requests,
		.in_flight = link.in_flight,
		.script_loads = s->script_loads,
		.last_error = link.last_error,
	};
}
