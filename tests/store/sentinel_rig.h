/*
 * A primary, its replica and three sentinels of the test's own, which call them
 * "mail". What goes wrong here ends the test program.
 */
#ifndef SENDWARD_TESTS_STORE_SENTINEL_RIG_H
#define SENDWARD_TESTS_STORE_SENTINEL_RIG_H

#include "tests/store/rig.h"

#define SENTINEL_SERVERS 3

struct sentinel_rig {
	struct rig *rig; /* its loop goes on meanwhile */
	struct redis *servers[2]; /* the first one is the primary to begin with */
	struct redis *sentinels[SENTINEL_SERVERS];
	int server_ports[2];
	char section[1000]; /* of the configuration, for rig_connect() */
};

/* Returns when a failover is possible. A primary that does not answer for so long
 * is replaced. */
void sentinel_open(struct sentinel_rig *stage, struct rig *rig, int down_after_ms);
void sentinel_close(struct sentinel_rig *stage);

/* The primary's port, as that sentinel says; "" it does not know. Until the next
 * call. */
const char *sentinel_named_port(struct sentinel_rig *stage, size_t sentinel);

#endif
