/* Charges and refunds in a real Redis. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define COUNTERS "sendward:{rose}:u"
#define HOUR 3600

static struct rig rig;

static struct take_row row(enum quota_unit unit, int64_t limit, int32_t window_s, int64_t amount)
{
	return (struct take_row){ .quota = { .unit = unit, .limit = limit, .window_s = window_s },
				  .amount = amount,
				  .enforce = true };
}

static struct take_answer take_rows(const char *message_key, const struct take_row *rows, size_t n)
{
	const struct take take = {
		.name = "rose", .message_key = message_key, .rows = rows, .n_rows = n
	};

	return rig_take_current(&rig, take);
}

/* One message of an hour's limit. */
static struct take_answer take_one(const char *message_key, int64_t limit)
{
	const struct take_row one = row(QUOTA_MESSAGES, limit, HOUR, 1);

	return take_rows(message_key, &one, 1);
}

static int64_t used(enum quota_unit unit, int32_t window_s)
{
	const struct take_row look = row(unit, QUOTA_UNLIMITED, window_s, 0);
	const struct take_answer answer = take_rows(NULL, &look, 1);

	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	return answer.rows[0].used;
}

static int64_t server_ms(void)
{
	redisReply *reply = redis_call(rig.redis, "TIME");
	int64_t ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
		     strtoll(reply->element[1]->str, NULL, 10) / 1000;

	freeReplyObject(reply);
	return ms;
}

/* ---- take --------------------------------------------------------------- */

static void test_done_and_over(void)
{
	struct take_answer answer;

	rig_clean(&rig);
	answer = take_one(NULL, 2);
	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	SUITE_TRUE(!answer.seen);
	SUITE_TEXT_EQUAL(answer.error, NULL);
	SUITE_TRUE(llabs(answer.now_ms - server_ms()) < 5000);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS " COUNTERS), 0);

	SUITE_INT_EQUAL(take_one("mx1/1", 2).status, TAKE_DONE);
	answer = take_one("mx1/2", 2);
	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	SUITE_TRUE(answer.seen);
	answer = take_one("mx1/3", 2);
	SUITE_INT_EQUAL(answer.status, TAKE_OVER);
	SUITE_INT_EQUAL(answer.rows[0].used, 2);
	SUITE_TRUE(answer.rows[0].retry_after_ms > HOUR * 1000);
	SUITE_TRUE(answer.rows[0].retry_after_ms <= (HOUR + 60) * 1000);
	SUITE_INT_EQUAL(take_one(NULL, 2).status, TAKE_OVER);
	SUITE_INT_EQUAL(take_one("mx1/3", 3).status, TAKE_DONE);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 3);
}

static void test_limits(void)
{
	struct take_row rows[2] = { row(QUOTA_MESSAGES, 0, HOUR, 1),
				    row(QUOTA_BYTES, QUOTA_UNLIMITED, HOUR, INT64_C(1) << 40) };
	struct take_answer answer;

	rig_clean(&rig);
	answer = take_rows("mx1/1", rows, 1);
	SUITE_INT_EQUAL(answer.status, TAKE_OVER);
	SUITE_INT_EQUAL(answer.rows[0].retry_after_ms, -1);
	SUITE_INT_EQUAL(take_rows("mx1/1", rows + 1, 1).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_rows("mx1/2", rows + 1, 1).status, TAKE_DONE);
	SUITE_INT_EQUAL(used(QUOTA_BYTES, HOUR), INT64_C(1) << 41);
	rows[1].quota.limit = INT64_C(9007199254740991);
	SUITE_INT_EQUAL(take_rows("mx1/3", rows + 1, 1).status, TAKE_DONE);
	rows[1].quota.limit = INT64_C(1) << 41;
	SUITE_INT_EQUAL(take_rows("mx1/4", rows + 1, 1).status, TAKE_OVER);
}

static void test_all_or_none(void)
{
	const struct take_row rows[] = { row(QUOTA_MESSAGES, 10, HOUR, 1),
					 row(QUOTA_RECIPIENTS, 5, HOUR, 3),
					 row(QUOTA_BYTES, 1000000, 86400, 5000),
					 row(QUOTA_MESSAGES, 10, 60, 1) };
	struct take_answer answer;

	rig_clean(&rig);
	SUITE_INT_EQUAL(take_rows("mx1/1", rows, 4).status, TAKE_DONE);
	answer = take_rows("mx1/2", rows, 4);
	SUITE_INT_EQUAL(answer.status, TAKE_OVER);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	SUITE_INT_EQUAL(answer.rows[1].used, 3);
	SUITE_INT_EQUAL(answer.rows[2].used, 5000);
	SUITE_INT_EQUAL(answer.rows[3].used, 1);
	SUITE_INT_EQUAL(answer.rows[0].retry_after_ms, 0);
	SUITE_TRUE(answer.rows[1].retry_after_ms > 0);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{rose}:m:mx1/2"), 0);
	answer = take_rows(NULL, rows, 4);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	SUITE_INT_EQUAL(answer.rows[2].used, 5000);
}

