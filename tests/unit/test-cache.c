#include "store/cache.h"

#include <stdio.h>

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

static void put(struct cache *cache, const char *login, const char *json)
{
	struct account *account = json ? fixture_account(json) : NULL;

	cache_put(cache, login, account);
	account_unref(&account);
}

/* The description of the account; "" for none, NULL when nothing is known. */
static const char *get(struct cache *cache, const char *login)
{
	static char text[100];
	struct account *account;

	if (!cache_get(cache, login, &account)) {
		SUITE_TRUE(account == NULL);
		return NULL;
	}
	snprintf(text, sizeof(text), "%s", account ? account->description : "");
	account_unref(&account);
	return text;
}

static void test_known(void)
{
	struct cache *cache = cache_new(10);

	SUITE_TEXT_EQUAL(get(cache, "rose"), NULL);
	put(cache, "rose", "{\"description\":\"a flower\"}");
	put(cache, "nobody", NULL);
	SUITE_TEXT_EQUAL(get(cache, "rose"), "a flower");
	SUITE_TEXT_EQUAL(get(cache, "nobody"), "");
	SUITE_TEXT_EQUAL(get(cache, "Rose"), NULL);
	SUITE_INT_EQUAL(cache_count(cache), 2);
	put(cache, "rose", "{\"description\":\"another\"}");
	SUITE_TEXT_EQUAL(get(cache, "rose"), "another");
	put(cache, "rose", NULL);
	SUITE_TEXT_EQUAL(get(cache, "rose"), "");
	SUITE_INT_EQUAL(cache_count(cache), 2);
	cache_free(&cache);
	SUITE_TRUE(cache == NULL);
	cache_free(&cache);
}

static void test_forget(void)
{
	struct cache *cache = cache_new(10);

	put(cache, "rose", "{}");
	put(cache, "tulip", "{}");
	cache_forget(cache, "rose");
	cache_forget(cache, "rose");
	SUITE_TEXT_EQUAL(get(cache, "rose"), NULL);
	SUITE_TEXT_EQUAL(get(cache, "tulip"), "");
	cache_clear(cache);
	SUITE_INT_EQUAL(cache_count(cache), 0);
	put(cache, "rose", "{}");
	SUITE_INT_EQUAL(cache_count(cache), 1);
	cache_free(&cache);
}

static void test_bounded(void)
{
	struct cache *cache = cache_new(3);

	put(cache, "a", "{}");
	put(cache, "b", "{}");
	put(cache, "c", NULL);
	get(cache, "a");
	put(cache, "d", "{}");
	SUITE_INT_EQUAL(cache_count(cache), 3);
	SUITE_TEXT_EQUAL(get(cache, "b"), NULL);
	SUITE_TEXT_EQUAL(get(cache, "a"), "");
	put(cache, "e", "{}");
	SUITE_TEXT_EQUAL(get(cache, "c"), NULL);
	SUITE_TEXT_EQUAL(get(cache, "d"), "");
	for (int i = 0; i < 1000; i++) {
		char login[20];

		snprintf(login, sizeof(login), "user%d", i);
		put(cache, login, "{}");
	}
	SUITE_INT_EQUAL(cache_count(cache), 3);
	cache_free(&cache);
}

static void test_references(void)
{
	struct cache *cache = cache_new(1);
	struct account *held;

	put(cache, "rose", "{\"description\":\"a flower\"}");
	SUITE_TRUE(cache_get(cache, "rose", &held));
	put(cache, "tulip", NULL); /* rose goes */
	cache_free(&cache);
	SUITE_TEXT_EQUAL(held->description, "a flower");
	account_unref(&held);
}

static void note_next(struct cache *cache, char *seen)
{
	const char *login = cache_check_next(cache);

	strcat(seen, login ? login : "-");
}

static void test_checked(void)
{
	struct cache *cache = cache_new(10);
	struct account *account;
	char seen[20] = "";

	for (const char *login = "abcd"; *login; login++)
		cache_put(cache, (const char[]){*login, '\0'}, NULL);
	note_next(cache, seen);
	cache_check_begin(cache);
	note_next(cache, seen);		  /* a */
	cache_get(cache, "a", &account);  /* used, and checked */
	cache_get(cache, "b", &account);
	cache_put(cache, "e", NULL);	  /* new, and so are those put again */
	cache_put(cache, "c", NULL);
	note_next(cache, seen);		  /* b */
	cache_get(cache, "b", &account);
	note_next(cache, seen);		  /* d */
	note_next(cache, seen);
	SUITE_TEXT_EQUAL(seen, "-abd-");
	cache_check_begin(cache);
	cache_forget(cache, "d");
	seen[0] = '\0';
	for (int i = 0; i < 5; i++)
		note_next(cache, seen);
	SUITE_INT_EQUAL(strlen(seen), 5);
	SUITE_TRUE(strchr(seen, 'd') == NULL && seen[4] == '-');
	SUITE_TRUE(cache_peek(cache, "a", &account) && !account);
	SUITE_TRUE(!cache_peek(cache, "d", &account));
	cache_free(&cache);
}

static void test_checked_again(void)
{
	struct cache *cache = cache_new(3);
	struct account *account;
	char seen[20] = "";

	for (const char *login = "abc"; *login; login++)
		cache_put(cache, (const char[]){ *login, '\0' }, NULL);
	cache_get(cache, "a", &account);
	cache_check_begin(cache);
	cache_put(cache, "d", NULL); /* a is put in again, b goes */
	for (int i = 0; i < 3; i++)
		note_next(cache, seen);
	SUITE_TEXT_EQUAL(seen, "ca-");
	cache_free(&cache);
}

static void test_all_used(void)
{
	struct cache *cache = cache_new(100);
	char login[20];

	for (int i = 0; i < 1000; i++) {
		snprintf(login, sizeof(login), "user%d", i);
		cache_put(cache, login, NULL);
		SUITE_TEXT_EQUAL(get(cache, login), "");
		SUITE_TRUE(cache_count(cache) <= 100);
	}
	cache_free(&cache);
}

static const struct suite_test tests[] = {
	{ "that a login has no account is something to know", test_known },
	{ "what is forgotten is not known any more", test_forget },
	{ "what was not used goes first", test_bounded },
	{ "a used entry that is put in again is still checked, and once", test_checked_again },
	{ "when all are used a new one still comes in", test_all_used },
	{ "an account in use outlives the cache", test_references },
	{ "every entry is checked once while entries come, go and are used", test_checked },
};

int main(void)
{
	return suite_run("cache", tests, SUITE_LEN(tests));
}
