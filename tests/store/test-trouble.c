/*
 * A server that is there but cannot serve, and the breaker: what is waited out
 * within the deadline, what is told at once, and one line in the log for an
 * outage when it begins and one when it ends.
 */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/clock.h"
#include "store/link.h"
#include "store/trouble.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define HOUR 3600

/* Long enough for a server to come back within it on a busy machine. */
#define DEADLINE_MS 20000

static struct rig rig = { .deadline_ms = RIG_SHORT_MS };

/* ---- one message -------------------------------------------------------- */

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
	const struct take_answer answer = rig_take_current(&rig, take_of(NULL));

	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	return answer.rows[0].used;
}

struct pending {
	bool done;
	enum take_status status;
	char error[300];
};

static void on_take(const struct take_answer *answer, void *arg)
{
	struct pending *p = arg;

	SUITE_TRUE(!p->done);
	p->done = true;
	p->status = answer->status;
	snprintf(p->error, sizeof(p->error), "%s", answer->error ? answer->error : "");
}

static struct store_stats stats(void)
{
	struct store_stats s;

	store_stats(rig.store, &s);
	return s;
}

static void use_deadline(int deadline_ms)
{
	char text[400], error[300] = "";
	struct config *config;

	snprintf(text, sizeof(text),
		 "node = \"mx1\"\nredis { address = \"unix:%s\" deadline = %dms }",
		 redis_socket(rig.redis), deadline_ms);
	config = config_load_text(text, "test", error, sizeof(error));
	SUITE_TEXT_EQUAL(error, "");
	store_configure(rig.store, config);
	config_unref(&config);
}

/* A clean server that has been asked, so that it has its scripts. */
static void begin(int deadline_ms)
{
	rig_clean(&rig);
	use_deadline(deadline_ms);
	SUITE_INT_EQUAL(used(), 0);
}

/* ---- lines in the log --------------------------------------------------- */

static struct {
	int lines, warnings;
	char last[1000];
} told;

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)arg;
	told.lines++;
	told.warnings += level == LEVEL_WARNING;
	snprintf(told.last, sizeof(told.last), "%s", line);
}

static void listen_to_log(void)
{
	memset(&told, 0, sizeof(told));
	log_capture(on_line, NULL);
}

static bool is_said_to_be_over(void)
{
	return strstr(told.last, "answers again after") != NULL;
}

/* One line said that an outage begins, and one that it is over. */
static void expect_one_outage(void)
{
	rig_wait_connected(&rig, true);
	rig_wait_for(&rig, is_said_to_be_over, "the end of the outage");
	SUITE_INT_EQUAL(told.warnings, 1);
	SUITE_INT_EQUAL(told.lines, 2);
	log_capture(NULL, NULL);
}

/* ---- waited out --------------------------------------------------------- */

/* The trouble begins, a message is asked about, the trouble ends: the message
 * is charged, once, within its deadline. */
static void passes(const char *what, void (*cause)(void), void (*end)(void))
{
	const struct take take = take_of("mx1/1");
	struct pending p = { .done = false };

	suite_row("%s", what);
	begin(DEADLINE_MS);
	cause();
	store_take(rig.store, &take, on_take, &p);
	rig_run(&rig, 60);
	SUITE_TRUE(!p.done);
	end();
	rig_wait(&rig, &p.done);
	SUITE_INT_EQUAL(p.status, TAKE_DONE);
	SUITE_TEXT_EQUAL(p.error, "");
	SUITE_INT_EQUAL(used(), 1);
}

/* The status of a message that is asked about when the trouble begins, at its deadline. */
static enum take_status in_trouble(const struct take *take, void (*cause)(void), struct pending *p)
{
	int64_t begin_ms;

	memset(p, 0, sizeof(*p));
	begin(RIG_SHORT_MS);
	cause();
	listen_to_log();
	begin_ms = rig_now_ms();
	store_take(rig.store, take, on_take, p);
	rig_wait(&rig, &p->done);
	SUITE_TRUE(rig_now_ms() - begin_ms <= RIG_SHORT_MS + RIG_MARGIN_MS);
	return p->status;
}