static void test_monitored(void)
{
	struct take_row rows[] = { row(QUOTA_MESSAGES, 1, HOUR, 1),
				   row(QUOTA_RECIPIENTS, 2, HOUR, 1) };

	rig_clean(&rig);
	rows[0].enforce = false;
	SUITE_INT_EQUAL(take_rows("mx1/1", rows, 2).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_rows("mx1/2", rows, 2).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_rows("mx1/3", rows, 2).status, TAKE_OVER);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 2);
}

static void test_repeated(void)
{
	struct take_answer answer;

	rig_clean(&rig);
	SUITE_INT_EQUAL(take_one("mx1/1", 2).status, TAKE_DONE);
	answer = take_one("mx1/1", 2);
	SUITE_INT_EQUAL(answer.status, TAKE_REPEATED);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	SUITE_INT_EQUAL(take_one("mx1/1", 0).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(take_one("mx2/1", 2).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_one("mx1/1", 2).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 2);
}

static void test_stale(void)
{
	const struct take_row one = row(QUOTA_MESSAGES, 5, HOUR, 1);
	const struct take take = {
		.name = "rose", .message_key = "mx1/1", .version = "", .rows = &one, .n_rows = 1
	};

	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_STALE);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS " COUNTERS), 0);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{rose}:m:mx1/1"), 0);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
}

static void test_same_counter_twice(void)
{
	const struct take_row rows[] = { row(QUOTA_MESSAGES, 10, HOUR, 1),
					 row(QUOTA_MESSAGES, 5, HOUR, 1) };
	struct take_answer answer;

	rig_clean(&rig);
	SUITE_INT_EQUAL(take_rows("mx1/1", rows, 2).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_rows("mx1/2", rows, 2).status, TAKE_DONE);
	answer = take_rows(NULL, rows, 2);
	SUITE_INT_EQUAL(answer.rows[0].used, 2);
	SUITE_INT_EQUAL(answer.rows[1].used, 2);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_OK);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 1);
}

static void test_most_quotas(void)
{
	struct take_row rows[QUOTAS_MAX];
	char login[LOGIN_MAX + 1], key[MESSAGE_KEY_MAX + 1];
	struct take take = {
		.name = login, .message_key = key, .rows = rows, .n_rows = QUOTAS_MAX
	};
	struct take_answer answer;

	rig_clean(&rig);
	memset(login, '}', LOGIN_MAX);
	login[LOGIN_MAX] = '\0';
	memset(key, '{', MESSAGE_KEY_MAX);
	key[MESSAGE_KEY_MAX] = '\0';
	for (int i = 0; i < QUOTAS_MAX; i++)
		rows[i] = row((enum quota_unit)(i % QUOTA_UNITS), 9, QUOTA_WINDOW_MAX_S - i,
			      2 + i % 3);
	SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
	take.message_key = NULL;
	answer = rig_take_current(&rig, take);
	for (int i = 0; i < QUOTAS_MAX; i++)
		SUITE_INT_EQUAL(answer.rows[i].used, 2 + i % 3);
	SUITE_INT_EQUAL(rig_refund(&rig, login, key).result, STORE_OK);
	answer = rig_take_current(&rig, take);
	for (int i = 0; i < QUOTAS_MAX; i++)
		SUITE_INT_EQUAL(answer.rows[i].used, 0);
	SUITE_INT_EQUAL(rig_reset(&rig, login).result, STORE_NOT_FOUND);
}

static void test_reset(void)
{
	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_NOT_FOUND);
	SUITE_INT_EQUAL(take_one("mx1/1", 1).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_one("mx1/2", 1).status, TAKE_OVER);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(take_one("mx1/2", 1).status, TAKE_DONE);
}

static void test_delete_forgets_counters(void)
{
	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
	SUITE_INT_EQUAL(take_one("mx1/1", 1).status, TAKE_DONE);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(take_one("mx1/2", 1).status, TAKE_DONE);
}

