#include "store/command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static void test_arguments(void)
{
	const char *argv[COMMAND_ARGS_MAX];
	struct command c;

	command_init(&c);
	command_add(&c, "SET");
	command_add(&c, "");
	command_add_bytes(&c, "a\0b", 3);
	command_add_int(&c, 0);
	command_add_int(&c, INT64_MIN);
	command_add_int(&c, INT64_MAX);
	command_argv(&c, argv);
	SUITE_INT_EQUAL(c.argc, 6);
	SUITE_TEXT_EQUAL(argv[0], "SET");
	SUITE_TEXT_EQUAL(argv[1], "");
	SUITE_INT_EQUAL(c.lengths[1], 0);
	SUITE_INT_EQUAL(c.lengths[2], 3);
	SUITE_TRUE(memcmp(argv[2], "a\0b", 4) == 0);
	SUITE_TEXT_EQUAL(argv[3], "0");
	SUITE_TEXT_EQUAL(argv[4], "-9223372036854775808");
	SUITE_TEXT_EQUAL(argv[5], "9223372036854775807");
	command_fini(&c);
	SUITE_TRUE(c.bytes == NULL);
}

static void test_grows(void)
{
	const char *argv[COMMAND_ARGS_MAX];
	struct command c;
	char *large = malloc(100001);

	memset(large, 'x', 100000);
	large[100000] = '\0';
	command_init(&c);
	for (int i = 0; i < COMMAND_ARGS_MAX; i++) {
		if (i % 2)
			command_add(&c, large + i * 100);
		else
			command_add_int(&c, i);
	}
	command_argv(&c, argv);
	for (int i = 0; i < COMMAND_ARGS_MAX; i++) {
		suite_row("argument %d", i);
		if (i % 2)
			SUITE_TEXT_EQUAL(argv[i], large + i * 100);
		else
			SUITE_INT_EQUAL(strtol(argv[i], NULL, 10), i);
		SUITE_INT_EQUAL(c.lengths[i], strlen(argv[i]));
	}
	command_fini(&c);
	free(large);
}

static void test_too_many(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct command c;

		command_init(&c);
		for (int i = 0; i <= COMMAND_ARGS_MAX; i++)
			command_add(&c, "x");
		_exit(0);
	}
	SUITE_INT_EQUAL(waitpid(pid, &status, 0), pid);
	SUITE_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

static const struct suite_test tests[] = {
	{ "arguments are kept with their length, empty and binary ones as well", test_arguments },
	{ "a command grows with its arguments", test_grows },
	{ "too many arguments end the program", test_too_many },
};

int main(void)
{
	return suite_run("command", tests, SUITE_LEN(tests));
}
