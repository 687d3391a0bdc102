#include <stdlib.h>
#include <string.h>

#include "control/record.h"
#include "tests/unit/suite.h"

#define STORED_VERSION "1795201005000000"

static json_t *decode(const char *json, const char **reason)
{
	char text[2048];

	snprintf(text, sizeof(text), STORED_VERSION "%s", json);
	return record_decode(text, strlen(text), reason);
}

static void test_unknown(void)
{
	const char *reason = NULL;
	json_t *record = decode("{\"format\":1,\"tomorrow\":{\"a\":[1]},\"plan\":null}", &reason);
	const struct record_state state = { ACCOUNT_BLOCKED, "x", "root", 5, 0 };
	char *json;

	record_set_state(record, &state);
	json = record_encode(record);
	SUITE_TEXT_EQUAL(json, "{\"format\":1,\"tomorrow\":{\"a\":[1]},\"state\":\"blocked\","
			       "\"reason\":\"x\",\"actor\":\"root\",\"since\":5}");
	free(json);
	json_decref(record);
}

static void test_refused(void)
{
	static const char *const rows[] = {
		"{\"format\":2}",
		"[]",
		"",
		"{\"format\":1",
		"{\"state\":\"happy\"}",
		"{\"quotas\":[\"5 apples\"]}",
		"{\"senders\":\"x@y.example\"}",
		"{\"since\":-1}",
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		json_t *record = decode(rows[i], &reason);

		suite_row("%s", rows[i]);
		SUITE_TRUE(!record);
		SUITE_TRUE(reason && *reason);
		json_decref(record);
	}
}

static void test_new(void)
{
	const char *reason = NULL;
	json_t *record = record_new(1795201005);
	struct account *account = record_account(record, &reason);

	SUITE_TRUE(account != NULL);
	SUITE_INT_EQUAL(account->state, ACCOUNT_ALLOWED);
	SUITE_TRUE(!account->quotas && !account->senders && !account->networks);
	SUITE_INT_EQUAL(account->max_recipients, ACCOUNT_UNSET);
	SUITE_TRUE(!record_fault(account));
	account_unref(&account);
	json_decref(record);
}

static void test_state(void)
{
	const struct record_state blocked = { ACCOUNT_BLOCKED, "x", "root", 5, 10 };
	const struct record_state allowed = { ACCOUNT_ALLOWED, "", "root", 20, 0 };
	json_t *record = record_new(1);

	record_set_state(record, &blocked);
	record_set_state(record, &allowed);
	SUITE_TRUE(!json_object_get(record, "reason"));
	SUITE_TRUE(!json_object_get(record, "until"));
	SUITE_INT_EQUAL(json_integer_value(json_object_get(record, "since")), 20);
	SUITE_INT_EQUAL(json_integer_value(json_object_get(record, "created")), 1);
	json_decref(record);
}

static void test_find(void)
{
	json_t *list =
		json_pack("[s, s, i, s]", "Rose@Example.COM", "*@b.example", 5, "c@d.example");

	SUITE_INT_EQUAL(record_list_find(list, value_sender, "Rose@example.com"), 0);
	SUITE_INT_EQUAL(record_list_find(list, value_sender, "*@b.example"), 1);
	SUITE_INT_EQUAL(record_list_find(list, value_sender, "c@d.example"), 3);
	SUITE_INT_EQUAL(record_list_find(list, value_sender, "x@d.example"), 4);
	json_decref(list);
}

static void test_fault(void)
{
	static const struct {
		const char *json, *fault;
	} rows[] = {
		{ "{\"quotas\":[\"5 messages / 1h\",\"9 messages / 60m\"]}",
		  "two quotas of one unit and window" },
		{ "{\"quotas\":[\"5 messages / 1h\",\"9 recipients / 1h\"]}", NULL },
		{ "{\"quotas\":[]}", NULL },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		json_t *record = decode(rows[i].json, &reason);
		struct account *account = record_account(record, &reason);

		suite_row("%s", rows[i].json);
		SUITE_TRUE(account != NULL);
		SUITE_TEXT_EQUAL(record_fault(account), rows[i].fault);
		account_unref(&account);
		json_decref(record);
	}
}

static const struct suite_test tests[] = {
	{ "fields that are not known survive a change", test_unknown },
	{ "what is no record, or one of a newer format, is refused", test_refused },
	{ "a new record leaves everything to the plan", test_new },
	{ "a state leaves nothing of the one before", test_state },
	{ "an entry of a list is found however it is written", test_find },
	{ "two quotas of one unit and window may not be stored", test_fault },
};

int main(void)
{
	return suite_run("control-record", tests, SUITE_LEN(tests));
}
