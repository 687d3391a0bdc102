/* What is accepted without the store, and what becomes of it. */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/internal.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define STATE "test.state"

static struct rig rig = { .deadline_ms = RIG_SHORT_MS };
static char directory[64];

static const struct take_row one_message = {
	.quota = { .unit = QUOTA_MESSAGES, .limit = 1000, .window_s = 3600 },
	.amount = 1,
	.enforce = true,
};

static struct take take_of(const char *name, const char *message_key)
{
	return (struct take){ .name = name,
			      .message_key = message_key,
			      .version = "",
			      .rows = &one_message,
			      .n_rows = 1 };
}

static struct store_stats stats(void)
{
	struct store_stats s;

	store_stats(rig.store, &s);
	return s;
}

static int64_t used(const char *name)
{
	const struct take take = take_of(name, NULL);

	return rig_take_current(&rig, take).rows[0].used;
}

static void accept_alone(const char *name, const char *message_key, bool uncertain)
{
	const struct decision_env *env = store_env(rig.store);
	const struct take take = take_of(name, message_key);

	env->charge_local(env->ctx, &take, uncertain);
}

static void accept_many(const char *name, int n)
{
	char key[40];

	for (int i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "mx1/%s%d#p12345678", name, i);
		accept_alone(name, key, false);
	}
}

static void take_back(const char *name, const char *message_key)
{
	const struct decision_env *env = store_env(rig.store);
	struct charge charge = { .scope = SCOPE_LOGIN };

	snprintf(charge.name, sizeof(charge.name), "%s", name);
	env->refund(env->ctx, &charge, message_key, false);
}

static void go_down(void)
{
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
}

static void come_back(void)
{
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
}

static void wait_settled(void)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (stats().owed > 0 && rig_now_ms() < until_ms)
		rig_run(&rig, 10);
	SUITE_INT_EQUAL(stats().owed, 0);
}

static void restart(bool connected)
{
	rig_restart_store(&rig, connected);
	store_keep(rig.store, directory, STATE);
}

static void remove_state(void)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/" STATE, directory);
	unlink(path);
}

static void begin(void)
{
	rig_clean(&rig);
	remove_state();
	restart(true);
}

/* ---- tests --------------------------------------------------------------- */

static void test_charged_once(void)
{
	begin();
	SUITE_INT_EQUAL(used("rose"), 0);
	go_down();
	accept_many("rose", 300);
	accept_many("rose", 300); /* asked again */
	accept_many("tulip", 7);
	SUITE_INT_EQUAL(stats().owed, 307);
	{
		char *text;

		store_decided(rig.store, true);
		store_decided(rig.store, false);
		text = store_state(rig.store);
		SUITE_TRUE(strstr(text, "\"degraded\":1,\"owed\":307,\"owed_lost\":0") != NULL);
		/* It does not follow the accounts. */
		SUITE_TRUE(!strstr(text, "subscribed"));
		SUITE_TEXT_EQUAL(stats().state_file, "ok");
		free(text);
	}
	come_back();
	wait_settled();
	SUITE_INT_EQUAL(used("rose"), 300);
	SUITE_INT_EQUAL(used("tulip"), 7);
	SUITE_INT_EQUAL(stats().owed_made, 307);
	SUITE_INT_EQUAL(stats().owed_lost, 0);
}

struct asked {
	bool done;
	int64_t used;
};

static void on_asked(const struct take_answer *answer, void *arg)
{
	struct asked *asked = arg;

	SUITE_INT_EQUAL(answer->status, TAKE_DONE);
	asked->used = answer->rows[0].used;
	asked->done = true;
}

static int64_t engine_asks(const char *name)
{
	const struct decision_env *env = store_env(rig.store);
	const struct take take = take_of(name, NULL);
	struct asked asked = { .done = false };

	env->take(env->ctx, &take, on_asked, &asked);
	rig_wait(&rig, &asked.done);
	return asked.used;
}

/* The first question about a name counts what it owes. */
static void test_name_first(void)
{
	begin();
	go_down();
	accept_many("tulip", 2000);
	accept_many("rose", 300);
	come_back();
	SUITE_TRUE(stats().owed > 300);
	SUITE_INT_EQUAL(engine_asks("rose"), 300);
	SUITE_TRUE(stats().owed > 1000);
	wait_settled();
	SUITE_INT_EQUAL(used("rose"), 300);
	SUITE_INT_EQUAL(used("tulip"), 2000);
}

