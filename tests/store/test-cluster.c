/*
 * Three primaries and a replica: every login at its node, whatever moves or
 * dies, and every message charged once.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/attempts.h"
#include "store/counted.h"
#include "store/sent.h"
#include "store/slot.h"
#include "tests/store/cluster_rig.h"
#include "tests/store/load.h"
#include "tests/unit/port.h"
#include "tests/unit/suite.h"

/* Its own server is not used here. */
static struct rig rig;
static struct cluster_rig cluster;

static void connect_with(int deadline_ms)
{
	rig.deadline_ms = deadline_ms;
	SUITE_TEXT_EQUAL(rig_connect(&rig, cluster.section, REDIS_PATIENCE_MS), "");
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
		SUITE_INT_EQUAL(redis_integer(cluster.nodes[0], "CLUSTER KEYSLOT %b", key, len),
				slot_of(key, len));
	}
}

struct counting {
	bool done, more;
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

static void on_page(enum store_result result, bool more, const char *error, void *arg)
{
	((struct counting *)arg)->more = more;
	on_done(result, error, arg);
}

/* How many logins there are of those at all nodes. */
static size_t count_logins(enum counted_as as)
{
	struct counted *counted = counted_new(rig.store, as);
	struct counting pages = { .more = true };

	while (pages.more) {
		pages.done = false;
		counted_next(counted, on_login, on_page, &pages);
		rig_wait(&rig, &pages.done);
		SUITE_INT_EQUAL(pages.result, STORE_OK);
	}
	counted_free(&counted);
	return pages.n;
}

#define LOGINS 100

static void test_everything(void)
{
	struct counting listed = { .done = false }, beats = { .done = false },
			events = { .done = false };
	size_t at_nodes[CLUSTER_PRIMARIES] = { 0 };
	char login[40], key[60];

	SUITE_TEXT_EQUAL(rig_connect(&rig, cluster.section, REDIS_PATIENCE_MS), "");
	for (int i = 0; i < LOGINS; i++) {
		snprintf(login, sizeof(login), "login%d@dom.example", i);
		snprintf(key, sizeof(key), "sendward:{%s}:a", login);
		SUITE_INT_EQUAL(rig_put(&rig, login, "", "{}").result, STORE_OK);
		SUITE_INT_EQUAL(rig_get(&rig, login).result, STORE_OK);
		SUITE_INT_EQUAL(redis_integer(cluster.nodes[cluster_node_of(key)], "EXISTS %s", key),
				1);
		redis_do(cluster.nodes[cluster_node_of(key)], "SET sendward:{%s}:u x", login);
		at_nodes[cluster_node_of(key)]++;
	}
	for (size_t i = 0; i < CLUSTER_PRIMARIES; i++)
		SUITE_TRUE(at_nodes[i] > 0);
	store_account_each(rig.store, on_login, on_done, &listed);
	rig_wait(&rig, &listed.done);
	SUITE_INT_EQUAL(listed.result, STORE_OK);
	SUITE_INT_EQUAL(listed.n, LOGINS);
	SUITE_INT_EQUAL(count_logins(COUNTED_SENT), LOGINS);

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

static void on_sent(const struct sent_message *m, void *arg)
{
	(void)m;
	((struct counting *)arg)->n++;
}

/* A full pack of each login and what fills none, each at its node. */
static void test_sent(void)
{
	struct verdict verdict = { .action = ACTION_ACCEPT };
	struct request request = {
		.queue_id = "4c1", .client_address = "192.0.2.1", .credential = "", .sender = ""
	};
	char login[40];

	request.login = login;
	SUITE_TEXT_EQUAL(rig_connect(&rig, cluster.section, REDIS_PATIENCE_MS), "");
	store_remember_sent(rig.store);
	for (int i = 0; i < LOGINS; i++) {
		snprintf(login, sizeof(login), "login%d@dom.example", i);
		for (verdict.now_ms = 1; verdict.now_ms <= SENT_PACK_LINES + 3; verdict.now_ms++)
			store_sent(rig.store, &request, &verdict);
	}
	store_finish(rig.store);
	for (int i = 0; i < LOGINS; i++) {
		struct counting sent = { .done = false };

		snprintf(login, sizeof(login), "login%d@dom.example", i);
		store_sent_read(rig.store, login, on_sent, on_done, &sent);
		rig_wait(&rig, &sent.done);
		SUITE_INT_EQUAL(sent.result, STORE_OK);
		SUITE_INT_EQUAL(sent.n, SENT_PACK_LINES + 3);
		SUITE_INT_EQUAL(rig_delete(&rig, login).result, STORE_OK);
	}
}

/* What was refused of each login, at its node, and all logins found. */
static void test_attempts(void)
{
	const struct attempt attempt = {
		.check = CHECK_STATE, .action = ACTION_REFUSE, .time_s = 1, .client = ""
	};
	char login[40];

	SUITE_TEXT_EQUAL(rig_connect(&rig, cluster.section, REDIS_PATIENCE_MS), "");
	for (int i = 0; i < LOGINS; i++) {
		snprintf(login, sizeof(login), "login%d@dom.example", i);
		store_attempt(rig.store, login, &attempt);
	}
	store_finish(rig.store);
	SUITE_INT_EQUAL(count_logins(COUNTED_REFUSED), LOGINS);
	for (int i = 0; i < LOGINS; i++) {
		struct rig_waited w = { 0 };

		snprintf(login, sizeof(login), "login%d@dom.example", i);
		store_attempts_get(rig.store, login, rig_on_record, &w);
		rig_wait(&rig, &w.done);
		SUITE_TRUE(strstr(w.text, " state=1\n"));
		SUITE_INT_EQUAL(rig_delete(&rig, login).result, STORE_OK);
	}
	SUITE_INT_EQUAL(count_logins(COUNTED_REFUSED), 0);
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
	char login[40];

	SUITE_TEXT_EQUAL(rig_connect(&rig, cluster.section, REDIS_PATIENCE_MS), "");
	rig_follow(&rig);
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

	for (size_t i = 0; i < CLUSTER_PRIMARIES; i++)
		redis_do(cluster.nodes[i], "SCRIPT FLUSH");
	load = load_begin(&rig, "plain");
	load_run(load, 300, NULL);
	SUITE_INT_EQUAL(load_prove(load), 0);
	SUITE_INT_EQUAL(load->by_status[TAKE_DONE], load->n);
	store_stats(rig.store, &stats);
	SUITE_TRUE(stats.script_loads >= CLUSTER_PRIMARIES);
	for (size_t i = 0; i < load->n; i++) {
		snprintf(login, sizeof(login), "plain-%zu@dom.example", i % LOAD_LOGINS);
		snprintf(key, sizeof(key), "mx1/plain%zu", i);
		SUITE_INT_EQUAL(rig_refund(&rig, login, key).result, STORE_OK);
	}
	for (size_t i = 0; i < LOAD_LOGINS; i++) {
		snprintf(login, sizeof(login), "sendward:{plain-%zu@dom.example}:u", i);
		SUITE_INT_EQUAL(redis_integer(cluster.nodes[cluster_node_of(login)], "EXISTS %s",
					      login),
				0);
	}
}

/* ---- moving ------------------------------------------------------------- */

static void test_reshard(void)
{
	struct load *load;
	struct store_stats before, after;
	size_t moved = 0;

	SUITE_TEXT_EQUAL(rig_connect(&rig, cluster.section, REDIS_PATIENCE_MS), "");
	store_stats(rig.store, &before);
	load = load_begin(&rig, "reshard");
	load_run(load, 200, NULL);
	for (size_t i = 0; i < LOAD_LOGINS; i++) {
		char key[60];
		size_t from;

		snprintf(key, sizeof(key), "sendward:{reshard-%zu@dom.example}:u", i);
		from = cluster_node_of(key);
		if (from == 2)
			continue;
		cluster_move_slot(&cluster, slot_of(key, strlen(key)), from, 2);
		moved++;
		load_run(load, 20, NULL);
	}
	load_run(load, 200, NULL);
	SUITE_TRUE(moved > LOAD_LOGINS / 3);
	SUITE_TRUE(load->slowest_ms <= rig.deadline_ms + RIG_MARGIN_MS);
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
	size_t from = cluster_node_of(key), to = (from + 1) % CLUSTER_PRIMARIES;
	unsigned slot = slot_of(key, strlen(key));
	enum store_result result = STORE_UNCERTAIN;

	connect_with(RIG_SHORT_MS);
	SUITE_INT_EQUAL(rig_put(&rig, login, "", "{}").result, STORE_OK);
	cluster_begin_move(&cluster, slot, from, to);
	SUITE_INT_EQUAL(rig_get(&rig, login).result, STORE_OK);
	cluster_move_keys(&cluster, slot, from, to);
	redis_do(cluster.nodes[to], "SCRIPT FLUSH");
	SUITE_INT_EQUAL(rig_get(&rig, login).result, STORE_OK);
	/* A busy machine may not answer the last try, which nobody knows more of then. */
	for (int i = 0; i < 5 && result == STORE_UNCERTAIN; i++)
		result = rig_put(&rig, login, NULL, "{}").result;
	SUITE_INT_EQUAL(result, STORE_UNAVAILABLE);
	result = rig_refund(&rig, login, "mx1/1").result;
	SUITE_TRUE(result == STORE_UNAVAILABLE || result == STORE_UNCERTAIN);
	cluster_end_move(&cluster, slot, from, to);
	SUITE_INT_EQUAL(rig_put(&rig, login, NULL, "{\"plan\":\"gold\"}").result, STORE_OK);
	SUITE_TRUE(strstr(rig_get(&rig, login).text, "gold") != NULL);
	SUITE_INT_EQUAL(rig_refund(&rig, login, "mx1/1").result, STORE_OK);
}

/* ---- dying -------------------------------------------------------------- */

static bool is_settled_again(void)
{
	return cluster_follows(&cluster, 0);
}

static void test_death(void)
{
	struct load *load;
	size_t others = 0;
	int64_t until_ms;

	connect_with(RIG_SHORT_MS);
	load = load_begin(&rig, "death");
	load_run(load, 500, NULL);
	redis_kill(cluster.nodes[0]);
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	while (!cluster_leads(&cluster, 3) && rig_now_ms() < until_ms)
		load_run(load, 50, NULL);
	while (rig_last_error(&rig)[0] && rig_now_ms() < until_ms)
		load_run(load, 20, NULL);
	load_run(load, 300, NULL);
	SUITE_TEXT_EQUAL(rig_last_error(&rig), "");
	SUITE_TRUE(load->by_status[TAKE_UNAVAILABLE] > 0);
	SUITE_TRUE(load->slowest_ms <= rig.deadline_ms + RIG_MARGIN_MS);
	for (size_t i = 0; i < load->n; i++)
		others += load->messages[i].accepted;
	/* Two thirds of them went on for as long as the cluster did. */
	SUITE_TRUE(others > load->n / 3);
	load_prove(load);
	redis_start(cluster.nodes[0]);
	rig_wait_for(&rig, is_settled_again, "the return of a node");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
}

/* Nodes that the configuration names may be away, all but one. */
static void test_seeds(void)
{
	char other[600];

	snprintf(other, sizeof(other),
		 "cluster = { \"inet:127.0.0.1:%d\", \"inet:127.0.0.1:%d\", \"inet:127.0.0.1:%d\" }",
		 port_free(), port_free(), cluster.ports[2]);
	SUITE_TEXT_EQUAL(rig_connect(&rig, other, REDIS_PATIENCE_MS), "");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	snprintf(other, sizeof(other), "cluster = { \"inet:127.0.0.1:%d\" }", port_free());
	SUITE_TRUE(rig_fails(&rig, other, "Connection refused"));
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_UNAVAILABLE);
}

/* A server that is no cluster's, and a cluster's node as if it were alone. */
static void test_wrong_kind(void)
{
	char other[600];

	snprintf(other, sizeof(other), "address = \"inet:127.0.0.1:%d\"", cluster.ports[2]);
	SUITE_TEXT_EQUAL(rig_connect(&rig, other, REDIS_PATIENCE_MS), "");
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
	{ "what logins have sent is written and read wherever they are", test_sent },
	{ "what was refused of them is, too, and all of them are found", test_attempts },
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
	cluster_open(&cluster, &rig);
	status = suite_run("store cluster", tests, SUITE_LEN(tests));
	cluster_close(&cluster);
	rig_close(&rig);
	return status;
}
