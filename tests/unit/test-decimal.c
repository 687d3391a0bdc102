#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static void check(int64_t number)
{
	char out[DECIMAL_MAX], wanted[32];

	snprintf(wanted, sizeof(wanted), "%" PRId64, number);
	SUITE_INT_EQUAL(decimal_format(number, out), strlen(wanted));
	SUITE_TEXT_EQUAL(out, wanted);
}

static void test_as_printf(void)
{
	static const int64_t numbers[] = { 0,	1,	   -1,	      9,	 10,
					   -10, 99,	   100,	      1234567890, INT32_MIN,
					   INT64_MAX, INT64_MIN, INT64_MIN + 1 };

	for (size_t i = 0; i < SUITE_LEN(numbers); i++)
		check(numbers[i]);
}

/* Where a number has a digit more, and zeros in every place. */
static void test_every_length(void)
{
	for (int64_t power = 10; power <= INT64_MAX / 10; power *= 10) {
		suite_row("%" PRId64, power);
		for (int64_t add = -1; add <= 1; add++) {
			check(power + add);
			check(-power - add);
			check(power * 7 / 3 + add);
			check(power + power / 1000 + add);
		}
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "numbers are written as printf writes them", test_as_printf },
		{ "and so they are with any number of digits", test_every_length },
	};

	return suite_run("decimal", tests, SUITE_LEN(tests));
}
