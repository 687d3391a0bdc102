#include "control/top.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static void add(struct top_list *list, const char *login, int64_t used, int64_t limit)
{
	char text[40];

	snprintf(text, sizeof(text), "%s", login);
	top_list_add(list,
		     &(struct top_entry){ .login = text,
					  .row = { .used = used, .quota = { .limit = limit } } });
}

static const char *logins(const struct top_list *list)
{
	static char text[400];

	text[0] = '\0';
	for (size_t i = 0; i < list->n; i++) {
		SUITE_TRUE(list->entries[i]->row.name == list->entries[i]->login);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s",
			 list->entries[i]->login);
	}
	return text;
}

static void test_share(void)
{
	struct top_list list = { .by = TOP_BY_SHARE, .max = 10 };

	add(&list, "half", 50, 100);
	add(&list, "also", 1, 2);
	add(&list, "endless", 1000000, QUOTA_UNLIMITED);
	add(&list, "full", 3, 3);
	add(&list, "over", 4, 3);
	add(&list, "none", 1, 0);
	add(&list, "more", INT64_C(9007199254740990), INT64_C(9007199254740991));
	SUITE_TEXT_EQUAL(logins(&list), " over full none more also half endless");
	top_list_clear(&list);
	SUITE_INT_EQUAL(list.n, 0);
}

static void test_first(void)
{
	struct top_list list = { .by = TOP_BY_MESSAGES, .max = 3 };
	char login[20];

	for (int i = 0; i < 1000; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		add(&list, login, i * 7919 % 1000, 1 + i);
	}
	/* 7919 and 1000 have no common factor: 999, 998, 997 are there once. */
	SUITE_INT_EQUAL(list.n, 3);
	for (int i = 0; i < 3; i++)
		SUITE_INT_EQUAL(list.entries[i]->row.used, 999 - i);
	top_list_clear(&list);
}

static void test_twice(void)
{
	struct top_list list = { .by = TOP_BY_MESSAGES, .max = 3 };

	add(&list, "a", 5, 9);
	add(&list, "b", 4, 9);
	add(&list, "c", 3, 9);
	add(&list, "c", 3, 9);
	SUITE_TEXT_EQUAL(logins(&list), " a b c");
	add(&list, "c", 6, 9);
	SUITE_TEXT_EQUAL(logins(&list), " c a b");
	add(&list, "d", 5, 9);
	SUITE_TEXT_EQUAL(logins(&list), " c a d");
	top_list_clear(&list);
}

static const struct suite_test tests[] = {
	{ "who is nearest to the limit stands first, who has none last", test_share },
	{ "only the first are kept", test_first },
	{ "a login that is told twice stands there once", test_twice },
};

int main(void)
{
	return suite_run("control-top", tests, SUITE_LEN(tests));
}
