/* Accounts in a real Redis. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "store/counted.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

static struct rig rig;

static char *version_of(const char *record)
{
	static char version[ACCOUNT_VERSION_DIGITS + 1];

	snprintf(version, sizeof(version), "%.*s", ACCOUNT_VERSION_DIGITS, record);
	return version;
}

static const char *json_of(const struct rig_result *r)
{
	return strlen(r->text) > ACCOUNT_VERSION_DIGITS ? r->text + ACCOUNT_VERSION_DIGITS : "";
}

static void test_life(void)
{
	struct rig_result r;
	char first[ACCOUNT_VERSION_DIGITS + 1];

	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_NOT_FOUND);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_NOT_FOUND);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{\"reason\":\"1\"}").result, STORE_OK);
	r = rig_get(&rig, "rose");
	SUITE_INT_EQUAL(r.result, STORE_OK);
	SUITE_TEXT_EQUAL(json_of(&r), "{\"reason\":\"1\"}");
	strcpy(first, version_of(r.text));
	SUITE_INT_EQUAL(strspn(first, "0123456789"), ACCOUNT_VERSION_DIGITS);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", first, "{\"reason\":\"2\"}").result, STORE_OK);
	r = rig_get(&rig, "rose");
	SUITE_TEXT_EQUAL(json_of(&r), "{\"reason\":\"2\"}");
	SUITE_TRUE(strcmp(version_of(r.text), first) > 0);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_NOT_FOUND);
}

static void test_conflict(void)
{
	struct rig_result r;

	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "0000000000000001", "{}").result, STORE_CONFLICT);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
	r = rig_put(&rig, "rose", "", "{\"reason\":\"mine\"}");
	SUITE_INT_EQUAL(r.result, STORE_CONFLICT);
	SUITE_TRUE(strstr(r.error, "changed by someone else") != NULL);
	r = rig_get(&rig, "rose");
	SUITE_TEXT_EQUAL(json_of(&r), "{}");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{\"reason\":\"mine\"}").result, STORE_OK);
	r = rig_get(&rig, "rose");
	SUITE_TEXT_EQUAL(json_of(&r), "{\"reason\":\"mine\"}");
}

static void test_versions_never_return(void)
{
	char seen[50][ACCOUNT_VERSION_DIGITS + 1];

	rig_clean(&rig);
	for (size_t i = 0; i < SUITE_LEN(seen); i++) {
		struct rig_result r;

		SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
		r = rig_get(&rig, "rose");
		strcpy(seen[i], version_of(r.text));
		for (size_t j = 0; j < i; j++)
			SUITE_TRUE(strcmp(seen[i], seen[j]) > 0);
		SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	}
}

static void test_version_of_the_future(void)
{
	/* Written where the clock was ahead. */
	struct rig_result r;

	rig_clean(&rig);
	redis_do(rig.redis, "SET sendward:{rose}:a 4000000000000000{}");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "4000000000000000", "{\"reason\":\"x\"}").result,
			STORE_OK);
	r = rig_get(&rig, "rose");
	SUITE_TEXT_EQUAL(version_of(r.text), "4000000000000001");
}

/* A daemon that knows the account decides on it again after every change. */
static void test_no_decision_on_an_older_account(void)
{
	const struct decision_env *env = store_env(rig.store);
	struct take take = { .name = "rose", .version = NULL };
	struct account *account;

	rig_clean(&rig);
	env = store_env(rig.store);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_STALE);
	SUITE_TRUE(env->account(env->ctx, "rose", &account));
	SUITE_TRUE(account == NULL);
	take.version = "";
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_DONE);

	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{\"state\":\"blocked\"}").result, STORE_OK);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_STALE);
	SUITE_TRUE(env->account(env->ctx, "rose", &account));
	SUITE_TRUE(account && account->state == ACCOUNT_BLOCKED);
	take.version = account->version;
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_DONE);

	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_STALE);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_STALE);
	account_unref(&account);
}