/* The trouble lasts: an answer at the deadline, then nobody is kept waiting;
 * the outage is two lines. */
static void lasts(const char *what, void (*cause)(void), void (*end)(void))
{
	const struct take take = take_of("mx1/2");
	struct take_answer answer;
	struct pending p;
	int64_t begin_ms;

	suite_row("%s", what);
	/* A busy machine may not answer the last try, which nobody knows more of then. */
	for (int i = 1; in_trouble(&take, cause, &p) == TAKE_UNCERTAIN && i < 5; i++)
		end();
	SUITE_INT_EQUAL(p.status, TAKE_UNAVAILABLE);
	SUITE_TRUE(strstr(p.error, what) != NULL);
	SUITE_TRUE(!stats().connected);
	SUITE_TRUE(stats().last_error && (strstr(stats().last_error, what) != NULL ||
					  strstr(stats().last_error, "not the primary") != NULL));

	begin_ms = rig_now_ms();
	for (int i = 0; i < 50; i++) {
		answer = rig_take(&rig, &take);
		SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
	}
	SUITE_TRUE(rig_now_ms() - begin_ms <= RIG_MARGIN_MS);
	rig_run(&rig, 300);
	SUITE_INT_EQUAL(told.warnings, 1);
	end();
	expect_one_outage();
	SUITE_INT_EQUAL(used(), 0);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
}

static void make_replica(void)
{
	redis_do(rig.redis, "REPLICAOF 127.0.0.1 1");
}

static void make_primary(void)
{
	redis_do(rig.redis, "REPLICAOF NO ONE");
	redis_do(rig.redis, "CONFIG SET replica-serve-stale-data yes");
}

static void lose_primary(void)
{
	redis_do(rig.redis, "CONFIG SET replica-serve-stale-data no");
	make_replica();
}

/* Somebody's script that does not end. Its connection waits for the answer. */
static redisContext *hog;

static void run_long(void)
{
	redisReply *reply = NULL;

	redis_do(rig.redis, "CONFIG SET lua-time-limit 5");
	hog = redisConnectUnix(redis_socket(rig.redis));
	redisAppendCommand(hog, "EVAL %s 0", "while true do end");
	for (int done = 0; !done;)
		redisBufferWrite(hog, &done);
	/* Until the server says so to others. */
	do {
		if (reply)
			freeReplyObject(reply);
		reply = redis_call(rig.redis, "PING");
	} while (reply->type != REDIS_REPLY_ERROR);
	freeReplyObject(reply);
}

static void kill_long(void)
{
	redis_do(rig.redis, "SCRIPT KILL");
	redisFree(hog);
}

static void test_waited_out(void)
{
	passes("READONLY", make_replica, make_primary);
	passes("MASTERDOWN", lose_primary, make_primary);
	passes("BUSY", run_long, kill_long);
}

static void test_lasts(void)
{
	lasts("READONLY", make_replica, make_primary);
	lasts("MASTERDOWN", lose_primary, make_primary);
	lasts("BUSY", run_long, kill_long);
}

/* redis-server's, when it is started: 0.2 ms for each command of its file. */
static const char *arguments[3];

static void load_slowly(bool slowly)
{
	arguments[0] = slowly ? "--key-load-delay" : NULL;
	arguments[1] = slowly ? "200" : NULL;
}

/* Of a server that is started: it reads its file and says so to everybody, until it
 * has been heard. */
