#include "store/lease.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

/* The beginning of an hour, so of every slot. */
#define NOW_MS INT64_C(1699999200000)
#define LIMIT 10000
#define TOKEN_A "#paaaaaaaa"
#define TOKEN_B "#pbbbbbbbb"

static struct leases *leases;
static struct take_row row;
static struct take_answer answer;
static int64_t clock;
static int message;

static struct take take_of(const char *key)
{
	return (struct take){ .name = "rose",
			      .version = "0000000000000001",
			      .message_key = key,
			      .rows = &row,
			      .n_rows = 1 };
}

static const char *new_key(void)
{
	static char key[64];

	snprintf(key, sizeof(key), "mx1/%d#p%08d", message, message);
	message++;
	return key;
}

static void begin(int share_permille)
{
	leases_free(&leases);
	leases = leases_new();
	leases_set_share(leases, share_permille);
	row = (struct take_row){ .quota = { .kind = QUOTA_ROLLING,
					    .unit = QUOTA_RECIPIENTS,
					    .window_s = 3600,
					    .limit = LIMIT,
					    .text = "borrowed" },
				 .amount = 1,
				 .enforce = true };
	clock = 1000000;
	message = 0;
}

/* The store charges one more, of so many. */
static struct borrower *charged(int64_t used)
{
	const struct take take = take_of(new_key());

	answer = (struct take_answer){ .status = TAKE_DONE,
				       .now_ms = NOW_MS,
				       .rows = { { .used = used, .limit = row.quota.limit } } };
	return lease_look(leases, &take, &answer, clock);
}

/* Ten messages in 100 ms. */
static struct borrower *busy(int64_t used)
{
	struct borrower *borrower = NULL;

	for (int i = 0; i < 11 && !borrower; i++) {
		borrower = charged(used + i);
		clock += 10;
	}
	return borrower;
}

static int64_t amount_asked(const struct borrower *borrower)
{
	struct take_row rows[TAKE_ROWS_MAX];
	struct take take;

	lease_question(borrower, rows, &take);
	SUITE_INT_EQUAL(take.n_rows, 1);
	SUITE_TRUE(rows[0].enforce);
	SUITE_TRUE(!rows[0].quota.text);
	return rows[0].amount;
}

/* Answered into_slot_ms into a slot. */
static bool grant(struct borrower *borrower, int64_t used, int64_t into_slot_ms)
{
	answer = (struct take_answer){ .status = TAKE_DONE,
				       .now_ms = NOW_MS + into_slot_ms,
				       .rows = { { .used = used, .limit = row.quota.limit } } };
	return lease_granted(leases, borrower, &answer, clock, clock + 1);
}

static void lend(void)
{
	struct borrower *borrower = busy(100);

	SUITE_TRUE(borrower && grant(borrower, 111, 0));
}

static bool seen(const char *key)
{
	const struct lease_message parts = lease_message(key);

	return lease_seen(leases, &parts);
}

static enum lease_result charge_take(const struct take *take, bool is_seen, struct lease_back **back)
{
	const struct lease_message parts = lease_message(take->message_key);

	*back = NULL;
	return lease_charge(leases, take, &parts, is_seen, clock, &answer, back);
}

static enum lease_result charge_key(const char *key, struct lease_back **back)
{
	const struct take take = take_of(key);

	return charge_take(&take, seen(key), back);
}

static enum lease_result charge(void)
{
	struct lease_back *back;
	enum lease_result result = charge_key(new_key(), &back);

	lease_back_free(&back);
	return result;
}

static int64_t left(void)
{
	struct lease_back *back = lease_end(leases, "rose");
	int64_t left = back ? back->left[0] : -1;

	lease_back_free(&back);
	return left;
}

/* ---- who gets one ------------------------------------------------------------ */

static void test_slow_login(void)
{
	begin(100);
	for (int i = 0; i < 50; i++) {
		SUITE_TRUE(!charged(i));
		clock += 1000 / LEASE_RATE_MIN + 1;
	}
}

