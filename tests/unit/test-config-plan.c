/*
 * Plans, ramps, domains, groups and sessions without a login in sendward.conf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "tests/unit/loading.h"
#include "tests/unit/suite.h"

static void test_plan(void)
{
	struct config *config = loading_good(
		"plan default {\n"
		"  free_recipients = { \"%login\", \"*@example.com\", \"list@example.org\" }\n"
		"  over_quota_at_rcpt = too_many\n"
		"  shared_quotas = { \"9 messages / 1d\" }\n"
		"}\n"
		"plan heirs { }\n"
		"plan others { free_recipients = { } over_quota_at_rcpt = quota\n"
		"  shared_quotas = { \"5k recipients / month in Asia/Tokyo\" } }");
	const struct plan *plan = config_plan(config, "default");

	SUITE_INT_EQUAL(plan->n_free_recipients, 3);
	SUITE_INT_EQUAL(plan->free_recipients[0].kind, PATTERN_LOGIN);
	SUITE_INT_EQUAL(plan->over_quota_at_rcpt, AT_RCPT_TOO_MANY);
	SUITE_INT_EQUAL(plan->n_shared_quotas, 1);
	plan = config_plan(config, "heirs");
	SUITE_INT_EQUAL(plan->n_free_recipients, 3);
	SUITE_TEXT_EQUAL(plan->origins[PLAN_FREE_RECIPIENTS], "plan default");
	SUITE_INT_EQUAL(plan->over_quota_at_rcpt, AT_RCPT_TOO_MANY);
	SUITE_INT_EQUAL(plan->n_shared_quotas, 0);
	plan = config_plan(config, "others");
	SUITE_INT_EQUAL(plan->n_free_recipients, 0);
	SUITE_TEXT_EQUAL(plan->origins[PLAN_FREE_RECIPIENTS], "plan others");
	SUITE_INT_EQUAL(plan->over_quota_at_rcpt, AT_RCPT_QUOTA);
	SUITE_INT_EQUAL(plan->n_shared_quotas, 1);
	SUITE_INT_EQUAL(plan->shared_quotas[0].kind, QUOTA_CALENDAR);
	SUITE_INT_EQUAL(plan->shared_quotas[0].limit, 5000);
	SUITE_TEXT_EQUAL(plan->shared_quotas[0].zone, "Asia/Tokyo");
	config_unref(&config);
}

static void test_ramp(void)
{
	static const struct {
		const char *text;
		struct ramp ramp;
	} rows[] = {
		{ "start = 50, factor = 1.5, every = 1d, until = 2000",
		  { .start = 50,
		    .factor_permille = 1500,
		    .every_s = 86400,
		    .until = 2000,
		    .unit = QUOTA_RECIPIENTS } },
		{ "start = 50 factor = 1.5 until = 2000",
		  { .start = 50,
		    .factor_permille = 1500,
		    .every_s = 86400,
		    .until = 2000,
		    .unit = QUOTA_RECIPIENTS } },
		{ "start = 100\nfactor = 1.01\nevery = 1h\nuntil = 1k\nunit = messages",
		  { .start = 100,
		    .factor_permille = 1010,
		    .every_s = 3600,
		    .until = 1000,
		    .unit = QUOTA_MESSAGES } },
		{ "start = 1, factor = 2, until = 2,",
		  { .start = 1,
		    .factor_permille = 2000,
		    .every_s = 86400,
		    .until = 2,
		    .unit = QUOTA_RECIPIENTS } },
		{ "start = 10M factor = 10.000 every = 31d until = 900G unit = bytes",
		  { .start = 10000000,
		    .factor_permille = 10000,
		    .every_s = 31 * 86400,
		    .until = RAMP_MAX,
		    .unit = QUOTA_BYTES } },
		{ "", { .factor_permille = 0, .every_s = 86400, .unit = QUOTA_RECIPIENTS } },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct config *config;
		const struct ramp *ramp;
		char text[200];

		suite_row("%s", rows[i].text);
		snprintf(text, sizeof(text), "plan a { ramp { %s } }", rows[i].text);
		config = loading_good(text);
		ramp = &config_plan(config, "a")->ramp;
		SUITE_INT_EQUAL(ramp->start, rows[i].ramp.start);
		SUITE_INT_EQUAL(ramp->factor_permille, rows[i].ramp.factor_permille);
		SUITE_INT_EQUAL(ramp->every_s, rows[i].ramp.every_s);
		SUITE_INT_EQUAL(ramp->until, rows[i].ramp.until);
		SUITE_INT_EQUAL(ramp->unit, rows[i].ramp.unit);
		SUITE_TEXT_EQUAL(config_plan(config, "a")->origins[PLAN_RAMP], "plan a");
		SUITE_TEXT_EQUAL(config->plans[0].origins[PLAN_RAMP], "built-in");
		config_unref(&config);
	}
}

static void test_factor(void)
{
	static const char *const wrong[] = {
		"1",  "1.009", "1.0", "0.5", "10.001", "11", "100",   "01.5",  "1.5000",
		"1.", ".5",    "-2",  "2x",  "1e1",    "",   "1.5.5", "'1,5'",
	};
	char text[100], expected[200];

	for (size_t i = 0; i < SUITE_LEN(wrong); i++) {
		const char *shown = wrong[i][0] == '\'' ? "1,5" : wrong[i];

		snprintf(text, sizeof(text), "plan a { ramp { factor = %s } }",
			 wrong[i][0] ? wrong[i] : "\"\"");
		snprintf(expected, sizeof(expected),
			 "test.conf:1: factor = %s: must be a number from 1.01 to 10 with at most "
			 "three decimals, such as 1.5",
			 shown[0] ? shown : "-");
		SUITE_TRUE(loading_text(text) == NULL);
		SUITE_TEXT_EQUAL(loading_error, expected);
	}
}

static void test_ramp_inheritance(void)
{
	struct config *config = loading_good(
		"plan default { ramp { start = 5 factor = 2 every = 1h until = 9 unit = bytes } }\n"
		"plan heirs { }\n"
		"plan own { ramp { start = 6 factor = 3 until = 10 } }\n"
		"plan none { ramp { } }");
	const struct plan *own = config_plan(config, "own");

	SUITE_INT_EQUAL(config_plan(config, "heirs")->ramp.every_s, 3600);
	SUITE_TEXT_EQUAL(config_plan(config, "heirs")->origins[PLAN_RAMP], "plan default");
	SUITE_INT_EQUAL(own->ramp.start, 6);
	SUITE_INT_EQUAL(own->ramp.every_s, 86400);
	SUITE_INT_EQUAL(own->ramp.unit, QUOTA_RECIPIENTS);
	SUITE_TEXT_EQUAL(own->origins[PLAN_RAMP], "plan own");
	SUITE_INT_EQUAL(config_plan(config, "none")->ramp.start, 0);
	SUITE_TEXT_EQUAL(config_plan(config, "none")->origins[PLAN_RAMP], "plan none");
	config_unref(&config);
}

static void test_domain(void)
{
	struct config *config =
		loading_good("domain \"Example.COM.\" {\n"
			  "  plan = \"gold\"\n"
			  "  quotas = { \"1000 recipients / day in Europe/Zurich\" }\n"
			  "  max_recipients = 7\n"
			  "  shared_quotas = { \"1M recipients / 1d\", \"2 messages / hour\" }\n"
			  "  ramp { start = 5, factor = 2, until = 9 }\n"
			  "}\n"
			  "domain \"b\303\274cher.example\" { over_quota = hold }\n"
			  "plan gold { max_size = 5 max_recipients = 6 }\n"
			  "domain abc.example { }\n");
	const struct domain *domain = config_domain(config, "example.com");

	SUITE_INT_EQUAL(config->n_domains, 3);
	SUITE_TEXT_EQUAL(domain->name, "example.com");
	SUITE_TEXT_EQUAL(domain->plan, "gold");
	SUITE_TRUE(domain->set[PLAN_QUOTAS] && domain->set[PLAN_MAX_RECIPIENTS] &&
		   domain->set[PLAN_RAMP]);
	SUITE_TRUE(!domain->set[PLAN_MAX_SIZE] && !domain->set[PLAN_SENDERS] &&
		   !domain->set[PLAN_FREE_RECIPIENTS]);
	SUITE_INT_EQUAL(domain->values.n_quotas, 1);
	SUITE_INT_EQUAL(domain->values.max_recipients, 7);
	SUITE_INT_EQUAL(domain->values.ramp.start, 5);
	SUITE_TEXT_EQUAL(domain->values.origins[PLAN_QUOTAS], "domain example.com");
	SUITE_TEXT_EQUAL(domain->values.origins[PLAN_RAMP], "domain example.com");
	SUITE_INT_EQUAL(domain->n_shared_quotas, 2);
	SUITE_INT_EQUAL(domain->shared_quotas[1].calendar, CALENDAR_HOUR);
	domain = config_domain(config, "xn--bcher-kva.example");
	SUITE_TRUE(domain && domain->plan == NULL);
	SUITE_INT_EQUAL(domain->values.over_quota, OVER_QUOTA_HOLD);
	SUITE_INT_EQUAL(domain->n_shared_quotas, 0);
	SUITE_TRUE(config_domain(config, "abc.example") == &config->domains[0]);
	SUITE_TRUE(config_domain(config, "example") == NULL);
	SUITE_TRUE(config_domain(config, "sub.example.com") == NULL);
	config_unref(&config);
	config = loading_good("");
	SUITE_TRUE(config_domain(config, "example.com") == NULL);
	config_unref(&config);
}

/* A domain may leave the address to the plans. */
static void test_domain_redirect(void)
{
	struct config *config = loading_good(
		"plan default { sandbox_redirect = \"x@y.example\" }\n"
		"plan p { sandbox_redirect = \"z@y.example\" }\n"
		"domain a.example { sandbox = redirect }\n"
		"domain b.example { sandbox = redirect sandbox_redirect = \"q@y.example\" }\n");

	SUITE_INT_EQUAL(config_domain(config, "a.example")->values.sandbox, SANDBOX_REDIRECT);
	config_unref(&config);
}

