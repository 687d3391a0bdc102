#include "engine/ownership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define SALES "sender_group sales { senders = { \"*@shop.example\", \"!boss@shop.example\" } }\n"

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
	snprintf(text, sizeof(text), "plan default { senders = { %s } }\n" SALES,
		 row->plan_senders);
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

/* ---- the trace ------------------------------------------------------------ */

/* What a visitor sees, as a text: "-!a@b +%group:sales sales:+*@c". */
static void note(const struct ownership_try *tried, void *arg)
{
	char text[PATTERN_TEXT_MAX], *out = arg;

	pattern_format(tried->pattern, text);
	sprintf(out + strlen(out), "%s%s%s%c%s", *out ? " " : "", tried->group ? tried->group : "",
		tried->group ? ":" : "", tried->covers ? '+' : '-', text);
}

static void test_trace(void)
{
#define STAFF "\"*@example.org\", \"!boss@example.org\", \"%login\""
	static const struct {
		const char *plan_senders, *json, *address;
		const char *tried, *why;
	} rows[] = {
		{ STAFF, NULL, "tulip@example.org", "-!boss@example.org +*@example.org",
		  "From: tulip@example.org is covered by *@example.org (plan default)" },
		{ STAFF, NULL, "boss@example.org", "+!boss@example.org",
		  "From: boss@example.org is excluded by !boss@example.org (plan default)" },
		{ STAFF, NULL, "a@example.net", "-!boss@example.org -*@example.org -%login",
		  "From: a@example.net is none of the 3 patterns of plan default" },
		{ STAFF, "{\"senders\":[\"x@example.net\"]}", "a@example.net",
		  "-x@example.net -%login",
		  "From: a@example.net is none of the 2 patterns of account and plan default" },
		{ STAFF, "{\"senders\":[\"x@example.net\"]}", ROSE, "-x@example.net +%login",
		  "From: rose@example.org is covered by %login (plan default)" },
		{ "\"%group:sales\", \"%login\"", NULL, "a@shop.example",
		  "+%group:sales sales:-!boss@shop.example sales:+*@shop.example",
		  "From: a@shop.example is covered by %group:sales (plan default)" },
		{ "\"%group:sales\", \"%login\"", NULL, "boss@shop.example",
		  "-%group:sales sales:+!boss@shop.example -%login",
		  "From: boss@shop.example is none of the 2 patterns of plan default" },
		{ STAFF, "{\"senders\":[]}", "a@example.net", "-%login",
		  "From: a@example.net is not covered by %login (plan default)" },
		{ "\"x@example.net\"", NULL, "a@example.net", "-x@example.net",
		  "From: a@example.net is not covered by x@example.net (plan default)" },
		{ "\"x@example.net\"", "{\"senders\":[\"!%group:gone\"]}", "x@example.net",
		  "+!%group:gone",
		  "From: x@example.net is excluded by !%group:gone, which is not configured (account)" },
		{ "\"x@example.net\"", "{\"senders\":[]}", "a@example.net", "",
		  "From: a@example.net: no pattern in the list of account" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct account *account = rows[i].json ? fixture_account(rows[i].json) : NULL;
		const struct address address = fixture_address(rows[i].address);
		char text[512], tried[1024] = "";
		struct config *config;
		struct effective e;
		struct ownership o;

		suite_row("row %zu", i);
		snprintf(text, sizeof(text), "plan default { senders = { %s } }\n" SALES,
			 rows[i].plan_senders);
		config = fixture_config(text);
		effective_resolve(config, account, "rose@example.net", FIXTURE_NOW_S, &e);
		ownership_trace(config, &e, ROSE, &address, note, tried, &o);
		SUITE_TEXT_EQUAL(tried, rows[i].tried);
		ownership_describe(&o, "From", &address, text, sizeof(text));
		SUITE_TEXT_EQUAL(text, rows[i].why);
		account_unref(&account);
		config_unref(&config);
	}
}

/* ---- the trace and the decision ------------------------------------------- */

#define RANDOM_PATTERNS 8
#define RANDOM_LISTS 2000

/* The same numbers in every run. */
static unsigned next_random(unsigned below)
{
	static uint32_t state = 1;

	state = state * 1664525U + 1013904223U;
	return (state >> 16U) % below;
}

static struct pattern random_pattern(void)
{
	static const char *const texts[] = { "rose@example.org",   "boss@example.org",
					     "*@example.org",	   "*@*.example.org",
					     "rose+*@example.org", "%login",
					     "a@sub.example.org",  "*@example.net",
					     "%group:sales",	   "%group:gone" };
	struct pattern pattern;
	const char *reason;

	if (!pattern_parse(texts[next_random(SUITE_LEN(texts))], &pattern, &reason))
		abort();
	pattern.exclude = next_random(4) == 0;
	return pattern;
}

struct witness {
	size_t tried;
	bool ended, owned;
	const struct pattern *rule;
	const char *origin;
};

static void watch(const struct ownership_try *tried, void *arg)
{
	struct witness *w = arg;

	if (tried->group)
		return;
	SUITE_TRUE(!w->ended);
	w->tried++;
	if (!tried->covers)
		return;
	w->ended = true;
	w->owned = !tried->pattern->exclude;
	w->rule = tried->pattern;
	w->origin = tried->origin;
}

/* Told in another way: an exclusion that covers, else any other that does, else
 * the plan's %login. */
static bool reference(const struct effective *e, const struct address *address,
		      const struct pattern_rules *rules)
{
	const struct pattern *beside = ownership_beside(e);
	bool owned = false, excluded = false;

	for (size_t i = 0; i < e->n_senders; i++) {
		bool covers = pattern_applies(&e->senders[i], address, ROSE, rules);

		excluded |= covers && e->senders[i].exclude;
		owned |= covers && !e->senders[i].exclude;
	}
	owned |= beside && pattern_covers(beside, address, ROSE, rules);
	return owned && !excluded;
}

static void test_agree(void)
{
	static const char *const addresses[] = { ROSE,
						 "rose+x@example.org",
						 "boss@example.org",
						 "a@sub.example.org",
						 "a@example.net",
						 "a@example.com",
						 "boss@shop.example",
						 "a@shop.example" };
	struct config *config = fixture_config("plan default { senders = { \"%login\" } }\n" SALES);
	const struct pattern_rules rules = config_pattern_rules(config);
	struct pattern list[RANDOM_PATTERNS];
	struct effective e;

	effective_resolve(config, NULL, ROSE, FIXTURE_NOW_S, &e);
	for (size_t i = 0; i < RANDOM_LISTS; i++) {
		const struct address address =
			fixture_address(addresses[next_random(SUITE_LEN(addresses))]);
		struct witness w = { 0 };
		struct ownership decided, traced;

		suite_row("list %zu", i);
		e.n_senders = next_random(RANDOM_PATTERNS + 1);
		for (size_t k = 0; k < e.n_senders; k++)
			list[k] = random_pattern();
		e.senders = next_random(8) > 0 ? list : e.plan->senders;
		e.replaced_senders = e.senders == list ? e.plan : NULL;
		e.n_senders = e.senders == list ? e.n_senders : e.plan->n_senders;
		ownership_of(config, &e, ROSE, &address, &decided);
		ownership_trace(config, &e, ROSE, &address, watch, &w, &traced);
		SUITE_INT_EQUAL(decided.owned, reference(&e, &address, &rules));
		SUITE_INT_EQUAL(decided.owned, w.owned);
		SUITE_TRUE(decided.rule == w.rule && decided.rule == traced.rule);
		SUITE_INT_EQUAL((long long)decided.tried, (long long)w.tried);
		if (w.rule)
			SUITE_TEXT_EQUAL(decided.origin, w.origin);
		SUITE_TRUE(w.tried <= ownership_patterns(&e));
		SUITE_TRUE(w.rule || w.tried == ownership_patterns(&e));
	}
	config_unref(&config);
}

/* As in a section domain "example.net". */
static void test_domain(void)
{
	static const struct {
		const char *senders, *json, *address, *rule, *origin;
	} rows[] = {
		{ "\"*@shop.example\"", NULL, "a@shop.example", "*@shop.example",
		  "domain example.net" },
		{ "\"*@shop.example\"", NULL, "x@example.org", NULL, "domain example.net" },
		/* Whoever writes the domain's list without %login means it. */
		{ "\"*@shop.example\"", NULL, ROSE, NULL, "domain example.net" },
		{ "\"*@shop.example\"", ALIAS, ROSE, NULL, "account" },
		{ "\"%login\", \"*@shop.example\"", ALIAS, ROSE, "%login", "domain example.net" },
		{ "\"%login\", \"*@shop.example\"", ALIAS, "a@shop.example", NULL, "account" },
		{ "\"%login\"", ALIAS, "alias@example.org", "alias@example.org", "account" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct account *account = rows[i].json ? fixture_account(rows[i].json) : NULL;
		const struct address address = fixture_address(rows[i].address);
		char text[512], rule[PATTERN_TEXT_MAX];
		struct config *config;
		struct effective e;
		struct ownership o;

		suite_row("row %zu", i);
		snprintf(text, sizeof(text),
			 "plan default { senders = { \"%%login\", \"x@example.org\" } }\n"
			 "domain example.net { senders = { %s } }\n",
			 rows[i].senders);
		config = fixture_config(text);
		effective_resolve(config, account, "rose@example.net", FIXTURE_NOW_S, &e);
		ownership_of(config, &e, ROSE, &address, &o);
		SUITE_INT_EQUAL(o.owned, rows[i].rule != NULL);
		if (o.rule)
			pattern_format(o.rule, rule);
		SUITE_TEXT_EQUAL(o.rule ? rule : NULL, rows[i].rule);
		SUITE_TEXT_EQUAL(o.origin, rows[i].origin);
		account_unref(&account);
		config_unref(&config);
	}
}

static void test_groups(void)
{
#define IN(list) "{\"senders\":[" list "]}"
	static const struct row rows[] = {
		{ "\"%group:sales\"", NULL, "a@shop.example", true, "%group:sales",
		  "plan default" },
		{ "\"%group:sales\"", NULL, "boss@shop.example", false, NULL, "plan default" },
		{ "\"%login\"", IN("\"%group:sales\""), "a@shop.example", true, "%group:sales",
		  "account" },
		{ "\"%login\"", IN("\"%group:sales\""), ROSE, true, "%login", "plan default" },
		{ "\"%login\"", IN("\"%group:gone\""), "a@shop.example", false, NULL, "account" },
		{ "\"%login\"", IN("\"%group:gone\""), ROSE, true, "%login", "plan default" },
		{ "\"%login\"", IN("\"!%group:gone\""), ROSE, false, "!%group:gone", "account" },
		{ "\"%login\"", IN("\"*@shop.example\",\"!%group:gone\""), "a@shop.example", false,
		  "!%group:gone", "account" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		check(&rows[i]);
}

static const struct suite_test tests[] = {
	{ "without a list of its own a login owns what the plan says", test_plan },
	{ "an account's list replaces the plan's, all but the login itself", test_account },
	{ "the trace shows exclusions first, and ends with the pattern that decides", test_trace },
	{ "the trace and the decision never disagree", test_agree },
	{ "a domain's list replaces the plan's, and an account's the domain's", test_domain },
	{ "a group that is not configured owns nothing, and excludes everything", test_groups },
};

int main(void)
{
	return suite_run("ownership", tests, SUITE_LEN(tests));
}
