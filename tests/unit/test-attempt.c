#include "store/attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/attempt_tally.h"
#include "tests/unit/suite.h"

/* By slots of the clock that reads it. */
#define NOW_SLOT 2000000
#define NOW_S (INT64_C(2000000) * ATTEMPT_SLOT_S + 17)

static const struct attempt quota = {
	.check = CHECK_QUOTAS,
	.action = ACTION_DEFER,
	.time_s = 1760000000,
	.client = "192.0.2.1",
};
static const struct attempt monitored = { .check = CHECK_QUOTAS, .monitored = true };

/* ---- as they stand in Redis ---------------------------------------------- */

static void test_last(void)
{
	char line[ATTEMPT_LAST_MAX], client[2 * ATTEMPT_LAST_MAX];
	struct attempt odd = quota;

	attempt_format_last(&quota, line);
	SUITE_TEXT_EQUAL(line, "1760000000 defer quotas 192.0.2.1");
	odd.client = "";
	attempt_format_last(&odd, line);
	SUITE_TEXT_EQUAL(line, "1760000000 defer quotas -");
	odd.client = "a b\nc\x7f";
	attempt_format_last(&odd, line);
	SUITE_TEXT_EQUAL(line, "1760000000 defer quotas a?b?c?");
	memset(client, 'x', sizeof(client));
	client[sizeof(client) - 1] = '\0';
	odd.client = client;
	attempt_format_last(&odd, line);
	SUITE_INT_EQUAL(strlen(line), ATTEMPT_LAST_MAX - 1);
}

static void test_counts(void)
{
	struct attempt_counts counts = { 0 };
	char text[ATTEMPT_COUNTS_MAX];

	attempt_format_counts(&counts, text);
	SUITE_TEXT_EQUAL(text, "");
	counts.n[0][CHECK_STATE] = 1;
	counts.n[0][CHECK_ENVELOPE_SENDER] = 20;
	counts.n[1][CHECK_ENVELOPE_SENDER] = 3;
	attempt_format_counts(&counts, text);
	SUITE_TEXT_EQUAL(text, "state=1 envelope_sender=20 monitored:envelope_sender=3");
	memset(&counts, 0xff, sizeof(counts));
	attempt_format_counts(&counts, text);
	SUITE_TRUE(strlen(text) < ATTEMPT_COUNTS_MAX - 1);
}

static struct attempts_seen seen(const char *record)
{
	struct attempts_seen out;

	attempts_read(record, strlen(record), NOW_S, &out);
	return out;
}

static void test_read(void)
{
	struct attempts_seen s = seen("1760000000 hold quotas 2001:db8::1\n"
				      "1999904 quotas=5\n"
				      "1999995 state=7\n"
				      "1999996 quotas=2 monitored:networks=4\n"
				      "2000000 quotas=1 monitored:quotas=1\n");

	SUITE_TRUE(s.any && s.has_last);
	SUITE_INT_EQUAL(s.last_s, 1760000000);
	SUITE_INT_EQUAL(s.last_action, ACTION_HOLD);
	SUITE_INT_EQUAL(s.last_check, CHECK_QUOTAS);
	SUITE_TEXT_EQUAL(s.last_client, "2001:db8::1");
	SUITE_INT_EQUAL(s.refused.hour[CHECK_QUOTAS], 3);
	SUITE_INT_EQUAL(s.refused.hour[CHECK_STATE], 0);
	SUITE_INT_EQUAL(s.refused.day[CHECK_QUOTAS], 8);
	SUITE_INT_EQUAL(s.refused.day[CHECK_STATE], 7);
	SUITE_INT_EQUAL(s.monitored.hour[CHECK_NETWORKS], 4);
	SUITE_INT_EQUAL(attempts_total(s.refused.day), 15);
	SUITE_INT_EQUAL(attempts_total(s.monitored.day), 5);
}

static void test_old(void)
{
	struct attempts_seen s = seen("\n1999903 quotas=5\n");

	SUITE_TRUE(s.any && !s.has_last);
	SUITE_INT_EQUAL(attempts_total(s.refused.day), 0);
	/* The clock was set back. */
	s = seen("\n2000002 quotas=5\n");
	SUITE_INT_EQUAL(attempts_total(s.refused.hour), 5);
}

