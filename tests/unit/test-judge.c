#include "engine/judge.h"

#include <stdio.h>
#include <string.h>

#include "engine/checks.h"
#include "engine/plan.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define MIN INT64_C(60000)
#define REDIRECT "sandbox_redirect = \"trap@example.com\""

/* What the store answers for one row. */
struct counted {
	int64_t used, retry_after_ms;
};

static struct config *config;
static struct account *account;
static struct effective effective;
static struct verdict verdict;
static int64_t listed_recipients; /* of the next message */
static bool recipients_stay;

/* A login of that plan and account; forgotten by the next call. */
static void set_up(const char *plan, const char *json)
{
	char text[1024];

	account_unref(&account);
	config_unref(&config);
	snprintf(text, sizeof(text), "plan default { %s }", plan);
	config = fixture_config(text);
	account = json ? fixture_account(json) : NULL;
	effective_resolve(config, account, "rose@example.net", FIXTURE_NOW_S, &effective);
	memset(&verdict, 0, sizeof(verdict));
	for (int i = 0; i < CHECKS; i++)
		finding_init(&verdict.findings[i], MODE_OFF);
}

static void tear_down(void)
{
	account_unref(&account);
	config_unref(&config);
}

/* The message is judged after the store has answered; answers may be NULL. */
static void judge_message(bool final, int64_t recipients, const struct counted *answers)
{
	const struct request request = {
		.stage = final ? STAGE_END_OF_MESSAGE : STAGE_RCPT,
		.final = final,
		.queue_id = "4F1",
		.login = "rose",
		.client_address = "192.0.2.1",
		.sender = "rose@example.org",
		.recipients = recipients,
		.listed_recipients = listed_recipients,
		.recipients_stay = recipients_stay,
		.recipient = "",
		.size_bytes = 1000,
	};
	const struct plan_input plan = { .effective = &effective,
					 .request = &request,
					 .now_s = FIXTURE_NOW_S };
	struct take_row_answer with_limits[TAKE_ROWS_MAX];
	struct take_row rows[TAKE_ROWS_MAX];
	struct judge_input in = { .config = config,
				  .account = account,
				  .effective = &effective,
				  .request = &request,
				  .rows = rows,
				  .answers = with_limits };

	in.n_rows = answers ? plan_login_rows(&plan, rows) : 0;
	for (size_t i = 0; i < in.n_rows; i++) {
		with_limits[i] = (struct take_row_answer){
			.used = answers[i].used,
			.retry_after_ms = answers[i].retry_after_ms,
			.limit = rows[i].quota.limit,
		};
	}
	check_quotas(&in, &verdict.findings[CHECK_QUOTAS]);
	judge(&in, &verdict);
}

static void test_no_objection(void)
{
	set_up("quotas = { \"10 messages / 1h\", \"100 recipients / 1d\" }", NULL);
	judge_message(true, 1, (struct counted[]){ { 9, 0 }, { 20, 0 } });
	SUITE_INT_EQUAL(verdict.action, ACTION_ACCEPT);
	SUITE_TRUE(!verdict.has_check && !verdict.monitored && !verdict.sandboxed);
	SUITE_TEXT_EQUAL(verdict.code, "");
	SUITE_TRUE(!verdict_finding(&verdict));
	tear_down();
}