/* ---- refund ------------------------------------------------------------- */

static void test_refund(void)
{
	const struct take_row rows[] = { row(QUOTA_RECIPIENTS, 50, HOUR, 3),
					 row(QUOTA_BYTES, 1000000, 86400, 5000) };

	rig_clean(&rig);
	SUITE_INT_EQUAL(take_rows("mx1/1", rows, 2).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_rows("mx1/2", rows, 2).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_one("mx1/3", 5).status, TAKE_DONE);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_OK);
	SUITE_INT_EQUAL(used(QUOTA_RECIPIENTS, HOUR), 3);
	SUITE_INT_EQUAL(used(QUOTA_BYTES, 86400), 5000);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 1);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_OK);
	SUITE_INT_EQUAL(used(QUOTA_RECIPIENTS, HOUR), 3);
	SUITE_INT_EQUAL(take_rows("mx1/1", rows, 2).status, TAKE_GONE);
	SUITE_INT_EQUAL(used(QUOTA_RECIPIENTS, HOUR), 3);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/2").result, STORE_OK);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/3").result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS " COUNTERS), 0);
}

static void test_refund_first(void)
{
	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_OK);
	SUITE_INT_EQUAL(take_one("mx1/1", 5).status, TAKE_GONE);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 0);
}

static void test_refund_after_reset(void)
{
	rig_clean(&rig);
	SUITE_INT_EQUAL(take_one("mx1/1", 5).status, TAKE_DONE);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_OK);
	SUITE_INT_EQUAL(take_one("mx1/2", 5).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_one("mx1/3", 5).status, TAKE_DONE);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(take_one("mx1/4", 5).status, TAKE_DONE);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/2").result, STORE_OK);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/3").result, STORE_OK);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 1);
}

/* A window of 1 s has slots of 17 ms: charges in different ones. */
static void test_refund_to_its_slot(void)
{
	const struct take_row one = row(QUOTA_MESSAGES, 100, 1, 1);
	int64_t begin_ms, left;

	rig_clean(&rig);
	begin_ms = rig_now_ms();
	SUITE_INT_EQUAL(take_rows("mx1/1", &one, 1).status, TAKE_DONE);
	rig_run(&rig, 100);
	SUITE_INT_EQUAL(take_rows("mx1/2", &one, 1).status, TAKE_DONE);
	rig_run(&rig, 100);
	SUITE_INT_EQUAL(take_rows("mx1/3", &one, 1).status, TAKE_DONE);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/3").result, STORE_OK);
	left = used(QUOTA_MESSAGES, 1);
	/* On a machine too busy for this the window has passed. */
	SUITE_TRUE(left == 2 || rig_now_ms() - begin_ms > 900);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_OK);
	SUITE_INT_EQUAL(take_rows("mx1/4", &one, 1).status, TAKE_DONE);
}

/* ---- what is stored ----------------------------------------------------- */

