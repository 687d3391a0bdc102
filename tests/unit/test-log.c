#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/suite.h"

struct captured {
	unsigned lines;
	enum log_level level;
	char last[LOG_LINE_MAX + 1];
};

static void capture(enum log_level level, const char *line, void *arg)
{
	struct captured *captured = arg;

	captured->lines++;
	captured->level = level;
	snprintf(captured->last, sizeof(captured->last), "%s", line);
}

static void test_levels(void)
{
	struct captured captured = { 0 };

	log_capture(capture, &captured);
	log_debug("not shown");
	SUITE_INT_EQUAL(captured.lines, 0);
	log_warning("%d shown", 1);
	SUITE_INT_EQUAL(captured.lines, 1);
	SUITE_INT_EQUAL(captured.level, LEVEL_WARNING);
	SUITE_TEXT_EQUAL(captured.last, "1 shown");
	log_set_level(LEVEL_DEBUG);
	log_debug("shown");
	SUITE_INT_EQUAL(captured.lines, 2);
	log_set_level(LEVEL_INFO);
	log_capture(NULL, NULL);
}

static void test_injection(void)
{
	struct captured captured = { 0 };

	log_capture(capture, &captured);
	log_info("refused %s", "x\nsendward-policyd[1]: forged\x1b[1m\xff");
	SUITE_TEXT_EQUAL(captured.last, "refused x\\x0Asendward-policyd[1]: forged\\x1B[1m\\xFF");
	log_capture(NULL, NULL);
}

static void test_bound(void)
{
	struct captured captured = { 0 };
	char *big = malloc(100000);

	memset(big, 'x', 99999);
	big[99999] = '\0';
	log_capture(capture, &captured);
	log_info("%s", big);
	SUITE_INT_EQUAL(strlen(captured.last), LOG_LINE_MAX);
	memset(big, '\n', 99999);
	log_info("%s", big);
	SUITE_TRUE(strlen(captured.last) <= LOG_LINE_MAX);
	SUITE_TRUE(!strchr(captured.last, '\n'));
	log_capture(NULL, NULL);
	free(big);
}

static void test_errno(void)
{
	struct captured captured = { 0 };

	log_capture(capture, &captured);
	errno = ENOENT;
	log_info("%s", "anything");
	SUITE_INT_EQUAL(errno, ENOENT);
	log_capture(NULL, NULL);
}

static void test_once(void)
{
	struct captured captured = { 0 };
	char key[32];
	int i;

	log_capture(capture, &captured);
	log_once_forget();
	SUITE_TRUE(log_once(LEVEL_WARNING, "a", "text %d", 1));
	SUITE_TRUE(!log_once(LEVEL_WARNING, "a", "text %d", 2));
	SUITE_TRUE(log_once(LEVEL_WARNING, "b", "text %d", 3));
	SUITE_INT_EQUAL(captured.lines, 2);
	log_once_forget();
	SUITE_TRUE(log_once(LEVEL_WARNING, "a", "again"));
	for (i = 0; i < 2 * LOG_ONCE_MAX; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		log_once(LEVEL_WARNING, key, "line");
	}
	SUITE_INT_EQUAL(captured.lines, 3 + LOG_ONCE_MAX - 1);
	log_once_forget();
	log_capture(NULL, NULL);
}

/* Reads what was logged to standard error during body(). */
static void capture_stderr(void (*body)(void), char *out, size_t size)
{
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	size_t used = 0;
	ssize_t n;

	if (pipe(pipe_fds) < 0)
		abort();
	dup2(pipe_fds[1], STDERR_FILENO);
	close(pipe_fds[1]);
	body();
	dup2(saved, STDERR_FILENO);
	close(saved);
	while ((n = read(pipe_fds[0], out + used, size - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	close(pipe_fds[0]);
}

static void one_error(void)
{
	log_open("program", LOG_TARGET_STDERR);
	log_error("went wrong");
}

static void test_stderr(void)
{
	char line[512], rest[64];
	int y, mo, d, h, mi, s, ms, zh, zm;
	long pid;
	char sign;

	capture_stderr(one_error, line, sizeof(line));
	SUITE_INT_EQUAL(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3d%c%2d:%2d program[%ld]: %63[^\n]",
			       &y, &mo, &d, &h, &mi, &s, &ms, &sign, &zh, &zm, &pid, rest),
			12);
	SUITE_TEXT_EQUAL(rest, "error: went wrong");
	SUITE_INT_EQUAL(pid, getpid());
}

/* Standard error is the journal here: what JOURNAL_STREAM names. */
static void one_journal_error(void)
{
	char stream[64];
	struct stat st;

	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	one_error();
	setenv("JOURNAL_STREAM", "1:2", 1);
	one_error();
	unsetenv("JOURNAL_STREAM");
}

static void test_journal(void)
{
	char text[1024];

	capture_stderr(one_journal_error, text, sizeof(text));
	SUITE_TRUE(!strncmp(text, "<3>error: went wrong\n2", 22));
}

static void *log_many(void *arg)
{
	int i;

	for (i = 0; i < 20; i++) {
		log_info("thread %s line", (const char *)arg);
		log_once(LEVEL_INFO, arg, "thread %s line", (const char *)arg);
	}
	return NULL;
}

static void four_threads(void)
{
	static char names[4][2] = { "1", "2", "3", "4" };
	pthread_t threads[4];
	size_t i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, log_many, names[i]) != 0)
			abort();
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void test_threads(void)
{
	static char text[65536];
	char *line, *rest = NULL;
	unsigned lines = 0;
	size_t len;

	log_once_forget();
	capture_stderr(four_threads, text, sizeof(text));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		len = strlen(line);
		SUITE_TRUE(len > 5 && !strcmp(line + len - 5, " line"));
		SUITE_TRUE(line[0] == '2');
		lines++;
	}
	SUITE_INT_EQUAL(lines, 4 * 20 + 4);
}

