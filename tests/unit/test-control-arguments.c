#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/arguments.h"
#include "tests/unit/suite.h"

#define WORDS_MAX 16

/* What is said goes nowhere. */
static void silence(int saved[2])
{
	int null = open("/dev/null", O_WRONLY);

	fflush(stdout);
	for (int fd = 1; fd <= 2; fd++) {
		saved[fd - 1] = dup(fd);
		dup2(null, fd);
	}
	close(null);
}

static void speak(const int saved[2])
{
	fflush(stdout);
	for (int fd = 1; fd <= 2; fd++) {
		dup2(saved[fd - 1], fd);
		close(saved[fd - 1]);
	}
}

/* Splits the line at "|". */
static bool parse(const char *line, struct control *control, int *status)
{
	static char buffer[1024];
	char *argv[WORDS_MAX + 1] = { "sendward" };
	int argc = 1, saved[2];
	bool run;

	snprintf(buffer, sizeof(buffer), "%s", line);
	for (char *p = buffer; *line && argc < WORDS_MAX; p++) {
		argv[argc++] = p;
		p += strcspn(p, "|");
		if (!*p)
			break;
		*p = '\0';
	}
	optind = 0;
	*status = -1;
	silence(saved);
	run = arguments_parse(argc, argv, control, status);
	speak(saved);
	return run;
}

static void test_good(void)
{
	static const char *const rows[] = {
		"block|rose|--reason|x|--for|24h|-c|f|--json",
		"-c|f|--json|--reason|x|--for=24h|block|rose",
		"--json|block|--for|24h|-cf|rose|--reason=x",
		"block|--json|--reason|x|--for|24h|--config=f|--|rose",
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct control control;
		int status;

		suite_row("%s", rows[i]);
		SUITE_TRUE(parse(rows[i], &control, &status));
		SUITE_TEXT_EQUAL(control.command ? control.command->name : NULL, "block");
		SUITE_TEXT_EQUAL(control.argument.text, "rose");
		SUITE_TEXT_EQUAL(control.config_path, "f");
		SUITE_TRUE(control.json);
		SUITE_TRUE(control_has(&control, OPTION_REASON) &&
			   strcmp(control_value(&control, OPTION_REASON)->text, "x") == 0);
		SUITE_TRUE(control_has(&control, OPTION_FOR) &&
			   control_value(&control, OPTION_FOR)->number == 86400000);
		control_fini(&control);
	}
}

static void test_bad(void)
{
	static const char *const rows[] = {
		"",
		"user",
		"user|rename|rose",
		"blok|rose",
		"block",
		"block|",
		"block|rose|lily",
		"status|rose",
		"block|rose|--plan|p",
		"block|rose|--for",
		"block|rose|--for|24",
		"block|rose|--for|1h|--for|2h",
		"block|rose|--json=yes",
		"block|rose|--nothing",
		"block|rose|-x",
		"block|-rose",
		"explain|--login|rose|--from|a@b.example",
		"user|add|rose|--sender|nobody",
		"user|add|rose|--add-sender|a@b.example",
		"user|add|ro\nse",
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct control control;
		int status;

		suite_row("%s", rows[i]);
		SUITE_TRUE(!parse(rows[i], &control, &status));
		SUITE_INT_EQUAL(status, STATUS_USAGE);
		control_fini(&control);
	}
}

static void test_at_once(void)
{
	static const char *const rows[] = {
		"-h",		"--help",     "-V",    "--version",	   "user|--help",
		"block|--help", "-h|explain", "-hhhV", "block|--for|x|-h",
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct control control;
		int status;

		suite_row("%s", rows[i]);
		SUITE_TRUE(!parse(rows[i], &control, &status));
		SUITE_INT_EQUAL(status, STATUS_DONE);
		control_fini(&control);
	}
}

static void test_dash(void)
{
	struct control control;
	int status;

	SUITE_TRUE(parse("block|--|--reason", &control, &status));
	SUITE_TEXT_EQUAL(control.argument.text, "--reason");
	control_fini(&control);
}

static void test_order(void)
{
	struct control control;
	int status;

	SUITE_TRUE(parse("user|set|rose|--add-sender|a@b.example|--add-sender|c@d.example",
			 &control, &status));
	SUITE_INT_EQUAL(control.n_given, 2);
	SUITE_TEXT_EQUAL(control.given[0].value.text, "a@b.example");
	SUITE_TEXT_EQUAL(control.given[1].value.text, "c@d.example");
	control_fini(&control);
}

static const struct suite_test tests[] = {
	{ "options stand before or behind the command", test_good },
	{ "wrong usage is refused with status 2", test_bad },
	{ "help and version need nothing else to be right", test_at_once },
	{ "behind -- everything is a word", test_dash },
	{ "an option that is given more often keeps its order", test_order },
};

int main(void)
{
	return suite_run("control-arguments", tests, SUITE_LEN(tests));
}
