#include "store/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define NOW INT64_C(1700000000000)
#define MIN INT64_C(60000)

static struct take_answer answer;
static int64_t slots[TAKE_ROWS_MAX]; /* of the last charge */

static struct take_row row(enum quota_unit unit, int64_t limit, int32_t window_s, int64_t amount)
{
	return (struct take_row){ .quota = { .unit = unit, .limit = limit, .window_s = window_s },
				  .amount = amount,
				  .enforce = true };
}

static enum take_status ask(struct local *local, const char *login, const struct take_row *rows,
			    size_t n, const char *message_key, int64_t now_ms)
{
	const struct take take = {
		.name = login, .message_key = message_key, .version = "", .rows = rows, .n_rows = n
	};

	memset(&answer, 0x55, sizeof(answer));
	local_test(local, &take, now_ms, &answer);
	if (answer.status == TAKE_DONE && message_key)
		local_charge(local, &take, now_ms, slots);
	SUITE_INT_EQUAL(answer.now_ms, now_ms);
	return answer.status;
}

static void test_counts(void)
{
	const struct take_row two = row(QUOTA_MESSAGES, 2, 3600, 1);
	struct local *local = local_new();

	SUITE_INT_EQUAL(ask(local, "rose", &two, 1, NULL, NOW), TAKE_DONE);
	SUITE_INT_EQUAL(answer.rows[0].used, 0);
	SUITE_TRUE(!answer.seen);
	SUITE_INT_EQUAL(ask(local, "rose", &two, 1, "mx1/1", NOW), TAKE_DONE);
	SUITE_INT_EQUAL(ask(local, "rose", &two, 1, "mx1/2", NOW), TAKE_DONE);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	SUITE_TRUE(answer.seen);
	SUITE_INT_EQUAL(ask(local, "rose", &two, 1, "mx1/3", NOW), TAKE_OVER);
	SUITE_INT_EQUAL(answer.rows[0].used, 2);
	SUITE_TRUE(answer.rows[0].retry_after_ms > 60 * MIN);
	SUITE_TRUE(answer.rows[0].retry_after_ms <= 61 * MIN);
	SUITE_INT_EQUAL(ask(local, "tulip", &two, 1, "mx1/4", NOW), TAKE_DONE);
	SUITE_INT_EQUAL(ask(local, "rose", &two, 1, "mx1/5", NOW + 61 * MIN), TAKE_DONE);
	local_free(&local);
	SUITE_TRUE(local == NULL);
	local_free(&local);
}

static void test_all_or_none(void)
{
	const struct take_row rows[] = { row(QUOTA_MESSAGES, 10, 3600, 1),
					 row(QUOTA_RECIPIENTS, 3, 3600, 2),
					 row(QUOTA_BYTES, QUOTA_UNLIMITED, 3600, 5000) };
	struct local *local = local_new();

	SUITE_INT_EQUAL(ask(local, "rose", rows, 3, "mx1/1", NOW), TAKE_DONE);
	SUITE_INT_EQUAL(ask(local, "rose", rows, 3, "mx1/2", NOW), TAKE_OVER);
	SUITE_INT_EQUAL(ask(local, "rose", rows, 3, NULL, NOW), TAKE_OVER);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	SUITE_INT_EQUAL(answer.rows[0].retry_after_ms, 0);
	SUITE_INT_EQUAL(answer.rows[1].used, 2);
	SUITE_INT_EQUAL(answer.rows[2].used, 5000);
	SUITE_INT_EQUAL(answer.rows[2].retry_after_ms, 0);
	local_free(&local);
}

static void test_monitored(void)
{
	struct take_row one = row(QUOTA_MESSAGES, 1, 3600, 1);
	struct local *local = local_new();

	one.enforce = false;
	for (int i = 0; i < 5; i++)
		SUITE_INT_EQUAL(ask(local, "rose", &one, 1, "mx1/1", NOW), TAKE_DONE);
	SUITE_INT_EQUAL(answer.rows[0].used, 4);
	SUITE_TRUE(answer.rows[0].retry_after_ms > 0);
	local_free(&local);
}

static void test_same_counter_twice(void)
{
	const struct take_row rows[] = { row(QUOTA_MESSAGES, 10, 3600, 1),
					 row(QUOTA_MESSAGES, 5, 3600, 1) };
	struct local *local = local_new();

	SUITE_INT_EQUAL(ask(local, "rose", rows, 2, "mx1/1", NOW), TAKE_DONE);
	SUITE_INT_EQUAL(ask(local, "rose", rows, 2, NULL, NOW), TAKE_DONE);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	SUITE_INT_EQUAL(answer.rows[1].used, 1);
	local_free(&local);
}

static void test_other_quotas(void)
{
	/* The quotas of the login change to entirely different ones again and
	 * again: those asked for are always counted. */
	struct local *local = local_new();
	struct take_row rows[QUOTAS_MAX];

	for (int32_t round = 0; round < 10; round++) {
		for (size_t i = 0; i < QUOTAS_MAX; i++)
			rows[i] = row(QUOTA_MESSAGES, 3, 3600 + 100 * round + (int32_t)i, 1);
		for (int i = 0; i < 3; i++)
			SUITE_INT_EQUAL(ask(local, "rose", rows, QUOTAS_MAX, "mx1/1", NOW),
					TAKE_DONE);
		SUITE_INT_EQUAL(ask(local, "rose", rows, QUOTAS_MAX, "mx1/1", NOW), TAKE_OVER);
		for (size_t i = 0; i < QUOTAS_MAX; i++) {
			suite_row("round %d, quota %zu", round, i);
			SUITE_INT_EQUAL(answer.rows[i].used, 3);
		}
	}
	local_free(&local);
}

