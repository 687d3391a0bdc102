#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/effect.h"
#include "tests/unit/suite.h"

static const char configuration[] = "plan default {\n"
				    "  quotas = { \"5 messages / 1h\" }\n"
				    "  senders = { \"*@dom.example\", \"!x@dom.example\" }\n"
				    "  networks = { \"192.0.2.0/24\" }\n"
				    "  max_recipients = 5  max_size = 1k\n"
				    "  over_quota = hold  sandbox = redirect\n"
				    "  sandbox_redirect = \"sandbox@dom.example\"\n"
				    "  sandbox_recipients = { \"abuse@dom.example\" }\n"
				    "  free_recipients = { \"*@dom.example\", \"%login\" }\n"
				    "  over_quota_at_rcpt = too_many\n"
				    "  must_rotate_after = 365d  at_expiry = sandbox\n"
				    "  ramp { start = 50  factor = 1.5  until = 2k }\n"
				    "  require_tls = 1.2\n"
				    "}\n";

static void resolve(const char *text, struct config **config, struct effective *effective)
{
	char error[512] = "";

	*config = config_load_text(text, "test", error, sizeof(error));
	SUITE_TEXT_EQUAL(error, "");
	effective_resolve(*config, NULL, "", 0, effective);
}

static void test_values(void)
{
	static const char *const expected[] = {
		[PLAN_QUOTAS] = "[\"5 messages / 1h\"]",
		[PLAN_SENDERS] = "[\"*@dom.example\",\"!x@dom.example\"]",
		[PLAN_NETWORKS] = "[\"192.0.2.0/24\"]",
		[PLAN_MAX_RECIPIENTS] = "5",
		[PLAN_MAX_SIZE] = "1000",
		[PLAN_OVER_QUOTA] = "\"hold\"",
		[PLAN_SANDBOX] = "\"redirect\"",
		[PLAN_SANDBOX_REDIRECT] = "\"sandbox@dom.example\"",
		[PLAN_SANDBOX_RECIPIENTS] = "[\"abuse@dom.example\"]",
		[PLAN_FREE_RECIPIENTS] = "[\"*@dom.example\",\"%login\"]",
		[PLAN_OVER_QUOTA_AT_RCPT] = "\"too_many\"",
		[PLAN_RAMP] = "{\"unit\":\"recipients\",\"start\":50,\"factor\":1.5,"
			      "\"every_s\":86400,\"until\":2000}",
		[PLAN_REQUIRE_TLS] = "\"1.2\"",
		[PLAN_MUST_ROTATE_AFTER] = "\"365d\"",
		[PLAN_AT_EXPIRY] = "\"sandbox\"",
	};
	struct effective effective;
	struct config *config;

	resolve(configuration, &config, &effective);
	for (size_t i = 0; i < SUITE_LEN(expected); i++) {
		json_t *value = effect_json(&effective, (enum plan_setting)i);
		char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		suite_row("%s", plan_setting_name((enum plan_setting)i));
		SUITE_TEXT_EQUAL(text, expected[i]);
		free(text);
		json_decref(value);
	}
	config_unref(&config);
}

static void test_every_setting(void)
{
	struct effective effective;
	struct config *config;

	/* What is shown of settings that this test does not know is null. */
	resolve(configuration, &config, &effective);
	for (int i = 0; i < PLAN_SETTINGS; i++) {
		json_t *value = effect_json(&effective, (enum plan_setting)i);

		suite_row("%s", plan_setting_name((enum plan_setting)i));
		SUITE_TRUE(!json_is_null(value));
		json_decref(value);
	}
	config_unref(&config);
}

static void test_text(void)
{
	static const struct {
		enum plan_setting setting;
		const char *json, *text;
	} rows[] = {
		{ PLAN_MAX_RECIPIENTS, "0", "no cap" },
		{ PLAN_MAX_RECIPIENTS, "5", "5" },
		{ PLAN_MAX_SIZE, "25000000", "25M bytes" },
		{ PLAN_SANDBOX_REDIRECT, "null", "none" },
		{ PLAN_SANDBOX, "\"hold\"", "hold" },
		{ PLAN_RAMP, "null", "none" },
		{ PLAN_RAMP,
		  "{\"unit\":\"messages\",\"start\":50,\"factor\":1.25,\"every_s\":43200,"
		  "\"until\":2000}",
		  "50 messages / 12h, times 1.25 every 12h, until 2k" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		json_t *value = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
		char text[EFFECT_TEXT_MAX];

		effect_text(rows[i].setting, value, text);
		SUITE_TEXT_EQUAL(text, rows[i].text);
		json_decref(value);
	}
}

static const struct suite_test tests[] = {
	{ "a setting's value is the one in force", test_values },
	{ "every setting of a plan is shown", test_every_setting },
	{ "no cap and no value are said in words", test_text },
};

int main(void)
{
	return suite_run("control-effect", tests, SUITE_LEN(tests));
}
