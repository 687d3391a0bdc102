#include "engine/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define V FIXTURE_VERSION

static struct account *decode(const char *record, const char **reason)
{
	/* Of its exact length, so that a read beyond it is found. */
	size_t len = strlen(record);
	char *copy = malloc(len ? len : 1);
	struct account *account;

	memcpy(copy, record, len);
	account = account_decode(copy, len, reason);
	free(copy);
	return account;
}

static void test_empty(void)
{
	const char *reason = NULL;
	struct account *a = decode(V "{}", &reason);

	SUITE_TRUE(a != NULL);
	SUITE_TEXT_EQUAL(a->version, V);
	SUITE_INT_EQUAL(a->state, ACCOUNT_ALLOWED);
	SUITE_INT_EQUAL(a->since_s, 0);
	SUITE_INT_EQUAL(a->until_s, 0);
	SUITE_TEXT_EQUAL(a->reason, "");
	SUITE_TEXT_EQUAL(a->actor, "");
	SUITE_TEXT_EQUAL(a->description, "");
	SUITE_TEXT_EQUAL(a->plan, NULL);
	SUITE_TRUE(!a->quotas && !a->senders && !a->networks);
	SUITE_INT_EQUAL(a->max_recipients, ACCOUNT_UNSET);
	SUITE_INT_EQUAL(a->max_size_bytes, ACCOUNT_UNSET);
	account_unref(&a);
	SUITE_TRUE(a == NULL);
}

static void test_full(void)
{
	static const char record[] = V
		"{\"format\":1,\"state\":\"blocked\",\"since\":1700000000,\"until\":1700086400,"
		"\"reason\":\"spam \\u00e9\",\"actor\":\"root\",\"plan\":\"students\","
		"\"description\":\"a \\\"test\\\"\","
		"\"quotas\":[\"100 messages / 1h\",\"unlimited bytes / 1d\"],"
		"\"senders\":[\"*@example.org\",\"!boss@example.org\",\"%login\"],"
		"\"networks\":[\"192.0.2.0/24\",\"!2001:db8::/32\"],"
		"\"max_recipients\":7,\"max_size\":0,\"colour\":\"green\"}";
	const char *reason = NULL;
	struct account *a = decode(record, &reason);

	SUITE_TEXT_EQUAL(reason, NULL);
	SUITE_TRUE(a != NULL);
	SUITE_INT_EQUAL(a->state, ACCOUNT_BLOCKED);
	SUITE_INT_EQUAL(a->since_s, 1700000000);
	SUITE_INT_EQUAL(a->until_s, 1700086400);
	SUITE_TEXT_EQUAL(a->reason, "spam \xc3\xa9");
	SUITE_TEXT_EQUAL(a->actor, "root");
	SUITE_TEXT_EQUAL(a->plan, "students");
	SUITE_TEXT_EQUAL(a->description, "a \"test\"");
	SUITE_INT_EQUAL(a->n_quotas, 2);
	SUITE_INT_EQUAL(a->quotas[0].limit, 100);
	SUITE_INT_EQUAL(a->quotas[1].limit, QUOTA_UNLIMITED);
	SUITE_INT_EQUAL(a->n_senders, 3);
	SUITE_INT_EQUAL(a->senders[0].kind, PATTERN_DOMAIN);
	SUITE_TRUE(a->senders[1].exclude);
	SUITE_INT_EQUAL(a->n_networks, 2);
	SUITE_TRUE(a->networks[1].deny);
	SUITE_INT_EQUAL(a->max_recipients, 7);
	SUITE_INT_EQUAL(a->max_size_bytes, 0);
	account_unref(&a);
}

static void test_empty_lists_are_lists(void)
{
	const char *reason = NULL;
	struct account *a =
		decode(V "{\"quotas\":[],\"senders\":[],\"networks\":[],\"plan\":null}", &reason);

	SUITE_TRUE(a != NULL);
	SUITE_TRUE(a->quotas && a->senders && a->networks);
	SUITE_INT_EQUAL(a->n_quotas + a->n_senders + a->n_networks, 0);
	SUITE_TEXT_EQUAL(a->plan, NULL);
	account_unref(&a);
}