static void test_one_more_quota(void)
{
	struct local *local = local_new();
	struct take_row rows[QUOTAS_MAX], more = row(QUOTA_BYTES, 10, 60, 1);

	for (size_t i = 0; i < QUOTAS_MAX; i++)
		rows[i] = row(QUOTA_MESSAGES, 3, 3600 + (int32_t)i, 1);
	SUITE_INT_EQUAL(ask(local, "rose", rows, QUOTAS_MAX, "mx1/1", NOW), TAKE_DONE);
	rows[0] = more;
	SUITE_INT_EQUAL(ask(local, "rose", rows, QUOTAS_MAX, "mx1/2", NOW), TAKE_DONE);
	for (size_t i = 0; i < QUOTAS_MAX; i++) {
		suite_row("quota %zu", i);
		SUITE_INT_EQUAL(answer.rows[i].used, i == 0 ? 0 : 1);
	}
	local_free(&local);
}

static void test_bounded(void)
{
	const struct take_row one = row(QUOTA_MESSAGES, 1, 3600, 1);
	struct local *local = local_new();
	char login[30];

	for (int i = 0; i <= LOCAL_LOGINS_MAX; i++) {
		snprintf(login, sizeof(login), "user%d", i);
		ask(local, login, &one, 1, "mx1/1", NOW);
	}
	SUITE_INT_EQUAL(ask(local, "user1", &one, 1, NULL, NOW), TAKE_OVER);
	SUITE_INT_EQUAL(ask(local, login, &one, 1, NULL, NOW), TAKE_OVER);
	SUITE_INT_EQUAL(ask(local, "user0", &one, 1, NULL, NOW), TAKE_DONE);
	local_free(&local);
}

static void test_taken_back(void)
{
	const struct take_row rows[] = { row(QUOTA_MESSAGES, 2, 3600, 1),
					 row(QUOTA_MESSAGES, 1, 3600, 1) };
	struct local *local = local_new();

	SUITE_INT_EQUAL(ask(local, "rose", rows, 1, "mx1/1", NOW), TAKE_DONE);
	SUITE_INT_EQUAL(ask(local, "rose", rows, 1, "mx1/2", NOW + 5 * MIN), TAKE_DONE);
	SUITE_INT_EQUAL(ask(local, "rose", rows, 1, NULL, NOW + 5 * MIN), TAKE_OVER);
	local_take_back(local, SCOPE_LOGIN, "rose", &rows[0].quota, slots[0], 1);
	local_take_back(local, SCOPE_LOGIN, "rose", &rows[0].quota, slots[0], 1);
	local_take_back(local, SCOPE_LOGIN, "tulip", &rows[0].quota, slots[0], 1);
	SUITE_INT_EQUAL(ask(local, "rose", rows, 1, "mx1/3", NOW + 5 * MIN), TAKE_DONE);
	SUITE_INT_EQUAL(answer.rows[0].used, 1);
	/* Two rows of one counter are charged in one place. */
	ask(local, "lily", rows, 2, "mx1/4", NOW);
	SUITE_TRUE(slots[0] > 0);
	SUITE_INT_EQUAL(slots[1], LOCAL_NOWHERE);
	local_free(&local);
}

static void test_as_text(void)
{
	static const char *const texts[] = {
		"rubbish",
		"0 0 unlimited messages / 1h",
		"0 3 5:1 5:2 unlimited messages / 1h",
		"0 3 6:1 5:2 unlimited messages / 1h",
		"0 4 5:1 6:2 unlimited messages / 1h",
		"0 1 5:1 unlimited messages / day in UTC",
		"0 1 unlimited messages / 1h",
		"0 1 5:1",
		"0 1 5:1 rubbish",
	};
	const struct take_row one = row(QUOTA_MESSAGES, 100, 3600, 1);
	struct local *local = local_new(), *again = local_new();
	char *text;

	SUITE_TRUE(local_save(local, SCOPE_LOGIN, "rose") == NULL);
	for (int i = 0; i < 50; i++)
		ask(local, "rose", &one, 1, "mx1/1", NOW + i * MIN);
	text = local_save(local, SCOPE_LOGIN, "rose");
	SUITE_TRUE(local_restore(again, SCOPE_LOGIN, "rose", text));
	ask(again, "rose", &one, 1, NULL, NOW + 50 * MIN);
	SUITE_INT_EQUAL(answer.rows[0].used, 50);
	ask(again, "rose", &one, 1, NULL, NOW + 70 * MIN);
	SUITE_INT_EQUAL(answer.rows[0].used, 40);
	for (size_t i = 0; i < SUITE_LEN(texts); i++) {
		suite_row("%s", texts[i]);
		SUITE_TRUE(!local_restore(again, SCOPE_LOGIN, "lily", texts[i]));
		SUITE_TRUE(local_save(again, SCOPE_LOGIN, "lily") == NULL);
	}
	free(text);
	local_free(&local);
	local_free(&again);
}

static const struct suite_test tests[] = {
	{ "what this node accepts is counted for each login", test_counts },
	{ "all rows are charged, or none", test_all_or_none },
	{ "a monitored row is charged beyond its limit", test_monitored },
	{ "two rows of the same unit and window charge once", test_same_counter_twice },
	{ "a login whose quotas are replaced is counted by the new ones", test_other_quotas },
	{ "a login that gets another quota keeps what the others have counted",
	  test_one_more_quota },
	{ "the login counted first makes room for one too many", test_bounded },
	{ "what is taken back leaves room again", test_taken_back },
	{ "counts are read again from their text, and nothing else is", test_as_text },
};

int main(void)
{
	return suite_run("local", tests, SUITE_LEN(tests));
}
