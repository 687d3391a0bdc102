/*
 * The connection to Redis when something goes wrong: hangs, ends, restarts,
 * lost scripts, lost connections, rights.
 */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/command.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define HOUR 3600

static const struct charge rose = { .scope = SCOPE_LOGIN, .name = "rose" };

static struct rig rig = { .deadline_ms = RIG_SHORT_MS };

static const struct take_row one_message = {
	.quota = { .unit = QUOTA_MESSAGES, .limit = 1000000, .window_s = HOUR },
	.amount = 1,
	.enforce = true,
};

static struct take take_of(const char *message_key)
{
	return (struct take){ .name = "rose",
			      .message_key = message_key,
			      .version = "",
			      .rows = &one_message,
			      .n_rows = 1 };
}

static int64_t used(void)
{
	const struct take take = take_of(NULL);
	const struct take_answer answer = rig_take_current(&rig, take);

	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	return answer.rows[0].used;
}

static struct store_stats stats(void)
{
	struct store_stats s;

	store_stats(rig.store, &s);
	return s;
}

/* ---- many requests at once ---------------------------------------------- */

#define MANY 500

struct many {
	int asked, answered, by_status[TAKE_UNREADABLE + 1];
	bool twice, done;
	bool seen[MANY];
	int64_t begin_ms, last_ms;
};

struct one {
	struct many *many;
	int number;
};

static void on_one(const struct take_answer *answer, void *arg)
{
	struct one *one = arg;
	struct many *m = one->many;

	m->twice = m->twice || m->seen[one->number];
	m->seen[one->number] = true;
	m->by_status[answer->status]++;
	m->last_ms = rig_now_ms() - m->begin_ms;
	m->done = ++m->answered == m->asked;
	free(one);
}

/* Asks MANY times, each for a message of its own. */
static void ask_many(struct many *m, const char *prefix)
{
	memset(m, 0, sizeof(*m));
	m->asked = MANY;
	m->begin_ms = rig_now_ms();
	for (int i = 0; i < MANY; i++) {
		struct one *one = malloc(sizeof(*one));
		struct take take;
		char key[40];

		snprintf(key, sizeof(key), "mx1/%s%d", prefix, i);
		take = take_of(key);
		*one = (struct one){ m, i };
		store_take(rig.store, &take, on_one, one);
	}
}

/* ---- a server that hangs ------------------------------------------------ */

static void test_frozen(void)
{
	const struct take take = take_of("mx1/frozen");
	struct take_answer answer;
	int64_t begin_ms;
	struct many m;

	rig_clean(&rig);
	SUITE_INT_EQUAL(used(), 0);
	redis_freeze(rig.redis);
	ask_many(&m, "f");
	rig_wait(&rig, &m.done);
	SUITE_TRUE(!m.twice);
	SUITE_INT_EQUAL(m.by_status[TAKE_UNCERTAIN], MANY);
	SUITE_TRUE(m.last_ms >= RIG_SHORT_MS - 5);
	SUITE_TRUE(m.last_ms <= RIG_SHORT_MS + RIG_MARGIN_MS);
	SUITE_TRUE(!stats().connected);
	/* Of the scripts they went out in. */
	SUITE_INT_EQUAL(stats().timeouts, (MANY + COMMAND_TAKES_MAX - 1) / COMMAND_TAKES_MAX);

	/* From now on nobody waits. */
	begin_ms = rig_now_ms();
	for (int i = 0; i < 100; i++) {
		answer = rig_take(&rig, &take);
		SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
		SUITE_TRUE(answer.error != NULL);
	}
	SUITE_TRUE(rig_now_ms() - begin_ms <= RIG_MARGIN_MS);

	/* It wakes and does what it was asked; late answers harm nobody. */
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(used(), MANY);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
	SUITE_INT_EQUAL(used(), MANY + 1);
	SUITE_INT_EQUAL(stats().in_flight, 0);
}

static void test_frozen_for_long(void)
{
	const struct take take = take_of("mx1/long");
	int64_t before;

	rig_clean(&rig);
	SUITE_INT_EQUAL(used(), 0);
	before = stats().failures;
	redis_freeze(rig.redis);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNCERTAIN);
	/* Until the connection is given up. */
	while (stats().failures == before)
		rig_run(&rig, 20);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNAVAILABLE);
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_REPEATED);
}

