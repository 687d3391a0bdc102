#include "store/servers.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/memory.h"
#include "store/clock.h"
#include "store/topology.h"
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
	struct servers *servers;
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

TAILQ_HEAD(asked_list, asked);

struct servers {
	struct event_base *base;
	const struct redis_settings *settings;
	link_change *change;
	void *arg;
	struct topology topology;
	struct asked_list waiting;
	int64_t n_waiting;
	struct event *tick;
	bool been_up;
	int64_t repeats, script_loads;
};

/* ---- answers ------------------------------------------------------------ */

static void answer(struct asked *asked, enum link_result result, struct redisReply *reply,
		   const char *error)
{
	asked->reply(result, reply, error, asked->arg);
	command_fini(&asked->command);
	free(asked);
}

/* No reply, and none to be hoped for within the deadline. */
static void give_up(struct asked *asked)
{
	struct node *node = node_numbered(&asked->servers->topology.nodes, asked->node);

	if (asked->busy && node && clock_ms() >= asked->deadline_ms)
		link_unfit(node->link, asked->error);
	answer(asked, asked->uncertain ? LINK_UNCERTAIN : LINK_UNAVAILABLE, NULL, asked->error);
}

/* ---- sending ------------------------------------------------------------ */

static void on_reply(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg);

static struct node *route(const struct asked *asked)
{
	const struct topology *topology = &asked->servers->topology;
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
	memcpy(lengths, asked->command.lengths, sizeof(lengths));
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

static void start_tick(struct servers *s)
{
	const struct timeval tick = { .tv_usec = WAIT_TICK_MS * 1000 };

	if (!event_pending(s->tick, EV_TIMEOUT, NULL))
		event_add(s->tick, &tick);
}

static void wait_for_again(struct asked *asked, const char *error)
{
	struct servers *s = asked->servers;
	int64_t now = clock_ms();

	if (error != asked->error)
		snprintf(asked->error, sizeof(asked->error), "%s", error);
	if (now >= asked->deadline_ms || s->n_waiting >= SERVERS_WAITING_MAX) {
		give_up(asked);
		return;
	}
	asked->pause_ms = asked->pause_ms ? asked->pause_ms * 2 : AGAIN_MIN_MS;
	if (asked->pause_ms > AGAIN_MAX_MS)
		asked->pause_ms = AGAIN_MAX_MS;
	asked->again_ms = now + asked->pause_ms;
	if (asked->again_ms > asked->deadline_ms)
		asked->again_ms = asked->deadline_ms;
	TAILQ_INSERT_TAIL(&s->waiting, asked, next);
	s->n_waiting++;
	start_tick(s);
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
	const char *why = topology_error(&asked->servers->topology);

	if (asked->servers->been_up && !why[0])
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
		     (first && !(asked->servers->been_up && is_new(node)))))
		send_to(asked, node);
	else
		wait_for_again(asked, asked->error[0] ? asked->error : "not connected");
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct servers *s = arg;
	struct asked_list list = TAILQ_HEAD_INITIALIZER(list);
	int64_t now = clock_ms();
	struct asked *asked;

	(void)fd;
	(void)what;
	/* Whoever has to wait on is in the list again afterwards. */
	TAILQ_CONCAT(&list, &s->waiting, next);
	s->n_waiting = 0;
	while ((asked = TAILQ_FIRST(&list))) {
		TAILQ_REMOVE(&list, asked, next);
		if (asked->again_ms > now) {
			TAILQ_INSERT_TAIL(&s->waiting, asked, next);
			s->n_waiting++;
		} else if (now >= asked->deadline_ms) {
			give_up(asked);
		} else {
			s->repeats++;
			try(asked);
		}
	}
	if (!TAILQ_EMPTY(&s->waiting))
		start_tick(s);
}

/* ---- replies ------------------------------------------------------------ */

/* Elsewhere: at once when that server is up, else a little later. */
static void redirect(struct asked *asked, enum trouble trouble, struct redisReply *reply,
		     const struct node *from)
{
	struct topology *topology = &asked->servers->topology;
	struct node *to = trouble == TROUBLE_MOVED ? topology_moved(topology, reply->str, from) :
						     topology_asked(topology, reply->str, from);

	if (!to) {
		answer(asked, LINK_OK, reply, NULL);
	} else if (link_is_up(to->link) && asked->redirections++ < REDIRECTIONS_MAX) {
		asked->servers->repeats++;
		asked->asking = trouble == TROUBLE_ASK;
		send_to(asked, to);
	} else {
		wait_for_again(asked, reply->str);
	}
}

