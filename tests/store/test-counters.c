/* The front of a login's counters (store/take.lua), and the account's version there:
 * what it says is believed, so it must not say what is no longer so. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define COUNTERS "sendward:{rose}:u"
#define ACCOUNT "sendward:{rose}:a"
#define NO_VERSION "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define HOUR 3600

static struct rig rig;

/* One message, which far from fills its quotas. */
static struct take_answer charge(const char *login, const char *message_key, const char *version)
{
	const struct take_row rows[] = {
		{ .quota = { .unit = QUOTA_MESSAGES, .limit = 1000, .window_s = HOUR },
		  .amount = 1,
		  .enforce = true },
		{ .quota = { .unit = QUOTA_BYTES, .limit = 1000000000, .window_s = 24 * HOUR },
		  .amount = 5000,
		  .enforce = true },
	};

	return rig_take(&rig, &(struct take){ .name = login,
					      .message_key = message_key,
					      .version = version,
					      .rows = rows,
					      .n_rows = SUITE_LEN(rows) });
}

/* The version of the account there is, and that in front of the counters. */
static void read_version(const char *key, char version[ACCOUNT_VERSION_DIGITS + 1])
{
	redisReply *reply = redis_call(rig.redis, "GETRANGE %s 0 15", key);

	memset(version, 0, ACCOUNT_VERSION_DIGITS + 1);
	memcpy(version, reply->str, reply->len);
	freeReplyObject(reply);
}

static void put(const char *version_read, char version[ACCOUNT_VERSION_DIGITS + 1])
{
	SUITE_INT_EQUAL(rig_put(&rig, "rose", version_read, "{}").result, STORE_OK);
	read_version(ACCOUNT, version);
}

static void check_front(const char *version)
{
	char front[ACCOUNT_VERSION_DIGITS + 1];

	read_version(COUNTERS, front);
	SUITE_TEXT_EQUAL(front, version);
}

static void test_written_beside(void)
{
	char first[ACCOUNT_VERSION_DIGITS + 1], second[ACCOUNT_VERSION_DIGITS + 1];

	rig_clean(&rig);
	SUITE_INT_EQUAL(charge("rose", "mx1/1", "").status, TAKE_DONE);
	SUITE_INT_EQUAL(charge("rose", "mx1/2", "").status, TAKE_DONE);
	check_front("");
	put("", first);
	check_front(first);
	SUITE_INT_EQUAL(charge("rose", "mx1/3", "").status, TAKE_STALE);
	SUITE_INT_EQUAL(charge("rose", "mx1/3", NULL).status, TAKE_STALE);
	SUITE_INT_EQUAL(charge("rose", "mx1/3", first).rows[0].used, 2);
	put(first, second);
	check_front(second);
	SUITE_INT_EQUAL(charge("rose", "mx1/4", first).status, TAKE_STALE);
	SUITE_INT_EQUAL(charge("rose", NULL, first).status, TAKE_STALE);
	SUITE_INT_EQUAL(charge("rose", "mx1/4", second).rows[0].used, 3);
	SUITE_INT_EQUAL(charge("rose", "mx1/5", "*").rows[0].used, 4);
	SUITE_INT_EQUAL(charge("rose", "mx1/6", second).rows[0].used, 5);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(charge("rose", "mx1/7", second).status, TAKE_STALE);
	SUITE_INT_EQUAL(charge("rose", "mx1/7", "").rows[0].used, 0);
	check_front("");
}

/* Counters that begin after the account. */
static void test_written_before(void)
{
	char first[ACCOUNT_VERSION_DIGITS + 1], second[ACCOUNT_VERSION_DIGITS + 1];

	rig_clean(&rig);
	put("", first);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS " COUNTERS), 0);
	SUITE_INT_EQUAL(charge("rose", "mx1/1", "").status, TAKE_STALE);
	SUITE_INT_EQUAL(charge("rose", "mx1/1", first).status, TAKE_DONE);
	check_front(first);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_OK);
	put(first, second);
	SUITE_INT_EQUAL(charge("rose", "mx1/2", first).status, TAKE_STALE);
	SUITE_INT_EQUAL(charge("rose", "mx1/2", second).rows[0].used, 0);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_OK);
	check_front(second);
}

