#include "bench/histogram.h"

#include <inttypes.h>

#include "tests/unit/suite.h"

#define P50 500000
#define P99 990000
#define ALL 1000000

static struct histogram histogram;

static void begin(void)
{
	histogram = (struct histogram){ .n = 0 };
}

static void test_small_is_exact(void)
{
	begin();
	for (int64_t ns = 1; ns <= 100; ns++)
		histogram_add(&histogram, ns);
	SUITE_INT_EQUAL(histogram_at(&histogram, P50), 50);
	SUITE_INT_EQUAL(histogram_at(&histogram, P99), 99);
	SUITE_INT_EQUAL(histogram_at(&histogram, ALL), 100);
}

static void test_width(void)
{
	/* What a percentile says is never less than it is, and at most 1/64 more. */
	for (int64_t ns = 1; ns < INT64_C(1) << 40; ns += ns / 7 + 1) {
		int64_t found;

		begin();
		histogram_add(&histogram, ns);
		histogram_add(&histogram, INT64_C(1) << 40);
		found = histogram_at(&histogram, P50);
		SUITE_TRUE(found >= ns && found <= ns + ns / 64);
	}
}

static void test_few_of_many(void)
{
	begin();
	for (int i = 0; i < 990; i++)
		histogram_add(&histogram, 10);
	for (int i = 0; i < 10; i++)
		histogram_add(&histogram, 1000000);
	SUITE_INT_EQUAL(histogram_at(&histogram, P99), 10);
	SUITE_INT_EQUAL(histogram_at(&histogram, P99 + 1), 1000000);
	SUITE_INT_EQUAL(histogram.max_ns, 1000000);
}

static void test_edges(void)
{
	begin();
	SUITE_INT_EQUAL(histogram_at(&histogram, P99), 0);
	histogram_add(&histogram, -5);
	SUITE_INT_EQUAL(histogram_at(&histogram, P50), 0);
	histogram_add(&histogram, INT64_MAX);
	SUITE_INT_EQUAL(histogram.max_ns, INT64_MAX);
	SUITE_INT_EQUAL(histogram.n, 2);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "latencies below 128 ns are exact", test_small_is_exact },
		{ "a percentile is never too small, and at most 1/64 too large", test_width },
		{ "ten in a thousand are above p99 and no more", test_few_of_many },
		{ "nothing, less than nothing and more than fits", test_edges },
	};

	return suite_run("histogram", tests, SUITE_LEN(tests));
}