static void test_start_while_frozen(void)
{
	const struct take take = take_of("mx1/start");

	rig_clean(&rig);
	redis_freeze(rig.redis);
	rig_restart_store(&rig, false);
	for (int i = 0; i < 10; i++) {
		SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNAVAILABLE);
		rig_run(&rig, 20);
	}
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
}

static void test_late_loop(void)
{
	const struct take take = take_of("mx1/late");
	struct many m;

	rig_clean(&rig);
	SUITE_INT_EQUAL(used(), 0);
	/* The loop does not run until long after the deadline; nothing has even
	 * been sent. */
	ask_many(&m, "l");
	poll(NULL, 0, RIG_SHORT_MS * 2);
	rig_wait(&rig, &m.done);
	SUITE_INT_EQUAL(m.by_status[TAKE_DONE], MANY);
	SUITE_TRUE(stats().connected);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);

	/* Nor is it forgiven for ever. */
	redis_freeze(rig.redis);
	ask_many(&m, "m");
	poll(NULL, 0, RIG_SHORT_MS * 2);
	rig_wait(&rig, &m.done);
	SUITE_INT_EQUAL(m.by_status[TAKE_UNCERTAIN], MANY);
	SUITE_TRUE(m.last_ms <= RIG_SHORT_MS * 2 + RIG_MARGIN_MS);
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
}

/* ---- a server that ends ------------------------------------------------- */

static void test_killed(void)
{
	const struct take take = take_of("mx1/killed");
	struct many m;

	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
	redis_freeze(rig.redis); /* so that the requests are on their way */
	ask_many(&m, "k");
	redis_kill(rig.redis);
	rig_wait(&rig, &m.done);
	SUITE_TRUE(!m.twice);
	SUITE_INT_EQUAL(m.by_status[TAKE_UNCERTAIN], MANY);
	SUITE_TRUE(m.last_ms < RIG_SHORT_MS + RIG_MARGIN_MS);
	SUITE_TRUE(!stats().connected);
	SUITE_TRUE(stats().last_error != NULL);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNAVAILABLE);

	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_TEXT_EQUAL(stats().last_error, NULL);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(used(), 1);
}

static int64_t failures;

static bool has_tried_twice(void)
{
	return stats().failures - failures >= 2;
}

static void test_no_storm(void)
{
	rig_clean(&rig);
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	failures = stats().failures;
	rig_run(&rig, 1000);
	/* 50 ms, then twice as late each time. */
	SUITE_TRUE(stats().failures - failures <= 10);
	rig_wait_for(&rig, has_tried_twice, "a second try");
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
}

static void test_ready(void)
{
	struct store_stats s = stats();

	rig_clean(&rig); /* waits for store_when_ready() */
	s = stats();
	SUITE_TRUE(s.connected);
	SUITE_INT_EQUAL(s.connects, 1);
	SUITE_INT_EQUAL(s.failures, 0);
}

struct ready {
	bool done;
	char error[300];
};

static void on_ready(const char *error, void *arg)
{
	struct ready *r = arg;

	SUITE_TRUE(!r->done);
	r->done = true;
	snprintf(r->error, sizeof(r->error), "%s", error ? error : "");
}

static void test_not_ready(void)
{
	struct ready r = { .done = false };
	int64_t begin_ms = rig_now_ms();

	redis_kill(rig.redis);
	rig_restart_store(&rig, false);
	store_when_ready(rig.store, 300, on_ready, &r);
	rig_wait(&rig, &r.done);
	SUITE_TRUE(rig_now_ms() - begin_ms >= 295);
	SUITE_TRUE(rig_now_ms() - begin_ms <= 300 + RIG_MARGIN_MS);
	SUITE_TRUE(strstr(r.error, redis_socket(rig.redis)) != NULL);
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	r.done = false;
	store_when_ready(rig.store, 300, on_ready, &r);
	rig_wait(&rig, &r.done);
	SUITE_TEXT_EQUAL(r.error, "");
}

/* ---- lost connections and scripts --------------------------------------- */

