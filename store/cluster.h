/*
 * The slots of a Redis Cluster and the primaries that have them: asked of its
 * nodes in turn (CLUSTER SLOTS), every 10 s while all is well, and at once when
 * a node says that a slot is elsewhere (MOVED), or is lost.
 *
 * Source: "Redis cluster specification", and the pages of CLUSTER SLOTS and
 * ASKING in Redis' documentation.
 */
#ifndef SENDWARD_CLUSTER_H
#define SENDWARD_CLUSTER_H

#include "store/nodes.h"

struct cluster;
struct redisReply;

/* Adds to nodes, which outlive it. settings are borrowed until
 * cluster_configure() or cluster_free(). */
struct cluster *cluster_new(struct nodes *nodes, const struct redis_settings *settings);
void cluster_configure(struct cluster *cluster, const struct redis_settings *settings);
void cluster_free(struct cluster **cluster);

/* The primary of the key's slot, or with key NULL any that is up; NULL while
 * none is known. */
struct node *cluster_route(const struct cluster *cluster, const char *key, size_t len);

/* What "MOVED SLOT HOST:PORT" and "ASK SLOT HOST:PORT" from a node say: where to
 * ask now; NULL when that makes no sense. The first is remembered. */
struct node *cluster_moved(struct cluster *cluster, const char *error, const struct node *from);
struct node *cluster_asked(struct cluster *cluster, const char *error, const struct node *from);

/* To be told of each change of a node. */
void cluster_changed(struct cluster *cluster, const struct node *node, bool up);

/* The slots seem to be elsewhere. */
void cluster_hurry(struct cluster *cluster);

/* What keeps it from knowing the slots; "" nothing. */
const char *cluster_error(const struct cluster *cluster);

#endif