static void test_access(void)
{
	static const char record[] = V
		"{\"require_tls\":\"1.2\",\"credentials\":{\"\":{\"changed\":5},"
		"\"printer\":{\"networks\":[\"192.0.2.0/28\"],\"expires\":1700000000,"
		"\"state\":\"blocked\",\"created\":1,\"colour\":\"green\"}},"
		"\"identity\":{\"networks\":[\"192.0.2.1\"],\"client_certs\":[\"AB:CD\"],"
		"\"contexts\":[\"scan\"]}}";
	const struct account_credential *c;
	const char *reason = NULL;
	struct account *a = decode(record, &reason);

	SUITE_TEXT_EQUAL(reason, NULL);
	SUITE_INT_EQUAL(a->require_tls, REQUIRE_TLS_1_2);
	SUITE_INT_EQUAL(a->n_credentials, 2);
	SUITE_TRUE(account_credential(a, "") && account_credential(a, "")->changed_s == 5);
	SUITE_TRUE(account_credential(a, "phone") == NULL);
	c = account_credential(a, "printer");
	SUITE_TRUE(c && c->blocked && c->n_networks == 1 && c->expires_s == 1700000000);
	SUITE_INT_EQUAL(a->identity->n_networks, 1);
	SUITE_TEXT_EQUAL(a->identity->client_certs[0], "AB:CD");
	SUITE_TEXT_EQUAL(a->identity->contexts[0], "scan");
	account_unref(&a);
}

static void test_not_a_record(void)
{
	static const struct {
		const char *record, *reason;
	} rows[] = {
		{ "", "version: is missing" },
		{ "000000000000001", "version: is missing" },
		{ "{\"state\":\"blocked\"}", "version: is not a number" },
		{ "000000000000000x{}", "version: is not a number" },
		{ V "[]", "record: is not a JSON object" },
		{ V "{\"state\":\"jailed\"}", "state: is not allowed, sandboxed or blocked" },
		{ V "{\"state\":1}", "state: is not allowed, sandboxed or blocked" },
		{ V "{\"format\":2}", "format: was written by a newer Sendward" },
		{ V "{\"format\":\"1\"}", "format: is not a number from 0 to 2^53-1" },
		{ V "{\"until\":-1}", "until: is not a number from 0 to 2^53-1" },
		{ V "{\"until\":1.5}", "until: is not a number from 0 to 2^53-1" },
		{ V "{\"since\":9007199254740992}", "since: is not a number from 0 to 2^53-1" },
		{ V "{\"reason\":7}", "reason: is not a string" },
		{ V "{\"reason\":\"a\\u0000b\"}", "record: \\u0000 is not allowed" },
		{ V "{\"quotas\":\"1 messages / 1h\"}", "quotas: is not a list" },
		{ V "{\"quotas\":[1]}", "quotas: is not a string" },
		{ V "{\"quotas\":[\"1 / 1h\"]}", "quotas: unit is missing" },
		{ V "{\"networks\":[\"192.0.2.1/24\"]}", "networks: " },
		{ V "{\"senders\":[\"\"]}", "senders: " },
		{ V "{\"max_recipients\":\"7\"}", "max_recipients: is not a number" },
		{ V "{\"max_size\":true}", "max_size: is not a number" },
		{ V "{\"plan\":[]}", "plan: is not a string" },
		{ V "{\"plan\":\"a\",\"plan\":\"b\"}", "record: duplicate" },
		{ V "{\"require_tls\":\"1.1\"}", "require_tls: is not no, yes, 1.2 or 1.3" },
		{ V "{\"require_tls\":true}", "require_tls: is not no, yes, 1.2 or 1.3" },
		{ V "{\"credentials\":[]}", "credentials: is not an object" },
		{ V "{\"credentials\":{\"A\":{}}}", "credentials: a name is not one" },
		{ V "{\"credentials\":{\"a\":1}}", "credentials: one is not an object" },
		{ V "{\"credentials\":{\"a\":{\"expires\":-1}}}", "expires: is not a number" },
		{ V "{\"credentials\":{\"a\":{\"networks\":[\"x\"]}}}", "networks: " },
		{ V "{\"credentials\":{\"a\":{\"state\":\"sandboxed\"}}}",
		  "state: of a credential is not allowed or blocked" },
		{ V "{\"identity\":[]}", "identity: is not an object" },
		{ V "{\"identity\":{\"contexts\":[\"\"]}}", "contexts: is empty or too long" },
		{ V "{\"identity\":{\"client_certs\":[1]}}", "client_certs: is not a string" },
		{ V "{", "record: " },
		{ V "{} {}", "record: " },
		{ V, "record: " },
		{ V "{\"reason\":\"\xff\"}", "record: " },
		{ V "{\"max_size\":99999999999999999999}", "record: " },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		char expected[200];

		suite_row("%s", rows[i].record);
		SUITE_TRUE(!decode(rows[i].record, &reason));
		snprintf(expected, sizeof(expected), "account record: %s", rows[i].reason);
		SUITE_TRUE(reason && strncmp(reason, expected, strlen(expected)) == 0);
		if (reason && strncmp(reason, expected, strlen(expected)) != 0)
			SUITE_TEXT_EQUAL(reason, expected);
	}
}

