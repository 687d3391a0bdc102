/*
 * A primary, a replica and three sentinels: who is found, who is refused, and
 * what becomes of charges while the primary changes.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/load.h"
#include "tests/unit/port.h"
#include "tests/unit/suite.h"

#define SENTINELS 3

/* What a machine that does other things may add. */
#define MARGIN_MS 400

static struct rig rig; /* its own server is not used here */
static struct redis *servers[2], *sentinels[SENTINELS];
static int server_ports[2], sentinel_ports[SENTINELS];
static char section[1000]; /* of the configuration */

/* ---- the stage ---------------------------------------------------------- */

static bool replicates(void)
{
	return redis_has_text(servers[0], "INFO replication", "role:master") ?
		       redis_has_text(servers[0], "INFO replication", "state=online") :
		       redis_has_text(servers[1], "INFO replication", "state=online");
}

/* What a failover needs: the replica and each other. */
static bool sentinels_know(void)
{
	bool know = true;

	for (size_t i = 0; i < SENTINELS; i++)
		know = know && redis_has_text(sentinels[i], "INFO sentinel", "slaves=1,sentinels=3");
	return know;
}

static const char *named_port(size_t sentinel)
{
	static char port[20];
	redisReply *reply = redis_call(sentinels[sentinel], "SENTINEL GET-MASTER-ADDR-BY-NAME mail");

	snprintf(port, sizeof(port), "%s", reply->elements == 2 ? reply->element[1]->str : "");
	freeReplyObject(reply);
	return port;
}

static void start(int down_after_ms)
{
	size_t len;

	for (size_t i = 0; i < 2; i++)
		server_ports[i] = port_free();
	servers[0] = redis_new_with(server_ports[0], false, "repl-diskless-sync-delay 0\n");
	servers[1] = redis_new_with(server_ports[1], false,
				    "repl-diskless-sync-delay 0\nreplicaof 127.0.0.1 %d\n",
				    server_ports[0]);
	rig_wait_for(&rig, replicates, "replication");
	len = (size_t)sprintf(section, "sentinel_master = \"mail\" sentinels = { ");
	for (size_t i = 0; i < SENTINELS; i++) {
		sentinel_ports[i] = port_free();
		sentinels[i] = redis_new_with(sentinel_ports[i], true,
					      "sentinel monitor mail 127.0.0.1 %d 2\n"
					      "sentinel down-after-milliseconds mail %d\n"
					      "sentinel failover-timeout mail 4000\n",
					      server_ports[0], down_after_ms);
		len += (size_t)sprintf(section + len, "%s\"inet:127.0.0.1:%d\"", i ? ", " : "",
				       sentinel_ports[i]);
	}
	strcat(section, " }");
	rig_wait_for(&rig, sentinels_know, "what sentinels know");
}

static void end(void)
{
	for (size_t i = 0; i < 2; i++)
		redis_free(&servers[i]);
	for (size_t i = 0; i < SENTINELS; i++)
		redis_free(&sentinels[i]);
}

/* ---- tests -------------------------------------------------------------- */

static void test_found(void)
{
	start(60000);
	SUITE_TEXT_EQUAL(rig_connect(&rig, section, 2000), "");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(servers[0], "EXISTS sendward:{rose}:a"), 1);

	/* Sentinels that are away are passed over; the store goes on without any
	 * as long as the primary is there. */
	redis_kill(sentinels[0]);
	redis_kill(sentinels[1]);
	rig_run(&rig, 1500);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	rig_restart_store(&rig, false);
	SUITE_TEXT_EQUAL(rig_connect(&rig, section, 3000), "");
	redis_kill(sentinels[2]);
	rig_run(&rig, 1500);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	rig_restart_store(&rig, false);
	SUITE_TRUE(strstr(rig_connect(&rig, section, 1500), "Connection refused") != NULL);
	redis_start(sentinels[1]);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	end();
}

static void test_not_found(void)
{
	char other[1100];

	start(60000);
	snprintf(other, sizeof(other), "%s", section);
	memcpy(strstr(other, "mail"), "male", 4);
	SUITE_TRUE(strstr(rig_connect(&rig, other, 1500), "does not know the master's name") != NULL);
	end();
}