static void test_client_kill(void)
{
	struct many m;

	rig_clean(&rig);
	for (int round = 0; round < 5; round++) {
		char prefix[20];

		snprintf(prefix, sizeof(prefix), "c%d-", round);
		ask_many(&m, prefix);
		redis_do(rig.redis, "CLIENT KILL TYPE normal SKIPME yes");
		rig_wait(&rig, &m.done);
		SUITE_TRUE(!m.twice);
		/* Charged, and its answer lost: asked again, and found. */
		SUITE_INT_EQUAL(m.by_status[TAKE_UNCERTAIN] + m.by_status[TAKE_DONE] +
					m.by_status[TAKE_REPEATED] + m.by_status[TAKE_STALE],
				MANY);
		rig_wait_connected(&rig, true);
	}
}

static void test_script_flush(void)
{
	int64_t loads;

	rig_clean(&rig);
	redis_do(rig.redis, "SCRIPT FLUSH");
	loads = stats().script_loads;
	for (int i = 0; i < 3; i++) {
		char key[20];
		struct take take;

		snprintf(key, sizeof(key), "mx1/%d", i);
		take = take_of(key);
		SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
		SUITE_INT_EQUAL(rig_refund(&rig, "rose", key).result, STORE_OK);
		SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
		redis_do(rig.redis, "SCRIPT FLUSH");
	}
	SUITE_TRUE(stats().script_loads - loads >= 6);
	SUITE_INT_EQUAL(used(), 0);
}

static void test_script_flush_in_flight(void)
{
	struct many m;

	rig_clean(&rig);
	SUITE_INT_EQUAL(used(), 0);
	redis_do(rig.redis, "SCRIPT FLUSH");
	ask_many(&m, "s");
	rig_wait(&rig, &m.done);
	SUITE_TRUE(!m.twice);
	SUITE_INT_EQUAL(m.by_status[TAKE_DONE], MANY);
	SUITE_INT_EQUAL(used(), MANY);
}

/* ---- refunds that wait -------------------------------------------------- */

static void wait_refunds(void)
{
	for (int64_t begin_ms = rig_now_ms(); stats().refunds_waiting > 0;) {
		rig_run(&rig, 20);
		if (rig_now_ms() - begin_ms > REDIS_PATIENCE_MS)
			return;
	}
}

static void charge(int n)
{
	for (int i = 0; i < n; i++) {
		char key[20];
		struct take take;

		snprintf(key, sizeof(key), "mx1/%d", i);
		take = take_of(key);
		SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
	}
}

static void test_refunds_wait_for_a_restart(void)
{
	rig_clean(&rig);
	charge(3);
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/0").result, STORE_UNAVAILABLE);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_UNAVAILABLE);
	SUITE_INT_EQUAL(stats().refunds_waiting, 2);
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	wait_refunds();
	SUITE_INT_EQUAL(stats().refunds_waiting, 0);
	SUITE_INT_EQUAL(used(), 1);
}

static void test_refunds_wait_for_an_answer(void)
{
	rig_clean(&rig);
	charge(3);
	redis_freeze(rig.redis);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/0").result, STORE_UNCERTAIN);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_UNAVAILABLE);
	SUITE_INT_EQUAL(stats().refunds_waiting, 2);
	/* It wakes before the connection is given up. */
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	wait_refunds();
	SUITE_INT_EQUAL(stats().refunds_waiting, 0);
	SUITE_INT_EQUAL(used(), 1);
}

static void test_refunds_have_a_bound(void)
{
	char key[40];

	rig_clean(&rig);
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	for (int i = 0; i < 10100; i++) {
		snprintf(key, sizeof(key), "mx1/bound%d", i);
		store_refund(rig.store, &rose, key, false, NULL, NULL);
	}
	SUITE_INT_EQUAL(stats().refunds_waiting, 10000);
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	wait_refunds();
	SUITE_INT_EQUAL(stats().refunds_waiting, 0);
}

/* ---- what the node counted by itself ------------------------------------ */

static enum take_status take_local(const char *message_key)
{
	const struct decision_env *env = store_env(rig.store);
	struct take take = take_of(message_key);
	struct take_row row = one_message;
	struct take_answer answer;

	row.quota.limit = 1;
	take.rows = &row;
	env->take_local(env->ctx, &take, &answer);
	if (answer.status == TAKE_DONE)
		env->charge_local(env->ctx, &take, false);
	return answer.status;
}

static void test_local_count_stays(void)
{
	const struct take take = take_of("mx1/1");

	rig_clean(&rig);
	SUITE_INT_EQUAL(used(), 0);
	redis_freeze(rig.redis);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNCERTAIN);
	SUITE_INT_EQUAL(take_local("mx1/2"), TAKE_DONE);
	SUITE_INT_EQUAL(take_local("mx1/2"), TAKE_REPEATED);
	SUITE_INT_EQUAL(take_local("mx1/3"), TAKE_OVER);
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(take_local("mx1/3"), TAKE_OVER);
}

