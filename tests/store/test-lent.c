/* What a real Redis keeps of the messages that leases have charged. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "engine/take.h"
#include "tests/store/lent.h"
#include "tests/unit/suite.h"

#define LIMIT 100000
#define KEPT_S 600

static struct rig rig = { .deadline_ms = RIG_DEADLINE_MS };
static const struct lent rose = { .rig = &rig, .login = "rose" };
static char keys[3 * LEASE_MESSAGES_MAX][LENT_KEY_MAX];
static size_t n_keys;
static char full[KEY_LENT_INDEX_FULL + 1];
static int64_t charged;

static enum take_status take_again(const char *key)
{
	return lent_take(&rose, key, 1, LIMIT, true).status;
}

/* On a machine that takes its time the questions of a test become a lease, too. */
static int64_t counted(void)
{
	lent_wait_returned(&rose);
	return lent_used(&rose);
}

/* Messages of at least so many leases, which have gone back. */
static void lend(int leases)
{
	rig_clean(&rig);
	charged = 0;
	n_keys = 0;
	for (int i = 0; i < leases; i++) {
		charged += lent_until_lease(&rose, LIMIT);
		for (int j = 0; j < 50; j++) {
			lent_new_key(keys[n_keys]);
			charged += lent_take(&rose, keys[n_keys++], 1, LIMIT, false).status ==
				   TAKE_DONE;
		}
		lent_wait_returned(&rose);
	}
	/* Another daemon, which has seen none of them. */
	rig_restart_store(&rig, true);
}

static void refund(const char *key, bool forget)
{
	struct charge charge = { .scope = SCOPE_LOGIN, .name = "rose" };
	struct rig_waited waited = { .done = false };

	store_refund(rig.store, &charge, key, forget, rig_on_done, &waited);
	rig_wait(&rig, &waited.done);
	SUITE_INT_EQUAL(waited.result, STORE_OK);
}

static void test_told_apart(void)
{
	char other[LENT_KEY_MAX];

	lend(3);
	for (size_t i = 0; i < n_keys; i += 7)
		SUITE_INT_EQUAL(take_again(keys[i]), TAKE_REPEATED);
	SUITE_INT_EQUAL(counted(), charged);
	/* The last digit of its token. */
	snprintf(other, sizeof(other), "%s", keys[0]);
	other[strlen(other) - 1] ^= 1;
	SUITE_INT_EQUAL(take_again(other), TAKE_DONE);
	SUITE_INT_EQUAL(counted(), charged + 1);
	/* Asked about by the other daemon it is the same. */
	snprintf(other, sizeof(other), "%s", keys[1]);
	*strchr(other, '#') = '\0';
	SUITE_INT_EQUAL(take_again(other), TAKE_REPEATED);
	SUITE_INT_EQUAL(counted(), charged + 1);
}

static void test_refunded(void)
{
	lend(2);
	for (size_t i = 0; i < n_keys; i += 10) {
		for (int twice = 0; twice < 2; twice++)
			refund(keys[i], false);
		charged--;
		SUITE_INT_EQUAL(counted(), charged);
		SUITE_INT_EQUAL(take_again(keys[i]), TAKE_GONE);
	}
	for (size_t i = 1; i < n_keys; i += 10)
		SUITE_INT_EQUAL(take_again(keys[i]), TAKE_REPEATED);
	SUITE_INT_EQUAL(counted(), charged);
}

static void test_forgotten(void)
{
	lend(2);
	/* So few that this daemon takes no lease for them (LEASE_RATE_MIN). */
	for (size_t i = 0; i < n_keys; i += 25) {
		refund(keys[i], true);
		SUITE_INT_EQUAL(counted(), charged - 1);
		SUITE_INT_EQUAL(take_again(keys[i]), TAKE_DONE);
		SUITE_INT_EQUAL(counted(), charged);
	}
	for (size_t i = 0; i < n_keys; i += 7)
		SUITE_INT_EQUAL(take_again(keys[i]), TAKE_REPEATED);
	SUITE_INT_EQUAL(counted(), charged);
}

