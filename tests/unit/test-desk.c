/*
 * The desk: questions to the real engine over a store that answers when and
 * what the test wants.
 */
#include "milter/desk.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "store/report.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

/* redis.deadline of the tests, and an answer that is certainly later. */
#define DEADLINE_MS 10
#define TOO_LATE_MS (3 * DEADLINE_MS + DESK_MARGIN_MS + 150)

/* Before the question is put, as a delay. */
#define AT_ONCE (-1)

struct store {
	struct identities *identities;
	struct decision_env env;
	struct event *timer;
	int delay_ms;
	/* The take that waits for its answer. */
	take_done *done;
	void *arg;
	int n_charges;
};

static struct store store;
static struct event_base *base;
static struct desk *desk;
static struct config *config;
static struct desk_counts counts; /* at the end of the run */

/* What was answered last. */
static int n_answers;
static struct answer answered;

/* What the store and the log were told. */
static int n_refunds, n_reports, n_takes;
static char refunded[2048];
static enum action reported;

/* ---- in place of store/store.c and store/report.c -------------------------- */

static int64_t fake_now_ms(void *ctx)
{
	(void)ctx;
	return INT64_C(1800000000000);
}

static bool fake_account(void *ctx, const char *login, struct account **out)
{
	(void)ctx;
	(void)login;
	*out = NULL;
	return true;
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct take_answer answer = { .status = TAKE_DONE };

	(void)fd;
	(void)what;
	(void)arg;
	for (int i = 0; i < TAKE_ROWS_MAX; i++)
		answer.rows[i].limit = QUOTA_UNLIMITED;
	store.done(&answer, store.arg);
}

static void fake_take(void *ctx, const struct take *take, take_done *done, void *arg)
{
	const struct timeval after = { .tv_sec = store.delay_ms / 1000,
				       .tv_usec = store.delay_ms % 1000 * 1000 };

	(void)ctx;
	n_takes++;
	store.n_charges += take->message_key != NULL;
	store.done = done;
	store.arg = arg;
	if (store.delay_ms == AT_ONCE)
		on_answer(-1, 0, NULL);
	else
		evtimer_add(store.timer, &after);
}

static void fake_take_local(void *ctx, const struct take *take, struct take_answer *answer)
{
	(void)ctx;
	(void)take;
	answer->status = TAKE_DONE;
}

static void fake_charge_local(void *ctx, const struct take *take, bool uncertain)
{
	(void)ctx;
	(void)take;
	(void)uncertain;
}

/* Notes "scope name key, ". */
static void fake_refund(void *ctx, const struct charge *charge, const char *message_key,
			bool forget)
{
	char one[MESSAGE_KEY_MAX + LOGIN_MAX + 32];

	(void)ctx;
	SUITE_TRUE(!forget);
	n_refunds++;
	snprintf(one, sizeof(one), "%s %s %s, ", take_scope_name(charge->scope), charge->name,
		 message_key);
	SUITE_TRUE(strlen(refunded) + strlen(one) < sizeof(refunded));
	strncat(refunded, one, sizeof(refunded) - strlen(refunded) - 1);
}

const struct decision_env *store_env(struct store *ours)
{
	return &ours->env;
}

const struct identities *store_identities(const struct store *ours)
{
	return ours->identities;
}

void report_verdict(struct store *ours, const struct config *snapshot, const char *daemon,
		    const struct request *request, const struct verdict *verdict,
		    int64_t elapsed_us)
{
	(void)ours;
	(void)snapshot;
	(void)request;
	(void)elapsed_us;
	SUITE_TEXT_EQUAL(daemon, "milter");
	n_reports++;
	reported = verdict->action;
}

/* ---- running --------------------------------------------------------------- */

static struct request end_of_message(void)
{
	return (struct request){
		.stage = STAGE_END_OF_MESSAGE,
		.final = true,
		.queue_id = "4QDESK",
		.login = "alice@example.org",
		.client_address = "192.0.2.7",
		.sender = "alice@example.org",
		.sender_form = ADDRESS_SMTP,
		.recipient = "",
		.recipients = 1,
		.size_bytes = 100,
	};
}

/* Runs questions() with a store that takes delay_ms for an answer, and waits
 * until nothing is under way. */
static void run_with(int deadline_ms, const char *settings, int delay_ms, void (*questions)(void))
{
	char text[512];

	snprintf(text, sizeof(text),
		 "%sredis { deadline = %dms }\n"
		 "plan default { quotas = { \"10 messages / 1h\" } }\n"
		 "domain example.org { shared_quotas = { \"20 messages / 1h\" } }\n",
		 settings, deadline_ms);
	config = fixture_config(text);
	n_refunds = n_reports = n_takes = n_answers = 0;
	refunded[0] = '\0';
	base = event_base_new();
	store = (struct store){
		.identities = identities_new(),
		.env = { .ctx = &store,
			 .now_ms = fake_now_ms,
			 .account = fake_account,
			 .take = fake_take,
			 .take_local = fake_take_local,
			 .charge_local = fake_charge_local,
			 .refund = fake_refund },
		.timer = evtimer_new(base, on_answer, NULL),
		.delay_ms = delay_ms,
	};
	desk = desk_new(base, &store);
	questions();
	while (desk_counts(desk)->under_way > 0)
		event_base_loop(base, EVLOOP_ONCE);
	counts = *desk_counts(desk);
	desk_free(&desk);
	event_free(store.timer);
	identities_free(&store.identities);
	event_base_free(base);
	config_unref(&config);
}