/* ---- the end ------------------------------------------------------------ */

static void test_free_answers_all(void)
{
	struct many m;

	rig_clean(&rig);
	redis_freeze(rig.redis);
	ask_many(&m, "e");
	store_refund(rig.store, &rose, "mx1/e", false, NULL, NULL);
	store_free(&rig.store);
	SUITE_TRUE(m.done && !m.twice);
	SUITE_INT_EQUAL(m.by_status[TAKE_UNCERTAIN], MANY);
	redis_thaw(rig.redis);
	rig_restart_store(&rig, true);
}

static struct config *config_of(const char *redis)
{
	char text[1000], error[300];

	snprintf(text, sizeof(text), "node = \"mx1\"\nredis { address = \"unix:%s\" %s }",
		 redis_socket(rig.redis), redis);
	return config_load_text(text, "test", error, sizeof(error));
}

static void test_configure(void)
{
	struct config *slow = config_of("deadline = 900ms"), *other = config_of("prefix = \"o:\"");
	const struct take take = take_of("mx1/1");
	struct many m;

	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
	store_configure(rig.store, slow);
	SUITE_TRUE(stats().connected);
	SUITE_INT_EQUAL(stats().connects, 1);
	SUITE_INT_EQUAL(used(), 1);

	ask_many(&m, "o");
	store_configure(rig.store, other);
	SUITE_TRUE(m.done && !m.twice);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(used(), 0);
	store_configure(rig.store, rig.config);
	rig_wait_connected(&rig, true);
	SUITE_TRUE(used() >= 1);
	config_unref(&slow);
	config_unref(&other);
}

/* ---- rights, databases -------------------------------------------------- */

static void write_file(const char *name, const char *text, char path[200])
{
	FILE *file;

	snprintf(path, 200, "%s/%s", redis_directory(rig.redis), name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

/* The redis section of another configuration of the same server. */
static const char *section(const char *settings)
{
	static char text[1000];

	snprintf(text, sizeof(text), "address = \"unix:%s\" %s", redis_socket(rig.redis),
		 settings);
	return text;
}

/* "" when the store gets ready with these settings, or why it does not. */
static const char *error_with(const char *settings)
{
	return rig_connect(&rig, section(settings), REDIS_PATIENCE_MS);
}

static bool fails_with(const char *settings, const char *text)
{
	return rig_fails(&rig, section(settings), text);
}

static void test_password(void)
{
	char path[200], settings[600];

	rig_clean(&rig);
	redis_do(rig.redis, "ACL SETUSER mail on >secret ~sendward:* +@all");
	redis_do(rig.redis, "ACL SETUSER default off");
	SUITE_TRUE(fails_with("database = 1", "NOAUTH"));

	write_file("good", "secret\nnot this line\n", path);
	snprintf(settings, sizeof(settings), "username = \"mail\" password_file = \"%s\"", path);
	SUITE_TEXT_EQUAL(error_with(settings), "");
	SUITE_INT_EQUAL(used(), 0);

	write_file("bad", "Secret\n", path);
	snprintf(settings, sizeof(settings), "username = \"mail\" password_file = \"%s\"", path);
	SUITE_TRUE(fails_with(settings, "WRONGPASS"));

	SUITE_TRUE(fails_with("username = \"mail\" password_file = \"/nowhere/secret\"",
			      "password file /nowhere/secret: No such file"));
	redis_do(rig.redis, "ACL SETUSER default on");
	store_configure(rig.store, rig.config);
	rig_wait_connected(&rig, true);
}

static void test_no_rights(void)
{
	char path[200], settings[600];
	const struct take take = take_of("mx1/1");
	struct take_answer answer;

	rig_clean(&rig);
	redis_do(rig.redis, "ACL SETUSER poor on >secret ~other:* +@all");
	write_file("poor", "secret", path);
	snprintf(settings, sizeof(settings), "username = \"poor\" password_file = \"%s\"", path);
	SUITE_TEXT_EQUAL(error_with(settings), "");
	answer = rig_take(&rig, &take);
	SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
	SUITE_TRUE(answer.error && strstr(answer.error, "NOPERM") != NULL);
	store_configure(rig.store, rig.config);
	rig_wait_connected(&rig, true);
}

static void test_database(void)
{
	const struct take take = take_of("mx1/1");

	rig_clean(&rig);
	SUITE_TEXT_EQUAL(error_with("database = 3"), "");
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
	redis_do(rig.redis, "SELECT 3");
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{rose}:u"), 1);
	redis_do(rig.redis, "SELECT 0");
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{rose}:u"), 0);
	SUITE_TRUE(fails_with("database = 99", "DB index is out of range"));
	store_configure(rig.store, rig.config);
	rig_wait_connected(&rig, true);
}

static void test_read_only(void)
{
	const struct take take = take_of("mx1/1"), look = take_of(NULL);
	struct take_answer answer;

	rig_clean(&rig);
	SUITE_INT_EQUAL(used(), 0);
	redis_do(rig.redis, "REPLICAOF 127.0.0.1 1");
	answer = rig_take_current(&rig, take);
	SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
	SUITE_TRUE(answer.error != NULL);
	SUITE_TRUE(answer.error && strstr(answer.error, "READONLY") != NULL);
	/* From now on it has to say that it is a primary. */
	SUITE_TRUE(!stats().connected);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNAVAILABLE);
	redis_do(rig.redis, "REPLICAOF NO ONE");
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_take_current(&rig, look).rows[0].used, 0);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
}

