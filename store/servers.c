#include "store/servers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/clock.h"
#include "store/dispatch.h"
#include "store/topology.h"

struct servers {
	struct event_base *base;
	const struct redis_settings *settings;
	link_change *change;
	void *arg;
	struct topology topology;
	struct dispatch dispatch;
};

/* ---- the servers -------------------------------------------------------- */

static void on_change(struct node *node, bool up, void *arg)
{
	struct servers *s = arg;

	(void)node;
	s->dispatch.been_up = s->dispatch.been_up || up;
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
	dispatch_init(&s->dispatch, base, &s->topology);
	topology_init(&s->topology, base, settings, on_change, s);
	return s;
}

void servers_configure(struct servers *s, const struct redis_settings *settings)
{
	s->settings = settings;
	topology_configure(&s->topology, settings);
}

void servers_free(struct servers **servers)
{
	struct servers *s = *servers;

	if (!s)
		return;
	topology_fini(&s->topology);
	dispatch_fini(&s->dispatch);
	free(s);
	*servers = NULL;
}

/* ---- the interface ------------------------------------------------------ */

static int64_t deadline_ms(const struct servers *s)
{
	return clock_ms() + s->settings->deadline_ms;
}

void servers_send(struct servers *s, struct command *command, int64_t extra_ms, link_reply *reply,
		  void *arg)
{
	dispatch_send(&s->dispatch, command, 0, deadline_ms(s) + extra_ms, reply, arg);
}

void servers_send_to(struct servers *s, unsigned server, struct command *command,
		     link_reply *reply, void *arg)
{
	dispatch_send(&s->dispatch, command, server, deadline_ms(s), reply, arg);
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

const char *servers_name(const struct servers *s, unsigned server)
{
	const struct node *node = node_numbered(&s->topology.nodes, server);
	struct link_stats stats;

	if (!node)
		return "";
	link_stats(node->link, &stats);
	return stats.breaker->name;
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
	const struct breaker *worst = NULL;
	const struct node *node;
	struct link_stats links;
	bool up = false, away = false;

	TAILQ_FOREACH(node, &s->topology.nodes.list, next) {
		if (!node->owner)
			continue;
		link_stats(node->link, &links);
		up = up || link_is_up(node->link);
		away = away || !link_is_up(node->link);
		if (!worst || links.breaker->state != BREAKER_UP)
			worst = links.breaker;
	}
	/* Without owners one that might become it tells why it is not. */
	nodes_stats(&s->topology.nodes, &links);
	if (!worst)
		worst = links.breaker;
	*out = (struct servers_stats){
		.up = up,
		.ready = up && !away,
		.connects = links.connects,
		.failures = links.failures,
		.timeouts = links.timeouts,
		.requests = links.requests,
		.in_flight = links.in_flight + s->dispatch.n_waiting,
		.repeats = s->dispatch.repeats,
		.script_loads = s->dispatch.script_loads,
		.breaker = worst,
		.error = topology_error(&s->topology),
	};
	if (worst && worst->state != BREAKER_UP && worst->error[0])
		out->error = worst->error;
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
