#include "store/recent.h"

#include <string.h>

#include "tests/unit/suite.h"

#define NOW_MS 1000000

static struct take_row row(int64_t amount, int64_t limit)
{
	return (struct take_row){ .quota = { .kind = QUOTA_ROLLING,
					     .unit = QUOTA_MESSAGES,
					     .window_s = 3600,
					     .limit = limit },
				  .amount = amount,
				  .enforce = true };
}

static struct take take_of(const struct take_row *rows, const char *message_key)
{
	return (struct take){ .name = "rose",
			      .version = "1",
			      .message_key = message_key,
			      .rows = rows,
			      .n_rows = 1 };
}

static void learn(struct recent *recent, const char *message_key, int64_t used)
{
	struct take_row rows[] = { row(1, 10) };
	struct take take = take_of(rows, message_key);
	struct take_answer answer = { .status = TAKE_DONE, .rows = { { .used = used, .limit = 10 } } };

	recent_learn(recent, &take, &answer, NOW_MS);
}

/* Tested, and then charged. */
static struct recent *with_used(int64_t used)
{
	struct recent *recent = recent_new();

	learn(recent, NULL, used);
	learn(recent, "mx1/1", used);
	return recent;
}

static bool test(struct recent *recent, int64_t amount, int64_t limit, int64_t after_ms)
{
	struct take_row rows[] = { row(amount, limit) };
	struct take take = take_of(rows, NULL);
	struct take_answer answer;

	return recent_test(recent, &take, NOW_MS + after_ms, &answer);
}

static void test_fits(void)
{
	struct recent *recent = with_used(4);
	struct take_row rows[] = { row(5, 10) };
	struct take take = take_of(rows, NULL);
	struct take_answer answer;

	SUITE_TRUE(recent_test(recent, &take, NOW_MS, &answer));
	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	SUITE_INT_EQUAL(answer.rows[0].used, 5);
	SUITE_TRUE(!test(recent, 6, 10, 0));
	SUITE_TRUE(test(recent, 6, 11, 0));
	SUITE_TRUE(test(recent, 6, QUOTA_UNLIMITED, 0));
	recent_free(&recent);
}

static void test_charged_only(void)
{
	struct recent *recent = recent_new();

	learn(recent, "mx1/1", 0);
	SUITE_TRUE(!test(recent, 1, 10, 0));
	learn(recent, NULL, 0);
	SUITE_TRUE(test(recent, 10, 10, 0));
	learn(recent, "mx1/2", 0);
	SUITE_TRUE(!test(recent, 10, 10, 0));
	recent_free(&recent);
}

static void test_old(void)
{
	struct recent *recent = with_used(0);

	SUITE_TRUE(test(recent, 1, 10, RECENT_MS));
	SUITE_TRUE(!test(recent, 1, 10, RECENT_MS + 1));
	recent_free(&recent);
}

static void test_other(void)
{
	struct recent *recent = with_used(0);
	struct take_row rows[] = { row(1, 10) };
	struct take take = take_of(rows, NULL);
	struct take_answer answer;

	take.version = "2";
	SUITE_TRUE(!recent_test(recent, &take, NOW_MS, &answer));
	take = take_of(rows, "mx1/2");
	SUITE_TRUE(!recent_test(recent, &take, NOW_MS, &answer));
	take = take_of(rows, NULL);
	take.decides = true;
	SUITE_TRUE(!recent_test(recent, &take, NOW_MS, &answer));
	take = take_of(rows, NULL);
	take.name = "lily";
	SUITE_TRUE(!recent_test(recent, &take, NOW_MS, &answer));
	take = take_of(rows, NULL);
	take.scope = SCOPE_PLAN;
	SUITE_TRUE(!recent_test(recent, &take, NOW_MS, &answer));
	take = take_of(rows, NULL);
	take.n_rows = 0;
	SUITE_TRUE(!recent_test(recent, &take, NOW_MS, &answer));
	rows[0].quota.window_s = 60;
	take = take_of(rows, NULL);
	SUITE_TRUE(!recent_test(recent, &take, NOW_MS, &answer));
	recent_forget(recent, SCOPE_LOGIN, "rose");
	SUITE_TRUE(!test(recent, 1, 10, 0));
	recent_free(&recent);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "what fits passes, what does not is not answered", test_fits },
		{ "a charge tells of a name that was tested before", test_charged_only },
		{ "what was found more than a moment ago is nothing", test_old },
		{ "another account, name, scope or quota is another question", test_other },
	};

	return suite_run("recent", tests, SUITE_LEN(tests));
}
