#include "engine/plan.h"

#include <stdio.h>

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define THREE "quotas = { \"10 messages / 1h\", \"20 recipients / 1d\", \"1M bytes / 1h\" }"

static size_t rows_of(const char *plan, const struct request *asked,
		      struct take_row rows[TAKE_ROWS_MAX])
{
	struct request request = *asked;
	char text[400];
	struct config *config;
	struct effective e;
	size_t n;

	if (!request.sender)
		request.sender = "rose@example.net";
	snprintf(text, sizeof(text), "null_sender = \"5 recipients / 1d\" plan default { %s }", plan);
	config = fixture_config(text);
	effective_resolve(config, NULL, "rose@example.net", FIXTURE_NOW_S, &e);
	n = plan_login_rows(
		&(struct plan_input){
			.effective = &e, .request = &request, .now_s = FIXTURE_NOW_S },
		rows);
	config_unref(&config);
	return n;
}

static void test_amounts(void)
{
	static const struct {
		int64_t recipients, size_bytes;
		int64_t amounts[3];
	} rows[] = {
		{ 0, 0, { 1, 1, 1 } },
		{ 1, 0, { 1, 1, 1 } },
		{ 7, 123456, { 1, 7, 123456 } },
		{ -1, -1, { 1, 1, 1 } },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const struct request request = { .recipients = rows[i].recipients,
						 .size_bytes = rows[i].size_bytes };
		struct take_row out[TAKE_ROWS_MAX];

		suite_row("%lld recipients, %lld bytes", (long long)rows[i].recipients,
			  (long long)rows[i].size_bytes);
		SUITE_INT_EQUAL(rows_of(THREE, &request, out), 3);
		for (size_t j = 0; j < 3; j++) {
			SUITE_INT_EQUAL(out[j].amount, rows[i].amounts[j]);
			SUITE_TRUE(out[j].enforce);
		}
		SUITE_INT_EQUAL(out[1].quota.unit, QUOTA_RECIPIENTS);
		SUITE_INT_EQUAL(out[1].quota.limit, 20);
		SUITE_INT_EQUAL(out[1].quota.window_s, 86400);
	}
}

static void test_modes(void)
{
	const struct request request = { .recipients = 1 };
	struct take_row out[TAKE_ROWS_MAX];

	SUITE_INT_EQUAL(rows_of(THREE " checks { quotas = monitor }", &request, out), 3);
	SUITE_TRUE(!out[0].enforce && !out[1].enforce && !out[2].enforce);
	SUITE_INT_EQUAL(rows_of(THREE " checks { quotas = off }", &request, out), 0);
	SUITE_INT_EQUAL(rows_of("", &request, out), 0);
}

static void test_null_sender(void)
{
	const struct request request = { .recipients = 3, .sender = "" };
	const struct request quoted = { .recipients = 3, .sender = "<>" };
	struct take_row out[TAKE_ROWS_MAX];

	SUITE_INT_EQUAL(rows_of(THREE, &request, out), 4);
	SUITE_TRUE(out[3].quota.null_sender && out[3].enforce);
	SUITE_INT_EQUAL(out[3].quota.limit, 5);
	SUITE_INT_EQUAL(out[3].amount, 3);
	SUITE_TRUE(!quota_same_counter(&out[1].quota, &out[3].quota));
	SUITE_INT_EQUAL(rows_of(THREE, &quoted, out), 4);
	SUITE_INT_EQUAL(rows_of(THREE " checks { quotas = off }", &request, out), 0);
}

static const struct suite_test tests[] = {
	{ "every quota is asked for what is known of the message, and at least one", test_amounts },
	{ "in monitor mode rows are charged beyond the limit, off there are none", test_modes },
	{ "mail from <> is counted in a quota of its own, too", test_null_sender },
};

int main(void)
{
	return suite_run("plan", tests, SUITE_LEN(tests));
}