static void test_full_memory(void)
{
	const struct take take = take_of("mx1/1");
	struct take_answer answer;

	rig_clean(&rig);
	SUITE_INT_EQUAL(used(), 0);
	redis_do(rig.redis, "CONFIG SET maxmemory 1");
	answer = rig_take_current(&rig, take);
	SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
	SUITE_TRUE(answer.error && strstr(answer.error, "OOM") != NULL);
	redis_do(rig.redis, "CONFIG SET maxmemory 0");
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
	SUITE_INT_EQUAL(used(), 1);
}

static void test_too_many(void)
{
	struct many m;
	int64_t in_flight;

	/* More than may be on their way: the rest is refused at once. */
	rig_clean(&rig);
	SUITE_INT_EQUAL(used(), 0);
	redis_freeze(rig.redis);
	for (in_flight = 0; in_flight < 20000; in_flight++)
		store_event(rig.store, "{}", NULL, NULL);
	SUITE_INT_EQUAL(stats().in_flight, 20000);
	ask_many(&m, "t");
	rig_wait(&rig, &m.done);
	SUITE_TRUE(!m.twice);
	SUITE_INT_EQUAL(m.by_status[TAKE_UNAVAILABLE], MANY);
	redis_thaw(rig.redis);
	rig_restart_store(&rig, true);
}

static const struct suite_test tests[] = {
	{ "a server that hangs keeps nobody longer than the deadline, and then nobody at all",
	  test_frozen },
	{ "a connection that stays silent is given up and made anew", test_frozen_for_long },
	{ "a server that hangs at the start is waited for without keeping anybody",
	  test_start_while_frozen },
	{ "a loop that was held up does not blame the server", test_late_loop },
	{ "a server that ends answers every request once, a new one is found", test_killed },
	{ "a server that is away is not stormed", test_no_storm },
	{ "a store is ready when its server is", test_ready },
	{ "a store that is not ready says why, in time", test_not_ready },
	{ "a lost connection answers every request once and is made anew", test_client_kill },
	{ "a server that has lost its scripts gets them again", test_script_flush },
	{ "requests on their way survive the loss of the scripts", test_script_flush_in_flight },
	{ "refunds wait for a server that is away", test_refunds_wait_for_a_restart },
	{ "refunds wait for a server that hangs", test_refunds_wait_for_an_answer },
	{ "so many refunds wait and no more", test_refunds_have_a_bound },
	{ "what the node counted by itself stays when the server comes and goes",
	  test_local_count_stays },
	{ "freeing the store answers every request", test_free_answers_all },
	{ "new settings are used, on a new connection when the server is another", test_configure },
	{ "a password is given, a wrong one is told", test_password },
	{ "a user without rights is an error with its text", test_no_rights },
	{ "a database is selected, one that is not there is told", test_database },
	{ "a server that may not be written to charges nothing", test_read_only },
	{ "a server without memory charges nothing", test_full_memory },
	{ "so many requests are on their way and no more", test_too_many },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store link", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