/* {"FIELD":["ITEM","ITEM",...]} of n items. */
static char *list_record(const char *field, const char *item, size_t n)
{
	char *record = malloc(100 + n * (strlen(item) + 3)), *p = record;

	p += sprintf(p, V "{\"%s\":[", field);
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "%s\"%s\"", i ? "," : "", item);
	strcpy(p, "]}");
	return record;
}

static void test_bounds(void)
{
	static const struct {
		const char *field, *item;
		size_t most;
	} rows[] = {
		{ "quotas", "1 messages / 1h", QUOTAS_MAX },
		{ "senders", "a@example.org", SENDERS_MAX },
		{ "networks", "192.0.2.1", NETWORKS_MAX },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		for (size_t more = 0; more <= 1; more++) {
			char *record =
				list_record(rows[i].field, rows[i].item, rows[i].most + more);
			const char *reason = NULL;
			struct account *a = decode(record, &reason);

			suite_row("%zu %s", rows[i].most + more, rows[i].field);
			SUITE_INT_EQUAL(a == NULL, more);
			SUITE_TRUE(!more || strstr(reason, "too many entries") != NULL);
			account_unref(&a);
			free(record);
		}
	}
}

static void test_too_long(void)
{
	char *record = malloc(RECORD_MAX + 2);
	const char *reason = NULL;
	struct account *a;

	memset(record, ' ', RECORD_MAX + 1);
	memcpy(record, V "{}", strlen(V "{}"));
	a = account_decode(record, RECORD_MAX, &reason);
	SUITE_TRUE(a != NULL);
	account_unref(&a);
	SUITE_TRUE(!account_decode(record, RECORD_MAX + 1, &reason));
	SUITE_TRUE(strstr(reason, "too long") != NULL);
	free(record);
}

static void test_deep_nesting(void)
{
	char *record = malloc(RECORD_MAX);
	const char *reason = NULL;

	memset(record, '[', RECORD_MAX);
	memcpy(record, V, strlen(V));
	SUITE_TRUE(!account_decode(record, RECORD_MAX, &reason));
	free(record);
}

static void test_references(void)
{
	struct account *a = fixture_account("{\"reason\":\"x\"}"), *b = account_ref(a);

	account_unref(&a);
	SUITE_TRUE(a == NULL);
	SUITE_TEXT_EQUAL(b->reason, "x");
	account_unref(&b);
	account_unref(&b);
}

static void test_until(void)
{
	static const struct {
		const char *json;
		int64_t now_s;
		enum account_state state;
	} rows[] = {
		{ "{\"state\":\"blocked\"}", 1700000000, ACCOUNT_BLOCKED },
		{ "{\"state\":\"blocked\",\"until\":0}", 1700000000, ACCOUNT_BLOCKED },
		{ "{\"state\":\"blocked\",\"until\":1700000000}", 1699999999, ACCOUNT_BLOCKED },
		{ "{\"state\":\"blocked\",\"until\":1700000000}", 1700000000, ACCOUNT_ALLOWED },
		{ "{\"state\":\"sandboxed\",\"until\":1700000000}", 1699999999, ACCOUNT_SANDBOXED },
		{ "{\"state\":\"sandboxed\",\"until\":1700000000}", 1800000000, ACCOUNT_ALLOWED },
		{ "{\"until\":1700000000}", 1, ACCOUNT_ALLOWED },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct account *a = fixture_account(rows[i].json);

		suite_row("%s at %lld", rows[i].json, (long long)rows[i].now_s);
		SUITE_INT_EQUAL(account_state_at(a, rows[i].now_s), rows[i].state);
		account_unref(&a);
	}
}

static void test_state_names(void)
{
	static const char *const names[] = { "allowed", "sandboxed", "blocked" };
	enum account_state state;

	for (size_t i = 0; i < SUITE_LEN(names); i++) {
		suite_row("%s", names[i]);
		SUITE_TRUE(account_state_parse(names[i], &state));
		SUITE_TEXT_EQUAL(account_state_name(state), names[i]);
	}
	SUITE_TRUE(!account_state_parse("", &state));
	SUITE_TRUE(!account_state_parse("Blocked", &state));
}

static const struct suite_test tests[] = {
	{ "an empty record leaves everything to the plan", test_empty },
	{ "every field is read, and fields of later versions are ignored", test_full },
	{ "an empty list is a list, null is an absent field", test_empty_lists_are_lists },
	{ "credentials, TLS and identity are read", test_access },
	{ "what is not a record is refused and the reason names the field", test_not_a_record },
	{ "a list has as many entries as its limit and no more", test_bounds },
	{ "a record is as long as its limit and no longer", test_too_long },
	{ "a record nested too deep is refused", test_deep_nesting },
	{ "an account lives as long as its last reference", test_references },
	{ "a state whose end has come is allowed", test_until },
	{ "a state's name is read back as that state", test_state_names },
};

int main(void)
{
	return suite_run("account", tests, SUITE_LEN(tests));
}
