#include "store/dispatch.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/clock.h"
#include "store/trouble.h"

/* How often those who wait are looked at. */
#define WAIT_TICK_MS 10

/* A command is sent again so soon, then twice as late each time. */
#define AGAIN_MIN_MS 10
#define AGAIN_MAX_MS 80

/* A command follows so many redirections at once; then it takes a break. */
#define REDIRECTIONS_MAX 3

#define ASKED_ERROR_MAX 200

/* A command under way. */
struct asked {
	TAILQ_ENTRY(asked) next; /* while it waits */
	struct dispatch *dispatch;
	struct command command;
	int64_t deadline_ms, again_ms, pause_ms;
	unsigned node;	/* the number of the one it was last sent to */
	unsigned only;	/* the one it must go to; 0: the one that has its key */
	bool whole;	/* sent with the whole script */
	bool asking;	/* sent to a node that gets the slot just now */
	int redirections;
	bool uncertain; /* an earlier try may have been carried out */
	bool busy;	/* the server as a whole could not serve */
	char error[ASKED_ERROR_MAX]; /* of the last try */
	link_reply *reply;
	void *arg;
};

/* ---- answers ------------------------------------------------------------ */

static void answer(struct asked *asked, enum link_result result, struct redisReply *reply,
		   const char *error)
{
	struct dispatch *d = asked->dispatch;

	asked->reply(result, reply, error, asked->arg);
	command_fini(&asked->command);
	spares_give(&d->memory, asked);
}

/* No reply, and none to be hoped for within the deadline. */
static void give_up(struct asked *asked)
{
	struct node *node = node_numbered(&asked->dispatch->topology->nodes, asked->node);

	if (asked->busy && node && clock_ms() >= asked->deadline_ms)
		link_unfit(node->link, asked->error);
	answer(asked, asked->uncertain ? LINK_UNCERTAIN : LINK_UNAVAILABLE, NULL, asked->error);
}

/* ---- sending ------------------------------------------------------------ */

static void on_reply(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg);

static struct node *route(const struct asked *asked)
{
	const struct topology *topology = asked->dispatch->topology;
	const struct command *c = &asked->command;

	if (asked->only)
		return node_numbered(&topology->nodes, asked->only);
	if (c->key < 0)
		return topology_route(topology, NULL, 0);
	return topology_route(topology, c->bytes + c->starts[c->key], c->lengths[c->key]);
}

static void ignore_reply(enum link_result result, struct redisReply *reply, const char *error,
			 void *arg)
{
	(void)result;
	(void)reply;
	(void)error;
	(void)arg;
}

static void send_to(struct asked *asked, const struct node *node)
{
	const char *argv[COMMAND_ARGS_MAX];
	size_t lengths[COMMAND_ARGS_MAX];

	command_argv(&asked->command, argv);
	memcpy(lengths, asked->command.lengths, (size_t)asked->command.argc * sizeof(lengths[0]));
	if (asked->whole) {
		argv[0] = "EVAL";
		lengths[0] = strlen(argv[0]);
		argv[1] = asked->command.script;
		lengths[1] = strlen(argv[1]);
	}
	asked->node = node->number;
	if (asked->asking)
		link_send(node->link, 1, (const char *const[]){ "ASKING" }, NULL,
			  asked->deadline_ms, ignore_reply, NULL);
	link_send(node->link, asked->command.argc, argv, lengths, asked->deadline_ms, on_reply,
		  asked);
}

/* ---- waiting ------------------------------------------------------------ */

static void start_tick(struct dispatch *d)
{
	const struct timeval tick = { .tv_usec = WAIT_TICK_MS * 1000 };

	if (!event_pending(d->tick, EV_TIMEOUT, NULL))
		event_add(d->tick, &tick);
}

static void wait_for_again(struct asked *asked, const char *error)
{
	struct dispatch *d = asked->dispatch;
	int64_t now = clock_ms();

	if (error != asked->error)
		snprintf(asked->error, sizeof(asked->error), "%s", error);
	if (now >= asked->deadline_ms || d->n_waiting >= DISPATCH_WAITING_MAX) {
		give_up(asked);
		return;
	}
	asked->pause_ms = asked->pause_ms ? asked->pause_ms * 2 : AGAIN_MIN_MS;
	if (asked->pause_ms > AGAIN_MAX_MS)
		asked->pause_ms = AGAIN_MAX_MS;
	asked->again_ms = now + asked->pause_ms;
	/* The last try leaves time for its answer: else nobody would know what became of it. */
	if (asked->again_ms + asked->pause_ms > asked->deadline_ms)
		asked->again_ms = asked->deadline_ms;
	TAILQ_INSERT_TAIL(&d->waiting, asked, next);
	d->n_waiting++;
	start_tick(d);
}

/* Nothing has failed there yet: a connection that is just being made. */
static bool is_new(const struct node *node)
{
	struct link_stats stats;

	link_stats(node->link, &stats);
	return !stats.breaker->error[0];
}

static void refuse(struct asked *asked)
{
	const char *why = topology_error(asked->dispatch->topology);

	if (asked->dispatch->been_up && !why[0])
		why = "no server has this key at present";
	if (asked->only)
		why = "this server is not one of ours any more";
	answer(asked, asked->uncertain ? LINK_UNCERTAIN : LINK_UNAVAILABLE, NULL,
	       why[0] ? why : "not connected");
}

