#include <string.h>

#include "base/log.h"
#include "policy/wiring.h"
#include "tests/unit/suite.h"

static int n_lines;
static enum log_level last_level;
static char last_line[LOG_LINE_MAX + 1];

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)arg;
	n_lines++;
	last_level = level;
	strcpy(last_line, line);
}

static void begin(void)
{
	log_once_forget();
	log_set_level(LEVEL_DEBUG);
	log_capture(on_line, NULL);
	n_lines = 0;
	last_line[0] = '\0';
}

static void test_undecided(void)
{
	begin();
	wiring_undecided("CONNECT", false);
	wiring_undecided("CONNECT", false);
	SUITE_INT_EQUAL(n_lines, 1);
	SUITE_TRUE(strncmp(last_line, "asked at CONNECT, ", 18) == 0);
	wiring_undecided("EHLO", false);
	SUITE_INT_EQUAL(n_lines, 2);
	wiring_undecided("NEW", true);
	wiring_undecided("NEWER", true);
	SUITE_INT_EQUAL(n_lines, 3);
}

static void test_never_charged(void)
{
	struct wiring wiring = { 0 };
	int i;

	begin();
	for (i = 1; i < WIRING_MESSAGES; i++)
		wiring_passed(&wiring, CHARGE_POLICYD);
	SUITE_INT_EQUAL(n_lines, 0);
	for (i = 0; i < 10; i++)
		wiring_passed(&wiring, CHARGE_POLICYD);
	SUITE_INT_EQUAL(n_lines, 1);
	SUITE_TRUE(strstr(last_line, "smtpd_end_of_data_restrictions = check_policy_service"));
	SUITE_INT_EQUAL(last_level, LEVEL_WARNING);
}

static void test_charged(void)
{
	struct wiring wiring = { 0 };
	int i;

	begin();
	for (i = 0; i < 3 * WIRING_MESSAGES; i++)
		wiring_passed(&wiring, CHARGE_MILTER);
	wiring_ended(&wiring);
	for (i = 0; i < 3 * WIRING_MESSAGES; i++)
		wiring_passed(&wiring, CHARGE_POLICYD);
	SUITE_INT_EQUAL(n_lines, 0);
}

static void test_end_only(void)
{
	struct wiring wiring = { 0 };
	int i;

	begin();
	for (i = 0; i < 3 * WIRING_MESSAGES; i++)
		wiring_ended(&wiring);
	SUITE_INT_EQUAL(n_lines, 1);
	SUITE_INT_EQUAL(last_level, LEVEL_DEBUG);
}

static void test_header_from(void)
{
	struct plan plans[2] = { { .name = "default" }, { .name = "students" } };
	struct config config = { .plans = plans, .n_plans = 2 };

	begin();
	plans[0].modes[CHECK_HEADER_FROM] = MODE_OFF;
	plans[1].modes[CHECK_HEADER_FROM] = MODE_OFF;
	wiring_configured(&config);
	SUITE_INT_EQUAL(n_lines, 0);
	plans[1].modes[CHECK_HEADER_FROM] = MODE_MONITOR;
	config.milter_configured = true;
	wiring_configured(&config);
	SUITE_INT_EQUAL(n_lines, 0);
	config.milter_configured = false;
	wiring_configured(&config);
	SUITE_INT_EQUAL(n_lines, 1);
	SUITE_TRUE(strstr(last_line, "plan students"));
}

static void test_unseen(void)
{
	struct plan plans[1] = { { .name = "default" } };
	struct domain domains[1] = { { .name = "example.org" } };
	struct config none = { .plans = plans, .n_plans = 1, .domains = domains, .n_domains = 1 };
	struct config some = none;
	struct wiring wiring = { 0 };

	begin();
	domains[0].values.n_free_recipients = 1;
	wiring_unseen(&wiring, &none);
	SUITE_INT_EQUAL(n_lines, 0);
	domains[0].set[PLAN_FREE_RECIPIENTS] = true;
	wiring_unseen(&wiring, &some);
	wiring_unseen(&wiring, &some);
	wiring_unseen(&wiring, &none);
	SUITE_INT_EQUAL(n_lines, 1);
	SUITE_TRUE(strstr(last_line, "smtpd_recipient_restrictions"));
	begin();
	domains[0].set[PLAN_FREE_RECIPIENTS] = false;
	plans[0].n_free_recipients = 1;
	wiring_unseen(&wiring, &some);
	SUITE_INT_EQUAL(n_lines, 1);
}

static const struct suite_test tests[] = {
	{ "a stage where nothing can be checked is said once", test_undecided },
	{ "quotas that are never charged are said once", test_never_charged },
	{ "nothing is said when somebody charges", test_charged },
	{ "END-OF-MESSAGE alone is a hint for debugging", test_end_only },
	{ "a check that needs a milter is said when there is none", test_header_from },
	{ "free recipients that cannot be known are said once", test_unseen },
};

int main(void)
{
	return suite_run("policy-wiring", tests, SUITE_LEN(tests));
}