/* Postfix's short queue ids come again within minutes. */
static void test_tokens(void)
{
	rig_clean(&rig);
	SUITE_INT_EQUAL(take_one("mx1/1#p00000001", 9).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_one("mx1/1#p00000001", 9).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(take_one("mx1/1#m00000009", 9).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(take_one("mx1/1#p00000002", 9).status, TAKE_DONE);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 2);
	/* the first one's is not there any more, and the second one's is not its own */
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1#p00000001").result, STORE_OK);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 2);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1#p00000002").result, STORE_OK);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 1);
	SUITE_INT_EQUAL(take_one("mx1/1#p00000002", 9).status, TAKE_GONE);
	SUITE_INT_EQUAL(take_one("mx1/1#p00000003", 9).status, TAKE_DONE);
}

static void test_mark_told_again(void)
{
	const struct take_row eight = row(QUOTA_MESSAGES, 10, HOUR, 8);

	rig_clean(&rig);
	SUITE_INT_EQUAL(take_rows("mx1/1", &eight, 1).rows[0].mark, 80);
	rig_refund(&rig, "rose", "mx1/1");
	SUITE_INT_EQUAL(take_rows("mx1/2", &eight, 1).rows[0].mark, 80);
	SUITE_INT_EQUAL(take_one("mx1/3", 10).rows[0].mark, 0);
	rig_refund(&rig, "rose", "mx1/3");
	SUITE_INT_EQUAL(take_one("mx1/4", 10).rows[0].mark, 0);
	SUITE_INT_EQUAL(take_one("mx1/5", 10).rows[0].mark, 95);
}

static void test_expiry(void)
{
	const struct take_row rows[] = { row(QUOTA_MESSAGES, 10, 60, 1),
					 row(QUOTA_MESSAGES, 10, 86400, 1) };
	redisReply *keys;

	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
	take_rows("mx1/1", rows, 1);
	SUITE_TRUE(redis_integer(rig.redis, "TTL " COUNTERS) >= 60);
	SUITE_TRUE(redis_integer(rig.redis, "TTL " COUNTERS) <= 62);
	take_rows("mx1/2", rows, 2);
	SUITE_TRUE(redis_integer(rig.redis, "TTL " COUNTERS) > 86400);
	SUITE_TRUE(redis_integer(rig.redis, "TTL " COUNTERS) <= 86400 + 1440 + 1);
	rig_refund(&rig, "rose", "mx1/1");
	rig_refund(&rig, "rose", "mx1/3");
	SUITE_TRUE(redis_integer(rig.redis, "TTL " COUNTERS) > 86400);
	store_beat(rig.store, "mx1", "{}", 10);
	rig_get(&rig, "rose"); /* behind it on the same connection */

	keys = redis_call(rig.redis, "KEYS *");
	SUITE_INT_EQUAL(keys->elements, 6);
	for (size_t i = 0; i < keys->elements; i++) {
		const char *key = keys->element[i]->str;
		int64_t ttl_s = redis_integer(rig.redis, "TTL %s", key);

		suite_row("%s", key);
		if (strcmp(key, "sendward:{rose}:a") == 0)
			SUITE_INT_EQUAL(ttl_s, -1);
		else
			SUITE_TRUE(ttl_s > 0);
		if (strstr(key, ":m:"))
			SUITE_TRUE(ttl_s <= 600);
	}
	freeReplyObject(keys);
}

/* A counter lives at least as long as the longest period of its kind: 26 hours
 * for a day of Antarctica/Troll. */
static void test_calendar_expiry(void)
{
	int64_t now_s = server_ms() / 1000;

	for (int i = 0; i < CALENDARS; i++) {
		struct take_row one = row(QUOTA_MESSAGES, 10, 1, 1);
		int64_t longest_s = calendar_longest_s((enum calendar)i);

		suite_row("%s", calendar_name((enum calendar)i));
		rig_clean(&rig);
		one.quota.kind = QUOTA_CALENDAR;
		one.quota.calendar = (enum calendar)i;
		one.quota.window_s = (int32_t)longest_s;
		strcpy(one.quota.zone, "UTC");
		calendar_period(one.quota.calendar, "UTC", now_s, &one.start_s, &one.end_s);
		if (server_ms() / 1000 >= one.end_s)
			continue; /* it has just ended */
		SUITE_INT_EQUAL(take_rows("mx1/1", &one, 1).status, TAKE_DONE);
		SUITE_TRUE(redis_integer(rig.redis, "TTL " COUNTERS) >= longest_s);
		SUITE_TRUE(redis_integer(rig.redis, "TTL " COUNTERS) <= longest_s + 1);
	}
}

/* The login's counter and the null sender's, of one unit and window. */
static void test_null_sender(void)
{
	struct take_row rows[2] = { row(QUOTA_MESSAGES, 9, HOUR, 1), row(QUOTA_MESSAGES, 2, HOUR, 1) };
	struct take_answer answer;

	rig_clean(&rig);
	rows[1].quota.null_sender = true;
	SUITE_INT_EQUAL(take_rows("mx1/1", rows, 1).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_rows("mx1/2", rows, 2).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_rows("mx1/3", rows, 2).status, TAKE_DONE);
	answer = take_rows("mx1/4", rows, 2);
	SUITE_INT_EQUAL(answer.status, TAKE_OVER);
	SUITE_INT_EQUAL(answer.rows[0].used, 3);
	SUITE_INT_EQUAL(answer.rows[1].used, 2);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/3").result, STORE_OK);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_OK);
	answer = take_rows(NULL, rows, 2);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	SUITE_INT_EQUAL(answer.rows[1].used, 1);
	SUITE_TRUE(redis_integer(rig.redis, "TTL " COUNTERS) > HOUR);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/2").result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS " COUNTERS), 0);
}

