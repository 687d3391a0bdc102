#include "engine/window.h"

#include "tests/unit/suite.h"

/* A minute has slots of one second, which makes the times below easy to read:
 * second N is slot N. */
#define MINUTE 60
#define S INT64_C(1000)

static int64_t count_at(struct window *w, int32_t window_s, int64_t now_ms)
{
	window_advance(w, window_s, now_ms);
	return w->sum;
}

static void charge(struct window *w, int32_t window_s, int64_t now_ms, int64_t amount)
{
	window_add(w, window_advance(w, window_s, now_ms), amount);
}

static void test_slot_length(void)
{
	static const struct {
		int32_t window_s;
		int64_t slot_ms;
	} rows[] = {
		{ 1, 17 },
		{ 2, 34 },
		{ 60, 1000 },
		{ 61, 1017 },
		{ 3600, 60000 },
		{ 86400, 1440000 },
		{ 31 * 86400, 44640000 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%d s", rows[i].window_s);
		SUITE_INT_EQUAL(window_slot_ms(rows[i].window_s), rows[i].slot_ms);
		SUITE_TRUE(window_slot_ms(rows[i].window_s) * WINDOW_SLOTS >= rows[i].window_s * S);
	}
}

static void test_empty(void)
{
	struct window w = { 0 };

	SUITE_INT_EQUAL(count_at(&w, MINUTE, 1700000000 * S), 0);
	SUITE_INT_EQUAL(w.n, 0);
	SUITE_INT_EQUAL(window_retry_after_ms(&w, MINUTE, 1700000000 * S, 1, 1), 0);
}

static void test_covers_its_length(void)
{
	/* Charged at 100.000, 100.500 and 100.999: the same slot. */
	static const struct {
		int64_t now_ms;
		int64_t counted;
	} rows[] = {
		{ 100999, 3 }, { 101000, 3 }, { 159999, 3 }, { 160000, 3 },
		{ 160998, 3 }, { 160999, 3 }, { 161000, 0 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct window w = { 0 };

		suite_row("at %lld ms", (long long)rows[i].now_ms);
		charge(&w, MINUTE, 100000, 1);
		charge(&w, MINUTE, 100500, 1);
		charge(&w, MINUTE, 100999, 1);
		SUITE_INT_EQUAL(w.n, 1);
		SUITE_INT_EQUAL(count_at(&w, MINUTE, rows[i].now_ms), rows[i].counted);
	}
}

static void test_slots_go_one_by_one(void)
{
	struct window w = { 0 };

	for (int64_t t = 0; t <= WINDOW_SLOTS; t++)
		charge(&w, MINUTE, (1000 + t) * S, 2);
	SUITE_INT_EQUAL(w.n, WINDOW_SLOTS + 1);
	SUITE_INT_EQUAL(w.sum, 2 * (WINDOW_SLOTS + 1));
	for (int64_t t = 1; t <= WINDOW_SLOTS + 1; t++)
		SUITE_INT_EQUAL(count_at(&w, MINUTE, (1000 + WINDOW_SLOTS + t) * S),
				2 * (WINDOW_SLOTS + 1 - t));
	SUITE_INT_EQUAL(w.n, 0);
}

static void test_never_more_slots_than_there_is_room_for(void)
{
	struct window w = { 0 };

	for (int64_t t = 0; t < 10000; t++) {
		charge(&w, MINUTE, t * 500, 1);
		SUITE_TRUE(w.n <= WINDOW_SLOTS + 1);
	}
}

static void test_clock_back_a_little(void)
{
	struct window w = { 0 };

	charge(&w, MINUTE, 1000 * S, 5);
	charge(&w, MINUTE, 990 * S, 2);
	SUITE_INT_EQUAL(w.n, 1);
	SUITE_INT_EQUAL(w.slots[0].slot, 1000);
	SUITE_INT_EQUAL(w.sum, 7);
	SUITE_INT_EQUAL(count_at(&w, MINUTE, 940 * S), 7);
	SUITE_INT_EQUAL(w.slots[0].slot, 1000);
	SUITE_INT_EQUAL(count_at(&w, MINUTE, 1060 * S), 7);
	SUITE_INT_EQUAL(count_at(&w, MINUTE, 1061 * S), 0);
}

static void test_clock_back_a_lot(void)
{
	struct window w = { 0 };

	charge(&w, MINUTE, 1000 * S, 5);
	charge(&w, MINUTE, 1010 * S, 1);
	SUITE_INT_EQUAL(count_at(&w, MINUTE, 500 * S), 6);
	SUITE_INT_EQUAL(w.n, 1);
	SUITE_INT_EQUAL(w.slots[0].slot, 500);
	SUITE_INT_EQUAL(count_at(&w, MINUTE, 560 * S), 6);
	SUITE_INT_EQUAL(count_at(&w, MINUTE, 561 * S), 0);
}

static void test_subtract(void)
{
	static const struct {
		int64_t slot, amount, sum;
	} rows[] = {
		{ 100, 1, 8 },	{ 100, 3, 6 }, { 100, 4, 6 }, { 101, 5, 4 },
		{ 101, 99, 4 }, { 102, 1, 8 }, { 99, 1, 9 },  { 103, 1, 9 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct window w = { 0 };

		suite_row("%lld from slot %lld", (long long)rows[i].amount,
			  (long long)rows[i].slot);
		charge(&w, MINUTE, 100 * S, 3);
		charge(&w, MINUTE, 101 * S, 5);
		charge(&w, MINUTE, 102 * S, 1);
		window_subtract(&w, rows[i].slot, rows[i].amount);
		SUITE_INT_EQUAL(w.sum, rows[i].sum);
		/* What is left still goes with its slots. */
		SUITE_INT_EQUAL(count_at(&w, MINUTE, 163 * S), 0);
	}
}

static void test_subtract_and_add_again(void)
{
	struct window w = { 0 };

	charge(&w, MINUTE, 100 * S, 3);
	window_subtract(&w, 100, 3);
	charge(&w, MINUTE, 100 * S, 4);
	charge(&w, MINUTE, 101 * S, 1);
	SUITE_INT_EQUAL(count_at(&w, MINUTE, 160 * S), 5);
	SUITE_INT_EQUAL(count_at(&w, MINUTE, 161 * S), 1);
}

static void test_nothing_is_added(void)
{
	struct window w = { 0 };

	charge(&w, MINUTE, 100 * S, 0);
	charge(&w, MINUTE, 100 * S, -5);
	SUITE_INT_EQUAL(w.n, 0);
	SUITE_INT_EQUAL(w.sum, 0);
}

static void test_retry_after(void)
{
	/* Counted: 3 in second 100, 5 in second 110, 1 in second 120. Now 125. */
	static const struct {
		int64_t amount, limit, retry_after_ms;
	} rows[] = {
		{ 1, 10, 0 },	  { 0, 9, 0 },	    { 1, 9, 36 * S }, /* when second 100 goes: at 161 */
		{ 3, 9, 36 * S }, { 4, 9, 46 * S }, { 8, 9, 46 * S }, { 9, 9, 56 * S },
		{ 10, 9, -1 },	  { 1, 1, 56 * S }, { 1, 0, -1 },     { 0, 0, 56 * S },
		{ 1, 2, 46 * S }, /* a limit edited down */
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct window w = { 0 };
		int64_t retry;

		suite_row("%lld under %lld", (long long)rows[i].amount, (long long)rows[i].limit);
		charge(&w, MINUTE, 100 * S, 3);
		charge(&w, MINUTE, 110 * S, 5);
		charge(&w, MINUTE, 120 * S, 1);
		window_advance(&w, MINUTE, 125 * S);
		retry = window_retry_after_ms(&w, MINUTE, 125 * S, rows[i].amount, rows[i].limit);
		SUITE_INT_EQUAL(retry, rows[i].retry_after_ms);
		if (retry <= 0)
			continue;
		SUITE_TRUE(count_at(&w, MINUTE, 125 * S + retry - 1) + rows[i].amount >
			   rows[i].limit);
		SUITE_TRUE(count_at(&w, MINUTE, 125 * S + retry) + rows[i].amount <= rows[i].limit);
	}
}

static void test_large_amounts(void)
{
	const int64_t most = INT64_C(9007199254740991);
	struct window w = { 0 };

	charge(&w, MINUTE, 100 * S, most);
	SUITE_INT_EQUAL(w.sum, most);
	SUITE_INT_EQUAL(window_retry_after_ms(&w, MINUTE, 100 * S, most, most), 61 * S);
}

static const struct suite_test tests[] = {
	{ "a slot is a sixtieth of the window, rounded up to milliseconds", test_slot_length },
	{ "an empty window counts nothing and admits at once", test_empty },
	{ "what was charged counts for the window and at most one slot more",
	  test_covers_its_length },
	{ "slots leave the window one by one, oldest first", test_slots_go_one_by_one },
	{ "a window keeps 61 slots at most, however long it is used",
	  test_never_more_slots_than_there_is_room_for },
	{ "a clock that goes back less than a window stands still", test_clock_back_a_little },
	{ "a clock that goes back further counts everything as of now", test_clock_back_a_lot },
	{ "a refund comes out of the slot that was charged, and no deeper than it is",
	  test_subtract },
	{ "a slot that was refunded can be charged again", test_subtract_and_add_again },
	{ "an amount of nothing leaves no slot", test_nothing_is_added },
	{ "the retry time is the first moment at which the amount fits", test_retry_after },
	{ "the largest amounts do not overflow", test_large_amounts },
};

int main(void)
{
	return suite_run("window", tests, SUITE_LEN(tests));
}