static void test_amount(void)
{
	struct borrower *borrower;

	begin(100);
	borrower = busy(100);
	SUITE_TRUE(borrower != NULL);
	/* 11 in 100 ms: 110 a second, a quarter more, and one. */
	SUITE_INT_EQUAL(amount_asked(borrower), 138);
	begin(2);
	borrower = busy(100);
	SUITE_INT_EQUAL(amount_asked(borrower), (LIMIT - 111) * 2 / 1000);
}

static void test_marks(void)
{
	struct borrower *borrower;

	begin(1000);
	borrower = busy(LIMIT * 80 / 100 - 20);
	SUITE_INT_EQUAL(amount_asked(borrower), 20 - 11 - 1);
	begin(1000);
	borrower = busy(LIMIT * 80 / 100);
	SUITE_INT_EQUAL(amount_asked(borrower), 138);
	begin(1000);
	SUITE_TRUE(!busy(LIMIT * 95 / 100));
}

static void test_not_lent(void)
{
	struct ramp ramp = { .start = 1 };

	begin(0);
	SUITE_TRUE(!busy(0));
	begin(100);
	row.ramp = &ramp;
	SUITE_TRUE(!busy(0));
	begin(100);
	row.quota.limit = 10;
	SUITE_TRUE(!busy(0));
	begin(100);
	row.amount = LIMIT / 20;
	SUITE_TRUE(!busy(0));
}

static void test_unlimited(void)
{
	begin(1);
	row.quota.limit = QUOTA_UNLIMITED;
	SUITE_INT_EQUAL(amount_asked(busy(INT64_C(1) << 40)), 138);
}

/* ---- how long ---------------------------------------------------------------- */

static bool live_after(int64_t ms)
{
	struct lease_back *back;
	enum lease_result result;

	clock += ms;
	result = charge_key(new_key(), &back);
	lease_back_free(&back);
	return result == LEASE_ANSWERED;
}

static void test_a_second(void)
{
	begin(100);
	lend();
	SUITE_TRUE(live_after(LEASE_MS - LEASE_MARGIN_MS - 1));
	begin(100);
	lend();
	SUITE_TRUE(!live_after(LEASE_MS - LEASE_MARGIN_MS));
}

static void test_slot(void)
{
	int64_t rest = 100, slot_ms = 60000;

	begin(100);
	SUITE_TRUE(grant(busy(0), 11, slot_ms - rest));
	SUITE_TRUE(live_after(rest - LEASE_MARGIN_MS - 1));
	begin(100);
	SUITE_TRUE(grant(busy(0), 11, slot_ms - rest));
	SUITE_TRUE(!live_after(rest - LEASE_MARGIN_MS));
	begin(100);
	SUITE_TRUE(!grant(busy(0), 11, slot_ms - LEASE_LEAST_MS));
	/* A slot of 17 ms. */
	begin(100);
	row.quota.window_s = 1;
	SUITE_TRUE(!grant(busy(0), 11, 0));
}

static void test_period(void)
{
	begin(100);
	row.quota.kind = QUOTA_CALENDAR;
	row.start_s = NOW_MS / 1000 - 3600;
	row.end_s = NOW_MS / 1000 + 10;
	SUITE_TRUE(grant(busy(0), 11, 9900));
	SUITE_TRUE(!live_after(100 - LEASE_MARGIN_MS));
}

static void test_late_answer(void)
{
	struct borrower *borrower;

	begin(100);
	borrower = busy(0);
	answer.rows[0].used = 11;
	SUITE_TRUE(!lease_granted(leases, borrower, &answer, clock, clock + LEASE_MS));
	SUITE_INT_EQUAL(left(), -1);
}

static void test_not_a_share(void)
{
	begin(100);
	SUITE_TRUE(!grant(busy(0), LIMIT - 138, 0));
	begin(100);
	answer.rows[0].mark = 0;
	SUITE_TRUE(grant(busy(0), 11, 0));
}

/* ---- charging ------------------------------------------------------------------ */