static void test_block_without_a_row_goes(void)
{
	const struct take_row minute = row(QUOTA_MESSAGES, 10, 1, 1),
			      hour = row(QUOTA_MESSAGES, 10, HOUR, 1);
	int64_t both;

	rig_clean(&rig);
	take_rows("mx1/1", &minute, 1);
	take_rows("mx1/2", &hour, 1);
	both = redis_integer(rig.redis, "STRLEN " COUNTERS);
	rig_run(&rig, 1050);
	take_rows("mx1/3", &hour, 1);
	SUITE_TRUE(redis_integer(rig.redis, "STRLEN " COUNTERS) < both);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 2);
}

/* The length of three quotas' counters with all their slots in use: the most
 * that a login with three quotas takes. */
#define FULL_OCTETS (18 + 16 + 3 * 42 + 60 * (5 + 5 + 7))

static void test_memory(void)
{
	static const char octets[FULL_OCTETS];
	int64_t full, account, message;

	rig_clean(&rig);
	redis_do(rig.redis, "SET " COUNTERS " %b EX 86400", octets, sizeof(octets));
	full = redis_integer(rig.redis, "MEMORY USAGE " COUNTERS);
	rig_put(&rig, "rose@dom.example", "",
		"{\"format\":1,\"state\":\"allowed\",\"senders\":[\"%login\"],\"quotas\":[\"200 "
		"recipients / 1h\",\"1000 recipients / 1d\",\"500M bytes / 1d\"]}");
	account = redis_integer(rig.redis, "MEMORY USAGE sendward:{rose@dom.example}:a");
	rig_clean(&rig);
	take_one("mx1/4FzN2b0qk3z1Mq8", 5);
	message = redis_integer(rig.redis, "MEMORY USAGE sendward:{rose}:m:mx1/4FzN2b0qk3z1Mq8");
	printf("(bytes: counters of three quotas, all slots in use %lld, account %lld, message "
	       "%lld for 10 minutes) ",
	       (long long)full, (long long)account, (long long)message);
	SUITE_TRUE(full <= 1536);
	SUITE_TRUE(message <= 256);
}

/* ---- damage ------------------------------------------------------------- */

static void test_wrong_type(void)
{
	struct take_answer answer;

	rig_clean(&rig);
	redis_do(rig.redis, "LPUSH " COUNTERS " x");
	answer = take_one("mx1/1", 5);
	SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
	SUITE_TRUE(answer.error && strstr(answer.error, "WRONGTYPE") != NULL);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{rose}:m:mx1/1"), 0);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_OK);

	redis_do(rig.redis, "LPUSH sendward:{rose}:m:mx1/1 x");
	answer = take_one("mx1/1", 5);
	SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
	SUITE_TRUE(answer.error && strstr(answer.error, "WRONGTYPE") != NULL);
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", "mx1/1").result, STORE_BAD);
	SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 0);
}

static void set_counters(const char *bytes, size_t len)
{
	redis_do(rig.redis, "SET " COUNTERS " %b", bytes, len);
}

/* A good value with one octet changed, cut at any place, or pure noise: an
 * answer or an error, the same for charging and refunding, and after an error
 * nothing is charged. */
static void test_garbage(void)
{
	const struct take_row rows[] = { row(QUOTA_MESSAGES, 5, HOUR, 1),
					 row(QUOTA_BYTES, 1000, 60, 10) };
	redisReply *good;
	size_t errors = 0;

	rig_clean(&rig);
	take_rows("mx1/1", rows, 2);
	good = redis_call(rig.redis, "GET " COUNTERS);
	for (size_t i = 0; i < good->len * 3; i++) {
		size_t at = i % good->len, len = i < good->len ? at : good->len;
		char *bytes = malloc(good->len), key[40];
		struct take_answer answer;

		suite_row("value %zu", i);
		memcpy(bytes, good->str, good->len);
		if (i >= good->len)
			bytes[at] = (char)(i < 2 * good->len ? bytes[at] ^ 0xff : bytes[at] + 1);
		set_counters(bytes, len);
		snprintf(key, sizeof(key), "mx1/garbage%zu", i);
		answer = take_rows(key, rows, 2);
		SUITE_TRUE(answer.status == TAKE_DONE || answer.status == TAKE_OVER ||
			   answer.status == TAKE_UNAVAILABLE);
		if (answer.status == TAKE_UNAVAILABLE) {
			errors++;
			SUITE_TRUE(answer.error &&
				   strstr(answer.error, "counters of this login cannot be read"));
			SUITE_INT_EQUAL(
				redis_integer(rig.redis, "EXISTS sendward:{rose}:m:%s", key), 0);
			SUITE_INT_EQUAL(redis_integer(rig.redis, "STRLEN " COUNTERS), len);
		}
		rig_refund(&rig, "rose", key);
		free(bytes);
	}
	freeReplyObject(good);
	SUITE_TRUE(errors > 50);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(take_rows("mx1/last", rows, 2).status, TAKE_DONE);
}

