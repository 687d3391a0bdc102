#include "engine/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/gate.h"
#include "tests/unit/suite.h"

static struct verdict empty_verdict(void)
{
	struct verdict v;

	memset(&v, 0, sizeof(v));
	for (int i = 0; i < CHECKS; i++)
		finding_init(&v.findings[i], MODE_ENFORCE);
	return v;
}

static const struct request plain = {
	.stage = STAGE_RCPT,
	.queue_id = "",
	.login = "rose",
	.client_address = "192.0.2.1",
	.sender = "rose@example.org",
};

static const char *log_line(const struct verdict *v, const struct request *request)
{
	static struct fields fields;

	fields_init(&fields, FIELDS_LINE_MAX);
	verdict_format_log(v, request, "mx1", 123, &fields);
	SUITE_INT_EQUAL(fields.len, strlen(fields.line));
	return fields.line;
}

static void test_names(void)
{
	static const char *const actions[] = { "accept", "refuse",  "defer",
					       "hold",	 "discard", "redirect" };
	static const char *const stages[] = { "MAIL", "RCPT", "DATA", "END-OF-MESSAGE" };

	for (size_t i = 0; i < SUITE_LEN(actions); i++)
		SUITE_TEXT_EQUAL(action_name((enum action)i), actions[i]);
	for (size_t i = 0; i < SUITE_LEN(stages); i++)
		SUITE_TEXT_EQUAL(stage_name((enum stage)i), stages[i]);
}

static void test_accepted(void)
{
	struct verdict v = empty_verdict();
	struct finding *f = &v.findings[CHECK_QUOTAS];

	SUITE_TEXT_EQUAL(log_line(&v, &plain),
			 "node=mx1 stage=RCPT qid=- login=rose client=192.0.2.1 verdict=accept "
			 "check=- rule=- used=- limit=- us=123 sender=rose@example.org");
	f->result = FINDING_PASS;
	f->used = 3;
	f->limit = 100;
	strcpy(f->rule, "100 messages / 1h");
	SUITE_TEXT_EQUAL(log_line(&v, &plain),
			 "node=mx1 stage=RCPT qid=- login=rose client=192.0.2.1 verdict=accept "
			 "check=- rule=\"100 messages / 1h\" used=3 limit=100 us=123 "
			 "sender=rose@example.org");
	f->limit = QUOTA_UNLIMITED;
	SUITE_TRUE(strstr(log_line(&v, &plain), "used=- limit=- ") != NULL);
}

static void test_refused(void)
{
	struct verdict v = empty_verdict();
	struct finding *f = &v.findings[CHECK_CAPS];

	v.action = ACTION_DEFER;
	v.has_check = true;
	v.check = CHECK_CAPS;
	f->result = FINDING_REFUSE;
	f->asked = 7;
	f->limit = 5;
	strcpy(f->rule, "max_recipients = 5");
	SUITE_TRUE(verdict_finding(&v) == f);
	SUITE_TEXT_EQUAL(log_line(&v, &plain),
			 "node=mx1 stage=RCPT qid=- login=rose client=192.0.2.1 verdict=defer "
			 "check=caps rule=\"max_recipients = 5\" used=0 limit=5 us=123 "
			 "sender=rose@example.org");
}

static void test_monitored(void)
{
	struct verdict v = empty_verdict();
	struct finding *f = &v.findings[CHECK_NETWORKS];

	v.monitored = 1U << CHECK_NETWORKS;
	v.monitor_action = ACTION_REFUSE;
	v.monitor_check = CHECK_NETWORKS;
	f->mode = MODE_MONITOR;
	f->result = FINDING_REFUSE;
	strcpy(f->rule, "!192.0.2.1");
	SUITE_TRUE(verdict_finding(&v) == f);
	SUITE_TEXT_EQUAL(log_line(&v, &plain),
			 "node=mx1 stage=RCPT qid=- login=rose client=192.0.2.1 verdict=accept "
			 "monitor=refuse check=networks rule=!192.0.2.1 used=- limit=- us=123 "
			 "sender=rose@example.org");
}