/* A queue id came again: the later message was charged without a lease. */
static void test_shadowed(void)
{
	char other[LENT_KEY_MAX];

	lend(1);
	snprintf(other, sizeof(other), "%s", keys[0]);
	other[strlen(other) - 1] ^= 1;
	SUITE_INT_EQUAL(take_again(other), TAKE_DONE);
	SUITE_INT_EQUAL(counted(), charged + 1);
	refund(keys[0], false);
	SUITE_INT_EQUAL(counted(), charged);
	SUITE_INT_EQUAL(take_again(keys[0]), TAKE_GONE);
	SUITE_INT_EQUAL(take_again(other), TAKE_REPEATED);
	refund(other, false);
	SUITE_INT_EQUAL(counted(), charged - 1);
}

/* What was written in a turn is found in the next. */
static void test_next_turn(void)
{
	lend(1);
	redis_do(rig.redis, "EVAL %s 0",
		 "for _, key in ipairs(redis.call('KEYS', '*:l:*')) do"
		 " local from, rest = string.match(key, '^(.*:l:)[01](.*)$')"
		 " local turn = string.match(key, ':l:([01])') "
		 " redis.call('RENAME', key, from .. (1 - turn) .. rest) end");
	SUITE_INT_EQUAL(take_again(keys[0]), TAKE_REPEATED);
	refund(keys[0], false);
	SUITE_INT_EQUAL(take_again(keys[0]), TAKE_GONE);
	SUITE_INT_EQUAL(counted(), charged - 1);
}

static void test_kept(void)
{
	int64_t least_ms, n;

	lend(2);
	n = redis_integer(rig.redis, "EVAL %s 0", "return #redis.call('KEYS', '*:l:*')");
	SUITE_TRUE(n >= 2 && n <= KEY_LENT_TURNS * (1 + KEY_LENT_INDEXES));
	least_ms = redis_integer(rig.redis, "EVAL %s 0",
				 "local least, most = 1e9, 0"
				 " for _, key in ipairs(redis.call('KEYS', '*:l:*')) do"
				 " least = math.min(least, redis.call('PTTL', key))"
				 " most = math.max(most, redis.call('PTTL', key)) end"
				 " return most <= 600000 and least or -1");
	SUITE_TRUE(least_ms > KEPT_S * 1000 - REDIS_PATIENCE_MS);
}

/* Of the first version that had leases: hashes of messages. */
static void test_older(void)
{
	rig_clean(&rig);
	redis_do(rig.redis, "HSET sendward:{rose}:l:0 mx1/OLD cp01234567");
	redis_do(rig.redis, "HSET sendward:{rose}:l:1 mx1/OLD cp01234567");
	SUITE_INT_EQUAL(take_again("mx1/OLD#p01234567"), TAKE_DONE);
	charged = 1 + lent_until_lease(&rose, LIMIT);
	lent_new_key(keys[0]);
	charged += lent_take(&rose, keys[0], 1, LIMIT, false).status == TAKE_DONE;
	lent_wait_returned(&rose);
	SUITE_INT_EQUAL(take_again(keys[0]), TAKE_REPEATED);
	SUITE_INT_EQUAL(counted(), charged);
}

static void test_damaged(void)
{
	lend(1);
	redis_do(rig.redis, "EVAL %s 0",
		 "for _, key in ipairs(redis.call('KEYS', '*:l:*i*')) do"
		 " redis.call('DEL', key) redis.call('RPUSH', key, 'x') end");
	SUITE_INT_EQUAL(take_again(keys[0]), TAKE_UNAVAILABLE);
	SUITE_INT_EQUAL(counted(), charged);
}

/* What is made of each value v of a lease (is_index: of an index): by a newer daemon, or by
 * whoever writes into Redis. */
