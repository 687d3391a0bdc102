/*
 * Leases with a Cluster and with Sentinel: the limit is accepted and no more, and
 * what was lent goes back, whatever moves or dies meanwhile.
 */
#include <stdio.h>
#include <string.h>

#include "store/slot.h"
#include "tests/store/cluster_rig.h"
#include "tests/store/lent.h"
#include "tests/store/sentinel_rig.h"
#include "tests/unit/suite.h"

#define LIMIT 20000

/* Questions in the middle of a move: those that no lease answers wait in vain. */
#define ASKED_MAX 50

/* Its own server is not used here. */
static struct rig rig = { .deadline_ms = RIG_SHORT_MS };
static struct cluster_rig cluster;
static struct sentinel_rig stage;

static void connect_to(const char *section)
{
	char with[1200];

	snprintf(with, sizeof(with), "%s lease_share = 0.1", section);
	SUITE_TEXT_EQUAL(rig_connect(&rig, with, REDIS_PATIENCE_MS), "");
}

static void key_of(const struct lent *lent, const char *kind, char key[100])
{
	snprintf(key, 100, "sendward:{%s}:%s", lent->login, kind);
}

static size_t node_of(const struct lent *lent, unsigned *slot)
{
	char key[100];

	key_of(lent, "u", key);
	*slot = slot_of(key, strlen(key));
	return cluster_node_of(key);
}

/* Has so much time passed that a lease taken since then may have ended? */
static bool stood_still(int64_t began_ms)
{
	return rig_now_ms() - began_ms >= LEASE_MS / 2;
}

/* ---- what is counted ----------------------------------------------------- */

struct count {
	struct lent lent;
	int64_t charged, over;
};

/* False when the server did not decide. What may have been charged is taken back,
 * as daemons do with what they do not let through. */
static bool count_one(struct count *c)
{
	char key[LENT_KEY_MAX];
	enum take_status status;

	lent_new_key(key);
	status = lent_take(&c->lent, key, 1, LIMIT, false).status;
	c->charged += status == TAKE_DONE;
	c->over += status == TAKE_OVER;
	if (status == TAKE_UNCERTAIN)
		rig_refund(&rig, c->lent.login, key);
	else
		SUITE_TRUE(status == TAKE_DONE || status == TAKE_OVER ||
			   status == TAKE_UNAVAILABLE);
	return status == TAKE_DONE || status == TAKE_OVER;
}

static void count_some(struct count *c)
{
	for (int i = 0; i < ASKED_MAX && count_one(c); i++)
		continue;
}

/* Everything is back: what was charged counts, once, and the rest is to be had. */
static void prove(struct count *c)
{
	lent_wait_returned(&c->lent);
	SUITE_TRUE(c->charged <= LIMIT);
	SUITE_INT_EQUAL(lent_used(&c->lent), c->charged);
	c->over = 0;
	while (c->over == 0)
		count_one(c);
	lent_wait_returned(&c->lent);
	SUITE_INT_EQUAL(lent_used(&c->lent), c->charged);
	while (lent_charge(&c->lent, LIMIT))
		c->charged++;
	SUITE_INT_EQUAL(c->charged, LIMIT);
}

/* ---- a cluster ----------------------------------------------------------- */

/* There and back again, and questions in every step. */
static void move(struct count *c, size_t from, size_t to, unsigned slot)
{
	cluster_begin_move(&cluster, slot, from, to);
	count_some(c);
	cluster_move_keys(&cluster, slot, from, to);
	count_some(c);
	cluster_end_move(&cluster, slot, from, to);
	count_some(c);
}

static void test_moves(void)
{
	struct count c = { .lent = { .rig = &rig, .login = "iris@dom.example" } };
	struct store *stores[2];
	unsigned slot;
	size_t home = node_of(&c.lent, &slot), at = home;

	connect_to(cluster.section);
	stores[0] = rig.store;
	rig.store = NULL;
	rig_restart_store(&rig, false);
	connect_to(cluster.section);
	stores[1] = rig.store;
	for (int i = 0; c.over < 50; i++) {
		rig.store = stores[i % 2];
		if (i % 3000 == 2999) {
			size_t to = (at + 1) % CLUSTER_PRIMARIES;

			move(&c, at, to, slot);
			at = to;
		}
		count_one(&c);
	}
	for (int i = 0; i < 2; i++) {
		rig.store = stores[i];
		SUITE_TRUE(lent_stats(&c.lent).decisions > 0);
		lent_wait_returned(&c.lent);
	}
	prove(&c);
	store_free(&stores[1]);
	rig.store = stores[0];
	if (at != home)
		cluster_move_slot(&cluster, slot, at, home);
}

