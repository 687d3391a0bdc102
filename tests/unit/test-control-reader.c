/* What another user may read, tried in a child process. */
#include "control/reader.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

/* Long enough for any machine. */
#define PATIENCE_MS 60000

static int say(const void *arg)
{
	return *(const int *)arg;
}

static int hang(const void *arg)
{
	(void)arg;
	while (pause() < 0)
		continue;
	return 0;
}

static int die(const void *arg)
{
	(void)arg;
	raise(SIGKILL);
	return EACCES;
}

static void test_answer(void)
{
	static const int errors[] = { 0, EACCES, ENOENT };

	for (size_t i = 0; i < SUITE_LEN(errors); i++)
		SUITE_INT_EQUAL(reader_in_child(say, &errors[i], PATIENCE_MS), errors[i]);
	SUITE_INT_EQUAL(reader_in_child(die, NULL, PATIENCE_MS), 0);
	SUITE_INT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_hanging(void)
{
	int status = 0;

	SUITE_INT_EQUAL(reader_in_child(hang, NULL, 50), ETIMEDOUT);
	SUITE_TRUE(waitpid(-1, &status, 0) > 0);
	SUITE_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_words(void)
{
	SUITE_TEXT_EQUAL(reader_error(ETIMEDOUT), READER_LATE);
	SUITE_TEXT_EQUAL(reader_error(EACCES), strerror(EACCES));
	SUITE_INT_EQUAL(READER_LIMIT_MS, 5000); /* as it says */
}

static const struct suite_test tests[] = {
	{ "what the child finds out is known, and nothing of one that is killed", test_answer },
	{ "a child that hangs is not waited for, and ended", test_hanging },
	{ "the error says that there was no answer", test_words },
};

int main(void)
{
	return suite_run("control-reader", tests, SUITE_LEN(tests));
}