static void change_values(bool is_index, const char *change)
{
	char script[800];

	snprintf(script, sizeof(script),
		 "for _, key in ipairs(redis.call('KEYS', 'kept:*')) do"
		 " local to, v = string.sub(key, 6)"
		 " redis.call('COPY', key, to, 'REPLACE')"
		 " if string.find(to, 'i%%d$') then v = redis.call('GET', to)"
		 "  if %d == 1 then redis.call('SET', to, %s) end"
		 " elseif %d == 0 then for _, id in ipairs(redis.call('HKEYS', to)) do"
		 "  v = redis.call('HGET', to, id) redis.call('HSET', to, id, %s) end end end",
		 is_index, change, is_index, change);
	redis_do(rig.redis, "EVAL %s 0", script);
}

/* An answer or an error; what is charged again is counted again. Each is another daemon, which
 * sends no refund of the one before, and takes no lease. */
static void test_unknown_format(void)
{
	static const struct {
		bool is_index;
		const char *change;
	} rows[] = {
		{ false, "''" },
		{ false, "'z'" },
		{ false, "'zzzzzz' .. v" },
		{ false, "string.sub(v, 1, -2)" },
		{ false, "string.sub(v, 7)" },
		{ false, "struct.pack('>I2', 0) .. string.sub(v, 3)" },
		{ false, "struct.pack('>I2', 65535) .. string.sub(v, 3)" },
		{ false, "string.sub(v, 1, 2) .. '\\255\\255\\255\\255' .. string.sub(v, 7)" },
		{ true, "''" },
		{ true, "'z'" },
		{ true, "'zzzzzz' .. v" },
		{ true, "string.sub(v, 1, -2)" },
		{ true, "string.sub(v, 11)" },
		{ true, "string.sub(v, 1, 8) .. '\\0\\0' .. string.sub(v, 11)" },
		{ true, "string.sub(v, 1, 8) .. '\\255\\255' .. string.sub(v, 11)" },
	};

	lend(1);
	redis_do(rig.redis, "EVAL %s 0",
		 "for _, key in ipairs(redis.call('KEYS', '*:l:*')) do"
		 " redis.call('COPY', key, 'kept:' .. key) end");
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		enum take_status status;
		int64_t before;

		suite_row("%s %s", rows[i].is_index ? "index" : "records", rows[i].change);
		rig_restart_store(&rig, true);
		change_values(rows[i].is_index, rows[i].change);
		status = take_again(keys[2 * i]);
		SUITE_TRUE(status == TAKE_REPEATED || status == TAKE_DONE ||
			   status == TAKE_UNAVAILABLE);
		before = charged + (status == TAKE_DONE);
		SUITE_INT_EQUAL(lent_used(&rose), before);
		rig_refund(&rig, "rose", keys[2 * i + 1]);
		charged = lent_used(&rose);
		SUITE_TRUE(charged == before || charged == before - 1);
	}
	change_values(true, "v");
	SUITE_INT_EQUAL(take_again(keys[40]), TAKE_REPEATED);
}

static int64_t errors_told(void)
{
	return redis_integer(rig.redis, "EVAL %s 0",
			     "return tonumber(string.match(redis.call('INFO', 'stats'),"
			     " 'total_error_replies:(%d+)'))");
}

/* Messages that the indexes tell of, of one lease. */
static int64_t told(void)
{
	return redis_integer(rig.redis, "EVAL %s 0",
			     "local n = 0"
			     " for _, key in ipairs(redis.call('KEYS', '*:l:*i*')) do"
			     " local size = redis.pcall('STRLEN', key)"
			     " if type(size) == 'number' then n = n + (size - 10) / 4 end end"
			     " return n");
}

/* Of one lease, which does not go back at the first try for what damage does; returns how many
 * messages were charged from it. */
static int64_t lend_damaged(const char *damage, const char *mend)
{
	int64_t decisions = lent_stats(&rose).decisions, errors, until_ms;

	rig_clean(&rig);
	charged = lent_until_lease(&rose, LIMIT);
	for (n_keys = 0; n_keys < 50; n_keys++) {
		lent_new_key(keys[n_keys]);
		SUITE_INT_EQUAL(lent_take(&rose, keys[n_keys], 1, LIMIT, false).status, TAKE_DONE);
		charged++;
	}
	errors = errors_told();
	until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	redis_do(rig.redis, "EVAL %s 0", damage);
	while (errors_told() == errors && rig_now_ms() < until_ms)
		rig_run(&rig, 5);
	redis_do(rig.redis, "EVAL %s 0", mend);
	lent_wait_returned(&rose);
	return lent_stats(&rose).decisions - decisions;
}