static void run(const char *settings, int delay_ms, void (*questions)(void))
{
	run_with(DEADLINE_MS, settings, delay_ms, questions);
}

/* The login's own quota and its domain's. */
#define CHARGES 2
#define ALL_REFUNDED "login alice@example.org mx1/4QDESK, domain example.org mx1/4QDESK, "

static void on_answered(const struct answer *answer, const struct request *request, void *arg)
{
	SUITE_TRUE(arg == &answered);
	SUITE_TEXT_EQUAL(request->queue_id, "4QDESK");
	n_answers++;
	answered = *answer;
}

/* The request's texts are gone when the answer comes. */
static void ask(enum action wanted, int charges)
{
	char queue_id[] = "4QDESK";
	struct request request = end_of_message();

	request.queue_id = queue_id;
	desk_ask(desk, config, &request, NULL, on_answered, &answered);
	memset(queue_id, '?', sizeof(queue_id) - 1);
	while (n_answers == 0)
		event_base_loop(base, EVLOOP_ONCE);
	SUITE_INT_EQUAL(n_answers, 1);
	SUITE_INT_EQUAL(answered.action, wanted);
	SUITE_INT_EQUAL(answered.charges.n, charges);
	if (wanted == ACTION_DEFER)
		SUITE_TEXT_EQUAL(answered.code, "451");
}

static void ask_in_time(void)
{
	ask(ACTION_ACCEPT, CHARGES);
}

static void test_in_time(void)
{
	run("", 0, ask_in_time);
	SUITE_INT_EQUAL(store.n_charges, CHARGES);
	SUITE_INT_EQUAL(n_reports, 1);
	SUITE_INT_EQUAL(reported, ACTION_ACCEPT);
	SUITE_INT_EQUAL(n_refunds, 0);
	SUITE_INT_EQUAL(counts.accepted, 1);
}

/* An answer that is there before desk_ask() returns. */
static void test_at_once(void)
{
	run("", AT_ONCE, ask_in_time);
	SUITE_INT_EQUAL(n_answers, 1);
	SUITE_INT_EQUAL(n_reports, 1);
	SUITE_INT_EQUAL(counts.accepted, 1);
}

static void ask_late(void)
{
	ask(ACTION_DEFER, 0);
}

static void test_late(void)
{
	run("on_store_failure = defer\n", TOO_LATE_MS, ask_late);
	SUITE_INT_EQUAL(n_answers, 1);
	SUITE_INT_EQUAL(n_reports, 1);
	SUITE_INT_EQUAL(reported, ACTION_DEFER);
	SUITE_TEXT_EQUAL(refunded, ALL_REFUNDED);
	SUITE_INT_EQUAL(counts.late, 1);
	SUITE_INT_EQUAL(counts.deferred, 1);
}

static void ask_late_and_pass(void)
{
	ask(ACTION_ACCEPT, 0);
}

static void test_late_pass(void)
{
	run("on_store_failure = pass\n", TOO_LATE_MS, ask_late_and_pass);
	SUITE_INT_EQUAL(reported, ACTION_ACCEPT);
	SUITE_INT_EQUAL(store.n_charges, CHARGES);
	SUITE_INT_EQUAL(n_refunds, 0);
}

/* Each of the two scopes takes nearly a deadline; together they take longer
 * than one and the margin. */
static void test_slow(void)
{
	run_with(300, "on_store_failure = defer\n", 250, ask_in_time);
	SUITE_INT_EQUAL(n_refunds, 0);
	SUITE_INT_EQUAL(counts.late, 0);
}

static void undo(void)
{
	struct request request = end_of_message();
	struct answer answer = { .action = ACTION_ACCEPT };

	desk_undo(desk, config, &request, &answer);
	answer.charges = (struct charges){ .n = CHARGES,
					   .items = { { SCOPE_LOGIN, "alice@example.org" },
						      { SCOPE_DOMAIN, "example.org" } } };
	desk_undo(desk, config, &request, &answer);
}

static void test_undo(void)
{
	run("", 0, undo);
	SUITE_INT_EQUAL(n_refunds, CHARGES);
	SUITE_TEXT_EQUAL(refunded, ALL_REFUNDED);
	SUITE_INT_EQUAL(n_takes, 0);
}

static const struct suite_test tests[] = {
	{ "an answer in time is told and reported", test_in_time },
	{ "so is one that is there at once", test_at_once },
	{ "a late answer: the client was deferred, and its charge is taken back", test_late },
	{ "a late answer with on_store_failure = pass: accepted, and charged", test_late_pass },
	{ "each scope has a deadline of its own", test_slow },
	{ "what could not be carried out is taken back if it was charged", test_undo },
};

int main(void)
{
	return suite_run("desk", tests, SUITE_LEN(tests));
}