static void test_telling_row(void)
{
	static const struct {
		const char *quotas;
		struct counted answers[3];
		const char *rule;
		enum finding_result result;
	} rows[] = {
		/* fits: nearest to its limit */
		{ "\"10 messages / 1h\", \"100 messages / 1d\"",
		  { { 1, 0 }, { 20, 0 } },
		  "100 messages / 1d",
		  FINDING_PASS },
		{ "\"10 messages / 1h\", \"100 messages / 1d\"",
		  { { 3, 0 }, { 20, 0 } },
		  "10 messages / 1h",
		  FINDING_PASS },
		{ "\"unlimited messages / 1h\", \"100 messages / 1d\"",
		  { { 1000, 0 }, { 0, 0 } },
		  "100 messages / 1d",
		  FINDING_PASS },
		{ "\"unlimited messages / 1h\"",
		  { { 1000, 0 } },
		  "unlimited messages / 1h",
		  FINDING_PASS },
		{ "\"10 messages / 1h\"", { { 9, 0 } }, "10 messages / 1h", FINDING_PASS },
		/* does not fit: the one that will not fit for longest */
		{ "\"10 messages / 1h\", \"100 messages / 1d\"",
		  { { 10, MIN }, { 99, 0 } },
		  "10 messages / 1h",
		  FINDING_REFUSE },
		{ "\"10 messages / 1h\", \"100 messages / 1d\"",
		  { { 9, 0 }, { 100, MIN } },
		  "100 messages / 1d",
		  FINDING_REFUSE },
		{ "\"10 messages / 1h\", \"100 messages / 1d\"",
		  { { 10, MIN }, { 100, 2 * MIN } },
		  "100 messages / 1d",
		  FINDING_REFUSE },
		{ "\"10 messages / 1h\", \"100 messages / 1d\"",
		  { { 10, 2 * MIN }, { 100, MIN } },
		  "10 messages / 1h",
		  FINDING_REFUSE },
		{ "\"10 messages / 1h\", \"0 messages / 1d\", \"5 messages / 1m\"",
		  { { 10, MIN }, { 0, -1 }, { 5, 9 * MIN } },
		  "0 messages / 1d",
		  FINDING_REFUSE },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const struct finding *f = &verdict.findings[CHECK_QUOTAS];
		char plan[200];

		suite_row("row %zu", i);
		snprintf(plan, sizeof(plan), "quotas = { %s }", rows[i].quotas);
		set_up(plan, NULL);
		judge_message(true, 1, rows[i].answers);
		SUITE_TEXT_EQUAL(f->rule, rows[i].rule);
		SUITE_INT_EQUAL(f->result, rows[i].result);
		SUITE_TEXT_EQUAL(f->origin, "plan default");
	}
	tear_down();
}

static void test_over_quota(void)
{
	static const struct {
		const char *plan;
		bool final;
		enum action action;
		const char *code, *xcode, *redirect;
	} rows[] = {
		{ "", false, ACTION_DEFER, "450", "4.7.28", NULL },
		{ "", true, ACTION_DEFER, "450", "4.7.28", NULL },
		{ "over_quota = reject", false, ACTION_REFUSE, "550", "5.7.28", NULL },
		{ "over_quota = reject", true, ACTION_REFUSE, "550", "5.7.28", NULL },
		{ "over_quota = hold", false, ACTION_ACCEPT, "", "", NULL },
		{ "over_quota = hold", true, ACTION_HOLD, "", "", NULL },
		{ "over_quota = sandbox", false, ACTION_ACCEPT, "", "", NULL },
		{ "over_quota = sandbox", true, ACTION_HOLD, "", "", NULL },
		{ "over_quota = sandbox sandbox = discard", true, ACTION_HOLD, "", "", NULL },
		{ "over_quota = sandbox sandbox = hold", true, ACTION_HOLD, "", "", NULL },
		{ "over_quota = sandbox sandbox = redirect " REDIRECT, false, ACTION_ACCEPT, "", "",
		  NULL },
		{ "over_quota = sandbox sandbox = redirect " REDIRECT, true, ACTION_REDIRECT, "",
		  "", "trap@example.com" },
		{ "checks { quotas = monitor }", true, ACTION_ACCEPT, "", "", NULL },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char plan[300];

		suite_row("%s, %s", rows[i].plan, rows[i].final ? "final" : "RCPT");
		snprintf(plan, sizeof(plan), "quotas = { \"10 messages / 1h\" } %s", rows[i].plan);
		set_up(plan, NULL);
		judge_message(rows[i].final, 1, (struct counted[]){ { 10, MIN } });
		SUITE_INT_EQUAL(verdict.action, rows[i].action);
		SUITE_TEXT_EQUAL(verdict.code, rows[i].code);
		SUITE_TEXT_EQUAL(verdict.xcode, rows[i].xcode);
		SUITE_TEXT_EQUAL(verdict.redirect, rows[i].redirect);
		SUITE_INT_EQUAL(verdict.has_check, rows[i].action != ACTION_ACCEPT);
		SUITE_TRUE(!verdict.sandboxed);
		SUITE_TRUE(verdict.action != ACTION_DISCARD);
	}
	tear_down();
}

