#include "engine/effective.h"

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

static const char plans[] =
	"plan default { quotas = { \"10 messages / 1h\" } senders = { \"*@example.org\" }\n"
	"  networks = { \"192.0.2.0/24\" } max_recipients = 50 }\n"
	"plan students { quotas = { \"5 messages / 1h\" } max_size = 1M }\n";

static struct effective resolve(const struct config *config, const char *json, int64_t now_s)
{
	static struct account *account; /* what the last answer borrows from */
	struct effective e;

	account_unref(&account);
	if (json)
		account = fixture_account(json);
	effective_resolve(config, account, "rose@example.net", now_s, &e);
	return e;
}

static void test_origins(void)
{
	/* In the order of enum plan_setting. */
	static const struct {
		const char *json;
		const char *origins[PLAN_SETTINGS];
	} rows[] = {
#define P "plan default"
#define S "plan students"
#define A "account"
#define B "built-in"
		{ NULL, { P, P, P, P, B, B, B, B } },
		{ "{}", { P, P, P, P, B, B, B, B } },
		{ "{\"plan\":\"students\"}", { S, P, P, P, S, B, B, B } },
		{ "{\"plan\":\"nowhere\"}", { P, P, P, P, B, B, "missing plan", B } },
		{ "{\"quotas\":[]}", { A, P, P, P, B, B, B, B } },
		{ "{\"senders\":[]}", { P, A, P, P, B, B, B, B } },
		{ "{\"networks\":[]}", { P, P, A, P, B, B, B, B } },
		{ "{\"max_recipients\":0}", { P, P, P, A, B, B, B, B } },
		{ "{\"plan\":\"students\",\"max_size\":5}", { S, P, P, P, A, B, B, B } },
#undef P
#undef S
#undef A
#undef B
	};
	struct config *config = fixture_config(plans);

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct effective e = resolve(config, rows[i].json, FIXTURE_NOW_S);

		for (size_t j = 0; j < PLAN_SETTINGS && rows[i].origins[j]; j++) {
			suite_row("%s: %s", rows[i].json ? rows[i].json : "no account",
				  plan_setting_name((enum plan_setting)j));
			SUITE_TEXT_EQUAL(e.origins[j], rows[i].origins[j]);
		}
	}
	resolve(config, NULL, 0);
	config_unref(&config);
}

static void test_lines(void)
{
	/* Behind the fixture's own line. */
	static const char text[] = "plan default {\n"
				   "  quotas = {\n"
				   "    \"10 messages / 1h\",\n"
				   "    \"90 messages / 1d\" }\n"
				   "  max_size = 5\n"
				   "  shared_quotas = { \"1 messages / 1h\" }\n"
				   "  ramp {\n"
				   "    start = 5\n"
				   "    factor = 2 until = 90 }\n"
				   "}\n"
				   "plan students {\n"
				   "  max_size = 6 }\n"
				   "domain example.net {\n"
				   "  sandbox = hold\n"
				   "  shared_quotas = { \"1 messages / 1h\" } }\n"
				   "group resellers {\n"
				   "  quotas = { \"1 messages / 1h\" } }\n";
	static const struct {
		const char *json;
		int quotas, senders, max_size, sandbox, ramp, scopes[3];
	} rows[] = {
		{ NULL, 4, 0, 6, 15, 9, { 16, 7 } },
		{ "{\"plan\":\"students\"}", 4, 0, 13, 15, 9, { 16 } },
		{ "{\"quotas\":[],\"senders\":[]}", 0, 0, 6, 15, 9, { 16, 7 } },
		{ "{\"group\":\"resellers\"}", 4, 0, 6, 15, 9, { 16, 7, 18 } },
	};
	struct config *config = fixture_config(text);

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct effective e = resolve(config, rows[i].json, FIXTURE_NOW_S);

		suite_row("%s", rows[i].json ? rows[i].json : "no account");
		SUITE_INT_EQUAL(e.lines[PLAN_QUOTAS], rows[i].quotas);
		SUITE_INT_EQUAL(e.lines[PLAN_SENDERS], rows[i].senders);
		SUITE_INT_EQUAL(e.lines[PLAN_MAX_SIZE], rows[i].max_size);
		SUITE_INT_EQUAL(e.lines[PLAN_SANDBOX], rows[i].sandbox);
		SUITE_INT_EQUAL(e.lines[PLAN_RAMP], rows[i].ramp);
		for (size_t j = 0; j < e.n_scopes; j++)
			SUITE_INT_EQUAL(e.scopes[j].line, rows[i].scopes[j]);
	}
	resolve(config, NULL, 0);
	config_unref(&config);
}