static void test_charged(void)
{
	struct lease_back *back;

	begin(100);
	lend();
	SUITE_INT_EQUAL(charge(), LEASE_ANSWERED);
	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	SUITE_INT_EQUAL(answer.rows[0].used, 111);
	SUITE_INT_EQUAL(charge(), LEASE_ANSWERED);
	SUITE_INT_EQUAL(answer.rows[0].used, 112);
	back = lease_end(leases, "rose");
	SUITE_INT_EQUAL(back->left[0], 136);
	SUITE_INT_EQUAL(back->records.n, 2);
	lease_back_free(&back);
	SUITE_INT_EQUAL(charge(), LEASE_NONE);
}

static void test_used_up(void)
{
	struct lease_back *back;

	begin(100);
	lend();
	for (int i = 0; i < 138; i++)
		SUITE_INT_EQUAL(charge(), LEASE_ANSWERED);
	SUITE_INT_EQUAL(charge_key(new_key(), &back), LEASE_ENDED);
	SUITE_INT_EQUAL(back->left[0], 0);
	SUITE_INT_EQUAL(back->records.n, 138);
	lease_back_free(&back);
}

static void test_other_question(void)
{
	struct take take;
	struct lease_back *back;

	begin(100);
	lend();
	row.quota.limit--;
	SUITE_INT_EQUAL(charge(), LEASE_NONE);
	row.quota.limit++;
	row.quota.window_s++;
	SUITE_INT_EQUAL(charge(), LEASE_NONE);
	row.quota.window_s--;
	take = take_of(new_key());
	take.n_rows = 0;
	SUITE_INT_EQUAL(charge_take(&take, false, &back), LEASE_NONE);
	take = take_of(new_key());
	take.version = "0000000000000002";
	SUITE_INT_EQUAL(charge_take(&take, false, &back), LEASE_ENDED);
	lease_back_free(&back);
}

static void test_repeated(void)
{
	const struct take take = take_of("mx1/B" TOKEN_A);
	struct lease_back *back;

	begin(100);
	lend();
	SUITE_INT_EQUAL(charge_key("mx1/A" TOKEN_A, &back), LEASE_ANSWERED);
	SUITE_INT_EQUAL(charge_key("mx1/A" TOKEN_A, &back), LEASE_ANSWERED);
	SUITE_INT_EQUAL(answer.status, TAKE_REPEATED);
	SUITE_INT_EQUAL(answer.rows[0].used, 112);
	/* Another message of the same name is for the store to tell, and so is one
	 * that may have been charged by another daemon. */
	SUITE_INT_EQUAL(charge_key("mx1/A" TOKEN_B, &back), LEASE_NONE);
	SUITE_TRUE(!seen("mx1/B" TOKEN_A));
	SUITE_INT_EQUAL(charge_take(&take, true, &back), LEASE_NONE);
	SUITE_INT_EQUAL(left(), 137);
}

static void test_asked_before(void)
{
	struct lease_back *back;

	begin(100);
	SUITE_TRUE(!seen("mx1/A" TOKEN_A));
	lend();
	SUITE_INT_EQUAL(charge_key("mx1/A" TOKEN_A, &back), LEASE_NONE);
}

static void test_taken_back(void)
{
	struct lease_back *back;

	begin(100);
	lend();
	SUITE_INT_EQUAL(charge_key("mx1/A" TOKEN_A, &back), LEASE_ANSWERED);
	SUITE_INT_EQUAL(charge_key("mx1/B" TOKEN_A, &back), LEASE_ANSWERED);
	SUITE_TRUE(!lease_take_back(leases, "rose", "mx1/C" TOKEN_A, false));
	SUITE_TRUE(!lease_take_back(leases, "lily", "mx1/A" TOKEN_A, false));
	SUITE_TRUE(lease_take_back(leases, "rose", "mx1/A" TOKEN_A, false));
	SUITE_TRUE(lease_take_back(leases, "rose", "mx1/A" TOKEN_A, false));
	SUITE_INT_EQUAL(charge_key("mx1/A" TOKEN_A, &back), LEASE_ANSWERED);
	SUITE_INT_EQUAL(answer.status, TAKE_GONE);
	SUITE_TRUE(lease_take_back(leases, "rose", "mx1/B" TOKEN_A, true));
	SUITE_TRUE(!lease_take_back(leases, "rose", "mx1/B" TOKEN_A, true));
	back = lease_end(leases, "rose");
	SUITE_INT_EQUAL(back->left[0], 138);
	SUITE_INT_EQUAL(back->records.n, 1);
	lease_back_free(&back);
}

