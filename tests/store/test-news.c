/* The local copy of accounts follows their changes while nobody uses them. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

/* Sooner than the next try of a connection that has failed for a while. */
#define AGAIN_MS 600

static struct rig rig = { .deadline_ms = RIG_SHORT_MS };
static int complaints;

static void capture(enum log_level level, const char *line, void *arg)
{
	(void)arg;
	complaints += level <= LEVEL_WARNING && strstr(line, "no news of changed accounts") != NULL;
}

static bool subscribed(void)
{
	struct store_stats stats;

	store_stats(rig.store, &stats);
	return stats.subscribed;
}

/* What the daemon knows of the login: "unknown", "none", or its state. */
static const char *known(const char *login)
{
	const struct decision_env *env = store_env(rig.store);
	struct account *account;
	const char *state;

	if (!env->account(env->ctx, login, &account))
		return "unknown";
	state = account ? account_state_name(account->state) : "none";
	account_unref(&account);
	return state;
}

static void wait_known(const char *login, const char *state)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (strcmp(known(login), state) != 0 && rig_now_ms() < until_ms)
		rig_run(&rig, 5);
	SUITE_TEXT_EQUAL(known(login), state);
}

/* Seconds, as status reads them. */
static int64_t unsubscribed_s(void)
{
	char *state = store_state(rig.store);
	const char *at = strstr(state, "\"unsubscribed_s\":");
	int64_t seconds = at ? strtoll(at + strlen("\"unsubscribed_s\":"), NULL, 10) : -1;

	free(state);
	return seconds;
}

static void wait_subscribed(bool wanted)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (subscribed() != wanted && rig_now_ms() < until_ms)
		rig_run(&rig, 5);
	SUITE_INT_EQUAL(subscribed(), wanted);
}

static void use(const char *login)
{
	rig_take_current(&rig, (struct take){ .name = login });
}

static void begin(void)
{
	rig_clean(&rig);
	rig_follow(&rig);
}

/* ---- tests --------------------------------------------------------------- */

static void test_told(void)
{
	begin();
	use("rose");
	SUITE_TEXT_EQUAL(known("rose"), "none");
	rig_put(&rig, "rose", "", "{}");
	wait_known("rose", "allowed");
	rig_put(&rig, "rose", NULL, "{\"state\":\"blocked\"}");
	wait_known("rose", "blocked");
	rig_delete(&rig, "rose");
	wait_known("rose", "none");
}

static void test_never_used(void)
{
	begin();
	rig_put(&rig, "tulip", "", "{}");
	rig_put(&rig, "a login with spaces", "", "{\"state\":\"blocked\"}");
	rig_put(&rig, "lily", "", "{\"state\":\"sandboxed\"}");
	rig_put(&rig, "iris", "", "{\"credentials\":{\"\":{\"state\":\"blocked\",\"revoked\":1}}}");
	rig_put(&rig, "fern", "", "{\"credentials\":{\"printer\":{\"state\":\"blocked\"}}}");
	rig_put(&rig, "moss", "", "{\"credentials\":{\"printer\":{\"expires\":1}}}");
	wait_known("a login with spaces", "blocked");
	wait_known("lily", "sandboxed");
	wait_known("iris", "allowed");
	wait_known("fern", "allowed");
	SUITE_TEXT_EQUAL(known("tulip"), "unknown");
	SUITE_TEXT_EQUAL(known("moss"), "unknown");
}

static void tell_and_pause(const char *news)
{
	redisContext *c = redisConnectUnix(redis_socket(rig.redis));
	void *reply;

	SUITE_TRUE(c && !c->err);
	redisAppendCommand(c, "PUBLISH sendward:accounts %s", news);
	redisAppendCommand(c, "CLIENT PAUSE %d", 5 * RIG_SHORT_MS);
	for (int i = 0; i < 2; i++) {
		SUITE_INT_EQUAL(redisGetReply(c, &reply), REDIS_OK);
		freeReplyObject(reply);
	}
	redisFree(c);
}

static int64_t timeouts(void)
{
	struct store_stats stats;

	store_stats(rig.store, &stats);
	return stats.timeouts;
}

static int64_t timeouts_before;

static bool has_timed_out(void)
{
	return timeouts() > timeouts_before;
}

