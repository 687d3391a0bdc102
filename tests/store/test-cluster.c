/*
 * Three primaries and a replica: every login at its node, whatever moves or
 * dies, and every message charged once.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/slot.h"
#include "tests/store/load.h"
#include "tests/unit/port.h"
#include "tests/unit/suite.h"

#define PRIMARIES 3
#define NODES 4 /* the last one is the first one's replica */

/* What a machine that does other things may add. */
#define MARGIN_MS 400

static struct rig rig; /* its own server is not used here */
static struct redis *nodes[NODES];
static int ports[NODES], bus_ports[NODES];
static char ids[NODES][41];
static char section[500]; /* of the configuration */

/* ---- the stage ---------------------------------------------------------- */

static bool all_know_all(void)
{
	bool know = true;

	for (size_t i = 0; i < NODES; i++)
		know = know && redis_has_text(nodes[i], "CLUSTER INFO", "cluster_known_nodes:4");
	return know;
}

static bool is_settled(void)
{
	bool settled = redis_has_text(nodes[3], "INFO replication", "master_link_status:up");

	for (size_t i = 0; i < NODES; i++)
		settled = settled && redis_has_text(nodes[i], "CLUSTER INFO", "cluster_state:ok") &&
			  redis_has_text(nodes[i], "CLUSTER NODES", "slave ");
	return settled;
}

/* The port names a node. */
static void give_slots(size_t i)
{
	int each = SLOTS / PRIMARIES, first = (int)i * each;

	redis_do(nodes[i], "CLUSTER ADDSLOTSRANGE %d %d", first,
		 i + 1 < PRIMARIES ? first + each - 1 : SLOTS - 1);
}

static void start(void)
{
	for (size_t i = 0; i < NODES; i++) {
		redisReply *id;

		ports[i] = port_free();
		bus_ports[i] = port_free();
		nodes[i] = redis_new_with(ports[i], false,
					  "cluster-enabled yes\ncluster-port %d\n"
					  "cluster-node-timeout 1000\n"
					  "repl-diskless-sync-delay 0\n",
					  bus_ports[i]);
		id = redis_call(nodes[i], "CLUSTER MYID");
		snprintf(ids[i], sizeof(ids[i]), "%s", id->str);
		freeReplyObject(id);
		redis_do(nodes[i], "CLUSTER SET-CONFIG-EPOCH %d", (int)i + 1);
		if (i < PRIMARIES)
			give_slots(i);
		if (i > 0)
			redis_do(nodes[i], "CLUSTER MEET 127.0.0.1 %d %d", ports[0], bus_ports[0]);
	}
	rig_wait_for(&rig, all_know_all, "acquaintance");
	redis_do(nodes[3], "CLUSTER REPLICATE %s", ids[0]);
	rig_wait_for(&rig, is_settled, "a cluster");
	snprintf(section, sizeof(section), "cluster = { \"inet:127.0.0.1:%d\", \"inet:127.0.0.1:%d\" }",
		 ports[1], ports[3]);
}

static void end(void)
{
	for (size_t i = 0; i < NODES; i++)
		redis_free(&nodes[i]);
}

/* By the slots as they were given out. */
static size_t node_of(const char *key)
{
	size_t i = slot_of(key, strlen(key)) / (SLOTS / PRIMARIES);

	return i < PRIMARIES ? i : PRIMARIES - 1;
}

/* ---- all nodes ---------------------------------------------------------- */

static void test_slots_agree(void)
{
	unsigned seed = 4711;

	for (int i = 0; i < 500; i++) {
		char key[40];
		size_t len = 1 + (size_t)i % 30;

		for (size_t j = 0; j < len; j++) {
			seed = seed * 1103515245 + 12345;
			key[j] = "{}abc:%@.x"[(seed >> 16) % 10];
		}
		SUITE_INT_EQUAL(redis_integer(nodes[0], "CLUSTER KEYSLOT %b", key, len),
				slot_of(key, len));
	}
}

struct counting {
	bool done;
	size_t n;
	enum store_result result;
};

static void on_login(const char *login, void *arg)
{
	(void)login;
	((struct counting *)arg)->n++;
}

static void on_text(const char *name, const char *text, void *arg)
{
	(void)text;
	on_login(name, arg);
}

static void on_done(enum store_result result, const char *error, void *arg)
{
	struct counting *c = arg;

	(void)error;
	c->result = result;
	c->done = true;
}

#define LOGINS 100