static void test_second_try(void)
{
	int64_t decisions = lend_damaged("redis.call('SET', 'sendward:{rose}:u', 'odd')",
					 "redis.call('DEL', 'sendward:{rose}:u')");

	SUITE_INT_EQUAL(told(), decisions);
	rig_restart_store(&rig, true);
	SUITE_INT_EQUAL(take_again(keys[0]), TAKE_REPEATED);
}

/* The last index cannot be added to. */
static void test_half_told(void)
{
	lend_damaged("for turn = 0, 1 do"
		     " redis.call('RPUSH', 'sendward:{rose}:l:' .. turn .. 'i7', 'x') end",
		     "return 0");
	SUITE_TRUE(told() > 0);
	SUITE_INT_EQUAL(counted(), charged);
}

/* Both turns of the index that is looked at have so many octets. */
static void fill_index(int octets)
{
	for (int turn = 0; turn < KEY_LENT_TURNS; turn++)
		redis_do(rig.redis, "SET sendward:{rose}:l:%di0 %s", turn,
			 full + sizeof(full) - 1 - octets);
}

static int64_t leases_asked(void)
{
	return redis_integer(rig.redis, "EVAL %s 0",
			     "return tonumber(string.match(redis.call('INFO', 'commandstats'),"
			     " 'cmdstat_strlen:calls=(%d+)') or 0)");
}

static void test_full(void)
{
	int64_t asked, taken, until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	rig_clean(&rig);
	memset(full, 'x', sizeof(full) - 1);
	asked = leases_asked();
	taken = lent_stats(&rose).taken;
	fill_index(KEY_LENT_INDEX_FULL);
	for (charged = 0; leases_asked() < asked + 2 && rig_now_ms() < until_ms; charged++)
		SUITE_TRUE(lent_charge(&rose, LIMIT));
	SUITE_INT_EQUAL(leases_asked(), asked + 2);
	SUITE_INT_EQUAL(lent_stats(&rose).taken, taken);
	SUITE_INT_EQUAL(lent_used(&rose), charged);

	fill_index(KEY_LENT_INDEX_FULL - 1);
	charged += lent_until_lease(&rose, LIMIT);
	lent_new_key(keys[0]);
	SUITE_INT_EQUAL(lent_take(&rose, keys[0], 1, LIMIT, false).status, TAKE_DONE);
	lent_wait_returned(&rose);
	rig_restart_store(&rig, true);
	SUITE_INT_EQUAL(take_again(keys[0]), TAKE_REPEATED);
	refund(keys[0], false);
	SUITE_INT_EQUAL(lent_used(&rose), charged);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "messages of several leases are told apart, by key and token", test_told_apart },
		{ "a message of any lease is taken back once", test_refunded },
		{ "a message that is forgotten is charged anew, and the others are not",
		  test_forgotten },
		{ "a message is taken back though another one has its queue id", test_shadowed },
		{ "what was written in one turn is found in the next", test_next_turn },
		{ "all of it is kept for ten minutes and goes then", test_kept },
		{ "what an older daemon has written is in nobody's way", test_older },
		{ "keys that hold something else are an error, and nothing is charged",
		  test_damaged },
		{ "values of a format that is not known are an error, or charged anew",
		  test_unknown_format },
		{ "a lease that goes back at the second try is told of once", test_second_try },
		{ "a login of which too much was lent gets no lease, and is counted all the same",
		  test_full },
		{ "what was not used goes back though an index is damaged", test_half_told },
	};
	int status;

	rig_open(&rig, "lease_share = 0.1", NULL);
	status = suite_run("lent", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