static void test_loading(void)
{
	const struct take take = take_of("mx1/1");
	bool loading = false;
	char *state;

	begin(RIG_SHORT_MS);
	redis_do(rig.redis, "EVAL %s 0",
		 "for i = 1, 50000 do redis.call('SET', 'other', i) end");
	listen_to_log();
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	load_slowly(true);
	redis_start_loading(rig.redis);
	load_slowly(false);
	while (!stats().connected) {
		loading = loading ||
			  (stats().last_error && strstr(stats().last_error, "LOADING") != NULL);
		SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNAVAILABLE);
		if (loading)
			redis_do(rig.redis, "CONFIG SET key-load-delay 0");
		rig_run(&rig, 20);
	}
	SUITE_TRUE(loading);
	expect_one_outage();
	state = store_state(rig.store);
	SUITE_TRUE(strstr(state, "\"state\":\"up\"") != NULL);
	SUITE_TRUE(strstr(state, "\"outages\":1") != NULL);
	SUITE_TRUE(strstr(state, "LOADING") != NULL);
	free(state);
	redis_wait_loaded(rig.redis);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
}

/* ---- a server that comes and goes ----------------------------------------- */

static void expect_outages(int n)
{
	char *state = store_state(rig.store);
	json_t *object = json_loads(state, 0, NULL);

	SUITE_INT_EQUAL(json_integer_value(json_object_get(object, "outages")), n);
	json_decref(object);
	free(state);
}

/* It greets, and then fails. */
static void test_comes_and_goes(void)
{
	begin(RIG_SHORT_MS);
	listen_to_log();
	for (int i = 0; i < 4; i++) {
		redis_do(rig.redis, "CLIENT KILL TYPE normal SKIPME yes");
		rig_wait_connected(&rig, false);
		rig_wait_connected(&rig, true);
		SUITE_INT_EQUAL(used(), 0);
	}
	SUITE_INT_EQUAL(told.lines, 1);
	expect_one_outage();
	expect_outages(1);
}

/* It answers, late: later than it is up for before an outage is over. */
static void test_late(void)
{
	const struct take take = take_of("mx1/1");

	begin(BREAKER_SETTLE_MS + RIG_SHORT_MS);
	listen_to_log();
	for (int i = 0; i < 2; i++) {
		redis_freeze(rig.redis);
		SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNCERTAIN);
		redis_thaw(rig.redis);
		rig_wait_connected(&rig, true);
	}
	SUITE_INT_EQUAL(told.lines, 1);
	expect_one_outage();
	expect_outages(1);
	SUITE_INT_EQUAL(used(), 1);
}

/* ---- one connection ------------------------------------------------------- */

static struct link *only;

static void on_only(bool up, void *arg)
{
	(void)up;
	(void)arg;
}

static bool only_is_up(void)
{
	return link_is_up(only);
}

static void on_only_reply(enum link_result result, struct redisReply *reply, const char *error,
			  void *arg)
{
	(void)result;
	(void)reply;
	(void)error;
	*(bool *)arg = true;
}

/* A replica is found out in the very moment in which an answer of it is too late. */
static void test_late_replica(void)
{
	const struct link_server server = { .address = rig.config->redis.address,
					    .settings = &rig.config->redis,
					    .quiet = true };
	bool done = false;

	begin(RIG_SHORT_MS);
	only = link_new(rig.base, &server, on_only, NULL);
	rig_wait_for(&rig, only_is_up, "a link");
	redis_freeze(rig.redis);
	link_send(only, 1, (const char *const[]){ "PING" }, NULL, clock_ms() + 50, on_only_reply,
		  &done);
	rig_run(&rig, 10);
	poll(NULL, 0, 50);
	link_demoted(only, "READONLY");
	rig_wait(&rig, &done);
	redis_thaw(rig.redis);
	rig_wait_for(&rig, only_is_up, "another connection");
	link_free(&only);
	rig_wait_connected(&rig, true);
}

/* Before it has settled. */
static void test_free_ends_outage(void)
{
	begin(RIG_SHORT_MS);
	listen_to_log();
	redis_do(rig.redis, "CLIENT KILL TYPE normal SKIPME yes");
	rig_wait_connected(&rig, false);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(told.lines, 1);
	rig_restart_store(&rig, true);
	SUITE_INT_EQUAL(told.lines, 2);
	SUITE_TRUE(is_said_to_be_over());
	log_capture(NULL, NULL);
}

/* ---- told at once ------------------------------------------------------- */

