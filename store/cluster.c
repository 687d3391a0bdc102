#include "store/cluster.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/clock.h"
#include "store/scout.h"
#include "store/slot.h"

#define ASK_EVERY_MS 10000

/* A node without slots is kept so long after it was asked: it may be about to
 * get some. */
#define NODE_KEPT_MS 5000

struct cluster {
	struct nodes *nodes;
	enum endpoint_kind kind; /* of all nodes */
	struct scout *scout;
	struct node *slots[SLOTS]; /* NULL: nobody has it, as far as is known */
};

/* ---- nodes -------------------------------------------------------------- */

/* An empty host is the one that says so; "?" is one it does not know. */
static bool read_address(const struct cluster *c, const char *host, size_t len, long long port,
			 const struct endpoint *from, struct endpoint *out)
{
	*out = (struct endpoint){ .kind = c->kind };
	if (port < 1 || port > UINT16_MAX || len > ENDPOINT_HOST_MAX ||
	    (len == 1 && host[0] == '?'))
		return false;
	out->port = (uint16_t)port;
	snprintf(out->host, sizeof(out->host), "%.*s", len ? (int)len : ENDPOINT_HOST_MAX,
		 len ? host : from->host);
	return true;
}

static bool all_up(const struct cluster *c)
{
	const struct node *node;

	TAILQ_FOREACH(node, &c->nodes->list, next) {
		if (node->owner && !link_is_up(node->link))
			return false;
	}
	return true;
}

void cluster_changed(struct cluster *c, const struct node *node, bool up)
{
	scout_worry(c->scout, !all_up(c));
	if (!up && node->owner)
		scout_hurry(c->scout);
}

struct node *cluster_route(const struct cluster *c, const char *key, size_t len)
{
	struct node *node, *any = NULL;

	if (key)
		return c->slots[slot_of(key, len)];
	TAILQ_FOREACH(node, &c->nodes->list, next) {
		if (node->owner && (!any || !link_is_up(any->link)))
			any = node;
	}
	return any;
}

/* ---- redirections ------------------------------------------------------- */

/* "MOVED 3999 127.0.0.1:6381"; the host may be missing, or an IPv6 address. */
static bool read_redirection(const struct cluster *c, const char *error, const struct node *from,
			     unsigned *slot, struct endpoint *out)
{
	const char *number = strchr(error, ' '), *host = number ? strchr(number + 1, ' ') : NULL;
	const char *colon = host ? strrchr(host, ':') : NULL;
	unsigned long n = number ? strtoul(number + 1, NULL, 10) : SLOTS;

	if (!colon || n >= SLOTS)
		return false;
	*slot = (unsigned)n;
	return read_address(c, host + 1, (size_t)(colon - host - 1), strtol(colon + 1, NULL, 10),
			    &from->address, out);
}

struct node *cluster_moved(struct cluster *c, const char *error, const struct node *from)
{
	struct endpoint address;
	struct node *node;
	unsigned slot;

	scout_hurry(c->scout);
	if (!read_redirection(c, error, from, &slot, &address))
		return NULL;
	node = node_at(c->nodes, &address);
	if (!node)
		return NULL;
	node->owner = true;
	c->slots[slot] = node;
	return node;
}

struct node *cluster_asked(struct cluster *c, const char *error, const struct node *from)
{
	struct endpoint address;
	unsigned slot;

	if (!read_redirection(c, error, from, &slot, &address))
		return NULL;
	return node_at(c->nodes, &address);
}

/* ---- the map ------------------------------------------------------------ */

static bool is_integer(const struct redisReply *reply, long long min, long long max)
{
	return reply->type == REDIS_REPLY_INTEGER && reply->integer >= min &&
	       reply->integer <= max;
}

/* First and last slot, then servers: each host and port, and more. */
static bool is_range(const struct redisReply *range)
{
	if (range->type != REDIS_REPLY_ARRAY || range->elements < 3 ||
	    !is_integer(range->element[0], 0, SLOTS - 1) ||
	    !is_integer(range->element[1], range->element[0]->integer, SLOTS - 1))
		return false;
	for (size_t i = 2; i < range->elements; i++) {
		const struct redisReply *server = range->element[i];

		if (server->type != REDIS_REPLY_ARRAY || server->elements < 2 ||
		    (server->element[0]->type != REDIS_REPLY_STRING &&
		     server->element[0]->type != REDIS_REPLY_NIL) ||
		    server->element[1]->type != REDIS_REPLY_INTEGER)
			return false;
	}
	return true;
}

