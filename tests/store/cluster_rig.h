/*
 * A cluster of the test's own: three primaries, and a replica of the first one.
 * What goes wrong here ends the test program.
 */
#ifndef SENDWARD_TESTS_STORE_CLUSTER_RIG_H
#define SENDWARD_TESTS_STORE_CLUSTER_RIG_H

#include "tests/store/rig.h"

#define CLUSTER_PRIMARIES 3
#define CLUSTER_NODES 4 /* the last one is the first one's replica */

struct cluster_rig {
	struct rig *rig; /* its loop goes on meanwhile */
	struct redis *nodes[CLUSTER_NODES];
	int ports[CLUSTER_NODES];
	char ids[CLUSTER_NODES][41];
	char section[500]; /* of the configuration, for rig_connect() */
};

void cluster_open(struct cluster_rig *cluster, struct rig *rig);
void cluster_close(struct cluster_rig *cluster);

/* The primary of a key, by the slots as they were given out. */
size_t cluster_node_of(const char *key);

/* A slot goes to another node as redis-cli --cluster reshard does it, all at once
 * or in its three steps. */
void cluster_move_slot(struct cluster_rig *cluster, unsigned slot, size_t from, size_t to);
void cluster_begin_move(struct cluster_rig *cluster, unsigned slot, size_t from, size_t to);
void cluster_move_keys(struct cluster_rig *cluster, unsigned slot, size_t from, size_t to);
void cluster_end_move(struct cluster_rig *cluster, unsigned slot, size_t from, size_t to);

/* The node is a primary that the others agree on; a replica that has all its
 * primary has. */
bool cluster_leads(struct cluster_rig *cluster, size_t node);
bool cluster_follows(struct cluster_rig *cluster, size_t node);

#endif
