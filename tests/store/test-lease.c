/* Leases in a real Redis: what is charged from them, what goes back, and who waits. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/borrow_internal.h"
#include "store/login_trace.h"
#include "tests/store/lent.h"
#include "tests/unit/suite.h"

static struct rig rig = { .deadline_ms = RIG_SHORT_MS };
static const struct lent rose = { .rig = &rig, .login = "rose" };

static struct lease_stats stats(void)
{
	return lent_stats(&rose);
}

static struct take_answer take_key(const char *key, int64_t amount, int64_t limit, bool repeated)
{
	return lent_take(&rose, key, amount, limit, repeated);
}

static const char *new_key(void)
{
	static char key[LENT_KEY_MAX];

	lent_new_key(key);
	return key;
}

static bool charge(int64_t limit)
{
	return lent_charge(&rose, limit);
}

static int64_t used(void)
{
	return lent_used(&rose);
}

static int64_t charge_until_lent(int64_t limit)
{
	return lent_until_lease(&rose, limit);
}

/* The same, and one message more, which a lease charges. */
static int64_t charge_lent(char key[LENT_KEY_MAX])
{
	int64_t charged = charge_until_lent(100000);

	lent_new_key(key);
	SUITE_INT_EQUAL(take_key(key, 1, 100000, false).status, TAKE_DONE);
	return charged + 1;
}

static void wait_returned(void)
{
	lent_wait_returned(&rose);
}

static void begin(void)
{
	wait_returned();
	rig_clean(&rig);
}

/* ---- tests ------------------------------------------------------------------- */

static void test_returned(void)
{
	int64_t charged = 0;

	begin();
	charged = charge_until_lent(100000);
	for (int i = 0; i < 10; i++)
		charged += charge(100000);
	SUITE_TRUE(stats().decisions >= 10);
	SUITE_TRUE(used() > charged);
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
}