/* Octets in the pipe that is standard error. */
static int written(void)
{
	int n = -1;

	ioctl(STDERR_FILENO, FIONREAD, &n);
	return n;
}

static void log_n(enum log_level level, int n)
{
	struct fields fields;

	fields_init(&fields, LOG_LINE_MAX);
	fields_add_int(&fields, "n", n);
	log_fields(level, &fields);
}

static void held_lines(void)
{
	int before;

	log_hold();
	log_n(LEVEL_INFO, 1);
	log_n(LEVEL_WARNING, 2);
	SUITE_INT_EQUAL(written(), 0);
	log_info("n=3");
	before = written();
	SUITE_TRUE(before > 0);
	log_n(LEVEL_INFO, 4);
	log_n(LEVEL_DEBUG, 0);
	SUITE_INT_EQUAL(written(), before);
	log_flush();
	SUITE_TRUE(written() > before);
	log_n(LEVEL_INFO, 5);
	log_release();
	log_n(LEVEL_INFO, 6);
}

static void test_held(void)
{
	char text[2048], *line = text, *equals;
	int n = 0;

	capture_stderr(held_lines, text, sizeof(text));
	while ((equals = strchr(line, '='))) {
		SUITE_INT_EQUAL(atoi(equals + 1), ++n);
		line = equals + 1;
	}
	SUITE_INT_EQUAL(n, 6);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void two_later_lines(void)
{
	int64_t began;

	log_hold();
	log_n(LEVEL_INFO, 1);
	for (began = now_ms(); now_ms() == began;)
		continue;
	log_n(LEVEL_INFO, 2);
	log_flush();
	log_n(LEVEL_INFO, 3);
	log_release();
}

static void test_held_time(void)
{
	size_t len = strlen("2026-11-21T12:00:00.000");
	char text[1024], *second, *third;

	log_open("program", LOG_TARGET_STDERR);
	capture_stderr(two_later_lines, text, sizeof(text));
	second = strchr(text, '\n') + 1;
	third = strchr(second, '\n') + 1;
	SUITE_TRUE(strncmp(text, second, len) == 0);
	SUITE_TRUE(strncmp(text, third, len) != 0);
}

#define MANY_LINES 1000

static void many_held_lines(void)
{
	int i;

	log_hold();
	for (i = 0; i < MANY_LINES; i++)
		log_n(LEVEL_INFO, i);
	SUITE_TRUE(written() > 0);
	log_release();
}

static void test_held_full(void)
{
	static char text[65536];
	char *line, *rest = NULL, *equals;
	int n = 0;

	capture_stderr(many_held_lines, text, sizeof(text));
	SUITE_TRUE(strlen(text) > LOG_HELD_MAX);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		equals = strchr(line, '=');
		SUITE_INT_EQUAL(equals ? atoi(equals + 1) : -1, n++);
	}
	SUITE_INT_EQUAL(n, MANY_LINES);
}

static const struct suite_test tests[] = {
	{ "a line above the level is not written", test_levels },
	{ "text from outside cannot start a line of its own", test_injection },
	{ "a line is bounded", test_bound },
	{ "logging leaves errno alone", test_errno },
	{ "a warning is said once for each key, and again after a reload", test_once },
	{ "a line on standard error has time, program, process and level", test_stderr },
	{ "the journal gets the priority instead", test_journal },
	{ "lines of several threads do not mix", test_threads },
	{ "lines that wait keep their place before one that does not", test_held },
	{ "lines that wait have the time of the first", test_held_time },
	{ "no line is lost when more wait than there is room for", test_held_full },
};

int main(void)
{
	return suite_run("log", tests, SUITE_LEN(tests));
}