static void test_everything(void)
{
	struct counting listed = { .done = false }, beats = { .done = false },
			events = { .done = false };
	size_t at_nodes[PRIMARIES] = { 0 };
	char login[40], key[60];

	SUITE_TEXT_EQUAL(rig_connect(&rig, section, 3000), "");
	for (int i = 0; i < LOGINS; i++) {
		snprintf(login, sizeof(login), "login%d@dom.example", i);
		snprintf(key, sizeof(key), "sendward:{%s}:a", login);
		SUITE_INT_EQUAL(rig_put(&rig, login, "", "{}").result, STORE_OK);
		SUITE_INT_EQUAL(rig_get(&rig, login).result, STORE_OK);
		SUITE_INT_EQUAL(redis_integer(nodes[node_of(key)], "EXISTS %s", key), 1);
		at_nodes[node_of(key)]++;
	}
	for (size_t i = 0; i < PRIMARIES; i++)
		SUITE_TRUE(at_nodes[i] > 0);
	store_account_each(rig.store, on_login, on_done, &listed);
	rig_wait(&rig, &listed.done);
	SUITE_INT_EQUAL(listed.result, STORE_OK);
	SUITE_INT_EQUAL(listed.n, LOGINS);

	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "mx%d/policyd", i);
		store_beat(rig.store, key, "{}", 60);
		store_event(rig.store, "{}", NULL, NULL);
	}
	SUITE_INT_EQUAL(rig_info(&rig).result, STORE_OK);
	store_beats_read(rig.store, on_text, on_done, &beats);
	rig_wait(&rig, &beats.done);
	SUITE_INT_EQUAL(beats.result, STORE_OK);
	SUITE_INT_EQUAL(beats.n, 20);
	store_events_read(rig.store, "0", 0, on_text, on_done, &events);
	rig_wait(&rig, &events.done);
	SUITE_INT_EQUAL(events.n, 20);
	for (int i = 0; i < LOGINS; i++) {
		snprintf(login, sizeof(login), "login%d@dom.example", i);
		SUITE_INT_EQUAL(rig_delete(&rig, login).result, STORE_OK);
	}
}

static bool knows_blocked(const char *login)
{
	const struct decision_env *env = store_env(rig.store);
	struct account *account;
	bool blocked = env->account(env->ctx, login, &account) && account &&
		       account->state == ACCOUNT_BLOCKED;

	account_unref(&account);
	return blocked;
}

/* Whichever node a change is made on, and whichever is listened to. */
static void test_news(void)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	struct store_stats stats;
	char login[40];

	SUITE_TEXT_EQUAL(rig_connect(&rig, section, 3000), "");
	store_follow(rig.store);
	do {
		rig_run(&rig, 5);
		store_stats(rig.store, &stats);
	} while (!stats.subscribed && rig_now_ms() < until_ms);
	SUITE_TRUE(stats.subscribed);
	for (int i = 0; i < LOGINS; i++) {
		snprintf(login, sizeof(login), "login%d@dom.example", i);
		SUITE_INT_EQUAL(rig_put(&rig, login, "", "{\"state\":\"blocked\"}").result,
				STORE_OK);
	}
	for (int i = 0; i < LOGINS; i++) {
		snprintf(login, sizeof(login), "login%d@dom.example", i);
		while (!knows_blocked(login) && rig_now_ms() < until_ms)
			rig_run(&rig, 5);
		SUITE_TRUE(knows_blocked(login));
		SUITE_INT_EQUAL(rig_delete(&rig, login).result, STORE_OK);
	}
}

/* Questions of one pass of the loop, about logins all over the cluster. */
static void test_at_once(void)
{
	struct load *load = load_begin(&rig, "once");

	load_burst(load, 300);
	SUITE_INT_EQUAL(load_prove(load), 0);
	SUITE_INT_EQUAL(load->by_status[TAKE_DONE], load->n);
}