static void test_monitored_too(void)
{
	struct verdict v = empty_verdict();

	v.monitored = 1U << CHECK_NETWORKS | 1U << CHECK_ENVELOPE_SENDER | 1U << CHECK_QUOTAS;
	v.monitor_action = ACTION_REFUSE;
	v.monitor_check = CHECK_NETWORKS;
	SUITE_TEXT_EQUAL(log_line(&v, &plain),
			 "node=mx1 stage=RCPT qid=- login=rose client=192.0.2.1 verdict=accept "
			 "monitor=refuse check=networks rule=- used=- limit=- us=123 "
			 "sender=rose@example.org also=envelope_sender,quotas");
	/* The line names another check, so the first is one of the others. */
	v.has_check = true;
	v.check = CHECK_SANDBOX;
	v.action = ACTION_HOLD;
	SUITE_TRUE(strstr(log_line(&v, &plain), " monitor=refuse check=sandbox ") != NULL);
	SUITE_TRUE(strstr(log_line(&v, &plain), " also=networks,envelope_sender,quotas") != NULL);
	v.action = ACTION_REFUSE;
	SUITE_TRUE(strstr(log_line(&v, &plain), "also=") == NULL);
	v.has_check = false;
	v.action = ACTION_ACCEPT;
	v.monitored = (1U << CHECKS) - 1;
	v.monitor_check = CHECK_STATE;
	SUITE_TRUE(strstr(log_line(&v, &plain),
			  " also=networks,envelope_sender,header_from,caps,quotas,sandbox,services"));
}

static void test_redirect_and_store(void)
{
	struct verdict v = empty_verdict();

	v.redirect = "trap@example.com";
	v.store_error = "no answer within the deadline";
	SUITE_TRUE(strstr(log_line(&v, &plain),
			  " redirect=trap@example.com store=\"no answer within the deadline\"") !=
		   NULL);
}

static void test_odd_values(void)
{
	struct request odd = plain;
	struct verdict v = empty_verdict();
	const char *line;

	odd.login = "a b\"c\\d=e\n\xff\xc3\xa9";
	odd.sender = "x verdict=refuse";
	odd.queue_id = "-";
	line = log_line(&v, &odd);
	SUITE_TRUE(strstr(line, " qid=\"-\" ") != NULL);
	SUITE_TRUE(strstr(line, " login=\"a b\\\"c\\\\d=e\\x0A\\xFF\xc3\xa9\" ") != NULL);
	SUITE_TRUE(strstr(line, " sender=\"x verdict=refuse\"") != NULL);
	SUITE_TRUE(strchr(line, '\n') == NULL);
}

/* In less than size octets as many of the fields as fit. */
static void test_cut(void)
{
	struct verdict v = empty_verdict();
	const char *whole = log_line(&v, &plain);

	for (size_t size = 1; size < 200; size++) {
		struct fields fields;
		size_t fit = strlen(whole);

		suite_row("%zu octets", size);
		while (fit > 0 && (fit >= size || (whole[fit] && whole[fit] != ' ')))
			fit--;
		fields_init(&fields, size);
		verdict_format_log(&v, &plain, "mx1", 123, &fields);
		SUITE_INT_EQUAL(fields.len, fit);
		SUITE_INT_EQUAL(strlen(fields.line), fit);
		SUITE_TRUE(memcmp(fields.line, whole, fit) == 0);
	}
}

static const struct suite_test tests[] = {
	{ "every action and stage has its name", test_names },
	{ "an accepted message shows the quota nearest to its limit", test_accepted },
	{ "a refusal shows check, rule, used and limit", test_refused },
	{ "in monitor mode the log shows what would have happened", test_monitored },
	{ "the other checks in monitor mode that would have refused are named, too",
	  test_monitored_too },
	{ "where it was sent instead and why the store did not tell are shown",
	  test_redirect_and_store },
	{ "no value can look like another field", test_odd_values },
	{ "a line that does not fit is cut", test_cut },
};

int main(void)
{
	return suite_run("verdict", tests, SUITE_LEN(tests));
}
