/* How often mail was refused, kept in Redis. */
#include "store/attempts.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/report.h"
#include "store/attempt_tally.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define KEY "sendward:{rose}:r"

static struct rig rig;

static struct attempt refusal(enum check check, int64_t time_s)
{
	return (struct attempt){
		.check = check, .action = ACTION_REFUSE, .time_s = time_s, .client = "192.0.2.1"
	};
}

static void refuse(const char *login, int n)
{
	struct attempt attempt = refusal(CHECK_QUOTAS, 1760000000);

	for (; n > 0; n--)
		store_attempt(rig.store, login, &attempt);
}

static bool rose_is_written(void)
{
	return redis_integer(rig.redis, "EXISTS " KEY) == 1;
}

/* By Redis' clock. */
static int64_t now_s(void)
{
	struct redisReply *reply = redis_call(rig.redis, "TIME");
	int64_t s = strtoll(reply->element[0]->str, NULL, 10);

	freeReplyObject(reply);
	return s;
}

static struct attempts_seen look(const char *login)
{
	struct rig_waited w = { 0 };
	struct attempts_seen seen = { 0 };

	store_attempts_get(rig.store, login, rig_on_record, &w);
	rig_wait(&rig, &w.done);
	if (w.result == STORE_OK)
		attempts_read(w.text, strlen(w.text), now_s(), &seen);
	return seen;
}

static void test_kept(void)
{
	struct attempts_seen seen;

	rig_clean(&rig);
	refuse("rose", 70);
	refuse("", 1);
	SUITE_TRUE(!rose_is_written());
	rig_wait_for(&rig, rose_is_written, "what was refused of rose");
	seen = look("rose");
	SUITE_INT_EQUAL(seen.refused.hour[CHECK_QUOTAS], 70);
	SUITE_INT_EQUAL(attempts_total(seen.refused.day), 70);
	SUITE_INT_EQUAL(seen.last_s, 1760000000);
	SUITE_TEXT_EQUAL(seen.last_client, "192.0.2.1");
	SUITE_TRUE(redis_integer(rig.redis, "TTL " KEY) > ATTEMPTS_KEPT_S - 60);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "DBSIZE"), 1);
	SUITE_TRUE(!look("nobody").any);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_NOT_FOUND);
	SUITE_TRUE(look("rose").any);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_TRUE(!look("rose").any);
}

static bool fred_is_written(void)
{
	return redis_integer(rig.redis, "EXISTS sendward:{fred}:r") == 1;
}

/* The daemon hears of it before it writes. */
static void test_deleted(void)
{
	rig_clean(&rig);
	rig_follow(&rig);
	rig_put(&rig, "rose", "", "{}");
	refuse("rose", 2);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	refuse("fred", 1);
	rig_wait_for(&rig, fred_is_written, "what was refused of fred");
	SUITE_TRUE(!look("rose").any);
	refuse("rose", 1);
	store_finish(rig.store);
	SUITE_INT_EQUAL(attempts_total(look("rose").refused.day), 1);
}

/* It does not. */
static void test_deleted_unheard(void)
{
	struct attempt attempt = refusal(CHECK_QUOTAS, 0);

	rig_clean(&rig);
	rig_follow(&rig);
	rig_put(&rig, "rose", "", "{}");
	rig_deafen(&rig);
	attempt.time_s = now_s();
	store_attempt(rig.store, "rose", &attempt);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	store_attempt(rig.store, "fred", &attempt);
	rig_wait_for(&rig, fred_is_written, "what was refused of fred");
	SUITE_TRUE(!look("rose").any);
	attempt.time_s += 60;
	store_attempt(rig.store, "rose", &attempt);
	store_finish(rig.store);
	SUITE_INT_EQUAL(attempts_total(look("rose").refused.day), 1);
	rig_undeafen(&rig);
}