/* The script is sent to each node that has not got it; refunds find theirs. */
static void test_charges(void)
{
	struct load *load;
	struct store_stats stats;
	char login[60], key[40];

	for (size_t i = 0; i < PRIMARIES; i++)
		redis_do(nodes[i], "SCRIPT FLUSH");
	load = load_begin(&rig, "plain");
	load_run(load, 300, NULL);
	SUITE_INT_EQUAL(load_prove(load), 0);
	SUITE_INT_EQUAL(load->by_status[TAKE_DONE], load->n);
	store_stats(rig.store, &stats);
	SUITE_TRUE(stats.script_loads >= PRIMARIES);
	for (size_t i = 0; i < load->n; i++) {
		snprintf(login, sizeof(login), "plain-%zu@dom.example", i % LOAD_LOGINS);
		snprintf(key, sizeof(key), "mx1/plain%zu", i);
		SUITE_INT_EQUAL(rig_refund(&rig, login, key).result, STORE_OK);
	}
	for (size_t i = 0; i < LOAD_LOGINS; i++) {
		snprintf(login, sizeof(login), "sendward:{plain-%zu@dom.example}:u", i);
		SUITE_INT_EQUAL(redis_integer(nodes[node_of(login)], "EXISTS %s", login), 0);
	}
}

/* ---- moving ------------------------------------------------------------- */

static void move_keys(unsigned slot, size_t from, size_t to)
{
	redisReply *keys;

	do {
		keys = redis_call(nodes[from], "CLUSTER GETKEYSINSLOT %u 10", slot);
		for (size_t i = 0; i < keys->elements; i++)
			redis_do(nodes[from], "MIGRATE 127.0.0.1 %d %s 0 5000", ports[to],
				 keys->element[i]->str);
		freeReplyObject(keys);
	} while (redis_integer(nodes[from], "CLUSTER COUNTKEYSINSLOT %u", slot) > 0);
}

/* As redis-cli --cluster reshard does it. */
static void move_slot(unsigned slot, size_t from, size_t to)
{
	redis_do(nodes[to], "CLUSTER SETSLOT %u IMPORTING %s", slot, ids[from]);
	redis_do(nodes[from], "CLUSTER SETSLOT %u MIGRATING %s", slot, ids[to]);
	move_keys(slot, from, to);
	redis_do(nodes[to], "CLUSTER SETSLOT %u NODE %s", slot, ids[to]);
	redis_do(nodes[from], "CLUSTER SETSLOT %u NODE %s", slot, ids[to]);
}

static void test_reshard(void)
{
	struct load *load;
	struct store_stats before, after;
	size_t moved = 0;

	SUITE_TEXT_EQUAL(rig_connect(&rig, section, 3000), "");
	store_stats(rig.store, &before);
	load = load_begin(&rig, "reshard");
	load_run(load, 200, NULL);
	for (size_t i = 0; i < LOAD_LOGINS; i++) {
		char key[60];
		size_t from;

		snprintf(key, sizeof(key), "sendward:{reshard-%zu@dom.example}:u", i);
		from = node_of(key);
		if (from == 2)
			continue;
		move_slot(slot_of(key, strlen(key)), from, 2);
		moved++;
		load_run(load, 20, NULL);
	}
	load_run(load, 200, NULL);
	SUITE_TRUE(moved > LOAD_LOGINS / 3);
	SUITE_TRUE(load->slowest_ms <= rig.deadline_ms + MARGIN_MS);
	SUITE_INT_EQUAL(load_prove(load), 0);
	SUITE_INT_EQUAL(load->by_status[TAKE_DONE], load->n);
	store_stats(rig.store, &after);
	SUITE_TRUE(after.requests > before.requests);
}

/* In the middle of a slot's way: what has gone is asked for there (ASK), what
 * has not is answered here, and what is in both places waits; an account and its
 * counters are written together. */
static void test_half_moved(void)
{
	static const char login[] = "half@dom.example", key[] = "sendward:{half@dom.example}:a";
	size_t from = node_of(key), to = (from + 1) % PRIMARIES;
	unsigned slot = slot_of(key, strlen(key));

	SUITE_INT_EQUAL(rig_put(&rig, login, "", "{}").result, STORE_OK);
	redis_do(nodes[to], "CLUSTER SETSLOT %u IMPORTING %s", slot, ids[from]);
	redis_do(nodes[from], "CLUSTER SETSLOT %u MIGRATING %s", slot, ids[to]);
	SUITE_INT_EQUAL(rig_get(&rig, login).result, STORE_OK);
	move_keys(slot, from, to);
	redis_do(nodes[to], "SCRIPT FLUSH");
	SUITE_INT_EQUAL(rig_get(&rig, login).result, STORE_OK);
	SUITE_INT_EQUAL(rig_put(&rig, login, NULL, "{}").result, STORE_UNAVAILABLE);
	SUITE_INT_EQUAL(rig_refund(&rig, login, "mx1/1").result, STORE_UNAVAILABLE);
	redis_do(nodes[to], "CLUSTER SETSLOT %u NODE %s", slot, ids[to]);
	redis_do(nodes[from], "CLUSTER SETSLOT %u NODE %s", slot, ids[to]);
	SUITE_INT_EQUAL(rig_put(&rig, login, NULL, "{\"plan\":\"gold\"}").result, STORE_OK);
	SUITE_TRUE(strstr(rig_get(&rig, login).text, "gold") != NULL);
	SUITE_INT_EQUAL(rig_refund(&rig, login, "mx1/1").result, STORE_OK);
}