static void test_unreadable(void)
{
	static const struct {
		const char *record, *error;
	} rows[] = {
		{ "0000000000000001{\"format\":2}",
		  "account record: format: was written by a newer Sendward" },
		{ "rubbish", "account record: version: is missing" },
		{ "?", "account record: version: is missing" },
		{ "0000000000000001rubbish", "account record: record: ..." },
	};
	const struct take take = { .name = "rose" };

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const struct decision_env *env;
		struct take_answer answer;
		struct account *account;

		suite_row("%s", rows[i].record);
		rig_clean(&rig);
		env = store_env(rig.store);
		redis_do(rig.redis, "SET sendward:{rose}:a %s", rows[i].record);
		answer = rig_take(&rig, &take);
		SUITE_INT_EQUAL(answer.status, TAKE_UNREADABLE);
		SUITE_TRUE(answer.error && strncmp(answer.error, "account record: ", 16) == 0);
		SUITE_TRUE(!env->account(env->ctx, "rose", &account));
		/* It can be replaced and deleted. */
		SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
		SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
		SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	}
}

/* For when the store is away. */
static void test_unreadable_blocked(void)
{
	static const struct {
		const char *state, *record;
	} rows[] = {
		{ "allowed", "{}" },
		{ "sandboxed", "{\"state\":\"sandboxed\"}" },
		{ "blocked", "{\"state\":\"blocked\"}" },
		{ "allowed", "{\"credentials\":{\"printer\":{\"state\":\"blocked\"}}}" },
	};
	const struct take take = { .name = "rose" };

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const struct decision_env *env;
		struct account *account;
		bool known;

		suite_row("%s", rows[i].record);
		rig_clean(&rig);
		env = store_env(rig.store);
		redis_do(rig.redis, "SET sendward:{rose}:a 0000000000000001%s", rows[i].record);
		SUITE_INT_EQUAL(rig_take_current(&rig, take).status, TAKE_DONE);
		redis_do(rig.redis, "SET sendward:{rose}:a 0000000000000002{\"format\":2}");
		SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_UNREADABLE);
		known = env->account(env->ctx, "rose", &account);
		SUITE_INT_EQUAL(known, i > 0);
		if (known)
			SUITE_TEXT_EQUAL(account_state_name(account->state), rows[i].state);
		account_unref(&account);
	}
}

static void test_wrong_type(void)
{
	const struct take take = { .name = "rose" };
	struct take_answer answer;
	struct rig_result r;

	rig_clean(&rig);
	redis_do(rig.redis, "LPUSH sendward:{rose}:a x");
	r = rig_get(&rig, "rose");
	SUITE_INT_EQUAL(r.result, STORE_BAD);
	SUITE_TRUE(strncmp(r.error, "WRONGTYPE", 9) == 0);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_BAD);
	answer = rig_take(&rig, &take);
	SUITE_INT_EQUAL(answer.status, TAKE_UNAVAILABLE);
	SUITE_TRUE(answer.error && strstr(answer.error, "WRONGTYPE") != NULL);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
}

static void test_large(void)
{
	char *json = malloc(RECORD_MAX + 1);

	rig_clean(&rig);
	memset(json, ' ', RECORD_MAX);
	memcpy(json, "{}", 2);
	json[RECORD_MAX - ACCOUNT_VERSION_DIGITS] = '\0';
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", json).result, STORE_OK);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "STRLEN sendward:{rose}:a"), RECORD_MAX);
	SUITE_INT_EQUAL(rig_take_current(&rig, (struct take){ .name = "rose" }).status, TAKE_DONE);
	memcpy(json + RECORD_MAX - ACCOUNT_VERSION_DIGITS, " ", 2);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, json).result, STORE_BAD);
	free(json);
}