static void test_many(void)
{
	char first[LENT_KEY_MAX], last[LENT_KEY_MAX] = "";
	int64_t charged;

	begin();
	charged = charge_until_lent(QUOTA_UNLIMITED);
	snprintf(first, sizeof(first), "%s", new_key());
	charged += take_key(first, 1, QUOTA_UNLIMITED, false).status == TAKE_DONE;
	while (charged < 4 * LEASE_MESSAGES_MAX) {
		snprintf(last, sizeof(last), "%s", new_key());
		charged += take_key(last, 1, QUOTA_UNLIMITED, false).status == TAKE_DONE;
	}
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
	SUITE_INT_EQUAL(take_key(first, 1, QUOTA_UNLIMITED, true).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(take_key(last, 1, QUOTA_UNLIMITED, true).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(used(), charged);
}

static void test_exact(void)
{
	struct store *stores[3];
	int64_t charged = 0;
	const int64_t limit = 20000;

	begin();
	stores[0] = rig.store;
	for (int i = 1; i < 3; i++) {
		rig.store = NULL;
		rig_restart_store(&rig, true);
		stores[i] = rig.store;
	}
	for (int refused = 0, i = 0; refused < 100; i++) {
		rig.store = stores[i % 3];
		if (charge(limit))
			charged++;
		else
			refused++;
	}
	for (int i = 0; i < 3; i++) {
		rig.store = stores[i];
		SUITE_TRUE(stats().decisions > 0);
		wait_returned();
	}
	SUITE_TRUE(charged <= limit);
	SUITE_INT_EQUAL(used(), charged);
	while (charge(limit))
		charged++;
	SUITE_INT_EQUAL(charged, limit);
	for (int i = 1; i < 3; i++)
		store_free(&stores[i]);
	rig.store = stores[0];
}

static void test_repeated(void)
{
	char plain[LENT_KEY_MAX], lent[LENT_KEY_MAX];
	int64_t charged;

	begin();
	snprintf(plain, sizeof(plain), "%s", new_key());
	SUITE_INT_EQUAL(take_key(plain, 1, 100000, false).status, TAKE_DONE);
	charged = charge_until_lent(100000) + 2;
	snprintf(lent, sizeof(lent), "%s", new_key());
	SUITE_INT_EQUAL(take_key(lent, 1, 100000, false).status, TAKE_DONE);
	SUITE_INT_EQUAL(take_key(lent, 1, 100000, true).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(take_key(plain, 1, 100000, true).status, TAKE_REPEATED);
	wait_returned();
	SUITE_INT_EQUAL(take_key(lent, 1, 100000, true).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(used(), charged);
	/* The daemon is another one. */
	rig_restart_store(&rig, true);
	SUITE_INT_EQUAL(take_key(lent, 1, 100000, true).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(take_key(lent, 1, 1, true).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(used(), charged);
	lent[strlen(lent) - 1] ^= 1;
	SUITE_INT_EQUAL(take_key(lent, 1, 100000, true).status, TAKE_DONE);
	SUITE_INT_EQUAL(used(), charged + 1);
}

static void test_refunded(void)
{
	char early[LENT_KEY_MAX], late[LENT_KEY_MAX];
	int64_t charged;

	begin();
	charged = charge_until_lent(100000) + 2;
	snprintf(early, sizeof(early), "%s", new_key());
	SUITE_INT_EQUAL(take_key(early, 3, 100000, false).status, TAKE_DONE);
	snprintf(late, sizeof(late), "%s", new_key());
	SUITE_INT_EQUAL(take_key(late, 4, 100000, false).status, TAKE_DONE);
	rig_refund(&rig, "rose", early);
	SUITE_INT_EQUAL(take_key(early, 3, 100000, true).status, TAKE_GONE);
	wait_returned();
	SUITE_INT_EQUAL(used(), charged - 2 + 4);
	SUITE_INT_EQUAL(take_key(early, 3, 100000, true).status, TAKE_GONE);
	for (int i = 0; i < 2; i++) {
		rig_refund(&rig, "rose", late);
		SUITE_INT_EQUAL(used(), charged - 2);
	}
	SUITE_INT_EQUAL(take_key(late, 4, 100000, true).status, TAKE_GONE);
	SUITE_INT_EQUAL(used(), charged - 2);
}

static void test_refund_waits(void)
{
	char key[LENT_KEY_MAX];
	int64_t charged;

	begin();
	charged = charge_until_lent(100000);
	snprintf(key, sizeof(key), "%s", new_key());
	SUITE_INT_EQUAL(take_key(key, 5, 100000, false).status, TAKE_DONE);
	borrow_return(rig.store, "rose");
	SUITE_INT_EQUAL(rig_refund(&rig, "rose", key).result, STORE_UNAVAILABLE);
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
}

/* Of what two clocks say in milliseconds. */
#define ROUNDED_MS 2

/* How long the lease lasts that a charge since since_ms has got; on a machine
 * that stood still perhaps no more. */
static int64_t left_ms(int64_t since_ms)
{
	int64_t left = redis_integer(rig.redis, "PTTL sendward:{rose}:l");

	SUITE_TRUE(left > 0 || rig_now_ms() - since_ms >= LEASE_MS / 2);
	return left;
}

static int64_t block_took_ms(const char *login)
{
	int64_t began_ms = rig_now_ms();

	SUITE_INT_EQUAL(rig_put(&rig, login, NULL, "{\"state\":\"blocked\"}").result, STORE_OK);
	return rig_now_ms() - began_ms;
}

static void test_block_waits(void)
{
	int64_t began_ms, looked_ms, charged, before, left, took_ms = LEASE_MS;

	begin();
	rig_put(&rig, "rose", "", "{}");
	began_ms = rig_now_ms();
	charged = charge_until_lent(100000);
	/* It hears nothing of it: no news are followed here. */
	looked_ms = rig_now_ms();
	left = left_ms(began_ms);
	block_took_ms("rose");
	SUITE_TRUE(rig_now_ms() - looked_ms >= left - ROUNDED_MS);
	before = stats().decisions;
	SUITE_TRUE(charge(100000));
	SUITE_INT_EQUAL(stats().decisions, before);
	wait_returned();
	SUITE_INT_EQUAL(used(), charged + 1);
	/* Who has none is not waited for; a machine that stands still is forgiven. */
	for (int i = 0; i < 5 && took_ms >= LEASE_MS / 2; i++)
		took_ms = block_took_ms("lily");
	SUITE_TRUE(took_ms < LEASE_MS / 2);
}

/* Nor does a login of an SMTP user, whose last use is kept beside it, end the wait. */
static void test_delete_waits(void)
{
	int64_t began_ms, looked_ms, left;

	begin();
	rig_put(&rig, "rose", "", "{}");
	began_ms = rig_now_ms();
	charge_until_lent(100000);
	store_login_trace(rig.store, "rose", "{}");
	looked_ms = rig_now_ms();
	left = left_ms(began_ms);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_TRUE(rig_now_ms() - looked_ms >= left - ROUNDED_MS);
	wait_returned();
}

static void test_old_account(void)
{
	const struct take_row row = {
		.quota = { .unit = QUOTA_RECIPIENTS, .limit = 100000, .window_s = 86400 },
		.amount = 1,
		.enforce = true
	};
	const struct take take = { .name = "rose",
				   .version = "0000000000000001",
				   .message_key = "mx1/other#p00000000",
				   .rows = &row,
				   .n_rows = 1 };

	begin();
	charge_until_lent(100000);
	SUITE_INT_EQUAL(rig_take(&rig, &take).status, TAKE_STALE);
	SUITE_INT_EQUAL(stats().lent, 0);
}

static void test_reset_waits(void)
{
	int64_t before;

	begin();
	charge_until_lent(100000);
	SUITE_INT_EQUAL(rig_reset(&rig, "rose").result, STORE_OK);
	before = stats().decisions;
	SUITE_TRUE(charge(100000));
	SUITE_INT_EQUAL(stats().decisions, before);
	wait_returned();
	SUITE_INT_EQUAL(used(), 1);
}

static void test_does_not_fit(void)
{
	int64_t charged, limit = 20000;

	begin();
	charged = charge_until_lent(limit);
	SUITE_INT_EQUAL(take_key(new_key(), limit - charged, limit, false).status, TAKE_DONE);
	SUITE_INT_EQUAL(used(), limit);
}

#define MANY 12
#define LATE 400

static bool all_lent(void)
{
	return stats().lent == MANY;
}

/* Each login has a lease, and has charged n messages from it. */
static void lend_many(struct lent *logins, char names[MANY][LENT_KEY_MAX],
		      char last[MANY][LENT_KEY_MAX], int n)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], LENT_KEY_MAX, "lily%d", i);
		logins[i] = (struct lent){ .rig = &rig, .login = names[i] };
	}
	while (!all_lent() && rig_now_ms() < until_ms)
		for (int i = 0; i < MANY; i++)
			SUITE_TRUE(lent_charge(&logins[i], 100000));
	while (n-- > 0)
		for (int i = 0; i < MANY; i++) {
			lent_new_key(last[i]);
			SUITE_INT_EQUAL(lent_take(&logins[i], last[i], 1, 100000, false).status,
					TAKE_DONE);
		}
}

/* The last one first: its lease goes back last. */
static void test_many_at_once(void)
{
	char names[MANY][LENT_KEY_MAX], last[MANY][LENT_KEY_MAX];
	struct lent logins[MANY];
	struct store_stats sent;
	int64_t returning = 0;

	/* Where a machine takes so long for the messages that leases end meanwhile, fewer. */
	for (int n = 40; n > 0; n /= 2) {
		begin();
		lend_many(logins, names, last, n);
		borrow_return_all(rig.store);
		returning = stats().returning;
		if (returning == MANY)
			break;
	}
	SUITE_INT_EQUAL(returning, MANY);
	store_stats(rig.store, &sent);
	SUITE_TRUE(sent.in_flight < returning);
	for (int i = MANY - 1; i >= 0; i--)
		SUITE_INT_EQUAL(lent_take(&logins[i], last[i], 1, 100000, true).status,
				TAKE_REPEATED);
	wait_returned();
}

/* What nobody waits for, and could not go back for an hour. */
static void test_late(void)
{
	struct store_stats before, after;
	int64_t returning;

	begin();
	redis_freeze(rig.redis);
	for (int i = 0; i < LATE; i++) {
		struct lease_back *back = memory_zero(sizeof(*back));

		snprintf(back->login, sizeof(back->login), "lily%d", i);
		lease_records_init(&back->records, (uint64_t)i, 1);
		borrow_give_back(rig.store, back);
	}
	returning = stats().returning;
	SUITE_INT_EQUAL(returning, LATE);
	store_stats(rig.store, &before);
	SUITE_TRUE(before.in_flight < LATE / 4);
	borrow_send_late(rig.store, INT64_MAX);
	store_stats(rig.store, &after);
	SUITE_TRUE(after.in_flight > before.in_flight);
	SUITE_TRUE(after.in_flight < LATE / 2);
	redis_thaw(rig.redis);
	wait_returned();
}

/* It stops before it has the answer. */
static void test_stopped_asking(void)
{
	struct store_stats asking = { 0 };
	int64_t charged = 0;

	begin();
	while (asking.in_flight == 0 && charged < LEASE_MESSAGES_MAX) {
		charged += charge(100000);
		store_stats(rig.store, &asking);
	}
	SUITE_INT_EQUAL(stats().lent, 0);
	rig_restart_store(&rig, true);
	SUITE_INT_EQUAL(used(), charged);
}

static void test_stopped(void)
{
	int64_t charged;

	begin();
	charged = charge_until_lent(100000);
	rig_restart_store(&rig, true);
	SUITE_INT_EQUAL(used(), charged);
}

static void test_scripts_lost(void)
{
	int64_t charged;

	begin();
	charged = charge_until_lent(100000);
	redis_do(rig.redis, "SCRIPT FLUSH");
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
}

static void test_connection_lost(void)
{
	int64_t charged;

	begin();
	charged = charge_until_lent(100000);
	charged += charge(100000);
	redis_freeze(rig.redis);
	borrow_return(rig.store, "rose");
	rig_run(&rig, 2 * RIG_SHORT_MS);
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
}

/* The server has lost the script that gives back, and not the one that charges: what was asked
 * afterwards is answered before. */
static void test_repeated_overtakes(void)
{
	const struct lent tulip = { .rig = &rig, .login = "tulip" };
	char key[LENT_KEY_MAX];
	int64_t charged;

	begin();
	charged = charge_lent(key);
	redis_do(rig.redis, "SCRIPT FLUSH");
	SUITE_TRUE(lent_charge(&tulip, 100000));
	SUITE_TRUE(borrow_return(rig.store, "rose"));
	SUITE_INT_EQUAL(take_key(key, 1, 100000, true).status, TAKE_REPEATED);
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
	SUITE_INT_EQUAL(take_key(key, 1, 100000, true).status, TAKE_REPEATED);
	SUITE_INT_EQUAL(used(), charged);
	rig_refund(&rig, "rose", key);
	SUITE_INT_EQUAL(used(), charged - 1);
}

/* Nobody waits longer for a lease than for an answer. */
static void test_repeated_in_vain(void)
{
	char key[LENT_KEY_MAX];
	int64_t charged;

	begin();
	charged = charge_lent(key);
	redis_freeze(rig.redis);
	SUITE_TRUE(borrow_return(rig.store, "rose"));
	SUITE_INT_EQUAL(take_key(key, 1, 100000, true).status, TAKE_UNAVAILABLE);
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(take_key(key, 1, 100000, true).status, TAKE_REPEATED);
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
}

static bool nothing_in_flight(void)
{
	struct store_stats now;

	store_stats(rig.store, &now);
	return now.in_flight == 0;
}

/* The give-back is refused, and a repeated request comes before it is sent again. */
static void test_back_refused(void)
{
	char key[LENT_KEY_MAX];
	int64_t charged;

	begin();
	charged = charge_lent(key);
	redis_do(rig.redis, "ACL SETUSER default -hset");
	borrow_return(rig.store, "rose");
	rig_wait_for(&rig, nothing_in_flight, "the refusal");
	SUITE_INT_EQUAL(stats().returning, 1);
	redis_do(rig.redis, "ACL SETUSER default +hset");
	SUITE_INT_EQUAL(take_key(key, 1, 100000, true).status, TAKE_REPEATED);
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
}

/* As the engine does while the store is away. */
static enum take_status take_local(const char *key)
{
	const struct decision_env *env = store_env(rig.store);
	const struct take_row row = {
		.quota = { .unit = QUOTA_RECIPIENTS, .limit = 100000, .window_s = 86400 },
		.amount = 1,
		.enforce = true
	};
	const struct take take = { .name = "rose",
				   .version = "",
				   .message_key = key,
				   .rows = &row,
				   .n_rows = 1,
				   .may_be_repeated = true };
	struct take_answer answer;

	env->take_local(env->ctx, &take, &answer);
	if (answer.status == TAKE_DONE)
		env->charge_local(env->ctx, &take, false);
	return answer.status;
}

static bool nothing_owed(void)
{
	struct store_stats s;

	store_stats(rig.store, &s);
	return s.owed == 0;
}

/* A lease is out, one is on its way back, one has gone back when the server hangs; a
 * message of each is repeated. */
static void test_repeated_without_store(void)
{
	char back[LENT_KEY_MAX], away[LENT_KEY_MAX], out[LENT_KEY_MAX];
	int64_t charged;

	begin();
	charged = charge_until_lent(100000) + 2;
	snprintf(back, sizeof(back), "%s", new_key());
	SUITE_INT_EQUAL(take_key(back, 1, 100000, false).status, TAKE_DONE);
	wait_returned();
	charged += charge_until_lent(100000);
	snprintf(away, sizeof(away), "%s", new_key());
	SUITE_INT_EQUAL(take_key(away, 1, 100000, false).status, TAKE_DONE);
	redis_freeze(rig.redis);
	SUITE_INT_EQUAL(take_local(away), TAKE_REPEATED);
	borrow_return(rig.store, "rose");
	rig_wait_connected(&rig, false);
	SUITE_INT_EQUAL(take_local(away), TAKE_REPEATED);
	SUITE_INT_EQUAL(take_local(back), TAKE_DONE);
	SUITE_INT_EQUAL(take_local(back), TAKE_REPEATED);
	snprintf(out, sizeof(out), "%s", new_key());
	SUITE_INT_EQUAL(take_local(out), TAKE_DONE);
	charged++;
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	rig_wait_for(&rig, nothing_owed, "what is owed");
	wait_returned();
	SUITE_INT_EQUAL(used(), charged);
}

/* What it counted of the lease is lost with the rest: that must not be taken from what
 * was counted since. */
static void test_server_lost_all(void)
{
	char lent[LENT_KEY_MAX];

	begin();
	charge_until_lent(100000);
	snprintf(lent, sizeof(lent), "%s", new_key());
	SUITE_INT_EQUAL(take_key(lent, 1, 100000, false).status, TAKE_DONE);
	redis_do(rig.redis, "FLUSHALL");
	SUITE_INT_EQUAL(take_key("mx2/1#p00000000", 7, 100000, true).status, TAKE_DONE);
	wait_returned();
	SUITE_INT_EQUAL(used(), 7);
	rig_refund(&rig, "rose", lent);
	SUITE_INT_EQUAL(used(), 7);
	SUITE_INT_EQUAL(take_key(lent, 1, 100000, true).status, TAKE_GONE);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "what was not used of a lease goes back", test_returned },
		{ "thousands of messages go back with their leases", test_many },
		{ "three daemons accept the limit, and no more", test_exact },
		{ "a repeated message is charged once, whoever is asked", test_repeated },
		{ "a refund is exact before the lease is back and after", test_refunded },
		{ "a refund waits until the lease is back", test_refund_waits },
		{ "who blocks a login waits for its lease", test_block_waits },
		{ "who deletes a login that has logged in waits for its lease", test_delete_waits },
		{ "a lease is of one account", test_old_account },
		{ "a reset waits for the lease, which leaves nothing behind", test_reset_waits },
		{ "what fits when the lease is back is not refused", test_does_not_fit },
		{ "leases that end at once go back one by one, and before a repeated message",
		  test_many_at_once },
		{ "leases that could not go back for long go back a portion at a time", test_late },
		{ "a daemon that stops gives back what it has", test_stopped },
		{ "a daemon that stops gives back what it has just asked for", test_stopped_asking },
		{ "a server that has lost its scripts gets the leases back", test_scripts_lost },
		{ "a server that was away gets the leases back once", test_connection_lost },
		{ "a lease that was refused goes back before a repeated message", test_back_refused },
		{ "a repeated message that overtakes its lease is charged once", test_repeated_overtakes },
		{ "a repeated message whose lease does not arrive is told so", test_repeated_in_vain },
		{ "a message of a lease that is repeated in an outage is charged once",
		  test_repeated_without_store },
		{ "a lease that its server has lost takes nothing from what came after",
		  test_server_lost_all },
	};
	int status;

	rig_open(&rig, "lease_share = 0.1", NULL);
	status = suite_run("lease", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