/* Where the front does not agree with the question, the account is asked. */
static void test_not_believed(void)
{
	static const char other[] = "-\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	char version[ACCOUNT_VERSION_DIGITS + 1];

	rig_clean(&rig);
	put("", version);
	SUITE_INT_EQUAL(charge("rose", "mx1/1", version).status, TAKE_DONE);
	redis_do(rig.redis, "SETRANGE " COUNTERS " 0 %b", other, (size_t)ACCOUNT_VERSION_DIGITS);
	SUITE_INT_EQUAL(charge("rose", "mx1/2", "").status, TAKE_STALE);
	SUITE_INT_EQUAL(charge("rose", "mx1/2", version).rows[0].used, 1);
	check_front(version);
	redis_do(rig.redis, "SETRANGE " COUNTERS " 0 %b", NO_VERSION,
		 (size_t)ACCOUNT_VERSION_DIGITS);
	SUITE_INT_EQUAL(charge("rose", "mx1/3", version).rows[0].used, 2);
	check_front(version);
	/* An account of no version: whoever charges whatever it is. */
	redis_do(rig.redis, "SET " ACCOUNT " odd");
	redis_do(rig.redis, "DEL " COUNTERS);
	SUITE_INT_EQUAL(charge("rose", "mx1/4", "*").status, TAKE_DONE);
	check_front("-");
	SUITE_INT_EQUAL(charge("rose", "mx1/5", "").status, TAKE_UNREADABLE);
	SUITE_INT_EQUAL(charge("rose", "mx1/5", version).status, TAKE_UNREADABLE);
}

/* What stands there is no counters: the account is written nevertheless. */
static void test_no_counters(void)
{
	char version[ACCOUNT_VERSION_DIGITS + 1];

	rig_clean(&rig);
	redis_do(rig.redis, "LPUSH " COUNTERS " x");
	put("", version);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "LLEN " COUNTERS), 1);
	redis_do(rig.redis, "SET " COUNTERS " x");
	put(version, version);
	SUITE_INT_EQUAL(charge("rose", "mx1/1", version).status, TAKE_UNAVAILABLE);
}

/* ---- several questions in one script -------------------------------------- */

#define TOGETHER 60

static struct {
	size_t answered;
	bool done;
	int64_t used[TOGETHER];
} together;

static void on_answer(const struct take_answer *answer, void *arg)
{
	int64_t *used = arg;

	SUITE_INT_EQUAL(answer->status, TAKE_DONE);
	*used = answer->rows[0].used;
	together.done = ++together.answered == TOGETHER;
}

/* Of three logins by turns: each question finds what the one before has left. */
static void test_together(void)
{
	rig_clean(&rig);
	memset(&together, 0, sizeof(together));
	for (int i = 0; i < TOGETHER; i++) {
		const struct take_row rows[] = {
			{ .quota = { .unit = QUOTA_MESSAGES, .limit = 1000, .window_s = 31 * 24 * HOUR },
			  .amount = 1,
			  .enforce = true },
		};
		char login[20], key[20];

		snprintf(login, sizeof(login), "login%d", i % 3);
		snprintf(key, sizeof(key), "mx1/%d", i);
		store_take(rig.store,
			   &(struct take){ .name = login,
					   .message_key = key,
					   .version = "",
					   .rows = rows,
					   .n_rows = 1 },
			   on_answer, &together.used[i]);
	}
	rig_wait(&rig, &together.done);
	for (int i = 0; i < TOGETHER; i++) {
		suite_row("question %d", i);
		SUITE_INT_EQUAL(together.used[i], i / 3);
	}
}

/* The usual charge writes in place. */
static void test_lives_on(void)
{
	int64_t ms;

	rig_clean(&rig);
	for (int i = 0; i < 20; i++) {
		char key[20];

		snprintf(key, sizeof(key), "mx1/%d", i);
		SUITE_INT_EQUAL(charge("rose", key, "").rows[0].used, i);
		ms = redis_integer(rig.redis, "PTTL " COUNTERS);
		SUITE_TRUE(ms > INT64_C(24) * HOUR * 1000);
		SUITE_TRUE(ms <= INT64_C(24) * HOUR * 1000 / 60 * 61 + 1000);
	}
}