static void test_group(void)
{
	struct config *config =
		loading_good("group = mail\n"
			  "group \"reseller-1\" { quotas = { \"5 messages / 1d\" } }\n"
			  "group # a comment\n two { }\n"
			  "plan group { }\n"
			  "domain group { plan = group }");

	SUITE_TEXT_EQUAL(config->group, "mail");
	SUITE_INT_EQUAL(config->n_groups, 2);
	SUITE_INT_EQUAL(config_group(config, "reseller-1")->n_quotas, 1);
	SUITE_INT_EQUAL(config_group(config, "two")->n_quotas, 0);
	SUITE_TRUE(config_group(config, "three") == NULL);
	SUITE_TEXT_EQUAL(config_domain(config, "group")->plan, "group");
	config_unref(&config);
	config = loading_good("group /* a comment */ = mail group x { } user = group");
	SUITE_TEXT_EQUAL(config->group, "mail");
	SUITE_TEXT_EQUAL(config->user, "group");
	config_unref(&config);
}

static void test_unauthenticated(void)
{
	struct config *config = loading_good("");

	SUITE_INT_EQUAL(config->unauthenticated.n_quotas, 0);
	SUITE_INT_EQUAL(config->unauthenticated.ipv4_prefix, 32);
	SUITE_INT_EQUAL(config->unauthenticated.ipv6_prefix, 64);
	config_unref(&config);
	config = loading_good("unauthenticated { quotas = { \"20 messages / 1h\" }, ipv4_prefix = 24, "
			   "ipv6_prefix = 48 }");
	SUITE_INT_EQUAL(config->unauthenticated.quotas[0].limit, 20);
	SUITE_INT_EQUAL(config->unauthenticated.ipv4_prefix, 24);
	SUITE_INT_EQUAL(config->unauthenticated.ipv6_prefix, 48);
	config_unref(&config);
}