static void test_added(void)
{
	struct attempt newer = refusal(CHECK_STATE, 1760000001), older = refusal(CHECK_CAPS, 1);
	struct attempt monitored = { .check = CHECK_QUOTAS, .monitored = true };
	struct attempts_seen seen;

	rig_clean(&rig);
	store_attempt(rig.store, "rose", &monitored);
	store_finish(rig.store);
	SUITE_TRUE(look("rose").any && !look("rose").has_last);
	refuse("rose", 2);
	store_finish(rig.store);
	store_attempt(rig.store, "rose", &newer);
	store_finish(rig.store);
	store_attempt(rig.store, "rose", &older);
	store_attempt(rig.store, "rose", &monitored);
	store_finish(rig.store);
	seen = look("rose");
	SUITE_INT_EQUAL(seen.refused.hour[CHECK_QUOTAS], 2);
	SUITE_INT_EQUAL(seen.refused.hour[CHECK_STATE], 1);
	SUITE_INT_EQUAL(seen.refused.hour[CHECK_CAPS], 1);
	SUITE_INT_EQUAL(seen.monitored.hour[CHECK_QUOTAS], 2);
	SUITE_INT_EQUAL(seen.last_s, 1760000001);
	SUITE_INT_EQUAL(seen.last_check, CHECK_STATE);
}

/* Slots that end are kept for a day; what is of a later time is of now. */
static void test_slots(void)
{
	int64_t slot = now_s() / ATTEMPT_SLOT_S;
	struct attempts_seen seen;
	struct rig_waited w = { 0 };

	rig_clean(&rig);
	redis_do(rig.redis, "SET " KEY " %b", "\n", (size_t)1);
	for (int age = 200; age > -2; age--) {
		char line[60];
		int len = snprintf(line, sizeof(line), "%lld caps=1\n", (long long)(slot - age));

		redis_do(rig.redis, "APPEND " KEY " %b", line, (size_t)len);
	}
	refuse("rose", 1);
	store_finish(rig.store);
	seen = look("rose");
	/* A slot may have begun meanwhile. */
	SUITE_TRUE(seen.refused.day[CHECK_CAPS] == ATTEMPT_SLOTS + 1 ||
		   seen.refused.day[CHECK_CAPS] == ATTEMPT_SLOTS);
	SUITE_INT_EQUAL(seen.refused.day[CHECK_QUOTAS], 1);
	store_attempts_get(rig.store, "rose", rig_on_record, &w);
	rig_wait(&rig, &w.done);
	SUITE_TRUE(strlen(w.text) < (ATTEMPT_SLOTS + 2) * strlen("2000000 caps=1 ") + 80);
}

/* The clock was set back since. */
static void test_set_back(void)
{
	rig_clean(&rig);
	redis_do(rig.redis, "SET " KEY " %s", "253402300799 refuse caps 192.0.2.9\n");
	refuse("rose", 1);
	store_finish(rig.store);
	SUITE_INT_EQUAL(look("rose").last_s, 1760000000);
	SUITE_INT_EQUAL(look("rose").last_check, CHECK_QUOTAS);
}

static int64_t written(void)
{
	return redis_integer(rig.redis, "DBSIZE");
}

static bool many_are_written(void)
{
	return written() >= 3 * ATTEMPTS_PER_S / 2;
}

/* However many logins are refused, and however often, Redis is asked for a few of them in a
 * second. */
static void test_rate(void)
{
	char login[40];
	int64_t began_ms;

	rig_clean(&rig);
	began_ms = rig_now_ms();
	for (int i = 0; i < 1000; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		refuse(login, 20);
	}
	rig_wait_for(&rig, many_are_written, "what was refused of many");
	SUITE_TRUE(rig_now_ms() - began_ms >= ATTEMPTS_COLLECT_MS + 1000);
	SUITE_TRUE(written() < 2 * ATTEMPTS_PER_S);
	store_finish(rig.store);
	SUITE_INT_EQUAL(written(), 1000);
	SUITE_INT_EQUAL(attempts_total(look("u999").refused.hour), 20);
}

/* ---- what is lost --------------------------------------------------------- */

static char lost[300];
static int n_lost;

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	if (!strstr(line, "refusals"))
		return;
	snprintf(lost, sizeof(lost), "%s", line);
	n_lost++;
}

static void begin_listening(void)
{
	rig_clean(&rig);
	rig_restart_store(&rig, true);
	n_lost = 0;
	lost[0] = '\0';
	log_capture(on_line, NULL);
}

