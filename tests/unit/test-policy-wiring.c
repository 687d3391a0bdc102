#include <stdio.h>
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

/* A reload forgets what was said (log_once()). */
static void test_said_again(void)
{
	struct wiring wiring = { 0 };
	int i;

	begin();
	for (i = 0; i < WIRING_MESSAGES; i++)
		wiring_passed(&wiring, CHARGE_POLICYD);
	SUITE_INT_EQUAL(n_lines, 1);
	log_once_forget();
	for (i = 1; i < WIRING_MESSAGES; i++)
		wiring_passed(&wiring, CHARGE_POLICYD);
	SUITE_INT_EQUAL(n_lines, 1);
	wiring_passed(&wiring, CHARGE_POLICYD);
	SUITE_INT_EQUAL(n_lines, 2);
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
	begin();
	plans[0].n_free_recipients = 0;
	wiring_unseen(&wiring, &none);
	SUITE_INT_EQUAL(n_lines, 0);
	domains[0].values.n_sandbox_recipients = 1;
	domains[0].set[PLAN_SANDBOX_RECIPIENTS] = true;
	wiring_unseen(&wiring, &some);
	SUITE_INT_EQUAL(n_lines, 1);
}

static void test_before_queue(void)
{
	begin();
	wiring_before_queue(CHARGE_POLICYD);
	wiring_before_queue(CHARGE_POLICYD);
	SUITE_INT_EQUAL(n_lines, 1);
	SUITE_TRUE(strstr(last_line, "smtpd_proxy_filter"));
	wiring_before_queue(CHARGE_MILTER);
	SUITE_INT_EQUAL(n_lines, 2);
	SUITE_TRUE(strstr(last_line, "not charged"));
}

/* n messages pass, then the milter's beat is looked at. */
static void leave(struct wiring *wiring, int n, const char *json, int64_t now_s)
{
	while (n-- > 0)
		wiring_left(wiring);
	wiring_milter_beat(wiring, "mx1", json, now_s);
}

static void test_no_milter(void)
{
	struct wiring wiring;

	begin();
	wiring_init(&wiring);
	leave(&wiring, 0, NULL, 1);
	leave(&wiring, 0, NULL, 11);
	leave(&wiring, 0, "{\"messages\":0}", 21);
	leave(&wiring, 1, NULL, 31);
	SUITE_INT_EQUAL(n_lines, 0);
	leave(&wiring, 1, NULL, 41);
	SUITE_INT_EQUAL(n_lines, 1);
	SUITE_TRUE(strstr(last_line, "no milter of node mx1 is asked"));
	SUITE_INT_EQUAL(last_level, LEVEL_WARNING);
	leave(&wiring, 1, NULL, 40 + WIRING_COMPLAIN_EVERY_S);
	SUITE_INT_EQUAL(n_lines, 1);
	leave(&wiring, 1, NULL, 41 + WIRING_COMPLAIN_EVERY_S);
	SUITE_INT_EQUAL(n_lines, 2);
	leave(&wiring, 0, NULL, 42 + 2 * WIRING_COMPLAIN_EVERY_S);
	SUITE_INT_EQUAL(n_lines, 2);
}

static void test_milter_not_asked(void)
{
	static const char *const beats[] = { "{\"messages\":7}", "{\"messages\":\"7\"}", "{}",
					     "?" };

	for (size_t i = 0; i < SUITE_LEN(beats); i++) {
		struct wiring wiring;

		suite_row("%s", beats[i]);
		begin();
		wiring_init(&wiring);
		leave(&wiring, 0, beats[i], 1);
		leave(&wiring, WIRING_MESSAGES - 1, beats[i], 11);
		for (int64_t now_s = 21; now_s < 100; now_s += 10)
			leave(&wiring, 0, beats[i], now_s);
		SUITE_INT_EQUAL(n_lines, 0);
		leave(&wiring, 1, beats[i], 101);
		leave(&wiring, 0, beats[i], 111);
		SUITE_INT_EQUAL(n_lines, 0);
		leave(&wiring, 0, beats[i], 121);
		SUITE_INT_EQUAL(n_lines, 1);
	}
}

/* The milter's beat may be as old as its period. */
static void test_milter_asked(void)
{
	struct wiring wiring;
	char json[32];

	begin();
	wiring_init(&wiring);
	for (int i = 0; i < 20; i++) {
		snprintf(json, sizeof(json), "{\"messages\":%d}", i / 2 * 100);
		leave(&wiring, i % 2 ? 0 : 100, json, 1 + 10 * i);
	}
	SUITE_INT_EQUAL(n_lines, 0);
}

static const struct suite_test tests[] = {
	{ "a stage where nothing can be checked is said once", test_undecided },
	{ "quotas that are never charged are said once", test_never_charged },
	{ "and after a reload with the next messages that pass", test_said_again },
	{ "nothing is said when somebody charges", test_charged },
	{ "END-OF-MESSAGE alone is a hint for debugging", test_end_only },
	{ "a check that needs a milter is said when there is none", test_header_from },
	{ "what cannot be done before the queue is said once", test_before_queue },
	{ "messages left to a milter that is not there are said now and then", test_no_milter },
	{ "messages left to a milter that is not asked are said", test_milter_not_asked },
	{ "nothing is said of a milter that is asked", test_milter_asked },
	{ "free recipients that cannot be known are said once", test_unseen },
};

int main(void)
{
	return suite_run("policy-wiring", tests, SUITE_LEN(tests));
}
