#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static void test_as_printf(void)
{
	static const int64_t numbers[] = { 0,	1,	   -1,	      9,	 10,
					   -10, 99,	   100,	      1234567890, INT32_MIN,
					   INT64_MAX, INT64_MIN, INT64_MIN + 1 };
	char out[DECIMAL_MAX], wanted[32];

	for (size_t i = 0; i < SUITE_LEN(numbers); i++) {
		snprintf(wanted, sizeof(wanted), "%" PRId64, numbers[i]);
		SUITE_INT_EQUAL(decimal_format(numbers[i], out), strlen(wanted));
		SUITE_TEXT_EQUAL(out, wanted);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "numbers are written as printf writes them", test_as_printf },
	};

	return suite_run("decimal", tests, SUITE_LEN(tests));
}