static void test_login_length(void)
{
	char login[LOGIN_MAX + 2];

	rig_clean(&rig);
	memset(login, 'x', sizeof(login));
	login[LOGIN_MAX + 1] = '\0';
	SUITE_INT_EQUAL(rig_get(&rig, login).result, STORE_BAD);
	SUITE_INT_EQUAL(rig_put(&rig, login, "", "{}").result, STORE_BAD);
	SUITE_INT_EQUAL(rig_delete(&rig, login).result, STORE_BAD);
	SUITE_INT_EQUAL(rig_reset(&rig, login).result, STORE_BAD);
	SUITE_INT_EQUAL(rig_take(&rig, &(struct take){ .name = login }).status, TAKE_UNAVAILABLE);
	SUITE_INT_EQUAL(rig_get(&rig, "").result, STORE_BAD);
	login[LOGIN_MAX] = '\0';
	SUITE_INT_EQUAL(rig_put(&rig, login, "", "{}").result, STORE_OK);
	SUITE_INT_EQUAL(rig_get(&rig, login).result, STORE_OK);
}

/* ---- list --------------------------------------------------------------- */

#define MANY 2500

struct listing {
	bool done;
	bool more; /* pages */
	enum store_result result;
	unsigned char seen[MANY];
	size_t others;
	char last[LOGIN_MAX + 1];
};

static void on_login(const char *login, void *arg)
{
	struct listing *l = arg;
	unsigned n;

	snprintf(l->last, sizeof(l->last), "%s", login);
	if (sscanf(login, "user%u@dom.example", &n) == 1 && n < MANY)
		l->seen[n]++;
	else
		l->others++;
}

static void on_listed(enum store_result result, const char *error, void *arg)
{
	struct listing *l = arg;

	(void)error;
	l->result = result;
	l->done = true;
}

static void on_page(enum store_result result, bool more, const char *error, void *arg)
{
	((struct listing *)arg)->more = more;
	on_listed(result, error, arg);
}

static struct listing *list(void)
{
	static struct listing l;

	memset(&l, 0, sizeof(l));
	store_account_each(rig.store, on_login, on_listed, &l);
	rig_wait(&rig, &l.done);
	SUITE_INT_EQUAL(l.result, STORE_OK);
	return &l;
}

static void test_list(void)
{
	struct listing *l;
	size_t n = 0;

	rig_clean(&rig);
	l = list();
	SUITE_INT_EQUAL(l->others, 0);
	for (int i = 0; i < MANY; i++)
		redis_do(rig.redis,
			 "MSET sendward:{user%d@dom.example}:a x "
			 "sendward:{user%d@dom.example}:u x "
			 "other:{user%d@dom.example}:a x",
			 i, i, i);
	redis_do(rig.redis, "SET sendward:events:a x");
	l = list();
	SUITE_INT_EQUAL(l->others, 0);
	for (size_t i = 0; i < MANY; i++)
		n += l->seen[i] > 0;
	SUITE_INT_EQUAL(n, MANY);
}

/* A page of those with counters; more. */
static bool next_page(struct counted *counted, struct listing *l)
{
	l->done = false;
	counted_next(counted, on_login, on_page, l);
	rig_wait(&rig, &l->done);
	SUITE_INT_EQUAL(l->result, STORE_OK);
	return l->more;
}

static void test_counted(void)
{
	static struct listing l;
	struct counted *counted;
	size_t pages = 1, n = 0;

	rig_clean(&rig);
	counted = counted_new(rig.store, COUNTED_SENT);
	for (int i = 0; i < MANY; i++)
		redis_do(rig.redis,
			 "MSET sendward:{user%d@dom.example}:u x "
			 "sendward:{user%d@dom.example}:a x "
			 "sendward:{dom%d.example}:u-domain x "
			 "other:{user%d@dom.example}:u x",
			 i, i, i, i);
	while (next_page(counted, &l))
		pages++;
	counted_free(&counted);
	for (size_t i = 0; i < MANY; i++)
		n += l.seen[i] > 0;
	SUITE_INT_EQUAL(n, MANY);
	SUITE_INT_EQUAL(l.others, 0);
	/* SCAN_STEP keys are looked at for each. */
	SUITE_TRUE(pages >= 4 * MANY / 250 / 2 && pages <= 4 * MANY / 250 + 1);
}

