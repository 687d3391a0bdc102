/*
 * A test program is a table of named tests and one call of suite_run().
 *
 *	static const struct suite_test tests[] = {
 *		{ "an IPv4-mapped address is the IPv4 address", test_mapped },
 *	};
 *
 *	int main(void)
 *	{
 *		return suite_run("network", tests, SUITE_LEN(tests));
 *	}
 *
 * The tests use the SUITE_ assertions below, or CUnit's own.
 */
#ifndef SENDWARD_TESTS_UNIT_SUITE_H
#define SENDWARD_TESTS_UNIT_SUITE_H

#include <stddef.h>

#include <CUnit/CUnit.h>

struct suite_test {
	const char *name; /* a sentence */
	void (*run)(void);
};

#define SUITE_LEN(table) (sizeof(table) / sizeof((table)[0]))

/* Runs the tests in order, prints "ok" or "FAILED" with the failed assertions
 * for each and closes with "NAME: N passed, N failed". Returns main()'s exit
 * status: 0 when all passed. */
int suite_run(const char *name, const struct suite_test *tests, size_t n);

/* Says which row of a table is being tested: the text is printed with every
 * SUITE_ assertion that fails until the next call or the end of the test. */
void suite_row(const char *format, ...) __attribute__((format(printf, 1, 2)));

void suite_true(int value, const char *condition, const char *file, int line);
#define SUITE_TRUE(condition) suite_true((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* Equality of texts that prints both when it fails; NULL equals NULL only. */
void suite_text_equal(const char *actual, const char *expected, const char *file, int line);
#define SUITE_TEXT_EQUAL(actual, expected) suite_text_equal(actual, expected, __FILE__, __LINE__)

/* Likewise for integers. */
void suite_int_equal(long long actual, long long expected, const char *file, int line);
#define SUITE_INT_EQUAL(actual, expected) suite_int_equal(actual, expected, __FILE__, __LINE__)

#endif