/* Of two windows of nearly a minute, whose slots begin anew each second. */
static struct take_answer charge_often(int message, int64_t limit)
{
	const struct take_row rows[] = {
		{ .quota = { .unit = QUOTA_MESSAGES, .limit = limit, .window_s = 60 },
		  .amount = 1,
		  .enforce = true },
		{ .quota = { .unit = QUOTA_RECIPIENTS, .limit = 1000000, .window_s = 59 },
		  .amount = 1,
		  .enforce = true },
		{ .quota = { .unit = QUOTA_BYTES, .limit = 1000000000, .window_s = 1 },
		  .amount = 5000,
		  .enforce = true },
	};
	char key[20];

	snprintf(key, sizeof(key), "mx1/%d", message);
	return rig_take(&rig, &(struct take){ .name = "rose",
					      .message_key = key,
					      .version = "",
					      .rows = rows,
					      .n_rows = SUITE_LEN(rows) });
}

/* Unix time in ms, a little late rather than early. */
static int64_t counters_end(void)
{
	int64_t left = redis_integer(rig.redis, "PTTL " COUNTERS), now_ms;
	redisReply *reply = redis_call(rig.redis, "TIME");

	now_ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
		 strtoll(reply->element[1]->str, NULL, 10) / 1000;
	freeReplyObject(reply);
	return now_ms + left;
}

/* In each slot of each window until the longest has had three. */
static void test_expiry(void)
{
	int64_t first = 0, slot = 0;

	rig_clean(&rig);
	for (int i = 0; slot < first + 3; i++) {
		struct take_answer answer = charge_often(i, 1000000);
		int64_t ends = counters_end();

		SUITE_INT_EQUAL(answer.status, TAKE_DONE);
		SUITE_INT_EQUAL(answer.rows[0].used, i);
		slot = answer.now_ms / 1000;
		if (i == 0)
			first = slot;
		SUITE_TRUE(ends >= (slot + 61) * 1000);
		SUITE_TRUE(ends >= (answer.now_ms / 984 + 61) * 984);
		SUITE_TRUE(ends <= answer.now_ms + INT64_C(61) * 1000 + 1000 + REDIS_PATIENCE_MS);
	}
}

/* As a server has counted whose clock was half an hour ahead: in slots that are to come. */
static const char half_an_hour_ahead[] =
	"local stored = redis.call('GET', KEYS[1]) "
	"local newest = struct.unpack('>I6', stored, 56) + 30 "
	"redis.call('SET', KEYS[1], string.sub(stored, 1, 32) .. "
	"struct.pack('<dd', newest * 60000, (newest + 1) * 60000) .. string.sub(stored, 49, 55) .. "
	"struct.pack('>I6', newest) .. string.sub(stored, 62)) "
	"return newest";

/* What is charged then counts in the newest slot, for as long as that does. */
static void test_clock_went_back(void)
{
	const struct take_row row = {
		.quota = { .unit = QUOTA_MESSAGES, .limit = 1000, .window_s = HOUR },
		.amount = 1,
		.enforce = true,
	};
	struct take take = { .name = "rose", .version = "", .rows = &row, .n_rows = 1 };
	int64_t newest;

	rig_clean(&rig);
	take.message_key = "mx1/1";
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_DONE);
	newest = redis_integer(rig.redis, "EVAL %s 1 " COUNTERS, half_an_hour_ahead);
	take.message_key = "mx1/2";
	SUITE_INT_EQUAL(rig_take(&rig, &take).rows[0].used, 1);
	SUITE_TRUE(counters_end() >= (newest + 61) * 60000);
}

/* A limit that is raised for so long. */
static void test_mark_stays(void)
{
	int64_t first = 0, slot = 0;
	int n = 0;

	rig_clean(&rig);
	while (n < 8)
		slot = first = charge_often(n++, 10).now_ms / 1000;
	while (slot == first)
		slot = charge_often(n++, 1000000).now_ms / 1000;
	SUITE_INT_EQUAL(charge_often(n, n + 1 + (n + 1) / 9).rows[0].mark, 0);
}

static const struct suite_test tests[] = {
	{ "an account that is written beside counters is noticed", test_written_beside },
	{ "counters that begin later know the account", test_written_before },
	{ "where the counters' version is another the account is asked", test_not_believed },
	{ "an account is written whatever stands for its counters", test_no_counters },
	{ "questions in one script find what the ones before have left", test_together },
	{ "counters live as long as their longest window, however often they are changed",
	  test_lives_on },
	{ "counters live while something counts in any of their windows", test_expiry },
	{ "counters live as long when the clock has gone back", test_clock_went_back },
	{ "a mark that was told is not told again in a new slot", test_mark_stays },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store counters", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
