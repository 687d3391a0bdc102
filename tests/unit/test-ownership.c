#include "engine/ownership.h"

#include <stdio.h>

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define ROSE "rose@example.org"

struct row {
	const char *plan_senders; /* as in the configuration */
	const char *json;	  /* the account, NULL: none */
	const char *address;
	bool owned;
	const char *rule; /* NULL: none decided */
	const char *origin;
};

static void check(const struct row *row)
{
	struct account *account = row->json ? fixture_account(row->json) : NULL;
	const struct address address = fixture_address(row->address);
	char text[512], rule[PATTERN_TEXT_MAX];
	struct config *config;
	struct effective e;
	struct ownership o;

	suite_row("%s in plan %s, account %s", row->address, row->plan_senders,
		  row->json ? row->json : "none");
	snprintf(text, sizeof(text), "plan default { senders = { %s } }\n", row->plan_senders);
	config = fixture_config(text);
	effective_resolve(config, account, "rose@example.net", FIXTURE_NOW_S, &e);
	ownership_of(config, &e, ROSE, &address, &o);
	SUITE_INT_EQUAL(o.owned, row->owned);
	if (o.rule)
		pattern_format(o.rule, rule);
	SUITE_TEXT_EQUAL(o.rule ? rule : NULL, row->rule);
	SUITE_TEXT_EQUAL(o.origin, row->origin);
	account_unref(&account);
	config_unref(&config);
}

static void test_plan(void)
{
	static const struct row rows[] = {
		{ "\"%login\"", NULL, ROSE, true, "%login", "plan default" },
		{ "\"%login\"", NULL, "Rose+tag@EXAMPLE.org", true, "%login", "plan default" },
		{ "\"%login\"", NULL, "tulip@example.org", false, NULL, "plan default" },
		{ "\"*@example.org\", \"!boss@example.org\"", NULL, "boss@example.org", false,
		  "!boss@example.org", "plan default" },
		{ "", NULL, ROSE, false, NULL, "plan default" },
		{ "\"!%login\"", NULL, ROSE, false, "!%login", "plan default" },
		{ "\"%login\"", "{}", ROSE, true, "%login", "plan default" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		check(&rows[i]);
}

static void test_account(void)
{
#define ALIAS "{\"senders\":[\"alias@example.org\"]}"
	static const struct row rows[] = {
		{ "\"%login\"", ALIAS, "alias@example.org", true, "alias@example.org", "account" },
		{ "\"*@example.org\"", ALIAS, "tulip@example.org", false, NULL, "account" },
		{ "\"%login\"", ALIAS, ROSE, true, "%login", "plan default" },
		{ "\"%login\"", ALIAS, "tulip@example.org", false, NULL, "account" },
		{ "\"%login\"", "{\"senders\":[\"alias@example.org\",\"!rose@example.org\"]}", ROSE,
		  false, "!rose@example.org", "account" },
		{ "\"%login\"", "{\"senders\":[\"!*@example.org\"]}", ROSE, false, "!*@example.org",
		  "account" },
		{ "\"%login\"", "{\"senders\":[]}", ROSE, true, "%login", "plan default" },
		{ "\"*@example.org\"", "{\"senders\":[]}", ROSE, false, NULL, "account" },
		{ "\"!%login\"", ALIAS, ROSE, false, NULL, "account" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		check(&rows[i]);
}

static const struct suite_test tests[] = {
	{ "without a list of its own a login owns what the plan says", test_plan },
	{ "an account's list replaces the plan's, all but the login itself", test_account },
};

int main(void)
{
	return suite_run("ownership", tests, SUITE_LEN(tests));
}
