#include "base/check.h"

#include "tests/unit/suite.h"

static void test_names(void)
{
	static const struct {
		enum check check;
		const char *name;
	} rows[] = {
		{ CHECK_STATE, "state" },
		{ CHECK_NETWORKS, "networks" },
		{ CHECK_ENVELOPE_SENDER, "envelope_sender" },
		{ CHECK_HEADER_FROM, "header_from" },
		{ CHECK_CAPS, "caps" },
		{ CHECK_QUOTAS, "quotas" },
		{ CHECK_SANDBOX, "sandbox" },
		{ CHECK_SERVICES, "services" },
	};

	SUITE_INT_EQUAL(SUITE_LEN(rows), CHECKS);
	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		SUITE_TEXT_EQUAL(check_name(rows[i].check), rows[i].name);
}

static void test_modes_round_trip(void)
{
	static const char *const names[] = { "enforce", "monitor", "off", "rewrite" };

	for (size_t i = 0; i < SUITE_LEN(names); i++) {
		enum check_mode mode;

		suite_row("%s", names[i]);
		SUITE_TRUE(check_mode_parse(names[i], &mode));
		SUITE_TEXT_EQUAL(check_mode_name(mode), names[i]);
	}
}

static void test_other_modes(void)
{
	static const char *const names[] = { "", "Enforce", "on", "enforce ", "monitored" };

	for (size_t i = 0; i < SUITE_LEN(names); i++) {
		enum check_mode mode = MODE_OFF;

		suite_row("%s", names[i]);
		SUITE_TRUE(!check_mode_parse(names[i], &mode));
		SUITE_INT_EQUAL(mode, MODE_OFF);
	}
}

static const struct suite_test tests[] = {
	{ "every check has the name the configuration uses", test_names },
	{ "a mode's name is read back as that mode", test_modes_round_trip },
	{ "any other word is not a mode", test_other_modes },
};

int main(void)
{
	return suite_run("check", tests, SUITE_LEN(tests));
}