/* ---- dying -------------------------------------------------------------- */

static bool is_settled_again(void)
{
	return redis_has_text(nodes[0], "INFO replication", "role:slave") &&
	       redis_has_text(nodes[0], "CLUSTER INFO", "cluster_state:ok");
}

static bool replica_has_taken_over(void)
{
	return redis_has_text(nodes[3], "INFO replication", "role:master") &&
	       redis_has_text(nodes[3], "CLUSTER INFO", "cluster_state:ok") &&
	       redis_has_text(nodes[1], "CLUSTER INFO", "cluster_state:ok");
}

static void test_death(void)
{
	struct load *load;
	size_t others = 0;
	int64_t until_ms;

	SUITE_TEXT_EQUAL(rig_connect(&rig, section, 3000), "");
	load = load_begin(&rig, "death");
	load_run(load, 500, NULL);
	redis_kill(nodes[0]);
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	while (!replica_has_taken_over() && rig_now_ms() < until_ms)
		load_run(load, 50, NULL);
	while (rig_last_error(&rig)[0] && rig_now_ms() < until_ms)
		load_run(load, 20, NULL);
	load_run(load, 300, NULL);
	SUITE_TEXT_EQUAL(rig_last_error(&rig), "");
	SUITE_TRUE(load->by_status[TAKE_UNAVAILABLE] > 0);
	SUITE_TRUE(load->slowest_ms <= rig.deadline_ms + MARGIN_MS);
	for (size_t i = 0; i < load->n; i++)
		others += load->messages[i].accepted;
	/* Two thirds of them went on for as long as the cluster did. */
	SUITE_TRUE(others > load->n / 3);
	load_prove(load);
	redis_start(nodes[0]);
	rig_wait_for(&rig, is_settled_again, "the return of a node");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
}

/* Nodes that the configuration names may be away, all but one. */
static void test_seeds(void)
{
	char other[600];

	snprintf(other, sizeof(other),
		 "cluster = { \"inet:127.0.0.1:%d\", \"inet:127.0.0.1:%d\", \"inet:127.0.0.1:%d\" }",
		 port_free(), port_free(), ports[2]);
	SUITE_TEXT_EQUAL(rig_connect(&rig, other, 3000), "");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	snprintf(other, sizeof(other), "cluster = { \"inet:127.0.0.1:%d\" }", port_free());
	SUITE_TRUE(strstr(rig_connect(&rig, other, 1000), "Connection refused") != NULL);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_UNAVAILABLE);
}

/* A server that is no cluster's, and a cluster's node as if it were alone. */
static void test_wrong_kind(void)
{
	char other[600];

	snprintf(other, sizeof(other), "address = \"inet:127.0.0.1:%d\"", ports[2]);
	SUITE_TEXT_EQUAL(rig_connect(&rig, other, 1000), "");
	for (int i = 0; i < 10; i++) {
		struct rig_result result;

		snprintf(other, sizeof(other), "login%d", i);
		result = rig_get(&rig, other);
		SUITE_TRUE(result.result != STORE_OK);
		if (result.result == STORE_BAD)
			SUITE_TRUE(strstr(result.error, "MOVED") != NULL);
	}
}

static const struct suite_test tests[] = {
	{ "a key's slot is what the servers say it is", test_slots_agree },
	{ "accounts, heartbeats and events are found wherever they are", test_everything },
	{ "changes of accounts are told of wherever they are made", test_news },
	{ "charges that are asked for at once find their nodes", test_at_once },
	{ "charges and refunds find their node, scripts are sent to each", test_charges },
	{ "slots move under load: every message is charged once, and none is refused",
	  test_reshard },
	{ "what is half on its way is answered where it is", test_half_moved },
	{ "a node dies under load: every message is charged once, others go on", test_death },
	{ "nodes that are away are passed over", test_seeds },
	{ "a cluster's node that is said to be alone is told", test_wrong_kind },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	start();
	status = suite_run("store cluster", tests, SUITE_LEN(tests));
	end();
	rig_close(&rig);
	return status;
}
