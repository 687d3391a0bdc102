#include "store/owed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/local.h"
#include "tests/unit/suite.h"

#define NOW INT64_C(1700000000000)
#define HOUR INT64_C(3600000)

static const struct take_row rows[] = {
	{ .quota = { .unit = QUOTA_MESSAGES, .limit = 5, .window_s = 3600, .text = "borrowed" },
	  .amount = 1 },
	{ .quota = { .unit = QUOTA_BYTES,
		     .limit = 500,
		     .kind = QUOTA_CALENDAR,
		     .calendar = CALENDAR_DAY,
		     .zone = "Europe/Zurich" },
	  .amount = 123,
	  .start_s = 1699999200,
	  .end_s = 1700085600 },
};
static const int64_t slots[TAKE_ROWS_MAX] = { 28333333, 1699999200 };

static struct owed_charge *add(struct owed *owed, enum take_scope scope, const char *name,
			       const char *message_key)
{
	const struct take take = { .scope = scope,
				   .name = name,
				   .message_key = message_key,
				   .rows = rows,
				   .n_rows = 2 };

	return owed_add(owed, &take, NOW, slots);
}

static void test_order(void)
{
	struct owed *owed = owed_new();
	struct owed_charge *first = add(owed, SCOPE_LOGIN, "rose", "mx1/1");
	struct owed_charge *second = add(owed, SCOPE_LOGIN, "tulip", "mx1/2");
	struct owed_charge *third = add(owed, SCOPE_LOGIN, "rose", "mx1/3");
	struct owed_charge *fourth = add(owed, SCOPE_DOMAIN, "rose", "mx1/3");

	SUITE_INT_EQUAL(owed_count(owed), 4);
	SUITE_TRUE(owed_first(owed) == first && owed_next(first) == second);
	SUITE_TRUE(owed_next(third) == fourth && !owed_next(fourth));
	SUITE_TRUE(owed_first_of(owed, SCOPE_LOGIN, "rose") == first);
	SUITE_TRUE(owed_next_of(first) == third && !owed_next_of(third));
	SUITE_TRUE(owed_first_of(owed, SCOPE_DOMAIN, "rose") == fourth);
	SUITE_TRUE(!owed_first_of(owed, SCOPE_DOMAIN, "tulip"));
	SUITE_TRUE(owed_find(owed, SCOPE_LOGIN, "rose", "mx1/3") == third);
	SUITE_TRUE(!owed_find(owed, SCOPE_LOGIN, "tulip", "mx1/3"));
	owed_requeue(owed, first);
	SUITE_TRUE(owed_first(owed) == second && owed_next(fourth) == first);
	SUITE_TRUE(owed_first_of(owed, SCOPE_LOGIN, "rose") == first);
	owed_drop(owed, first);
	owed_drop(owed, third);
	SUITE_TRUE(!owed_first_of(owed, SCOPE_LOGIN, "rose"));
	SUITE_INT_EQUAL(owed_count(owed), 2);
	owed_free(&owed);
	SUITE_TRUE(owed == NULL);
	owed_free(&owed);
}

static void test_passed(void)
{
	struct owed *owed = owed_new();
	struct owed_charge *c = add(owed, SCOPE_LOGIN, "rose", "mx1/1");
	struct take_row now[TAKE_ROWS_MAX];

	SUITE_INT_EQUAL(owed_rows(c, NOW, now), 2);
	SUITE_INT_EQUAL(now[0].quota.limit, QUOTA_UNLIMITED);
	SUITE_TRUE(!now[0].quota.text);
	SUITE_INT_EQUAL(now[0].amount, 1);
	SUITE_TRUE(!now[0].enforce);
	SUITE_INT_EQUAL(owed_rows(c, NOW + HOUR, now), 2);
	SUITE_INT_EQUAL(owed_rows(c, NOW + HOUR + HOUR / 60, now), 2);
	SUITE_INT_EQUAL(owed_rows(c, NOW + HOUR + HOUR / 60 + 1, now), 1);
	SUITE_INT_EQUAL(now[0].quota.unit, QUOTA_BYTES);
	SUITE_INT_EQUAL(now[0].end_s, 1700085600);
	SUITE_INT_EQUAL(owed_rows(c, INT64_C(1700085600000), now), 0);
	/* The clock went back into the day before. */
	SUITE_INT_EQUAL(owed_rows(c, INT64_C(1699999199999), now), 1);
	owed_free(&owed);
}

static void test_as_text(void)
{
	struct owed *owed = owed_new(), *again = owed_new();
	struct owed_charge *c = add(owed, SCOPE_GROUP, "a name with spaces", "mx1/1#p12345678");
	char *text, *second;

	c->uncertain = true;
	text = owed_save(c);
	SUITE_TEXT_EQUAL(c->key, "group mx1/1#p12345678 a name with spaces");
	SUITE_TRUE(owed_restore(again, c->key, text));
	SUITE_TRUE(!owed_restore(again, c->key, text)); /* there already */
	c = owed_find(again, SCOPE_GROUP, "a name with spaces", "mx1/1#p12345678");
	SUITE_TRUE(c != NULL && c->uncertain && c->n_rows == 2);
	SUITE_INT_EQUAL(c->accepted_ms, NOW);
	SUITE_INT_EQUAL(c->rows[0].slot, 28333333);
	SUITE_TRUE(quota_same_counter(&c->rows[1].quota, &rows[1].quota));
	second = owed_save(c);
	SUITE_TEXT_EQUAL(second, text);
	free(second);
	free(text);
	owed_free(&owed);
	owed_free(&again);
}

static void test_no_such_text(void)
{
	static const char *const texts[] = {
		"",
		"\n",
		"1",
		"-1 0\n1 0 0 0 unlimited messages / 1h\n",
		"1 0\n",
		"9223372036854775807 0\n1 0 0 0 unlimited messages / 1h\n",
		"1 0\nrubbish\n",
		"1 0\n-1 0 0 0 unlimited messages / 1h\n",
		"1 0\n1 5 4 0 unlimited messages / 1h\n",
		"1 0\n1 0 0 0 unlimited parsecs / 1h\n",
		"1 0\n99999999999999999999 0 0 0 unlimited messages / 1h\n",
	};
	static const char *const keys[] = { "",	      "login",	      "login m",  "login m ",
					    "login  rose", "person m rose", " m rose" };
	static const char good[] = "1 0\n1 0 0 0 unlimited messages / 1h\n";
	struct owed *owed = owed_new();

	for (size_t i = 0; i < SUITE_LEN(texts); i++) {
		suite_row("%s", texts[i]);
		SUITE_TRUE(!owed_restore(owed, "login m rose", texts[i]));
	}
	for (size_t i = 0; i < SUITE_LEN(keys); i++) {
		suite_row("%s", keys[i]);
		SUITE_TRUE(!owed_restore(owed, keys[i], good));
	}
	SUITE_INT_EQUAL(owed_count(owed), 0);
	SUITE_TRUE(owed_restore(owed, "login m rose", good));
	owed_free(&owed);
}

static const struct suite_test tests[] = {
	{ "charges wait in order, of all and of each name", test_order },
	{ "what has left its window counts no more", test_passed },
	{ "a charge is read again from its text", test_as_text },
	{ "what is no such text is left out", test_no_such_text },
};

int main(void)
{
	return suite_run("owed", tests, SUITE_LEN(tests));
}