static void test_commas(void)
{
	struct config *config = loading_good(
		"node = a, user = 'b', # a comment\n group = c,\n"
		"redis { deadline = 1s, database = 3, },\n"
		"plan a { quotas = { \"1 messages / 1h\", }, max_size = 5, },\n"
		"plan b { senders = { a@b.example,\"c@b.example\" }, checks { caps = off, }, }");

	SUITE_TEXT_EQUAL(config->node, "a");
	SUITE_TEXT_EQUAL(config->user, "b");
	SUITE_TEXT_EQUAL(config->group, "c");
	SUITE_INT_EQUAL(config->redis.database, 3);
	SUITE_INT_EQUAL(config_plan(config, "a")->max_size_bytes, 5);
	SUITE_INT_EQUAL(config_plan(config, "b")->n_senders, 2);
	SUITE_INT_EQUAL(config_plan(config, "b")->modes[CHECK_CAPS], MODE_OFF);
	config_unref(&config);
}

static void fill(char *text, const char *format, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text += sprintf(text, "%s%zu%s", format, i, " { }\n");
}

static void test_sender_groups(void)
{
	struct config *config =
		loading_good("plan default { senders = { \"%login\", \"%group:sales\" }\n"
			  "  free_recipients = { \"%group:staff\" } }\n"
			  "sender_group \"staff\" {\n\n senders = { \"*@example.org\",\n"
			  "  \"!boss@example.org\" } }\n"
			  "sender_group sales { senders = \"sales@example.com\" }\n"
			  "sender_group empty { }\n");
	const struct pattern_rules rules = config_pattern_rules(config);
	const struct pattern_group *staff = pattern_group_find(&rules, "staff");

	SUITE_INT_EQUAL(config->n_sender_groups, 3);
	SUITE_TRUE(staff != NULL);
	SUITE_INT_EQUAL(staff->n, 2);
	SUITE_INT_EQUAL(staff->line, 5);
	SUITE_INT_EQUAL(pattern_group_find(&rules, "sales")->n, 1);
	SUITE_INT_EQUAL(pattern_group_find(&rules, "empty")->n, 0);
	SUITE_TRUE(pattern_group_find(&rules, "sale") == NULL);
	SUITE_INT_EQUAL(config->plans[0].senders[1].kind, PATTERN_GROUP);
	SUITE_TEXT_EQUAL(config->plans[0].free_recipients[0].group, "staff");
	config_unref(&config);
}