static void try(struct asked *asked)
{
	const struct node *node = route(asked);
	bool first = asked->pause_ms == 0;

	asked->asking = false;
	asked->redirections = 0;
	if (!node && (first || asked->only)) {
		refuse(asked);
		return;
	}
	/* The first try is refused by a server that is away. */
	if (node && (link_is_up(node->link) ||
		     (first && !(asked->dispatch->been_up && is_new(node)))))
		send_to(asked, node);
	else
		wait_for_again(asked, asked->error[0] ? asked->error : "not connected");
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct dispatch *d = arg;
	struct asked_list list = TAILQ_HEAD_INITIALIZER(list);
	int64_t now = clock_ms();
	struct asked *asked;

	(void)fd;
	(void)what;
	/* Whoever has to wait on is in the list again afterwards. */
	TAILQ_CONCAT(&list, &d->waiting, next);
	d->n_waiting = 0;
	while ((asked = TAILQ_FIRST(&list))) {
		TAILQ_REMOVE(&list, asked, next);
		if (asked->again_ms > now) {
			TAILQ_INSERT_TAIL(&d->waiting, asked, next);
			d->n_waiting++;
		} else if (now >= asked->deadline_ms) {
			give_up(asked);
		} else {
			d->repeats++;
			try(asked);
		}
	}
	if (!TAILQ_EMPTY(&d->waiting))
		start_tick(d);
}

/* ---- replies ------------------------------------------------------------ */

/* Elsewhere: at once when that server is up, else a little later. */
static void redirect(struct asked *asked, enum trouble trouble, struct redisReply *reply,
		     const struct node *from)
{
	struct topology *topology = asked->dispatch->topology;
	struct node *to = trouble == TROUBLE_MOVED ? topology_moved(topology, reply->str, from) :
						     topology_asked(topology, reply->str, from);

	if (!to) {
		answer(asked, LINK_OK, reply, NULL);
	} else if (link_is_up(to->link) && asked->redirections++ < REDIRECTIONS_MAX) {
		asked->dispatch->repeats++;
		asked->asking = trouble == TROUBLE_ASK;
		send_to(asked, to);
	} else {
		wait_for_again(asked, reply->str);
	}
}

static void on_trouble(struct asked *asked, enum trouble trouble, struct redisReply *reply)
{
	struct node *node = node_numbered(&asked->dispatch->topology->nodes, asked->node);

	asked->busy = trouble == TROUBLE_BUSY;
	switch (trouble) {
	case TROUBLE_SCRIPT:
		if (asked->whole || !asked->command.script || !node)
			break;
		asked->whole = true;
		asked->dispatch->script_loads++;
		send_to(asked, node);
		return;
	case TROUBLE_REPLICA:
		if (node)
			link_demoted(node->link, reply->str);
		topology_hurry(asked->dispatch->topology);
		wait_for_again(asked, reply->str);
		return;
	case TROUBLE_SLOT:
		topology_hurry(asked->dispatch->topology);
		wait_for_again(asked, reply->str);
		return;
	case TROUBLE_BUSY:
		wait_for_again(asked, reply->str);
		return;
	case TROUBLE_MOVED:
	case TROUBLE_ASK:
		if (!node || asked->only)
			break;
		redirect(asked, trouble, reply, node);
		return;
	case TROUBLE_NONE:
		break;
	}
	answer(asked, LINK_OK, reply, NULL);
}

static void on_reply(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	struct asked *asked = arg;

	if (result == LINK_OK && reply->type == REDIS_REPLY_ERROR) {
		on_trouble(asked, trouble_of(reply->str), reply);
	} else if (result == LINK_UNCERTAIN && asked->command.repeatable) {
		asked->uncertain = true;
		asked->busy = false;
		wait_for_again(asked, error);
	} else if (result == LINK_UNAVAILABLE && asked->uncertain) {
		answer(asked, LINK_UNCERTAIN, NULL, error);
	} else {
		answer(asked, result, reply, error);
	}
}

/* ---- the interface ------------------------------------------------------ */

void dispatch_send(struct dispatch *d, struct command *command, unsigned only, int64_t deadline_ms,
		   link_reply *reply, void *arg)
{
	struct asked *asked = spares_take(&d->memory, sizeof(*asked));

	asked->dispatch = d;
	command_move(&asked->command, command);
	asked->deadline_ms = deadline_ms;
	asked->pause_ms = 0;
	asked->node = 0;
	asked->only = only;
	asked->whole = asked->asking = asked->uncertain = asked->busy = false;
	asked->redirections = 0;
	asked->error[0] = '\0';
	asked->reply = reply;
	asked->arg = arg;
	try(asked);
}

void dispatch_init(struct dispatch *d, struct event_base *base, struct topology *topology)
{
	*d = (struct dispatch){ .topology = topology };
	TAILQ_INIT(&d->waiting);
	spares_init(&d->memory, DISPATCH_SPARE_MAX);
	d->tick = evtimer_new(base, on_tick, d);
}

void dispatch_fini(struct dispatch *d)
{
	struct asked *asked;

	while ((asked = TAILQ_FIRST(&d->waiting))) {
		TAILQ_REMOVE(&d->waiting, asked, next);
		answer(asked, asked->uncertain ? LINK_UNCERTAIN : LINK_UNAVAILABLE, NULL,
		       "shutting down");
	}
	spares_fini(&d->memory);
	event_free(d->tick);
}