static void test_nonsense(void)
{
	static const char *const records[] = {
		"",
		"nonsense",
		"\n\n\n",
		"1 refuse\n",
		"x refuse quotas -\n",
		"1 accept quotas -\n",
		"1 refuse quota -\n",
		"-1 refuse quotas -\n",
		"99999999999999999999 refuse quotas -\n",
		"9223372036854775807 refuse quotas -\n",
		"253402300800 refuse quotas -\n",
		"\n2000000 quotas\n",
		"\n2000000 quotas=\n",
		"\n2000000 quotas=-1\n",
		"\n2000000 quotas=1x =1 monitored:=1 quota=1\n",
		"\nx quotas=1\n",
		"\n99999999999999999999 quotas=1\n",
		"\n 2000000 quotas=1\n",
	};

	for (size_t i = 0; i < SUITE_LEN(records); i++) {
		struct attempts_seen s = seen(records[i]);

		suite_row("%s", records[i]);
		SUITE_TRUE(s.any && !s.has_last);
		SUITE_INT_EQUAL(attempts_total(s.refused.day), 0);
		SUITE_INT_EQUAL(attempts_total(s.monitored.day), 0);
	}
}

static void test_large(void)
{
	char record[400], *at = record + sprintf(record, "1 refuse state ");
	struct attempts_seen s;

	memset(at, 'x', 200);
	sprintf(at + 200, "\n2000000 quotas=9223372036854775807 quotas=9223372036854775807\n");
	s = seen(record);
	SUITE_INT_EQUAL(strlen(s.last_client), ATTEMPT_CLIENT_MAX - 1);
	SUITE_INT_EQUAL(s.refused.hour[CHECK_QUOTAS], 2LL * UINT32_MAX);
}

/* ---- while they wait ----------------------------------------------------- */

static void test_together(void)
{
	struct attempt_tally *tally = attempt_tally_new();
	struct attempt other = quota;
	struct tallied *t;

	for (int i = 0; i < 1000; i++) {
		other.time_s = 1760000000 + i;
		SUITE_TRUE(attempt_tally_add(tally, "rose", &other, 1000 + i));
	}
	SUITE_TRUE(attempt_tally_add(tally, "rose", &monitored, 2000));
	SUITE_TRUE(attempt_tally_add(tally, "lily", &monitored, 1500));
	SUITE_INT_EQUAL(attempt_tally_logins(tally), 2);
	SUITE_TRUE(!attempt_tally_take(tally, 999));
	t = attempt_tally_take(tally, 1000);
	SUITE_TEXT_EQUAL(t->login, "rose");
	SUITE_INT_EQUAL(t->n, 1001);
	SUITE_INT_EQUAL(t->counts.n[0][CHECK_QUOTAS], 1000);
	SUITE_INT_EQUAL(t->counts.n[1][CHECK_QUOTAS], 1);
	SUITE_TEXT_EQUAL(t->last, "1760000999 defer quotas 192.0.2.1");
	free(t);
	SUITE_TRUE(!attempt_tally_take(tally, 1499));
	t = attempt_tally_take(tally, 1500);
	SUITE_TEXT_EQUAL(t->login, "lily");
	SUITE_TEXT_EQUAL(t->last, "");
	free(t);
	SUITE_INT_EQUAL(attempt_tally_logins(tally), 0);
	SUITE_INT_EQUAL(attempt_tally_free(&tally), 0);
	SUITE_TRUE(!tally);
}

static void test_bounded(void)
{
	struct attempt_tally *tally = attempt_tally_new();
	char login[20];

	for (int i = 0; i < ATTEMPT_TALLY_LOGINS_MAX; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		SUITE_TRUE(attempt_tally_add(tally, login, &quota, i));
	}
	SUITE_TRUE(!attempt_tally_add(tally, "one more", &quota, ATTEMPT_TALLY_LOGINS_MAX));
	SUITE_TRUE(attempt_tally_add(tally, "u7", &quota, ATTEMPT_TALLY_LOGINS_MAX));
	SUITE_INT_EQUAL(attempt_tally_logins(tally), ATTEMPT_TALLY_LOGINS_MAX);
	free(attempt_tally_take(tally, 0));
	SUITE_TRUE(attempt_tally_add(tally, "one more", &quota, ATTEMPT_TALLY_LOGINS_MAX));
	SUITE_INT_EQUAL(attempt_tally_free(&tally), ATTEMPT_TALLY_LOGINS_MAX + 1);
}

static const struct suite_test tests[] = {
	{ "the last attempt is one line, whatever the client is", test_last },
	{ "counts name their check, and the mode", test_counts },
	{ "what is read is that of an hour and of a day, the oldest slot as a whole", test_read },
	{ "what is older is not counted, what is too new counts as of now", test_old },
	{ "what is no such line is left out", test_nonsense },
	{ "what is too large is cut", test_large },
	{ "attempts of a login wait together, until the first is due", test_together },
	{ "so many logins wait and no more", test_bounded },
};

int main(void)
{
	return suite_run("attempt", tests, SUITE_LEN(tests));
}