static const char *const odd_logins[] = {
	"rose",
	"Rose",
	"user+tag@dom.example",
	"DOM\\user",
	"a b",
	"\"quoted\"",
	"it's",
	"}",
	"{",
	"{rose}",
	"}{",
	"%",
	"%7D",
	"%257D",
	"*",
	"?",
	"[ab]",
	"rose:a",
	":a",
	"rose}:a",
	"caf\xc3\xa9",
	"\xff\xfe",
	"tab\there",
	"new\nline",
	"-",
	"EX",
	"$(id)",
	"a\x01"
	"b",
};

static void test_odd_logins(void)
{
	char json[100], longest[LOGIN_MAX + 1];

	rig_clean(&rig);
	memset(longest, '}', LOGIN_MAX);
	longest[LOGIN_MAX] = '\0';
	for (size_t i = 0; i <= SUITE_LEN(odd_logins); i++) {
		const char *login = i < SUITE_LEN(odd_logins) ? odd_logins[i] : longest;

		suite_row("%s", login);
		snprintf(json, sizeof(json), "{\"description\":\"%zu\"}", i);
		SUITE_INT_EQUAL(rig_put(&rig, login, "", json).result, STORE_OK);
	}
	SUITE_INT_EQUAL(redis_integer(rig.redis, "DBSIZE"), SUITE_LEN(odd_logins) + 1);
	for (size_t i = 0; i <= SUITE_LEN(odd_logins); i++) {
		const char *login = i < SUITE_LEN(odd_logins) ? odd_logins[i] : longest;
		struct rig_result r = rig_get(&rig, login);

		suite_row("%s", login);
		snprintf(json, sizeof(json), "{\"description\":\"%zu\"}", i);
		SUITE_TEXT_EQUAL(json_of(&r), json);
		SUITE_TRUE(list()->others == SUITE_LEN(odd_logins) + 1 - i);
		SUITE_INT_EQUAL(rig_delete(&rig, login).result, STORE_OK);
	}
	/* Of each when it was deleted, for a while. */
	SUITE_INT_EQUAL(redis_integer(rig.redis, "DBSIZE"), SUITE_LEN(odd_logins) + 1);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EVAL %s 0",
				      "local n = 0 for _, key in ipairs(redis.call('KEYS', '*:x')) do"
				      " if redis.call('TTL', key) > 0 then n = n + 1 end end return n"),
			SUITE_LEN(odd_logins) + 1);
	rig_put(&rig, longest, "", "{}");
	SUITE_TEXT_EQUAL(list()->last, longest);
}

static void test_odd_lease(void)
{
	struct rig_result r;

	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{\"reason\":\"1\"}").result, STORE_OK);
	redis_do(rig.redis, "SET sendward:{rose}:u x");
	redis_do(rig.redis, "LPUSH sendward:{rose}:l x");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{\"reason\":\"2\"}").result, STORE_BAD);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_BAD);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_BAD);
	r = rig_get(&rig, "rose");
	SUITE_TEXT_EQUAL(json_of(&r), "{\"reason\":\"1\"}");
	SUITE_INT_EQUAL(redis_integer(rig.redis, "STRLEN sendward:{rose}:u"), 1);
	redis_do(rig.redis, "DEL sendward:{rose}:l");
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
}

static const struct suite_test tests[] = {
	{ "an account is created, changed and deleted", test_life },
	{ "a change that cannot tell of leases is not made", test_odd_lease },
	{ "who has read another version cannot write", test_conflict },
	{ "no version comes back when an account is made again", test_versions_never_return },
	{ "versions go on from one that was written ahead of time", test_version_of_the_future },
	{ "after a change nobody decides on the older account",
	  test_no_decision_on_an_older_account },
	{ "an account that cannot be read says so, and can be replaced", test_unreadable },
	{ "a blocked login stays blocked here when its account cannot be read",
	  test_unreadable_blocked },
	{ "a key of another type is an error with its text", test_wrong_type },
	{ "an account is as large as its limit and no larger", test_large },
	{ "a login has 1 to 255 octets", test_login_length },
	{ "all accounts are listed, and nothing else", test_list },
	{ "the logins with counters are listed page after page", test_counted },
	{ "every login has keys of its own, however odd", test_odd_logins },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store accounts", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
