#include "tests/store/cluster_rig.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/slot.h"
#include "tests/unit/port.h"

/* ---- the stage ---------------------------------------------------------- */

static void wait_until(struct cluster_rig *c, bool (*is)(struct cluster_rig *c), const char *what)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (!is(c)) {
		if (rig_now_ms() > until_ms) {
			fprintf(stderr, "cluster: %s does not come\n", what);
			exit(99);
		}
		rig_run(c->rig, 20);
	}
}

static bool all_know_all(struct cluster_rig *c)
{
	bool know = true;

	for (size_t i = 0; i < CLUSTER_NODES; i++)
		know = know && redis_has_text(c->nodes[i], "CLUSTER INFO", "cluster_known_nodes:4");
	return know;
}

static bool is_settled(struct cluster_rig *c)
{
	bool settled = redis_has_text(c->nodes[3], "INFO replication", "master_link_status:up");

	for (size_t i = 0; i < CLUSTER_NODES; i++)
		settled = settled &&
			  redis_has_text(c->nodes[i], "CLUSTER INFO", "cluster_state:ok") &&
			  redis_has_text(c->nodes[i], "CLUSTER NODES", "slave ");
	return settled;
}

static void give_slots(struct cluster_rig *c, size_t i)
{
	int each = SLOTS / CLUSTER_PRIMARIES, first = (int)i * each;

	redis_do(c->nodes[i], "CLUSTER ADDSLOTSRANGE %d %d", first,
		 i + 1 < CLUSTER_PRIMARIES ? first + each - 1 : SLOTS - 1);
}

static void start_node(struct cluster_rig *c, size_t i, int bus_port)
{
	redisReply *id;

	c->ports[i] = port_free();
	c->nodes[i] = redis_new_with(c->ports[i], false,
				     "cluster-enabled yes\ncluster-port %d\n"
				     "cluster-node-timeout 1000\n"
				     "repl-diskless-sync-delay 0\n",
				     bus_port);
	id = redis_call(c->nodes[i], "CLUSTER MYID");
	snprintf(c->ids[i], sizeof(c->ids[i]), "%s", id->str);
	freeReplyObject(id);
	redis_do(c->nodes[i], "CLUSTER SET-CONFIG-EPOCH %d", (int)i + 1);
	if (i < CLUSTER_PRIMARIES)
		give_slots(c, i);
}

void cluster_open(struct cluster_rig *c, struct rig *rig)
{
	int first_bus_port = port_free();

	*c = (struct cluster_rig){ .rig = rig };
	for (size_t i = 0; i < CLUSTER_NODES; i++) {
		start_node(c, i, i == 0 ? first_bus_port : port_free());
		if (i > 0)
			redis_do(c->nodes[i], "CLUSTER MEET 127.0.0.1 %d %d", c->ports[0],
				 first_bus_port);
	}
	wait_until(c, all_know_all, "acquaintance");
	redis_do(c->nodes[3], "CLUSTER REPLICATE %s", c->ids[0]);
	wait_until(c, is_settled, "a cluster");
	snprintf(c->section, sizeof(c->section),
		 "cluster = { \"inet:127.0.0.1:%d\", \"inet:127.0.0.1:%d\" }", c->ports[1],
		 c->ports[3]);
}

void cluster_close(struct cluster_rig *c)
{
	for (size_t i = 0; i < CLUSTER_NODES; i++)
		redis_free(&c->nodes[i]);
}

/* ---- slots -------------------------------------------------------------- */

size_t cluster_node_of(const char *key)
{
	size_t i = slot_of(key, strlen(key)) / (SLOTS / CLUSTER_PRIMARIES);

	return i < CLUSTER_PRIMARIES ? i : CLUSTER_PRIMARIES - 1;
}

void cluster_begin_move(struct cluster_rig *c, unsigned slot, size_t from, size_t to)
{
	redis_do(c->nodes[to], "CLUSTER SETSLOT %u IMPORTING %s", slot, c->ids[from]);
	redis_do(c->nodes[from], "CLUSTER SETSLOT %u MIGRATING %s", slot, c->ids[to]);
}

void cluster_move_keys(struct cluster_rig *c, unsigned slot, size_t from, size_t to)
{
	redisReply *keys;

	do {
		keys = redis_call(c->nodes[from], "CLUSTER GETKEYSINSLOT %u 10", slot);
		for (size_t i = 0; i < keys->elements; i++)
			redis_do(c->nodes[from], "MIGRATE 127.0.0.1 %d %s 0 5000", c->ports[to],
				 keys->element[i]->str);
		freeReplyObject(keys);
	} while (redis_integer(c->nodes[from], "CLUSTER COUNTKEYSINSLOT %u", slot) > 0);
}

void cluster_end_move(struct cluster_rig *c, unsigned slot, size_t from, size_t to)
{
	redis_do(c->nodes[to], "CLUSTER SETSLOT %u NODE %s", slot, c->ids[to]);
	redis_do(c->nodes[from], "CLUSTER SETSLOT %u NODE %s", slot, c->ids[to]);
}

void cluster_move_slot(struct cluster_rig *c, unsigned slot, size_t from, size_t to)
{
	cluster_begin_move(c, slot, from, to);
	cluster_move_keys(c, slot, from, to);
	cluster_end_move(c, slot, from, to);
}

/* ---- roles -------------------------------------------------------------- */

bool cluster_leads(struct cluster_rig *c, size_t node)
{
	return redis_has_text(c->nodes[node], "INFO replication", "role:master") &&
	       redis_has_text(c->nodes[node], "CLUSTER INFO", "cluster_state:ok") &&
	       redis_has_text(c->nodes[1], "CLUSTER INFO", "cluster_state:ok");
}

bool cluster_follows(struct cluster_rig *c, size_t node)
{
	return redis_has_text(c->nodes[node], "INFO replication", "role:slave") &&
	       redis_has_text(c->nodes[node], "INFO replication", "master_link_status:up") &&
	       redis_has_text(c->nodes[node], "CLUSTER INFO", "cluster_state:ok");
}