static void test_quota_reply(void)
{
	static const struct {
		const char *plan;
		struct counted answer;
		int64_t recipients;
		const char *text;
	} rows[] = {
		{ "quotas = { \"500 recipients / 1h\" }",
		  { 498, 14 * MIN },
		  3,
		  "quota: 500 recipients / 1h used up, retry after 14 min (498/500 used, 3 "
		  "asked)" },
		{ "quotas = { \"500 recipients / 1h\" } over_quota = reject",
		  { 500, 14 * MIN - 1 },
		  1,
		  "quota: 500 recipients / 1h used up (500/500 used, 1 asked), retry after 14 "
		  "min" },
		{ "quotas = { \"2 recipients / 1h\" }",
		  { 0, -1 },
		  3,
		  "quota: 2 recipients / 1h is less than this message needs (3 asked)" },
		{ "quotas = { \"0 messages / 1h\" }",
		  { 0, -1 },
		  1,
		  "quota: 0 messages / 1h is less than this message needs (1 asked)" },
		{ "quotas = { \"2 recipients / 1h\" } over_quota = reject",
		  { 0, -1 },
		  3,
		  "quota: 2 recipients / 1h is less than this message needs (3 asked)" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		set_up(rows[i].plan, NULL);
		judge_message(true, rows[i].recipients, &rows[i].answer);
		SUITE_TEXT_EQUAL(verdict.text, rows[i].text);
	}
	tear_down();
}

static void test_sandbox(void)
{
	static const struct {
		const char *plan;
		bool final;
		enum action action;
		bool monitored;
		const char *text;
	} rows[] = {
		{ "", false, ACTION_ACCEPT, false, "" },
		{ "", true, ACTION_DISCARD, false, "Sendward sandbox: sandboxed (rose)" },
		{ "sandbox = hold", false, ACTION_ACCEPT, false, "" },
		{ "sandbox = hold", true, ACTION_HOLD, false,
		  "Sendward sandbox: sandboxed (rose)" },
		{ "sandbox = redirect " REDIRECT, false, ACTION_ACCEPT, false, "" },
		{ "sandbox = redirect " REDIRECT, true, ACTION_REDIRECT, false,
		  "Sendward sandbox: sandboxed (rose)" },
		{ "checks { sandbox = monitor }", true, ACTION_ACCEPT, true, "" },
		{ "checks { sandbox = monitor }", false, ACTION_ACCEPT, false, "" },
		{ "checks { sandbox = off }", true, ACTION_ACCEPT, false, "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		bool acts = rows[i].action != ACTION_ACCEPT;

		suite_row("%s, %s", rows[i].plan, rows[i].final ? "final" : "RCPT");
		set_up(rows[i].plan, "{\"state\":\"sandboxed\"}");
		judge_message(rows[i].final, 1, NULL);
		SUITE_INT_EQUAL(verdict.action, rows[i].action);
		SUITE_INT_EQUAL(verdict.sandboxed, acts);
		SUITE_INT_EQUAL(verdict.has_check, acts);
		SUITE_INT_EQUAL(verdict.monitored != 0, rows[i].monitored);
		SUITE_TEXT_EQUAL(verdict.text, rows[i].text);
		SUITE_INT_EQUAL(verdict.redirect != NULL, rows[i].action == ACTION_REDIRECT);
	}
	tear_down();
}

#define LIST "sandbox_recipients = { \"*@home.example\" } "

static void test_sandbox_recipients(void)
{
	static const struct {
		const char *plan;
		int64_t recipients, listed;
		bool stay;
		enum action action;
		int64_t dropped;
		bool let_out;
	} rows[] = {
		{ LIST, 3, 3, false, ACTION_ACCEPT, 0, true },
		{ LIST, 3, 3, true, ACTION_ACCEPT, 0, true },
		{ LIST, 3, 1, false, ACTION_DISCARD, 2, false },
		{ LIST, 3, 1, true, ACTION_DISCARD, 0, false },
		{ LIST, 3, 0, false, ACTION_DISCARD, 0, false },
		{ LIST, 0, 0, false, ACTION_DISCARD, 0, false },
		{ LIST "sandbox = hold", 3, 1, false, ACTION_HOLD, 0, false },
		{ LIST "sandbox = hold", 3, 3, false, ACTION_ACCEPT, 0, true },
		{ LIST "sandbox = redirect " REDIRECT, 3, 2, false, ACTION_REDIRECT, 0, false },
		{ LIST "sandbox = redirect " REDIRECT, 3, 2, true, ACTION_HOLD, 0, false },
		{ LIST "sandbox = redirect " REDIRECT, 3, 3, true, ACTION_ACCEPT, 0, true },
		{ LIST "checks { sandbox = monitor }", 3, 1, false, ACTION_ACCEPT, 0, false },
		{ LIST "checks { sandbox = monitor }", 3, 3, false, ACTION_ACCEPT, 0, false },
		{ LIST "checks { sandbox = off }", 3, 3, false, ACTION_ACCEPT, 0, false },
		/* There is no list any more. */
		{ "", 3, 3, false, ACTION_DISCARD, 0, false },
		{ "", 3, 1, false, ACTION_DISCARD, 0, false },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s, %d of %d", rows[i].plan, (int)rows[i].listed,
			  (int)rows[i].recipients);
		set_up(rows[i].plan, "{\"state\":\"sandboxed\"}");
		listed_recipients = rows[i].listed;
		recipients_stay = rows[i].stay;
		judge_message(true, rows[i].recipients, NULL);
		SUITE_INT_EQUAL(verdict.action, rows[i].action);
		SUITE_INT_EQUAL(verdict.dropped, rows[i].dropped);
		SUITE_INT_EQUAL(verdict.let_out, rows[i].let_out);
	}
	set_up(LIST, "{}");
	judge_message(true, 3, NULL);
	SUITE_INT_EQUAL(verdict.action, ACTION_ACCEPT);
	SUITE_TRUE(!verdict.let_out);
	listed_recipients = 0;
	recipients_stay = false;
	tear_down();
}

static void test_order(void)
{
	/* Over quota and in the sandbox: the quota comes first. */
	set_up("quotas = { \"10 messages / 1h\" } over_quota = hold", "{\"state\":\"sandboxed\"}");
	judge_message(true, 1, (struct counted[]){ { 10, MIN } });
	SUITE_INT_EQUAL(verdict.action, ACTION_HOLD);
	SUITE_INT_EQUAL(verdict.check, CHECK_QUOTAS);
	SUITE_TRUE(!verdict.sandboxed);

	/* Before the last stage a hold is nothing, and nothing hides behind it. */
	judge_message(false, 1, (struct counted[]){ { 10, MIN } });
	SUITE_INT_EQUAL(verdict.action, ACTION_ACCEPT);

	/* Only monitored: the sandbox is carried out. */
	set_up("quotas = { \"10 messages / 1h\" } checks { quotas = monitor }",
	       "{\"state\":\"sandboxed\"}");
	judge_message(true, 1, (struct counted[]){ { 10, MIN } });
	SUITE_INT_EQUAL(verdict.action, ACTION_DISCARD);
	SUITE_TRUE(verdict.monitored);
	SUITE_INT_EQUAL(verdict.monitor_check, CHECK_QUOTAS);
	SUITE_INT_EQUAL(verdict.monitor_action, ACTION_DEFER);
	tear_down();
}

static void test_blocked_reply(void)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{ "{\"state\":\"blocked\",\"reason\":\"spam run\"}",
		  "state: login rose is blocked: spam run" },
		{ "{\"state\":\"blocked\"}", "state: login rose is blocked: no reason given" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct finding *f = &verdict.findings[CHECK_STATE];

		set_up("", rows[i].json);
		finding_init(f, MODE_ENFORCE);
		f->result = FINDING_REFUSE;
		f->reply = REPLY_STATE;
		f->action = ACTION_REFUSE;
		judge_message(true, 1, NULL);
		SUITE_TEXT_EQUAL(verdict.code, "550");
		SUITE_TEXT_EQUAL(verdict.text, rows[i].text);
	}
	tear_down();
}