static void test_over(void)
{
	struct lease_back *back;

	begin(100);
	lend();
	SUITE_TRUE(lease_over(leases, clock) == NULL);
	back = lease_over(leases, clock + LEASE_MS);
	SUITE_TRUE(back && back->left[0] == 138);
	lease_back_free(&back);
	SUITE_TRUE(lease_over(leases, INT64_MAX) == NULL);
}

/* Of what is charged when the store has said that so many were used. */
static bool is_wanted_back(int64_t used)
{
	struct lease_back *back;
	bool is_wanted;

	SUITE_TRUE(grant(busy(used - 11), used, 0));
	SUITE_INT_EQUAL(charge(), LEASE_ANSWERED);
	back = lease_end(leases, "rose");
	is_wanted = back && back->is_wanted;
	lease_back_free(&back);
	return is_wanted;
}

static void test_wanted(void)
{
	begin(1000);
	SUITE_TRUE(!is_wanted_back(LIMIT / 2 - 138));
	begin(1000);
	SUITE_TRUE(is_wanted_back(LIMIT / 2 - 138 + 1));
	begin(1000);
	row.quota.limit = QUOTA_UNLIMITED;
	SUITE_TRUE(!is_wanted_back(LIMIT));
}

static void test_many_messages(void)
{
	struct lease_back *back;

	begin(1000);
	row.quota.limit = QUOTA_UNLIMITED;
	clock += 1;
	for (int i = 0; i < 3 * LEASE_MESSAGES_MAX; i++)
		if (i < 3 * LEASE_MESSAGES_MAX - 1)
			charged(i);
	clock += LEASE_LOOK_MS;
	SUITE_TRUE(grant(charged(0), 0, 0));
	for (int i = 0; i < LEASE_MESSAGES_MAX; i++)
		SUITE_INT_EQUAL(charge(), LEASE_ANSWERED);
	SUITE_INT_EQUAL(charge_key(new_key(), &back), LEASE_ENDED);
	SUITE_INT_EQUAL(back->records.n, LEASE_MESSAGES_MAX);
	lease_back_free(&back);
}

static void test_many_names(void)
{
	struct lease_stats stats;
	char name[32];

	begin(100);
	for (int i = 0; i < LEASE_NAMES_MAX + 100; i++) {
		struct take take = take_of("mx1/A" TOKEN_A);

		snprintf(name, sizeof(name), "login%d", i);
		take.name = name;
		lease_look(leases, &take, &answer, clock);
	}
	lease_stats(leases, &stats);
	SUITE_INT_EQUAL(stats.names, LEASE_NAMES_MAX);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a login that sends little gets no lease", test_slow_login },
		{ "what is asked for is what was used lately, and at most the share", test_amount },
		{ "no lease reaches a mark, and beyond the last one there is none", test_marks },
		{ "without a share, with a ramp or for large messages there is none", test_not_lent },
		{ "an unlimited quota has room for any lease", test_unlimited },
		{ "a lease lasts a second", test_a_second },
		{ "a lease ends with the slot that it was charged in", test_slot },
		{ "a lease ends with the calendar period", test_period },
		{ "an answer that took as long as the lease gives none", test_late_answer },
		{ "what is more than the share by now is not used", test_not_a_share },
		{ "messages are charged from the lease", test_charged },
		{ "a lease that is used up goes back with its messages", test_used_up },
		{ "another limit, window, account or number of rows is no matter of the lease",
		  test_other_question },
		{ "a message is charged once", test_repeated },
		{ "a message that the store was asked about is not charged here", test_asked_before },
		{ "a message taken back leaves the lease as it was", test_taken_back },
		{ "a lease that is over goes back", test_over },
		{ "of a quota that is more than half used a lease is wanted back", test_wanted },
		{ "the messages of a lease are limited", test_many_messages },
		{ "the logins looked at are limited", test_many_names },
	};
	int status = suite_run("lease", tests, SUITE_LEN(tests));

	leases_free(&leases);
	return status;
}
