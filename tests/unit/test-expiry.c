#include "store/expiry.h"

#include <stdio.h>

#include "tests/unit/suite.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)

static void test_time(void)
{
	struct expiry *expiry = expiry_new();

	SUITE_TRUE(!expiry_is_set(expiry, "rose", 0, DAY_MS));
	SUITE_TRUE(expiry_is_set(expiry, "rose", 0, DAY_MS));
	SUITE_TRUE(!expiry_is_set(expiry, "lily", 0, DAY_MS));
	SUITE_TRUE(expiry_is_set(expiry, "rose", DAY_MS - 1, DAY_MS));
	SUITE_TRUE(!expiry_is_set(expiry, "rose", DAY_MS, DAY_MS));
	SUITE_TRUE(expiry_is_set(expiry, "rose", 2 * DAY_MS - 1, DAY_MS));
	expiry_free(&expiry);
}

/* The last millisecond of a minute counts as all of it. */
static void test_safe_side(void)
{
	struct expiry *expiry = expiry_new();

	SUITE_TRUE(!expiry_is_set(expiry, "rose", MINUTE_MS - 1, DAY_MS));
	SUITE_TRUE(expiry_is_set(expiry, "rose", DAY_MS - 1, DAY_MS));
	SUITE_TRUE(!expiry_is_set(expiry, "rose", DAY_MS, DAY_MS));
	expiry_free(&expiry);
}

static void test_clear(void)
{
	struct expiry *expiry = expiry_new();

	SUITE_TRUE(!expiry_is_set(expiry, "rose", 0, DAY_MS));
	expiry_clear(expiry);
	SUITE_TRUE(!expiry_is_set(expiry, "rose", 0, DAY_MS));
	expiry_free(&expiry);
}

/* Twice as many as there is room for: none is known that was not noted. */
static void test_many(void)
{
	struct expiry *expiry = expiry_new();
	char name[32];
	int wrong = 0, known = 0;

	for (int i = 0; i < 2 * EXPIRY_NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "user%d@example.com", i);
		wrong += expiry_is_set(expiry, name, 0, DAY_MS);
	}
	for (int i = 0; i < 2 * EXPIRY_NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "user%d@example.com", i);
		known += expiry_is_set(expiry, name, 0, DAY_MS);
	}
	SUITE_INT_EQUAL(wrong, 0);
	SUITE_TRUE(known > 0);
	expiry_free(&expiry);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "it is known for the time asked for, and then noted anew", test_time },
		{ "what was noted late in a minute is known for less", test_safe_side },
		{ "of another server nothing is known", test_clear },
		{ "no name is taken for another", test_many },
	};

	return suite_run("expiry", tests, SUITE_LEN(tests));
}
