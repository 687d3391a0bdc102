/*
 * A primary that Redis Sentinel knows: found by asking the sentinels in turn
 * (SENTINEL GET-MASTER-ADDR-BY-NAME), twice a second while all is well, and at
 * once when it seems lost. A server becomes the primary here when a sentinel
 * names it and it says itself that it is one (ROLE): a stale sentinel, or a
 * primary that has been demoted, changes nothing.
 *
 * Source: "Sentinel client spec" of Redis' documentation.
 */
#ifndef SENDWARD_SENTINEL_H
#define SENDWARD_SENTINEL_H

#include "store/nodes.h"

struct sentinel;

/* Adds to nodes, whose role is LINK_PRIMARY and which outlive it. settings are
 * borrowed until sentinel_configure() or sentinel_free(). */
struct sentinel *sentinel_new(struct nodes *nodes, const struct redis_settings *settings);
void sentinel_configure(struct sentinel *sentinel, const struct redis_settings *settings);
void sentinel_free(struct sentinel **sentinel);

/* NULL while none is known. */
struct node *sentinel_primary(const struct sentinel *sentinel);

/* To be told of each change of a node. */
void sentinel_changed(struct sentinel *sentinel, struct node *node, bool up);

/* The primary seems to be another one. */
void sentinel_hurry(struct sentinel *sentinel);

/* What keeps it from finding one; "" nothing. */
const char *sentinel_error(const struct sentinel *sentinel);

#endif
