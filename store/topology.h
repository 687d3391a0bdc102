/*
 * Which servers there are, and which one has a key: a single one, the primary
 * that Sentinel knows, or the primaries of a cluster.
 */
#ifndef SENDWARD_TOPOLOGY_H
#define SENDWARD_TOPOLOGY_H

#include "store/nodes.h"

struct cluster;
struct sentinel;

struct topology {
	struct nodes nodes;
	struct sentinel *sentinel; /* NULL: none */
	struct cluster *cluster;   /* NULL: none */
	bool ending;		   /* nodes are being freed */
	nodes_change *change;
	void *arg;
};

/* settings are borrowed until topology_configure() or topology_fini(). */
void topology_init(struct topology *topology, struct event_base *base,
		   const struct redis_settings *settings, nodes_change *change, void *arg);
void topology_configure(struct topology *topology, const struct redis_settings *settings);
void topology_fini(struct topology *topology);

/* The server that has the key, or any when key is NULL; NULL while it is not
 * known. */
struct node *topology_route(const struct topology *topology, const char *key, size_t len);

/* What a MOVED or ASK of the node says: where to send now; NULL when it makes no
 * sense. */
struct node *topology_moved(struct topology *topology, const char *error, const struct node *from);
struct node *topology_asked(struct topology *topology, const char *error, const struct node *from);

/* A server has said that it is not the one: what is known may be old. */
void topology_hurry(struct topology *topology);

/* Why no server is known; "" none. */
const char *topology_error(const struct topology *topology);

#endif
