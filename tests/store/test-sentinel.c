/*
 * A primary, a replica and three sentinels: who is found, who is refused, and
 * what becomes of charges while the primary changes.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/load.h"
#include "tests/store/sentinel_rig.h"
#include "tests/unit/suite.h"

/* Its own server is not used here. */
static struct rig rig = { .deadline_ms = RIG_SHORT_MS };
static struct sentinel_rig stage;

/* ---- tests -------------------------------------------------------------- */

static void test_found(void)
{
	sentinel_open(&stage, &rig, 60000);
	SUITE_TEXT_EQUAL(rig_connect(&rig, stage.section, REDIS_PATIENCE_MS), "");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(stage.servers[0], "EXISTS sendward:{rose}:a"), 1);

	/* Sentinels that are away are passed over; the store goes on without any
	 * as long as the primary is there. */
	redis_kill(stage.sentinels[0]);
	redis_kill(stage.sentinels[1]);
	rig_run(&rig, 1500);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	rig_restart_store(&rig, false);
	SUITE_TEXT_EQUAL(rig_connect(&rig, stage.section, REDIS_PATIENCE_MS), "");
	redis_kill(stage.sentinels[2]);
	rig_run(&rig, 1500);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	rig_restart_store(&rig, false);
	SUITE_TRUE(rig_fails(&rig, stage.section, "Connection refused"));
	redis_start(stage.sentinels[1]);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	sentinel_close(&stage);
}

static void test_not_found(void)
{
	char other[1100];

	sentinel_open(&stage, &rig, 60000);
	snprintf(other, sizeof(other), "%s", stage.section);
	memcpy(strstr(other, "mail"), "male", 4);
	SUITE_TRUE(rig_fails(&rig, other, "does not know the master's name"));
	sentinel_close(&stage);
}

/* What a sentinel names is used only when it is a primary. */
static void test_replica_refused(void)
{
	sentinel_open(&stage, &rig, 60000);
	for (size_t i = 0; i < SENTINEL_SERVERS; i++) {
		redis_do(stage.sentinels[i], "SENTINEL REMOVE mail");
		redis_do(stage.sentinels[i], "SENTINEL MONITOR mail 127.0.0.1 %d 2",
			 stage.server_ports[1]);
	}
	SUITE_TRUE(rig_connect(&rig, stage.section, 1000)[0] != '\0');
	rig_wait_error(&rig, "is a replica");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_UNAVAILABLE);
	redis_do(stage.servers[1], "REPLICAOF NO ONE");
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	sentinel_close(&stage);
}

static void test_password(void)
{
	char with[1500], path[200];
	FILE *file;

	sentinel_open(&stage, &rig, 60000);
	snprintf(path, sizeof(path), "%s/password", redis_directory(stage.sentinels[0]));
	file = fopen(path, "w");
	fputs("secret\n", file);
	fclose(file);
	for (size_t i = 0; i < SENTINEL_SERVERS; i++) {
		redis_do(stage.sentinels[i], "ACL SETUSER mail on >secret +@all");
		redis_do(stage.sentinels[i], "ACL SETUSER default resetpass >other");
	}
	SUITE_TRUE(rig_fails(&rig, stage.section, "NOAUTH"));
	snprintf(with, sizeof(with),
		 "%s sentinel_username = \"mail\" sentinel_password_file = \"%s\"", stage.section,
		 path);
	SUITE_TEXT_EQUAL(rig_connect(&rig, with, REDIS_PATIENCE_MS), "");
	sentinel_close(&stage);
}

/* A failover by order: the old primary becomes a replica and says so. */
static void test_switch(void)
{
	struct load *load;
	int64_t until_ms;
	char port[20];

	sentinel_open(&stage, &rig, 60000);
	SUITE_TEXT_EQUAL(rig_connect(&rig, stage.section, REDIS_PATIENCE_MS), "");
	load = load_begin(&rig, "switch");
	load_run(load, 300, NULL);
	redis_do(stage.sentinels[0], "SENTINEL FAILOVER mail");
	snprintf(port, sizeof(port), "%d", stage.server_ports[1]);
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	while (strcmp(sentinel_named_port(&stage, 2), port) != 0 && rig_now_ms() < until_ms)
		load_run(load, 100, NULL);
	load_run(load, 2000, NULL);
	rig_wait_connected(&rig, true);
	SUITE_TRUE(load->slowest_ms <= rig.deadline_ms + RIG_MARGIN_MS);
	load_prove(load);
	SUITE_TRUE(redis_has_text(stage.servers[1], "INFO replication", "role:master"));
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(stage.servers[1], "EXISTS sendward:{rose}:a"), 1);
	sentinel_close(&stage);
}

static void test_death(void)
{
	struct load *load;
	int64_t until_ms;

	sentinel_open(&stage, &rig, 500);
	SUITE_TEXT_EQUAL(rig_connect(&rig, stage.section, REDIS_PATIENCE_MS), "");
	load = load_begin(&rig, "death");
	load_run(load, 500, NULL);
	redis_kill(stage.servers[0]);
	load_run(load, 300, NULL);
	SUITE_TRUE(load->by_status[TAKE_UNAVAILABLE] > 0);
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	while (rig_last_error(&rig)[0] && rig_now_ms() < until_ms)
		load_run(load, 20, NULL);
	load_run(load, 300, NULL);
	SUITE_TRUE(load->slowest_ms <= rig.deadline_ms + RIG_MARGIN_MS);
	load_prove(load);
	/* The old one comes back as what it is now. */
	redis_start(stage.servers[0]);
	rig_run(&rig, 1500);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(stage.servers[1], "EXISTS sendward:{rose}:a"), 1);
	sentinel_close(&stage);
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
