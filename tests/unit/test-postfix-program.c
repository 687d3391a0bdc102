#define _POSIX_C_SOURCE 200809L
#include "control/postfix_program.h"

#include "tests/unit/suite.h"

static void start(struct postfix_program *program, const char *script, unsigned limit_s)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	SUITE_TRUE(postfix_program_start(program, "/bin/sh", argv, limit_s));
}

/* The first line of a file. */
static void expect_line(FILE *file, const char *line)
{
	char found[64] = "";

	SUITE_TRUE(fgets(found, sizeof(found), file));
	SUITE_TEXT_EQUAL(found, line);
}

static void test_success(void)
{
	struct postfix_program program;

	start(&program, "echo a = b", 60);
	expect_line(program.file, "a = b\n");
	SUITE_TRUE(postfix_program_end(&program));
	SUITE_TRUE(!program.late);
	postfix_program_fini(&program);
}

static void test_failure(void)
{
	struct postfix_program program;

	start(&program, "echo fatal: no >&2; exit 1", 60);
	SUITE_TRUE(!postfix_program_end(&program));
	SUITE_TRUE(!program.late);
	expect_line(program.said, "fatal: no\n");
	postfix_program_fini(&program);
}

static void test_late(void)
{
	struct postfix_program program;

	start(&program, "exec sleep 600", 1);
	SUITE_TRUE(!postfix_program_end(&program));
	SUITE_TRUE(program.late);
	postfix_program_fini(&program);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "what a program prints is read, and that it succeeded", test_success },
		{ "what a program that failed said is read", test_failure },
		{ "a program that hangs is ended, and is known to have been late", test_late },
	};

	return suite_run("postfix-program", tests, SUITE_LEN(tests));
}