static void test_uncertain(void)
{
	const struct take first = take_of("rose", "mx1/U1"), second = take_of("rose", "mx1/U2");

	begin();
	SUITE_INT_EQUAL(rig_take_current(&rig, first).status, TAKE_DONE);
	go_down();
	SUITE_INT_EQUAL(rig_take(&rig, &second).status, TAKE_UNAVAILABLE);
	accept_alone("rose", "mx1/U1", true);
	accept_alone("rose", "mx1/U2", true);
	come_back();
	wait_settled();
	SUITE_INT_EQUAL(used("rose"), 2);
}

static void test_taken_back(void)
{
	begin();
	SUITE_INT_EQUAL(rig_take_current(&rig, take_of("rose", "mx1/B1")).status, TAKE_DONE);
	go_down();
	accept_alone("rose", "mx1/B1", true);
	accept_alone("rose", "mx1/B2", false);
	accept_alone("rose", "mx1/B3", false);
	take_back("rose", "mx1/B1");
	take_back("rose", "mx1/B2");
	SUITE_INT_EQUAL(stats().owed, 1);
	SUITE_INT_EQUAL(stats().refunds_waiting, 1);
	come_back();
	wait_settled();
	while (stats().refunds_waiting > 0)
		rig_run(&rig, 10);
	rig_run(&rig, 50);
	SUITE_INT_EQUAL(used("rose"), 1);
}

static void test_survives(void)
{
	const struct decision_env *env;
	struct account *account;

	begin();
	rig_put(&rig, "rose", "", "{\"state\":\"blocked\"}");
	used("rose");
	used("tulip");
	go_down();
	accept_many("tulip", 20);
	take_back("tulip", "mx1/tulip3#p12345678");
	restart(false);
	SUITE_INT_EQUAL(stats().owed, 19);
	/* Of tulip it makes no difference. */
	SUITE_INT_EQUAL(stats().accounts_cached, 1);
	env = store_env(rig.store);
	SUITE_TRUE(env->account(env->ctx, "rose", &account));
	SUITE_TRUE(account && account->state == ACCOUNT_BLOCKED);
	account_unref(&account);
	SUITE_TRUE(!env->account(env->ctx, "tulip", &account));
	{
		const struct take take = take_of("tulip", NULL);
		struct take_answer answer;

		env->take_local(env->ctx, &take, &answer);
		SUITE_INT_EQUAL(answer.rows[0].used, 19);
	}
	come_back();
	wait_settled();
	SUITE_INT_EQUAL(used("tulip"), 19);
	restart(true);
	SUITE_INT_EQUAL(stats().owed, 0);
	rig_run(&rig, 50);
	SUITE_INT_EQUAL(used("tulip"), 19);
}

/* Of a charge that may have arrived. */
static void test_refund_survives(void)
{
	begin();
	SUITE_INT_EQUAL(rig_take_current(&rig, take_of("rose", "mx1/R1#m12345678")).status,
			TAKE_DONE);
	SUITE_INT_EQUAL(rig_take_current(&rig, take_of("rose", "mx1/R2#m12345678")).status,
			TAKE_DONE);
	go_down();
	take_back("rose", "mx1/R1#m12345678");
	SUITE_INT_EQUAL(stats().refunds_waiting, 1);
	restart(false);
	SUITE_INT_EQUAL(stats().refunds_waiting, 1);
	restart(false);
	come_back();
	while (stats().refunds_waiting > 0 || stats().in_flight > 0)
		rig_run(&rig, 10);
	SUITE_INT_EQUAL(used("rose"), 1);
	restart(true);
	SUITE_INT_EQUAL(stats().refunds_waiting, 0);
}

/* Not every charge at once. */
static void test_pace(void)
{
	int64_t most = 0, until_ms;

	begin();
	go_down();
	for (int i = 0; i < 1000; i++) {
		char name[20];

		snprintf(name, sizeof(name), "user%d", i);
		accept_many(name, 3);
	}
	come_back();
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	while (stats().owed > 0 && rig_now_ms() < until_ms) {
		if (stats().in_flight > most)
			most = stats().in_flight;
		rig_run(&rig, 1);
	}
	SUITE_INT_EQUAL(stats().owed, 0);
	SUITE_TRUE(most <= 40);
	SUITE_INT_EQUAL(stats().owed_made, 3000);
	SUITE_INT_EQUAL(used("user999"), 3);
}

