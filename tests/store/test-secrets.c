/* Secrets of SMTP users in a real Redis. */
#include <stdio.h>
#include <string.h>

#include "store/credential.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

static struct rig rig;

struct names {
	struct rig_waited waited;
	int names, right;
};

static void on_name(const char *username, void *arg)
{
	struct names *a = arg;

	a->names++;
	a->right += strcmp(username, "rose") == 0 || strcmp(username, "rose@dom.example+a b") == 0;
}

static struct rig_waited get(const char *username)
{
	struct rig_waited a = { .done = false };

	store_secret_get(rig.store, username, rig_on_record, &a);
	rig_wait(&rig, &a.done);
	return a;
}

static enum store_result put(const char *username, const char *before, const char *json)
{
	struct rig_waited a = { .done = false };

	store_secret_put(rig.store, username, before, json, rig_on_done, &a);
	rig_wait(&rig, &a.done);
	return a.result;
}

static enum store_result drop(const char *username)
{
	struct rig_waited a = { .done = false };

	store_secret_delete(rig.store, username, rig_on_done, &a);
	rig_wait(&rig, &a.done);
	return a.result;
}

static void test_life(void)
{
	rig_clean(&rig);
	SUITE_INT_EQUAL(get("rose").result, STORE_NOT_FOUND);
	SUITE_INT_EQUAL(drop("rose"), STORE_NOT_FOUND);
	SUITE_INT_EQUAL(put("rose", "", "{\"password\":\"1\"}"), STORE_OK);
	SUITE_TEXT_EQUAL(get("rose").text, "{\"password\":\"1\"}");
	SUITE_INT_EQUAL(put("rose", NULL, "{\"password\":\"2\"}"), STORE_OK);
	SUITE_TEXT_EQUAL(get("rose").text, "{\"password\":\"2\"}");
	SUITE_INT_EQUAL(drop("rose"), STORE_OK);
	SUITE_INT_EQUAL(get("rose").result, STORE_NOT_FOUND);
}

static void test_conflict(void)
{
	rig_clean(&rig);
	SUITE_INT_EQUAL(put("rose", "{}", "{}"), STORE_CONFLICT);
	SUITE_INT_EQUAL(put("rose", "", "one"), STORE_OK);
	SUITE_INT_EQUAL(put("rose", "", "two"), STORE_CONFLICT);
	SUITE_INT_EQUAL(put("rose", "one", "two"), STORE_OK);
	SUITE_INT_EQUAL(put("rose", "one", "three"), STORE_CONFLICT);
	SUITE_TEXT_EQUAL(get("rose").text, "two");
}

static void test_list(void)
{
	struct names a = { .names = 0 };

	rig_clean(&rig);
	SUITE_INT_EQUAL(put("rose", "", "1"), STORE_OK);
	SUITE_INT_EQUAL(put("rose@dom.example+a b", "", "1"), STORE_OK);
	SUITE_INT_EQUAL(rig_put(&rig, "lily", "", "{}").result, STORE_OK);
	store_secret_each(rig.store, on_name, rig_on_done, &a);
	rig_wait(&rig, &a.waited.done);
	SUITE_INT_EQUAL(a.waited.result, STORE_OK);
	SUITE_INT_EQUAL(a.names, 2);
	SUITE_INT_EQUAL(a.right, 2);
}

static void test_account_deleted(void)
{
	rig_clean(&rig);
	SUITE_INT_EQUAL(rig_put(&rig, "rose", "", "{}").result, STORE_OK);
	SUITE_INT_EQUAL(put("rose", "", "1"), STORE_OK);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(get("rose").result, STORE_NOT_FOUND);
}

static void test_limits(void)
{
	char longer[9000];

	rig_clean(&rig);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	SUITE_INT_EQUAL(put("rose", NULL, longer), STORE_BAD);
	longer[256] = '\0';
	SUITE_INT_EQUAL(put(longer, NULL, "{}"), STORE_BAD);
	SUITE_INT_EQUAL(get(longer).result, STORE_BAD);
	SUITE_INT_EQUAL(get("").result, STORE_BAD);
	SUITE_INT_EQUAL(drop(longer), STORE_BAD);
}

static const struct suite_test tests[] = {
	{ "a secret is written, read and deleted", test_life },
	{ "of two who write at once one is told", test_conflict },
	{ "all usernames with a secret are listed", test_list },
	{ "the login's secret goes with its account", test_account_deleted },
	{ "names and records have limits", test_limits },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("secrets", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