static void on_trouble(struct asked *asked, enum trouble trouble, struct redisReply *reply)
{
	struct node *node = node_numbered(&asked->servers->topology.nodes, asked->node);

	asked->busy = trouble == TROUBLE_BUSY;
	switch (trouble) {
	case TROUBLE_SCRIPT:
		if (asked->whole || !asked->command.script || !node)
			break;
		asked->whole = true;
		asked->servers->script_loads++;
		send_to(asked, node);
		return;
	case TROUBLE_REPLICA:
		if (node)
			link_demoted(node->link, reply->str);
		topology_hurry(&asked->servers->topology);
		wait_for_again(asked, reply->str);
		return;
	case TROUBLE_SLOT:
		topology_hurry(&asked->servers->topology);
		wait_for_again(asked, reply->str);
		return;
	case TROUBLE_BUSY:
		wait_for_again(asked, reply->str);
		return;
	case TROUBLE_MOVED:
	case TROUBLE_ASK:
		if (!node)
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

/* ---- the servers -------------------------------------------------------- */

static void on_change(struct node *node, bool up, void *arg)
{
	struct servers *s = arg;

	(void)node;
	s->been_up = s->been_up || up;
	s->change(up, s->arg);
}

struct servers *servers_new(struct event_base *base, const struct redis_settings *settings,
			    link_change *change, void *arg)
{
	struct servers *s = memory_zero(sizeof(*s));

	s->base = base;
	s->settings = settings;
	s->change = change;
	s->arg = arg;
	TAILQ_INIT(&s->waiting);
	s->tick = evtimer_new(base, on_tick, s);
	topology_init(&s->topology, base, settings, on_change, s);
	return s;
}

void servers_configure(struct servers *s, const struct redis_settings *settings)
{
	s->settings = settings;
	topology_configure(&s->topology, settings);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_servers(const struct endpoint *a, size_t n_a, const struct endpoint *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && i < n_b; i++)
		if (!endpoint_equal(&a[i], &b[i]))
			return false;
	return n_a == n_b;
}

bool servers_same(const struct redis_settings *a, const struct redis_settings *b)
{
	return endpoint_equal(&a->address, &b->address) &&
	       same_servers(a->sentinels, a->n_sentinels, b->sentinels, b->n_sentinels) &&
	       same_servers(a->cluster, a->n_cluster, b->cluster, b->n_cluster) &&
	       same_text(a->sentinel_master, b->sentinel_master) &&
	       same_text(a->sentinel_username, b->sentinel_username) &&
	       same_text(a->sentinel_password_file, b->sentinel_password_file) && same_text(a->username, b->username) &&
	       same_text(a->password_file, b->password_file) && a->database == b->database &&
	       same_text(a->prefix, b->prefix) && same_text(a->tls_ca_file, b->tls_ca_file) &&
	       same_text(a->tls_cert_file, b->tls_cert_file) &&
	       same_text(a->tls_key_file, b->tls_key_file) &&
	       same_text(a->tls_server_name, b->tls_server_name);
}

void servers_free(struct servers **servers)
{
	struct servers *s = *servers;
	struct asked *asked;

	if (!s)
		return;
	topology_fini(&s->topology);
	while ((asked = TAILQ_FIRST(&s->waiting))) {
		TAILQ_REMOVE(&s->waiting, asked, next);
		snprintf(asked->error, sizeof(asked->error), "shutting down");
		answer(asked, asked->uncertain ? LINK_UNCERTAIN : LINK_UNAVAILABLE, NULL,
		       asked->error);
	}
	event_free(s->tick);
	free(s);
	*servers = NULL;
}

/* ---- the interface ------------------------------------------------------ */

static struct asked *asked_new(struct servers *s, const struct command *command, int64_t extra_ms,
			       link_reply *reply, void *arg)
{
	struct asked *asked = memory_zero(sizeof(*asked));

	asked->servers = s;
	asked->command = *command;
	asked->deadline_ms = clock_ms() + s->settings->deadline_ms + extra_ms;
	asked->reply = reply;
	asked->arg = arg;
	return asked;
}

void servers_send(struct servers *s, struct command *command, int64_t extra_ms, link_reply *reply,
		  void *arg)
{
	try(asked_new(s, command, extra_ms, reply, arg));
}

void servers_send_to(struct servers *s, unsigned server, struct command *command,
		     link_reply *reply, void *arg)
{
	struct asked *asked = asked_new(s, command, 0, reply, arg);

	asked->only = server;
	try(asked);
}

unsigned servers_next(const struct servers *s, unsigned after)
{
	const struct node *node;

	TAILQ_FOREACH(node, &s->topology.nodes.list, next) {
		if (node->owner && node->number > after)
			return node->number;
	}
	return 0;
}

bool servers_any(const struct servers *s, struct link_server *out)
{
	const struct node *node;

	TAILQ_FOREACH(node, &s->topology.nodes.list, next) {
		if (!node->owner || !link_is_up(node->link))
			continue;
		*out = (struct link_server){
			.address = node->address,
			.settings = s->settings,
			.tls = s->topology.nodes.tls,
		};
		return true;
	}
	return false;
}

void servers_stats(const struct servers *s, struct servers_stats *out)
{
	const struct node *node;
	struct link_stats links;
	bool up = false, ready = false, away = false;

	TAILQ_FOREACH(node, &s->topology.nodes.list, next) {
		if (!node->owner)
			continue;
		up = up || link_is_up(node->link);
		away = away || !link_is_up(node->link);
	}
	ready = up && !away;
	nodes_stats(&s->topology.nodes, &links);
	*out = (struct servers_stats){
		.up = up,
		.ready = ready,
		.connects = links.connects,
		.failures = links.failures,
		.timeouts = links.timeouts,
		.requests = links.requests,
		.in_flight = links.in_flight + s->n_waiting,
		.repeats = s->repeats,
		.script_loads = s->script_loads,
		.breaker = links.breaker,
		.error = topology_error(&s->topology),
	};
	if (links.breaker && links.breaker->state != BREAKER_UP && links.breaker->error[0])
		out->error = links.breaker->error;
}

void servers_each(const struct servers *s, void (*each)(const struct breaker *breaker, void *arg),
		  void *arg)
{
	const struct node *node;
	struct link_stats stats;

	TAILQ_FOREACH(node, &s->topology.nodes.list, next) {
		link_stats(node->link, &stats);
		if (node->owner)
			each(stats.breaker, arg);
	}
}