static void test_told(void)
{
	static const struct {
		const char *error;
		enum trouble trouble;
	} rows[] = {
		{ "LOADING Redis is loading the dataset in memory", TROUBLE_BUSY },
		{ "BUSY Redis is busy running a script", TROUBLE_BUSY },
		{ "BUSYGROUP Consumer Group name already exists", TROUBLE_NONE },
		{ "MASTERDOWN Link with MASTER is down", TROUBLE_BUSY },
		{ "READONLY You can't write against a read only replica.", TROUBLE_REPLICA },
		{ "NOAUTH Authentication required.", TROUBLE_REPLICA },
		{ "NOSCRIPT No matching script.", TROUBLE_SCRIPT },
		{ "TRYAGAIN Multiple keys request during rehashing of slot", TROUBLE_SLOT },
		{ "CLUSTERDOWN The cluster is down", TROUBLE_SLOT },
		{ "MOVED 3999 127.0.0.1:6381", TROUBLE_MOVED },
		{ "ASK 3999 127.0.0.1:6381", TROUBLE_ASK },
		{ "OOM command not allowed when used memory > 'maxmemory'.", TROUBLE_NONE },
		{ "NOPERM this user has no permissions", TROUBLE_NONE },
		{ "WRONGPASS invalid username-password pair", TROUBLE_NONE },
		{ "ERR unknown command", TROUBLE_NONE },
		{ "", TROUBLE_NONE },
		{ "ASK", TROUBLE_ASK },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].error);
		SUITE_INT_EQUAL(trouble_of(rows[i].error), rows[i].trouble);
	}
}

/* No memory is no outage: nobody waits, and what needs no memory goes on. */
static void test_no_memory(void)
{
	const struct take take = take_of("mx1/1");
	struct take_answer answer;
	int64_t begin_ms;

	begin(DEADLINE_MS);
	redis_do(rig.redis, "CONFIG SET maxmemory 1");
	begin_ms = rig_now_ms();
	answer = rig_take_current(&rig, take);
	SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
	SUITE_TRUE(answer.error && strstr(answer.error, "OOM") != NULL);
	SUITE_TRUE(rig_now_ms() - begin_ms <= RIG_MARGIN_MS);
	SUITE_TRUE(stats().connected);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_NOT_FOUND);
	redis_do(rig.redis, "CONFIG SET maxmemory 0");
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
}

/* ---- a lost connection -------------------------------------------------- */

#define MANY 200

static void test_connection_lost(void)
{
	struct pending many[MANY];
	char key[40];

	begin(DEADLINE_MS);
	memset(many, 0, sizeof(many));
	redis_freeze(rig.redis);
	for (int i = 0; i < MANY; i++) {
		struct take take;

		snprintf(key, sizeof(key), "mx1/lost%d", i);
		take = take_of(key);
		store_take(rig.store, &take, on_take, &many[i]);
	}
	rig_run(&rig, 50);
	redis_kill(rig.redis);
	redis_start(rig.redis);
	for (int i = 0; i < MANY; i++) {
		rig_wait(&rig, &many[i].done);
		SUITE_INT_EQUAL(many[i].status, TAKE_DONE);
	}
	SUITE_INT_EQUAL(used(), MANY);
}

/* Done before the connection was lost, or after: charged once, and answered as
 * what it is. */
static void test_answer_lost(void)
{
	struct pending many[MANY];
	int64_t charged = 0;
	char key[40];

	begin(DEADLINE_MS);
	memset(many, 0, sizeof(many));
	for (int i = 0; i < MANY; i++) {
		struct take take;

		snprintf(key, sizeof(key), "mx1/answer%d", i);
		take = take_of(key);
		store_take(rig.store, &take, on_take, &many[i]);
	}
	/* They reach the server, and no answer is read before the end. */
	rig_run(&rig, 0);
	redis_do(rig.redis, "CLIENT KILL TYPE normal SKIPME yes");
	for (int i = 0; i < MANY; i++) {
		rig_wait(&rig, &many[i].done);
		SUITE_TRUE(many[i].status == TAKE_DONE || many[i].status == TAKE_REPEATED);
		charged += many[i].status == TAKE_DONE || many[i].status == TAKE_REPEATED;
	}
	SUITE_INT_EQUAL(charged, MANY);
	SUITE_INT_EQUAL(used(), MANY);
}