static void test_cannot_tell(void)
{
	const struct request request = { .login = "rose",
					 .client_address = "192.0.2.1",
					 .sender = "" };
	struct judge_input in = { .request = &request };

	set_up("", NULL);
	in.config = config;
	judge_cannot_tell(&in, "the moon is full", &verdict);
	SUITE_INT_EQUAL(verdict.action, ACTION_DEFER);
	SUITE_TRUE(!verdict.has_check);
	SUITE_TEXT_EQUAL(verdict.code, "451");
	SUITE_TEXT_EQUAL(verdict.xcode, "4.3.0");
	SUITE_TEXT_EQUAL(verdict.text, "temporarily unable to check login rose");
	SUITE_TEXT_EQUAL(verdict.store_error, "the moon is full");

	set_up("", NULL);
	in.config = config;
	verdict.store_error = "READONLY";
	judge_cannot_tell(&in, "the moon is full", &verdict);
	SUITE_TEXT_EQUAL(verdict.store_error, "READONLY");
	tear_down();
}

static const struct suite_test tests[] = {
	{ "without an objection the message is accepted and no check is named", test_no_objection },
	{ "the quota named is the one that decides, or the one nearest to its limit",
	  test_telling_row },
	{ "over quota is deferred, rejected, held or redirected, never discarded",
	  test_over_quota },
	{ "a quota's reply says which, used, limit, asked and when to retry", test_quota_reply },
	{ "the sandbox discards, holds or redirects on the final stage only", test_sandbox },
	{ "who is in the list is reached, and the others are dropped where they can be",
	  test_sandbox_recipients },
	{ "quotas come before the sandbox, and an enforced check before a monitored one",
	  test_order },
	{ "a blocked login is told the reason", test_blocked_reply },
	{ "when nobody can tell the client shall come again, and the log says why",
	  test_cannot_tell },
};

int main(void)
{
	return suite_run("judge", tests, SUITE_LEN(tests));
}