/* What a sentinel names is used only when it is a primary. */
static void test_replica_refused(void)
{
	start(60000);
	for (size_t i = 0; i < SENTINELS; i++) {
		redis_do(sentinels[i], "SENTINEL REMOVE mail");
		redis_do(sentinels[i], "SENTINEL MONITOR mail 127.0.0.1 %d 2", server_ports[1]);
	}
	SUITE_TRUE(rig_connect(&rig, section, 1000)[0] != '\0');
	SUITE_TRUE(strstr(rig_last_error(&rig), "is a replica") != NULL);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_UNAVAILABLE);
	redis_do(servers[1], "REPLICAOF NO ONE");
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	end();
}

static void test_password(void)
{
	char with[1500], path[200];
	FILE *file;

	start(60000);
	snprintf(path, sizeof(path), "%s/password", redis_directory(sentinels[0]));
	file = fopen(path, "w");
	fputs("secret\n", file);
	fclose(file);
	for (size_t i = 0; i < SENTINELS; i++) {
		redis_do(sentinels[i], "ACL SETUSER mail on >secret +@all");
		redis_do(sentinels[i], "ACL SETUSER default resetpass >other");
	}
	SUITE_TRUE(strstr(rig_connect(&rig, section, 1000), "NOAUTH") != NULL);
	snprintf(with, sizeof(with),
		 "%s sentinel_username = \"mail\" sentinel_password_file = \"%s\"", section, path);
	SUITE_TEXT_EQUAL(rig_connect(&rig, with, 2000), "");
	end();
}

/* A failover by order: the old primary becomes a replica and says so. */
static void test_switch(void)
{
	struct load *load;
	int64_t until_ms;
	char port[20];

	start(60000);
	SUITE_TEXT_EQUAL(rig_connect(&rig, section, 2000), "");
	load = load_begin(&rig, "switch");
	load_run(load, 300, NULL);
	redis_do(sentinels[0], "SENTINEL FAILOVER mail");
	snprintf(port, sizeof(port), "%d", server_ports[1]);
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	while (strcmp(named_port(2), port) != 0 && rig_now_ms() < until_ms)
		load_run(load, 100, NULL);
	load_run(load, 2000, NULL);
	rig_wait_connected(&rig, true);
	SUITE_TRUE(load->slowest_ms <= rig.deadline_ms + MARGIN_MS);
	load_prove(load);
	SUITE_TRUE(redis_has_text(servers[1], "INFO replication", "role:master"));
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(servers[1], "EXISTS sendward:{rose}:a"), 1);
	end();
}

static void test_death(void)
{
	struct load *load;
	int64_t until_ms;

	start(500);
	SUITE_TEXT_EQUAL(rig_connect(&rig, section, 2000), "");
	load = load_begin(&rig, "death");
	load_run(load, 500, NULL);
	redis_kill(servers[0]);
	load_run(load, 300, NULL);
	SUITE_TRUE(load->by_status[TAKE_UNAVAILABLE] > 0);
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	while (rig_last_error(&rig)[0] && rig_now_ms() < until_ms)
		load_run(load, 20, NULL);
	load_run(load, 300, NULL);
	SUITE_TRUE(load->slowest_ms <= rig.deadline_ms + MARGIN_MS);
	load_prove(load);
	/* The old one comes back as what it is now. */
	redis_start(servers[0]);
	rig_run(&rig, 1500);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(servers[1], "EXISTS sendward:{rose}:a"), 1);
	end();
}

static const struct suite_test tests[] = {
	{ "the primary is found through any sentinel that answers", test_found },
	{ "a name that sentinels do not know is told", test_not_found },
	{ "a server that is no primary is refused, whatever a sentinel says",
	  test_replica_refused },
	{ "sentinels have a user and password of their own", test_password },
	{ "a primary is exchanged under load: every message is charged once", test_switch },
	{ "a primary dies under load: every message is charged once", test_death },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store sentinel", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