static void test_away(void)
{
	begin_listening();
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	refuse("rose", 5);
	rig_run(&rig, ATTEMPTS_COLLECT_MS + 300);
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	rig_wait_for(&rig, rose_is_written, "what was refused of rose");
	log_capture(NULL, NULL);
	SUITE_INT_EQUAL(attempts_total(look("rose").refused.hour), 5);
	SUITE_INT_EQUAL(n_lost, 0);
}

static void test_lost(void)
{
	char login[20], all[40];

	begin_listening();
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	for (int i = 0; i < ATTEMPT_TALLY_LOGINS_MAX + 7; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		refuse(login, 1);
	}
	SUITE_INT_EQUAL(n_lost, 1);
	SUITE_TRUE(strstr(lost, "of 1 refusals"));
	rig_restart_store(&rig, false);
	log_capture(NULL, NULL);
	SUITE_INT_EQUAL(n_lost, 2);
	snprintf(all, sizeof(all), "of %d refusals", ATTEMPT_TALLY_LOGINS_MAX + 7);
	SUITE_TRUE(strstr(lost, all));
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(written(), 0);
}

static void test_another_type(void)
{
	begin_listening();
	redis_do(rig.redis, "LPUSH " KEY " x");
	refuse("rose", 3);
	refuse("lily", 2);
	store_finish(rig.store);
	log_capture(NULL, NULL);
	SUITE_INT_EQUAL(n_lost, 1);
	SUITE_TRUE(strstr(lost, "of 3 refusals"));
	SUITE_INT_EQUAL(attempts_total(look("lily").refused.hour), 2);
	redis_do(rig.redis, "DEL " KEY);
	redis_do(rig.redis, "SET " KEY " nonsense");
	refuse("rose", 1);
	store_finish(rig.store);
	SUITE_INT_EQUAL(attempts_total(look("rose").refused.hour), 1);
}

/* ---- which decisions ------------------------------------------------------ */

static const struct request message = {
	.stage = STAGE_END_OF_MESSAGE,
	.final = true,
	.login = "rose",
	.queue_id = "4c1234",
	.client_address = "192.0.2.1",
	.sender = "rose@dom.example",
	.recipients = 3,
};

static void report(const struct request *request, struct verdict *verdict)
{
	verdict->now_ms = 1760000000123;
	report_verdict(rig.store, rig.config, "policyd", request, verdict, 1);
}

/* What a check found, and what comes of it. */
static void decide(const struct request *request, enum check check, enum finding_result result,
		   enum action action)
{
	static struct verdict verdict;

	memset(&verdict, 0, sizeof(verdict));
	verdict.findings[check].result = result;
	verdict.has_check = true;
	verdict.check = check;
	verdict.action = action;
	report(request, &verdict);
}

static void monitor(const struct request *request, enum check check, enum action action)
{
	static struct verdict verdict;

	memset(&verdict, 0, sizeof(verdict));
	verdict.findings[check].result = FINDING_REFUSE;
	verdict.action = action;
	verdict.monitored = 1U << check;
	verdict.monitor_check = check;
	report(request, &verdict);
}

/* Of two checks, by a daemon that charges the message or not. */
static void monitor_two(bool final)
{
	struct request request = message;
	static struct verdict verdict;

	memset(&verdict, 0, sizeof(verdict));
	request.final = final;
	verdict.findings[CHECK_NETWORKS].result = FINDING_REFUSE;
	verdict.findings[CHECK_HEADER_FROM].result = FINDING_REFUSE;
	verdict.findings[CHECK_QUOTAS].result = FINDING_UNKNOWN;
	verdict.monitored = 1U << CHECK_NETWORKS | 1U << CHECK_HEADER_FROM | 1U << CHECK_QUOTAS;
	verdict.monitor_check = CHECK_NETWORKS;
	report(&request, &verdict);
}

