/*
 * The servers there are connections to, each with a number of its own. Who
 * knows the topology says which ones there have to be.
 */
#ifndef SENDWARD_NODES_H
#define SENDWARD_NODES_H

#include <sys/queue.h>

#include "store/link.h"
#include "store/tls.h"

struct event_base;
struct event;
struct nodes;

/* Primaries of a cluster, and what is left of those before. */
#define NODES_MAX 256

struct node {
	TAILQ_ENTRY(node) next;
	struct nodes *nodes;
	unsigned number; /* ascending, never used again */
	struct endpoint address;
	struct link *link;
	bool owner;	 /* it has keys, as far as is known */
	int64_t used_ms; /* clock_ms() of node_at() */
};

/* A node has become usable (up) or has stopped being so. */
typedef void nodes_change(struct node *node, bool up, void *arg);

struct nodes {
	struct event_base *base;
	const struct redis_settings *settings; /* borrowed */
	struct tls *tls;		       /* tls_free() it after nodes_fini() */
	enum link_role role;
	nodes_change *change;
	void *arg;
	TAILQ_HEAD(node_list, node) list, gone; /* by number; gone: to be freed */
	struct event *sweep;
	unsigned n, last_number;
	struct link_stats before; /* of those that are gone */
};

void nodes_init(struct nodes *nodes, struct event_base *base,
		const struct redis_settings *settings, enum link_role role, nodes_change *change,
		void *arg);
void nodes_fini(struct nodes *nodes);

/* New deadline, new password file and the like; TLS files are read again. What
 * they were before is the caller's to free. */
struct tls *nodes_configure(struct nodes *nodes, const struct redis_settings *settings);

/* The node at that address, made when there is none; NULL when there are
 * NODES_MAX. */
struct node *node_at(struct nodes *nodes, const struct endpoint *address);

/* NULL when there is none (any more). */
struct node *node_numbered(const struct nodes *nodes, unsigned number);

/* It is no node any more; its connection is closed from the loop, so this may
 * be called inside callbacks. */
void node_drop(struct node *node);

/* The sum of all; breaker is that of the node in the worst state, NULL without
 * a node. */
void nodes_stats(const struct nodes *nodes, struct link_stats *out);

#endif
