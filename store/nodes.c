#include "store/nodes.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"

static void on_change(bool up, void *arg)
{
	struct node *node = arg;

	node->nodes->change(node, up, node->nodes->arg);
}

struct node *node_at(struct nodes *nodes, const struct endpoint *address)
{
	struct link_server server = { .address = *address,
				      .settings = nodes->settings,
				      .tls = nodes->tls,
				      .role = nodes->role };
	struct node *node;

	TAILQ_FOREACH(node, &nodes->list, next) {
		if (endpoint_equal(&node->address, address)) {
			node->used_ms = clock_ms();
			return node;
		}
	}
	if (nodes->n >= NODES_MAX)
		return NULL;
	node = memory_zero(sizeof(*node));
	node->nodes = nodes;
	node->number = ++nodes->last_number;
	node->address = *address;
	node->used_ms = clock_ms();
	node->link = link_new(nodes->base, &server, on_change, node);
	TAILQ_INSERT_TAIL(&nodes->list, node, next);
	nodes->n++;
	return node;
}

struct node *node_numbered(const struct nodes *nodes, unsigned number)
{
	struct node *node;

	TAILQ_FOREACH(node, &nodes->list, next) {
		if (node->number == number)
			return node;
	}
	return NULL;
}

/* ---- the end of a node -------------------------------------------------- */

static void add_stats(struct link_stats *sum, const struct link *link)
{
	struct link_stats stats;

	link_stats(link, &stats);
	sum->connects += stats.connects;
	sum->failures += stats.failures;
	sum->timeouts += stats.timeouts;
	sum->requests += stats.requests;
	sum->in_flight += stats.in_flight;
	if (!sum->breaker || stats.breaker->state != BREAKER_UP)
		sum->breaker = stats.breaker;
}

static void free_node(struct node *node)
{
	link_free(&node->link);
	free(node);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct nodes *nodes = arg;
	struct node *node;

	(void)fd;
	(void)what;
	while ((node = TAILQ_FIRST(&nodes->gone))) {
		TAILQ_REMOVE(&nodes->gone, node, next);
		add_stats(&nodes->before, node->link);
		nodes->before.in_flight = 0;
		nodes->before.breaker = NULL;
		free_node(node);
	}
}

void node_drop(struct node *node)
{
	const struct timeval now = { 0, 0 };
	struct nodes *nodes = node->nodes;
	struct link_stats stats;

	/* The other end of its outage, when it is not back. */
	link_stats(node->link, &stats);
	if (stats.breaker->told && !link_is_up(node->link))
		log_info("redis %s: not one of the servers any more", stats.breaker->name);
	TAILQ_REMOVE(&nodes->list, node, next);
	nodes->n--;
	TAILQ_INSERT_TAIL(&nodes->gone, node, next);
	event_add(nodes->sweep, &now);
}

void nodes_stats(const struct nodes *nodes, struct link_stats *out)
{
	const struct node *node;

	*out = nodes->before;
	TAILQ_FOREACH(node, &nodes->list, next)
		add_stats(out, node->link);
}

/* ---- life --------------------------------------------------------------- */

/* Reading the system's authorities takes a while. */
static bool uses_tls(const struct redis_settings *settings)
{
	return redis_kind(settings) == ENDPOINT_TLS;
}

void nodes_init(struct nodes *nodes, struct event_base *base,
		const struct redis_settings *settings, enum link_role role, nodes_change *change,
		void *arg)
{
	*nodes = (struct nodes){ .base = base,
				 .settings = settings,
				 .tls = uses_tls(settings) ? tls_new(settings) : NULL,
				 .role = role,
				 .change = change,
				 .arg = arg };
	TAILQ_INIT(&nodes->list);
	TAILQ_INIT(&nodes->gone);
	nodes->sweep = evtimer_new(base, on_sweep, nodes);
}

struct tls *nodes_configure(struct nodes *nodes, const struct redis_settings *settings)
{
	struct tls *old = nodes->tls;
	struct node *node;

	nodes->settings = settings;
	nodes->tls = uses_tls(settings) ? tls_new(settings) : NULL;
	TAILQ_FOREACH(node, &nodes->list, next)
		link_configure(node->link, settings, nodes->tls);
	TAILQ_FOREACH(node, &nodes->gone, next)
		link_configure(node->link, settings, nodes->tls);
	return old;
}

void nodes_fini(struct nodes *nodes)
{
	struct node *node;

	on_sweep(-1, 0, nodes);
	while ((node = TAILQ_FIRST(&nodes->list))) {
		TAILQ_REMOVE(&nodes->list, node, next);
		free_node(node);
	}
	event_free(nodes->sweep);
}