static bool is_map(const struct redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
		if (!is_range(reply->element[i]))
			return false;
	return true;
}

static bool server_address(const struct cluster *c, const struct redisReply *server,
			   const struct endpoint *from, struct endpoint *out)
{
	const struct redisReply *host = server->element[0];
	bool named = host->type == REDIS_REPLY_STRING;

	return read_address(c, named ? host->str : "", named ? host->len : 0,
			    server->element[1]->integer, from, out);
}

static bool names_a_primary(const struct cluster *c, const struct redisReply *map,
			    const struct endpoint *from)
{
	struct endpoint address;

	for (size_t i = 0; i < map->elements; i++)
		if (server_address(c, map->element[i]->element[2], from, &address))
			return true;
	return false;
}

/* All that know the slots, primaries first. */
static void tell_scout(struct cluster *c, const struct redisReply *map, const struct endpoint *from)
{
	struct endpoint known[SCOUT_SERVERS_MAX];
	size_t n = 0;

	for (size_t at = 2; at < 4; at++) {
		for (size_t i = 0; i < map->elements && n < SCOUT_SERVERS_MAX; i++) {
			const struct redisReply *range = map->element[i];

			if (at < range->elements &&
			    server_address(c, range->element[at], from, &known[n]))
				n++;
		}
	}
	scout_more(c->scout, known, n);
}

/* Nodes that have no slots go, after a while. */
static void tidy(struct cluster *c)
{
	struct node *node = TAILQ_FIRST(&c->nodes->list), *next;

	for (; node; node = next) {
		next = TAILQ_NEXT(node, next);
		if (!node->owner && clock_ms() - node->used_ms > NODE_KEPT_MS)
			node_drop(node);
	}
}

static void take_map(struct cluster *c, const struct redisReply *map, const struct endpoint *from)
{
	struct node *node;

	memset(c->slots, 0, sizeof(c->slots));
	TAILQ_FOREACH(node, &c->nodes->list, next)
		node->owner = false;
	for (size_t i = 0; i < map->elements; i++) {
		const struct redisReply *range = map->element[i];
		struct endpoint address;

		node = server_address(c, range->element[2], from, &address) ?
			       node_at(c->nodes, &address) :
			       NULL;
		if (!node)
			continue;
		node->owner = true;
		for (long long slot = range->element[0]->integer;
		     slot <= range->element[1]->integer; slot++)
			c->slots[slot] = node;
	}
	tidy(c);
}

static bool on_answer(const struct redisReply *reply, const struct endpoint *from,
		      const char **why, void *arg)
{
	struct cluster *c = arg;

	if (!is_map(reply)) {
		*why = reply->type == REDIS_REPLY_ARRAY && reply->elements == 0 ?
			       "its cluster has no slots" :
			       "an answer that makes no sense";
		return false;
	}
	*why = "it has no address of any primary";
	if (!names_a_primary(c, reply, from))
		return false;
	take_map(c, reply, from);
	tell_scout(c, reply, from);
	scout_worry(c->scout, !all_up(c));
	return true;
}

void cluster_hurry(struct cluster *c)
{
	scout_hurry(c->scout);
}

const char *cluster_error(const struct cluster *c)
{
	return scout_error(c->scout);
}

/* ---- life --------------------------------------------------------------- */

struct cluster *cluster_new(struct nodes *nodes, const struct redis_settings *settings)
{
	struct cluster *c = memory_zero(sizeof(*c));
	const struct scout_task task = { .what = "cluster",
					 .question = { "CLUSTER", "SLOTS" },
					 .n_question = 2,
					 .every_ms = ASK_EVERY_MS,
					 .answer = on_answer,
					 .arg = c };

	c->nodes = nodes;
	c->kind = settings->cluster[0].kind;
	c->scout = scout_new(nodes->base, &task, settings->cluster, settings->n_cluster, settings,
			     nodes->tls);
	return c;
}

void cluster_configure(struct cluster *c, const struct redis_settings *settings)
{
	scout_configure(c->scout, settings, c->nodes->tls);
}

void cluster_free(struct cluster **cluster)
{
	struct cluster *c = *cluster;

	if (!c)
		return;
	scout_free(&c->scout);
	free(c);
	*cluster = NULL;
}