/* What is not the same when done twice is not sent twice. */
static void on_put(enum store_result result, const char *error, void *arg)
{
	struct pending *p = arg;

	(void)error;
	p->done = true;
	p->status = result == STORE_UNCERTAIN ? TAKE_UNCERTAIN : TAKE_DONE;
}

static void test_put_is_not_repeated(void)
{
	struct pending p = { .done = false };

	begin(DEADLINE_MS);
	redis_freeze(rig.redis);
	store_account_put(rig.store, "rose", "", "{}", on_put, &p);
	rig_run(&rig, 20);
	redis_kill(rig.redis);
	rig_wait(&rig, &p.done);
	SUITE_INT_EQUAL(p.status, TAKE_UNCERTAIN);
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_NOT_FOUND);
}

static void test_free_while_waiting(void)
{
	const struct take take = take_of("mx1/1");
	struct pending p = { .done = false };

	begin(DEADLINE_MS);
	make_replica();
	store_take(rig.store, &take, on_take, &p);
	rig_run(&rig, 60);
	/* With what a new connection is just asking, perhaps. */
	SUITE_TRUE(stats().in_flight >= 1);
	SUITE_TRUE(!p.done);
	store_free(&rig.store);
	SUITE_TRUE(p.done);
	SUITE_INT_EQUAL(p.status, TAKE_UNAVAILABLE);
	make_primary();
	rig_restart_store(&rig, true);
}

/* ---- seen from outside -------------------------------------------------- */

static void test_state(void)
{
	char *state;
	json_t *object;

	begin(RIG_SHORT_MS);
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	state = store_state(rig.store);
	object = json_loads(state, 0, NULL);
	SUITE_TRUE(strstr(state, "\"open\"") || strstr(state, "\"half-open\""));
	SUITE_INT_EQUAL(json_integer_value(json_object_get(object, "outages")), 1);
	SUITE_TRUE(json_integer_value(json_object_get(object, "since")) > 1700000000);
	SUITE_TRUE(strstr(json_string_value(json_object_get(object, "last_error")),
			  redis_socket(rig.redis)) != NULL);
	json_decref(object);
	free(state);
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	store_beat(rig.store, "mx1/policyd", "{\"pid\":1}", 30);
	rig_get(&rig, "rose"); /* behind it on the same connection */
	{
		redisReply *beat = redis_call(rig.redis, "GET sendward:node:mx1/policyd");

		SUITE_TRUE(beat->str && strstr(beat->str, "{\"pid\":1,\"beat\":1") == beat->str);
		SUITE_TRUE(beat->str && strstr(beat->str, ",\"redis\":{\"state\":\"up\""));
		freeReplyObject(beat);
	}
}

static const struct suite_test tests[] = {
	{ "each error of a server has its remedy", test_told },
	{ "a server that cannot serve for a moment is waited for", test_waited_out },
	{ "a server that cannot serve for longer keeps nobody, and is two lines in the log",
	  test_lasts },
	{ "a server that is loading keeps nobody, and is two lines in the log", test_loading },
	{ "a server that comes back only to fail is two lines in the log", test_comes_and_goes },
	{ "a server that answers late is two lines in the log", test_late },
	{ "a replica that is found out when it answers too late gets another connection",
	  test_late_replica },
	{ "an outage that is over is said to be when the store ends", test_free_ends_outage },
	{ "a server without memory is asked on, and keeps nobody", test_no_memory },
	{ "what was on its way when the server ended is asked again", test_connection_lost },
	{ "a charge whose answer was lost is made once", test_answer_lost },
	{ "what must not be done twice is not sent twice", test_put_is_not_repeated },
	{ "freeing the store answers those who wait", test_free_while_waiting },
	{ "the state of the server is told, in heartbeats too", test_state },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, arguments);
	status = suite_run("store trouble", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