static void test_noise(void)
{
	unsigned seed = 12345;

	rig_clean(&rig);
	for (int i = 0; i < 300; i++) {
		char bytes[200], key[40];
		struct take_answer answer;

		suite_row("noise %d", i);
		for (size_t j = 0; j < sizeof(bytes); j++) {
			seed = seed * 1103515245 + 12345;
			bytes[j] = (char)(seed >> 16);
		}
		memcpy(bytes, i % 2 ? "mw\0\0\x0e\x10" : "bw\0\0\0\x3c", 6);
		set_counters(bytes, 1 + (size_t)i % sizeof(bytes));
		snprintf(key, sizeof(key), "mx1/noise%d", i);
		answer = take_one(key, 5);
		SUITE_TRUE(answer.status == TAKE_DONE || answer.status == TAKE_OVER ||
			   answer.status == TAKE_UNAVAILABLE);
		rig_refund(&rig, "rose", key);
	}
}

static void test_garbage_message(void)
{
	static const char *const values[] = { "", "c", "cm", "y", "cxxxxxxxxxxxxxxxxxxxxxxxx" };

	for (size_t i = 0; i < SUITE_LEN(values); i++) {
		struct take_answer answer;

		suite_row("%s", values[i]);
		rig_clean(&rig);
		redis_do(rig.redis, "SET sendward:{rose}:m:mx1/1 %s", values[i]);
		answer = take_one("mx1/1", 5);
		SUITE_TRUE(answer.status == TAKE_REPEATED || answer.status == TAKE_GONE);
		rig_refund(&rig, "rose", "mx1/1");
		SUITE_INT_EQUAL(take_one("mx1/2", 5).status, TAKE_DONE);
		SUITE_INT_EQUAL(used(QUOTA_MESSAGES, HOUR), 1);
	}
}

/* From memory, unless nobody asks again; the news of the account was lost. */
static void test_recent(void)
{
	const struct take_row row = {
		.quota = { .unit = QUOTA_MESSAGES, .limit = 10, .window_s = 60 },
		.amount = 1,
		.enforce = true,
	};
	struct take take = { .name = "rose", .version = "", .rows = &row, .n_rows = 1 };

	rig_clean(&rig);
	store_trust_recent(rig.store);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_DONE);
	redis_do(rig.redis, "SET sendward:{rose}:a 0000000000000007{\"state\":\"blocked\"}");
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_DONE);
	take.decides = true;
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_STALE);
	rig_restart_store(&rig, true);
}

static const struct suite_test tests[] = {
	{ "the last question about a message is not answered from memory", test_recent },
	{ "messages are charged up to the limit, a test charges nothing", test_done_and_over },
	{ "a limit of nothing, no limit, and the largest limit", test_limits },
	{ "several rows are charged all or none", test_all_or_none },
	{ "a monitored row is charged beyond its limit", test_monitored },
	{ "a message is charged once, however often it is asked for", test_repeated },
	{ "on another version of the account nothing is tested or charged", test_stale },
	{ "two quotas of one unit and window are one counter", test_same_counter_twice },
	{ "the longest keys and the most quotas", test_most_quotas },
	{ "a reset forgets the counters", test_reset },
	{ "deleting an account forgets its counters", test_delete_forgets_counters },
	{ "a refund takes back what the message was charged, once", test_refund },
	{ "a charge that comes after its refund is not made", test_refund_first },
	{ "a refund after a reset does not touch later counts", test_refund_after_reset },
	{ "a refund goes to the slot that was charged", test_refund_to_its_slot },
	{ "a queue id that comes again is another message", test_tokens },
	{ "a mark that a refunded message had reached is told again", test_mark_told_again },
	{ "every key but an account's expires", test_expiry },
	{ "a calendar counter lives as long as its period may", test_calendar_expiry },
	{ "the null sender's counter is apart from the login's", test_null_sender },
	{ "a counter of no quota any more goes when its window has passed",
	  test_block_without_a_row_goes },
	{ "a login takes little memory", test_memory },
	{ "a key of another type is an error with its text", test_wrong_type },
	{ "damaged counters are an error with its text, and nothing is charged", test_garbage },
	{ "no noise ends anything but itself", test_noise },
	{ "a damaged message is not charged again", test_garbage_message },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store take", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