static void test_many(void)
{
	char *text = malloc(1024 * 1024);
	struct config *config;

	fill(text, "domain d", 10001);
	SUITE_TRUE(loading_text(text) == NULL);
	SUITE_TEXT_EQUAL(loading_error, "test.conf: more than 10000 domains");
	fill(text, "domain d", 10000);
	config = loading_good(text);
	SUITE_INT_EQUAL(config->n_domains, 10000);
	for (size_t i = 0; i < 10000; i += 37) {
		char name[20];

		snprintf(name, sizeof(name), "d%zu", i);
		SUITE_TEXT_EQUAL(config_domain(config, name)->name, name);
	}
	config_unref(&config);
	fill(text, "group g", 1001);
	SUITE_TRUE(loading_text(text) == NULL);
	SUITE_TEXT_EQUAL(loading_error, "test.conf: more than 1000 groups");
	fill(text, "sender_group g", 1001);
	SUITE_TRUE(loading_text(text) == NULL);
	SUITE_TEXT_EQUAL(loading_error, "test.conf: more than 1000 groups of senders");
	free(text);
}

static void test_unnamed(void)
{
	struct config *config = loading_good("plan a { }\nplan b { }\ndomain \"x.example\" { plan = b }");

	SUITE_TRUE(config_plan_serves_unnamed(config, config_plan(config, "default")));
	SUITE_TRUE(!config_plan_serves_unnamed(config, config_plan(config, "a")));
	SUITE_TRUE(config_plan_serves_unnamed(config, config_plan(config, "b")));
	config_unref(&config);
}

static const struct suite_test tests[] = {
	{ "a plan has free recipients, and quotas shared by its logins that it alone has",
	  test_plan },
	{ "a ramp is read with or without commas; an empty one is none", test_ramp },
	{ "a factor has at most three decimals and lets the limit grow", test_factor },
	{ "a ramp is inherited as a whole", test_ramp_inheritance },
	{ "a login without a plan of its own has plan default or its domain's", test_unnamed },
	{ "a domain has a plan and what it sets itself, under its normalised name", test_domain },
	{ "a domain may leave the address to redirect to to the plans", test_domain_redirect },
	{ "a group has quotas, beside the setting group", test_group },
	{ "sessions without a login have quotas for each network", test_unauthenticated },
	{ "a comma may stand behind each setting", test_commas },
	{ "a group of senders has patterns, and is named by them", test_sender_groups },
	{ "domains and groups are bounded, and each is found", test_many },
};

int main(void)
{
	return suite_run("config-plan", tests, SUITE_LEN(tests));
}