/* Nor every refund. The loop's pass may be that of the server and of the timer. */
static void test_refunds_pace(void)
{
	int64_t before, most = 0, until_ms;
	char key[40];

	begin();
	go_down();
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof(key), "mx1/P%d#p12345678", i);
		take_back("rose", key);
	}
	SUITE_INT_EQUAL(stats().refunds_waiting, 500);
	redis_start(rig.redis);
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	while ((before = stats().refunds_waiting) > 0 && rig_now_ms() < until_ms) {
		event_base_loop(rig.base, EVLOOP_ONCE);
		if (before - stats().refunds_waiting > most)
			most = before - stats().refunds_waiting;
	}
	SUITE_TRUE(most <= 2 * REFUNDS_SENT_MAX);
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof(key), "mx1/P%d#p12345678", i);
		SUITE_INT_EQUAL(rig_take_current(&rig, take_of("rose", key)).status, TAKE_GONE);
	}
}

/* A store that comes and goes. */
static void test_flapping(void)
{
	begin();
	for (int round = 0; round < 5; round++) {
		char key[40];

		go_down();
		snprintf(key, sizeof(key), "mx1/F%d", round);
		accept_alone("rose", key, false);
		if (round % 2)
			restart(false);
		come_back();
		rig_run(&rig, round % 2 ? 0 : 20);
	}
	wait_settled();
	SUITE_INT_EQUAL(used("rose"), 5);
	{
		const struct decision_env *env = store_env(rig.store);
		const struct take take = take_of("rose", NULL);
		struct take_answer answer;

		env->take_local(env->ctx, &take, &answer);
		SUITE_INT_EQUAL(answer.rows[0].used, 5);
	}
}

/* Of a login whose counters are something else. */
static void test_damaged(void)
{
	begin();
	go_down();
	accept_many("rose", 3);
	accept_many("tulip", 2000);
	accept_many("lily", 300);
	redis_start(rig.redis);
	redis_do(rig.redis, "RPUSH sendward:{rose}:u x");
	rig_wait_connected(&rig, true);
	while (stats().owed == 2303)
		rig_run(&rig, 1);
	rig_run(&rig, 20); /* rose's have been answered */
	SUITE_INT_EQUAL(engine_asks("lily"), 300);
	while (stats().owed > 3)
		rig_run(&rig, 10);
	rig_run(&rig, 20);
	SUITE_INT_EQUAL(stats().owed, 3);
	SUITE_INT_EQUAL(used("tulip"), 2000);
	redis_do(rig.redis, "DEL sendward:{rose}:u");
	wait_settled();
	SUITE_INT_EQUAL(used("rose"), 3);
}

static void test_no_room(void)
{
	struct store_stats s;

	begin();
	rig_restart_store(&rig, true); /* in memory is enough here */
	go_down();
	accept_many("rose", 100010);
	s = stats();
	SUITE_INT_EQUAL(s.owed, 100000);
	SUITE_INT_EQUAL(s.owed_lost, 10);
	come_back();
}

/* Another database is another store. */
static void test_other_store(void)
{
	begin();
	used("rose");
	go_down();
	accept_many("rose", 3);
	come_back();
	rig_close(&rig);
	rig_open(&rig, "database = 1", NULL);
	restart(true);
	SUITE_INT_EQUAL(stats().owed, 0);
	SUITE_INT_EQUAL(stats().accounts_cached, 0);
	rig_close(&rig);
	rig_open(&rig, NULL, NULL);
	restart(true);
	SUITE_INT_EQUAL(stats().owed, 0);
}

static const struct suite_test tests[] = {
	{ "what was accepted meanwhile is charged once", test_charged_once },
	{ "who is asked about is charged first", test_name_first },
	{ "a charge that may have arrived is charged once", test_uncertain },
	{ "what was taken back meanwhile is not charged", test_taken_back },
	{ "accounts, counts and what is owed survive a restart", test_survives },
	{ "a refund survives a restart", test_refund_survives },
	{ "the return of the store is no storm", test_pace },
	{ "the return of the store is no storm of refunds", test_refunds_pace },
	{ "a store that comes and goes counts each message once", test_flapping },
	{ "charges that cannot be made hold up no other", test_damaged },
	{ "what there is no room for is counted as lost", test_no_room },
	{ "a file about another store is begun anew", test_other_store },
};

int main(void)
{
	char command[100];
	int status;

	snprintf(directory, sizeof(directory), "/tmp/sendward-outage-XXXXXX");
	if (!mkdtemp(directory))
		abort();
	rig_open(&rig, NULL, NULL);
	status = suite_run("store outage", tests, SUITE_LEN(tests));
	rig_close(&rig);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command) == 0 ? status : 1;
}