static void test_which(void)
{
	struct request rcpt = message, other = message, tested = message;
	struct attempts_seen seen;
	static struct verdict none;

	begin_listening();
	rcpt.stage = STAGE_RCPT;
	rcpt.final = tested.final = false;
	other.login = "";
	decide(&rcpt, CHECK_STATE, FINDING_REFUSE, ACTION_REFUSE);
	decide(&rcpt, CHECK_STATE, FINDING_REFUSE, ACTION_REFUSE);
	decide(&message, CHECK_HEADER_FROM, FINDING_REFUSE, ACTION_REFUSE);
	decide(&message, CHECK_QUOTAS, FINDING_REFUSE, ACTION_DEFER);
	decide(&message, CHECK_QUOTAS, FINDING_REFUSE, ACTION_HOLD);
	decide(&message, CHECK_SANDBOX, FINDING_REFUSE, ACTION_HOLD);
	decide(&message, CHECK_QUOTAS, FINDING_UNKNOWN, ACTION_DEFER);
	decide(&other, CHECK_QUOTAS, FINDING_REFUSE, ACTION_DEFER);
	monitor(&rcpt, CHECK_NETWORKS, ACTION_ACCEPT);
	monitor(&message, CHECK_NETWORKS, ACTION_ACCEPT);
	monitor(&message, CHECK_NETWORKS, ACTION_DEFER);
	monitor(&tested, CHECK_NETWORKS, ACTION_ACCEPT);
	monitor(&tested, CHECK_HEADER_FROM, ACTION_ACCEPT);
	report(&message, &none);
	store_finish(rig.store);
	log_capture(NULL, NULL);
	seen = look("rose");
	SUITE_INT_EQUAL(seen.refused.hour[CHECK_STATE], 2);
	SUITE_INT_EQUAL(seen.refused.hour[CHECK_HEADER_FROM], 1);
	SUITE_INT_EQUAL(seen.refused.hour[CHECK_QUOTAS], 2);
	SUITE_INT_EQUAL(attempts_total(seen.refused.hour), 5);
	SUITE_INT_EQUAL(seen.monitored.hour[CHECK_NETWORKS], 1);
	SUITE_INT_EQUAL(seen.monitored.hour[CHECK_HEADER_FROM], 1);
	SUITE_INT_EQUAL(attempts_total(seen.monitored.hour), 2);
	SUITE_INT_EQUAL(seen.last_action, ACTION_HOLD);
	SUITE_INT_EQUAL(seen.last_s, 1760000000);
}

static void test_each_monitored(void)
{
	struct attempts_seen seen;

	begin_listening();
	monitor_two(true);
	monitor_two(false);
	store_finish(rig.store);
	log_capture(NULL, NULL);
	seen = look("rose");
	SUITE_INT_EQUAL(seen.monitored.hour[CHECK_NETWORKS], 1);
	SUITE_INT_EQUAL(seen.monitored.hour[CHECK_HEADER_FROM], 2);
	SUITE_INT_EQUAL(attempts_total(seen.monitored.hour), 3);
	SUITE_INT_EQUAL(attempts_total(seen.refused.hour), 0);
}

static void test_no_history(void)
{
	char text[1000], error[256];
	struct config *config;

	rig_clean(&rig);
	snprintf(text, sizeof(text), "history = 0\nredis { address = \"unix:%s\" }\n",
		 redis_socket(rig.redis));
	config = config_load_text(text, "test", error, sizeof(error));
	SUITE_TRUE(config != NULL);
	store_configure(rig.store, config);
	refuse("rose", 1);
	store_finish(rig.store);
	store_configure(rig.store, rig.config);
	SUITE_TRUE(look("rose").has_last);
	SUITE_TEXT_EQUAL(look("rose").last_client, "");
	config_unref(&config);
}

static const struct suite_test tests[] = {
	{ "refusals are kept a second later, for 30 days, and go with the account, not by a reset",
	  test_kept },
	{ "what waits of a login that is deleted is not kept", test_deleted },
	{ "what a daemon has that was not told of a deleted login is not kept",
	  test_deleted_unheard },
	{ "they add up, and the last one is the newest", test_added },
	{ "slots of more than a day ago go, later ones are of now", test_slots },
	{ "a last one of a time that has not come gives way to the next", test_set_back },
	{ "of many logins a few are written in a second", test_rate },
	{ "what is refused while the server is away is kept when it is back", test_away },
	{ "what has no room is lost, which is said once, and how much in the end", test_lost },
	{ "a key of another type costs its own login's", test_another_type },
	{ "refused, deferred and held for a quota counts, sandboxed and cannot tell does not",
	  test_which },
	{ "each check that would have refused a message in monitor mode counts it",
	  test_each_monitored },
	{ "with history = 0 the client is not kept", test_no_history },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("attempts", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