static void test_values(void)
{
	static const struct {
		const char *json;
		size_t n_quotas;
		int64_t first_limit;
		size_t n_senders, n_networks;
		int64_t max_recipients, max_size_bytes;
		bool plan_missing;
	} rows[] = {
		{ NULL, 1, 10, 1, 1, 50, 0, false },
		{ "{\"plan\":\"students\"}", 1, 5, 1, 1, 50, 1000000, false },
		{ "{\"plan\":\"nowhere\"}", 1, 10, 1, 1, 50, 0, true },
		{ "{\"quotas\":[\"7 bytes / 1d\",\"8 bytes / 2d\"]}", 2, 7, 1, 1, 50, 0, false },
		{ "{\"quotas\":[],\"senders\":[],\"networks\":[]}", 0, 0, 0, 0, 50, 0, false },
		{ "{\"plan\":\"students\",\"max_size\":0,\"max_recipients\":3}", 1, 5, 1, 1, 3, 0,
		  false },
	};
	struct config *config = fixture_config(plans);

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct effective e = resolve(config, rows[i].json, FIXTURE_NOW_S);

		suite_row("%s", rows[i].json ? rows[i].json : "no account");
		SUITE_INT_EQUAL(e.n_quotas, rows[i].n_quotas);
		if (e.n_quotas > 0)
			SUITE_INT_EQUAL(e.quotas[0].limit, rows[i].first_limit);
		SUITE_INT_EQUAL(e.n_senders, rows[i].n_senders);
		SUITE_INT_EQUAL(e.n_networks, rows[i].n_networks);
		SUITE_INT_EQUAL(e.max_recipients, rows[i].max_recipients);
		SUITE_INT_EQUAL(e.max_size_bytes, rows[i].max_size_bytes);
		SUITE_INT_EQUAL(e.plan_missing, rows[i].plan_missing);
	}
	resolve(config, NULL, 0);
	config_unref(&config);
}

static void test_state(void)
{
	struct config *config = fixture_config(plans);

	SUITE_INT_EQUAL(resolve(config, NULL, FIXTURE_NOW_S).state, ACCOUNT_ALLOWED);
	SUITE_INT_EQUAL(resolve(config, "{\"state\":\"blocked\"}", FIXTURE_NOW_S).state,
			ACCOUNT_BLOCKED);
	SUITE_INT_EQUAL(resolve(config, "{\"state\":\"blocked\",\"until\":1700000000}",
				FIXTURE_NOW_S - 1)
				.state,
			ACCOUNT_BLOCKED);
	SUITE_INT_EQUAL(resolve(config, "{\"state\":\"blocked\",\"until\":1700000000}",
				FIXTURE_NOW_S)
				.state,
			ACCOUNT_ALLOWED);
	resolve(config, NULL, 0);
	config_unref(&config);
}

static const struct suite_test tests[] = {
	{ "every value names where it came from", test_origins },
	{ "every value of the file names its line", test_lines },
	{ "an account goes before its plan, and its plan before plan default", test_values },
	{ "the state is the account's, until its end", test_state },
};

int main(void)
{
	return suite_run("effective", tests, SUITE_LEN(tests));
}
