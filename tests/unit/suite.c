#include "tests/unit/suite.h"

#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char row[512];

void suite_row(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(row, sizeof(row), format, args);
	va_end(args);
}

/* CUnit keeps the condition's text itself. */
static void fail(const char *what, const char *file, int line)
{
	char text[sizeof(row) + 2048];

	if (row[0])
		snprintf(text, sizeof(text), "[%s] %s", row, what);
	else
		snprintf(text, sizeof(text), "%s", what);
	CU_assertImplementation(CU_FALSE, (unsigned)line, text, file, "", CU_FALSE);
}

static void pass(const char *file, int line)
{
	CU_assertImplementation(CU_TRUE, (unsigned)line, "", file, "", CU_FALSE);
}

void suite_true(int value, const char *condition, const char *file, int line)
{
	if (value)
		pass(file, line);
	else
		fail(condition, file, line);
}

void suite_text_equal(const char *actual, const char *expected, const char *file, int line)
{
	char what[2048];

	if (actual == expected || (actual && expected && !strcmp(actual, expected))) {
		pass(file, line);
		return;
	}
	snprintf(what, sizeof(what), "got \"%.900s\", expected \"%.900s\"",
		 actual ? actual : "(null)", expected ? expected : "(null)");
	fail(what, file, line);
}

void suite_int_equal(long long actual, long long expected, const char *file, int line)
{
	char what[128];

	if (actual == expected) {
		pass(file, line);
		return;
	}
	snprintf(what, sizeof(what), "got %lld, expected %lld", actual, expected);
	fail(what, file, line);
}

static void print_failures(const CU_FailureRecord *failure)
{
	for (; failure; failure = failure->pNext)
		printf("    %s:%u: %s\n", failure->strFileName, failure->uiLineNumber,
		       failure->strCondition);
}

static void on_test_start(const CU_pTest test, const CU_pSuite suite)
{
	(void)suite;
	row[0] = '\0';
	printf("  %s ... ", test->pName);
	fflush(stdout);
}

static void on_test_complete(const CU_pTest test, const CU_pSuite suite,
			     const CU_pFailureRecord failure)
{
	(void)test;
	(void)suite;
	puts(failure ? "FAILED" : "ok");
	print_failures(failure);
	fflush(stdout);
}

static void die(const char *what)
{
	fprintf(stderr, "suite: %s: %s\n", what, CU_get_error_msg());
	exit(99);
}

static void register_tests(const char *name, const struct suite_test *tests, size_t n)
{
	CU_pSuite suite;
	size_t i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		die("CU_initialize_registry");
	suite = CU_add_suite(name, NULL, NULL);
	if (!suite)
		die(name);
	for (i = 0; i < n; i++)
		if (!CU_add_test(suite, tests[i].name, tests[i].run))
			die(tests[i].name);
	CU_set_test_start_handler(on_test_start);
	CU_set_test_complete_handler(on_test_complete);
}

int suite_run(const char *name, const struct suite_test *tests, size_t n)
{
	unsigned failed;

	register_tests(name, tests, n);
	if (CU_run_all_tests() != CUE_SUCCESS)
		die("CU_run_all_tests");
	failed = CU_get_number_of_tests_failed();
	printf("%s: %u passed, %u failed\n", name, CU_get_number_of_tests_run() - failed, failed);
	CU_cleanup_registry();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