/* The store says that it has changed, and then nothing for a while. */
static void test_fetched_later(void)
{
	begin();
	redis_do(rig.redis, "SET sendward:{dahlia}:a 0000000000000007{\"state\":\"blocked\"}");
	timeouts_before = timeouts();
	tell_and_pause("0000000000000007 dahlia");
	rig_wait_for(&rig, has_timed_out, "a deadline that is over");
	wait_known("dahlia", "blocked");
}

static void test_gap(void)
{
	char login[20];

	begin();
	for (int i = 0; i < 1000; i++) {
		snprintf(login, sizeof(login), "user%d", i);
		use(login);
	}
	/* As a change of which the message was lost. */
	redis_do(rig.redis, "SET sendward:{user7}:a 0000000000000007{\"state\":\"blocked\"}");
	redis_do(rig.redis, "SET sendward:{user999}:a 0000000000000007{\"state\":\"blocked\"}");
	SUITE_TEXT_EQUAL(known("user7"), "none");
	redis_do(rig.redis, "CLIENT KILL TYPE pubsub");
	wait_known("user7", "blocked");
	wait_known("user999", "blocked");
	wait_subscribed(true);
}

/* How long it takes to be told again when the server has been away for longer than a try. */
static int64_t told_again_ms(void)
{
	int64_t connected_ms;

	redis_kill(rig.redis);
	wait_subscribed(false);
	rig_run(&rig, 1500);
	SUITE_TRUE(unsubscribed_s() >= 1);
	redis_start(rig.redis);
	redis_do(rig.redis, "SET sendward:{rose}:a 0000000000000007{\"state\":\"blocked\"}");
	rig_wait_connected(&rig, true);
	/* However long it was away, and soon it is told again. */
	SUITE_INT_EQUAL(unsubscribed_s(), 0);
	connected_ms = rig_now_ms();
	wait_subscribed(true);
	return rig_now_ms() - connected_ms;
}

static void test_restarted(void)
{
	int64_t took_ms = AGAIN_MS;

	begin();
	use("rose");
	/* A machine that stands still is forgiven. */
	for (int i = 0; i < 5 && took_ms >= AGAIN_MS; i++)
		took_ms = told_again_ms();
	SUITE_TRUE(took_ms < AGAIN_MS);
	wait_known("rose", "blocked");
	rig_put(&rig, "rose", NULL, "{}");
	wait_known("rose", "allowed");
}

static void test_silent(void)
{
	begin();
	redis_freeze(rig.redis);
	wait_subscribed(false);
	redis_thaw(rig.redis);
	wait_subscribed(true);
}

static void test_many(void)
{
	char text[40];

	begin();
	use("user2999");
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "0000000000000007 user%d", i);
		redis_do(rig.redis, "SET sendward:{user%d}:a 0000000000000007{\"state\":\"blocked\"}",
			 i);
		redis_do(rig.redis, "PUBLISH sendward:accounts %s", text);
	}
	redis_do(rig.redis, "PUBLISH sendward:accounts %s", "rubbish");
	redis_do(rig.redis, "PUBLISH sendward:accounts %s", "");
	redis_do(rig.redis, "PUBLISH sendward:accounts %s", "0000000000000007 user2999");
	wait_known("user2999", "blocked");
}

static void test_not_allowed(void)
{
	begin();
	complaints = 0;
	redis_do(rig.redis, "ACL SETUSER default resetchannels");
	redis_do(rig.redis, "CLIENT KILL TYPE pubsub");
	wait_subscribed(false);
	rig_run(&rig, 1500);
	SUITE_TRUE(!subscribed());
	SUITE_INT_EQUAL(complaints, 1);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	redis_do(rig.redis, "ACL SETUSER default allchannels");
	wait_subscribed(true);
}

static const struct suite_test tests[] = {
	{ "a change is known without anybody using the account", test_told },
	{ "a blocked or sandboxed account, or one with a blocked credential, is known that was never used", test_never_used },
	{ "an account that could not be fetched is fetched later", test_fetched_later },
	{ "what was missed is found when the subscription is back", test_gap },
	{ "a store that is killed and started again is followed again", test_restarted },
	{ "a connection that falls silent is noticed, and made anew", test_silent },
	{ "many changes at once, and messages that are none", test_many },
	{ "a user without the channel can change accounts; that is said once", test_not_allowed },
};

int main(void)
{
	int status;

	log_capture(capture, NULL);
	rig_open(&rig, NULL, NULL);
	status = suite_run("store news", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