/* The login has a lease, of which one message is, when its slot is in the middle of its
 * way: then nothing can be written of the login. */
static void lend_half_moved(struct count *c, unsigned slot, size_t from, size_t to, char *key)
{
	bool charged = false;

	for (int i = 0; i < 5 && !charged; i++) {
		if (i > 0) {
			/* The machine took so long that the lease was over. */
			cluster_end_move(&cluster, slot, from, to);
			rig_refund(&rig, c->lent.login, key);
			cluster_move_slot(&cluster, slot, to, from);
			lent_wait_returned(&c->lent);
		}
		c->charged += lent_until_lease(&c->lent, LIMIT);
		lent_new_key(key);
		cluster_begin_move(&cluster, slot, from, to);
		cluster_move_keys(&cluster, slot, from, to);
		charged = lent_take(&c->lent, key, 1, LIMIT, false).status == TAKE_DONE;
	}
	SUITE_TRUE(charged);
	c->charged += charged;
}

static void test_half_moved(void)
{
	struct count c = { .lent = { .rig = &rig, .login = "lily@dom.example" } };
	char lent[LENT_KEY_MAX], refunded[LENT_KEY_MAX];
	unsigned slot;
	size_t from = node_of(&c.lent, &slot), to = (from + 1) % CLUSTER_PRIMARIES;

	lend_half_moved(&c, slot, from, to, lent);
	lent_new_key(refunded);
	SUITE_INT_EQUAL(lent_take(&c.lent, refunded, 1, LIMIT, false).status, TAKE_DONE);
	borrow_return(rig.store, c.lent.login);
	SUITE_INT_EQUAL(rig_refund(&rig, c.lent.login, refunded).result, STORE_UNAVAILABLE);
	rig_run(&rig, 2 * rig.deadline_ms);
	SUITE_INT_EQUAL(lent_stats(&c.lent).returning, 1);
	cluster_end_move(&cluster, slot, from, to);
	lent_wait_returned(&c.lent);
	SUITE_INT_EQUAL(lent_take(&c.lent, lent, 1, LIMIT, true).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(lent_take(&c.lent, refunded, 1, LIMIT, true).status, TAKE_GONE);
	prove(&c);
	cluster_move_slot(&cluster, slot, to, from);
}

/* Of what two clocks say in milliseconds. */
#define ROUNDED_MS 2

/* How long a daemon may have the login's lease, by its server's clock; not how long the
 * key lives, which counts anew where it has moved. */
static int64_t left_ms(const struct lent *lent, struct redis *server)
{
	char key[100];

	key_of(lent, "l", key);
	return redis_integer(server, "EVAL %s 1 %s",
			     "local t = redis.call('TIME')"
			     " return (tonumber(redis.call('GET', KEYS[1]) or 0) or 0)"
			     " - math.floor(t[1] * 1000 + t[2] / 1000)",
			     key);
}

/* Who has the lease, since began_ms or later, hears nothing of it: no news are followed
 * here. */
static void prove_block_waits(struct lent *lent, struct redis *server, int64_t began_ms)
{
	int64_t decisions = lent_stats(lent).decisions, looked_ms = rig_now_ms();
	int64_t left = left_ms(lent, server);

	SUITE_TRUE(left > 0 || stood_still(began_ms));
	SUITE_INT_EQUAL(rig_put(&rig, lent->login, NULL, "{\"state\":\"blocked\"}").result,
			STORE_OK);
	SUITE_TRUE(rig_now_ms() - looked_ms >= left - ROUNDED_MS);
	SUITE_TRUE(lent_charge(lent, LIMIT));
	SUITE_INT_EQUAL(lent_stats(lent).decisions, decisions);
	lent_wait_returned(lent);
}

static void test_block_waits_in_cluster(void)
{
	struct lent rose = { .rig = &rig, .login = "rose@dom.example" };
	unsigned slot;
	size_t from = node_of(&rose, &slot), to = (from + 1) % CLUSTER_PRIMARIES;
	int64_t began_ms;

	rig_put(&rig, rose.login, NULL, "{}");
	began_ms = rig_now_ms();
	lent_until_lease(&rose, LIMIT);
	cluster_move_slot(&cluster, slot, from, to);
	prove_block_waits(&rose, cluster.nodes[to], began_ms);
	cluster_move_slot(&cluster, slot, to, from);
}

/* ---- a server that dies --------------------------------------------------- */

/* A copy has the lease when the primary dies; messages are accepted from it on. */
static void prove_outlives(const char *login, struct redis *primary, struct redis *copy)
{
	struct count c = { .lent = { .rig = &rig, .login = login } };
	char first[LENT_KEY_MAX], last[LENT_KEY_MAX];
	int64_t lent, began_ms = rig_now_ms();
	bool outlived;

	c.charged = lent_until_lease(&c.lent, LIMIT);
	lent_new_key(first);
	SUITE_INT_EQUAL(lent_take(&c.lent, first, 1, LIMIT, false).status, TAKE_DONE);
	c.charged++;
	lent = lent_stats(&c.lent).decisions;
	redis_wait_copied(primary, copy);
	redis_kill(primary);
	lent_new_key(last);
	outlived = lent_take(&c.lent, last, 1, LIMIT, false).status == TAKE_DONE;
	SUITE_TRUE(outlived || stood_still(began_ms));
	c.charged += outlived;
	count_some(&c);
	SUITE_TRUE(!outlived || lent_stats(&c.lent).decisions > lent);
	if (!outlived)
		rig_refund(&rig, c.lent.login, last);
	lent_wait_returned(&c.lent);
	SUITE_INT_EQUAL(lent_take(&c.lent, first, 1, LIMIT, true).status, TAKE_REPEATED);
	if (outlived)
		SUITE_INT_EQUAL(lent_take(&c.lent, last, 1, LIMIT, true).status, TAKE_REPEATED);
	prove(&c);
}

/* One of the first node's logins. */
static const char *login_of_first_node(void)
{
	static char login[40];
	struct lent lent = { .rig = &rig, .login = login };
	unsigned slot;
	int i = 0;

	do
		snprintf(login, sizeof(login), "login%d@dom.example", i++);
	while (node_of(&lent, &slot) != 0);
	return login;
}

static void test_node_dies(void)
{
	prove_outlives(login_of_first_node(), cluster.nodes[0], cluster.nodes[3]);
}

static void test_primary_dies(void)
{
	struct lent rose = { .rig = &rig, .login = "rose" };
	int64_t began_ms;

	sentinel_open(&stage, &rig, 500);
	connect_to(stage.section);
	rig_put(&rig, rose.login, NULL, "{}");
	began_ms = rig_now_ms();
	lent_until_lease(&rose, LIMIT);
	prove_block_waits(&rose, stage.servers[0], began_ms);
	prove_outlives("iris", stage.servers[0], stage.servers[1]);
	SUITE_TRUE(redis_has_text(stage.servers[1], "INFO replication", "role:master"));
	began_ms = rig_now_ms();
	lent_until_lease(&rose, LIMIT);
	prove_block_waits(&rose, stage.servers[1], began_ms);
	sentinel_close(&stage);
}

static const struct suite_test tests[] = {
	{ "two daemons accept the limit, and no more, while the slot moves", test_moves },
	{ "a lease goes back when its slot has moved, with its messages", test_half_moved },
	{ "who blocks a login waits for its lease where the slot has gone",
	  test_block_waits_in_cluster },
	{ "a node dies that a lease is of: it goes back to its replica, once", test_node_dies },
	{ "a primary dies that a lease is of: it goes back to the next one, once",
	  test_primary_dies },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	cluster_open(&cluster, &rig);
	status = suite_run("leases with several servers", tests, SUITE_LEN(tests));
	cluster_close(&cluster);
	rig_close(&rig);
	return status;
}
