#define _GNU_SOURCE /* setresuid */

#include "base/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/port.h"
#include "tests/unit/suite.h"

/* A directory of its own for each test, with a name that fits sun_path. */
static char directory[64];
static struct endpoint endpoint;
static char error[LISTENER_ERROR_MAX];
static struct event_base *base;
static int accepted;

static void set_up(void)
{
	snprintf(directory, sizeof(directory), "/tmp/sendward-listener-XXXXXX");
	if (!mkdtemp(directory))
		abort();
	memset(&endpoint, 0, sizeof(endpoint));
	endpoint.kind = ENDPOINT_UNIX;
	snprintf(endpoint.path, sizeof(endpoint.path), "%s/socket", directory);
	error[0] = '\0';
	accepted = 0;
	base = event_base_new();
}

static void tear_down(void)
{
	event_base_free(base);
	unlink(endpoint.path);
	chmod(directory, 0700);
	rmdir(directory);
}

static void on_accepted(int fd, void *arg)
{
	(void)arg;
	accepted++;
	close(fd);
}

static struct listener *open_here(void)
{
	return listener_open(base, &endpoint, 0660, NULL, on_accepted, NULL, error, sizeof(error));
}

static void expect_error(const char *format, const char *argument)
{
	char expected[LISTENER_ERROR_MAX];

	snprintf(expected, sizeof(expected), "%s%s", format, argument);
	SUITE_TEXT_EQUAL(error, expected);
}

static int connect_here(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, endpoint.path, strlen(endpoint.path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void test_unix(void)
{
	struct listener *listener;
	struct stat st = { 0 };
	int fd;

	set_up();
	listener = open_here();
	SUITE_TEXT_EQUAL(error, "");
	stat(endpoint.path, &st);
	SUITE_INT_EQUAL(st.st_mode & 07777, 0660);
	fd = connect_here();
	event_base_loop(base, EVLOOP_ONCE);
	SUITE_INT_EQUAL(accepted, 1);
	close(fd);
	listener_close(&listener);
	SUITE_TRUE(listener == NULL);
	SUITE_INT_EQUAL(access(endpoint.path, F_OK), -1);
	tear_down();
}

static void test_group(void)
{
	struct listener *listener;
	struct stat st = { 0 };
	char group[16];

	set_up();
	snprintf(group, sizeof(group), "%ld", (long)getegid());
	listener = listener_open(base, &endpoint, 0600, group, on_accepted, NULL, error,
				 sizeof(error));
	SUITE_TEXT_EQUAL(error, "");
	stat(endpoint.path, &st);
	SUITE_INT_EQUAL(st.st_mode & 07777, 0600);
	SUITE_INT_EQUAL(st.st_gid, getegid());
	listener_close(&listener);
	listener = listener_open(base, &endpoint, 0600, "no-such-group", on_accepted, NULL, error,
				 sizeof(error));
	SUITE_TRUE(listener == NULL);
	SUITE_TEXT_EQUAL(error, "socket_group: there is no group no-such-group");
	SUITE_INT_EQUAL(access(endpoint.path, F_OK), -1);
	tear_down();
}

/* A socket file that nobody listens on any more. */
static void leave_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, endpoint.path, strlen(endpoint.path) + 1);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	close(fd);
}

static void test_stale(void)
{
	struct listener *listener;

	set_up();
	leave_socket();
	listener = open_here();
	SUITE_TEXT_EQUAL(error, "");
	SUITE_TRUE(listener != NULL);
	listener_close(&listener);
	tear_down();
}

static void test_live(void)
{
	struct listener *first, *second;

	set_up();
	first = open_here();
	second = open_here();
	SUITE_TRUE(second == NULL);
	expect_error("another process is listening on unix:", endpoint.path);
	SUITE_INT_EQUAL(access(endpoint.path, F_OK), 0);
	listener_close(&first);
	tear_down();
}

static void test_file(void)
{
	char expected[LISTENER_ERROR_MAX];
	FILE *file;

	set_up();
	file = fopen(endpoint.path, "w");
	fclose(file);
	snprintf(expected, sizeof(expected), "cannot create unix:%s: it exists and is not a socket",
		 endpoint.path);
	SUITE_TRUE(open_here() == NULL);
	SUITE_TEXT_EQUAL(error, expected);
	SUITE_INT_EQUAL(access(endpoint.path, F_OK), 0);
	unlink(endpoint.path);
	if (symlink("/tmp/elsewhere", endpoint.path) < 0)
		abort();
	SUITE_TRUE(open_here() == NULL);
	SUITE_TEXT_EQUAL(error, expected);
	tear_down();
}

static void test_no_directory(void)
{
	char expected[LISTENER_ERROR_MAX];

	set_up();
	snprintf(endpoint.path, sizeof(endpoint.path), "%s/none/socket", directory);
	snprintf(expected, sizeof(expected),
		 "cannot create unix:%s: directory %s/none: No such file or directory",
		 endpoint.path, directory);
	SUITE_TRUE(open_here() == NULL);
	SUITE_TEXT_EQUAL(error, expected);
	tear_down();
}

/* In a child, which gives up root when it has it. Exits with 0 when all is as
 * expected. */
static void try_without_rights(void)
{
	char expected[LISTENER_ERROR_MAX];

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		_exit(2);
	snprintf(expected, sizeof(expected),
		 "cannot create unix:%s: uid %ld may not write to directory %s: Permission denied",
		 endpoint.path, (long)geteuid(), directory);
	if (open_here())
		_exit(3);
	if (strcmp(error, expected)) {
		fprintf(stderr, "got %s\nnot %s\n", error, expected);
		_exit(4);
	}
	_exit(0);
}

static void test_no_rights(void)
{
	int status = -1;
	pid_t pid;

	set_up();
	chmod(directory, 0555);
	pid = fork();
	if (pid == 0)
		try_without_rights();
	waitpid(pid, &status, 0);
	SUITE_INT_EQUAL(status, 0);
	tear_down();
}

static void test_replaced(void)
{
	struct listener *listener;

	set_up();
	listener = open_here();
	unlink(endpoint.path);
	leave_socket();
	listener_close(&listener);
	SUITE_INT_EQUAL(access(endpoint.path, F_OK), 0);
	tear_down();
}

static void test_inet(void)
{
	char expected[LISTENER_ERROR_MAX];
	struct listener *listener;

	set_up();
	endpoint.kind = ENDPOINT_INET;
	snprintf(endpoint.host, sizeof(endpoint.host), "127.0.0.1");
	endpoint.port = port_free();
	listener = open_here();
	SUITE_TEXT_EQUAL(error, "");
	SUITE_TRUE(open_here() == NULL);
	snprintf(expected, sizeof(expected),
		 "cannot listen on inet:127.0.0.1:%u: another process is listening there",
		 endpoint.port);
	SUITE_TEXT_EQUAL(error, expected);
	listener_close(&listener);
	listener = open_here();
	SUITE_TRUE(listener != NULL);
	listener_close(&listener);
	tear_down();
}

static void keep_line(enum log_level level, const char *line, void *arg)
{
	snprintf(arg, LOG_LINE_MAX + 4, "%d %s", level, line);
}

static void test_exposed(void)
{
	static const char *const hosts[] = { "127.0.0.1", "0.0.0.0" };
	char line[LOG_LINE_MAX + 4], expected[200];
	struct listener *listener;

	set_up();
	endpoint.kind = ENDPOINT_INET;
	for (size_t i = 0; i < SUITE_LEN(hosts); i++) {
		snprintf(endpoint.host, sizeof(endpoint.host), "%s", hosts[i]);
		endpoint.port = port_free();
		line[0] = '\0';
		log_capture(keep_line, line);
		listener = open_here();
		log_capture(NULL, NULL);
		SUITE_TEXT_EQUAL(error, "");
		snprintf(expected, sizeof(expected),
			 "%d other hosts may reach inet:0.0.0.0:%u, and ", LEVEL_WARNING,
			 endpoint.port);
		if (i == 0)
			SUITE_TEXT_EQUAL(line, "");
		else
			SUITE_TRUE(strncmp(line, expected, strlen(expected)) == 0);
		listener_close(&listener);
	}
	tear_down();
}

static void test_pause(void)
{
	struct listener *listener;
	int fd;

	set_up();
	listener = open_here();
	listener_pause(listener);
	fd = connect_here();
	event_base_loop(base, EVLOOP_NONBLOCK);
	SUITE_INT_EQUAL(accepted, 0);
	listener_resume(listener);
	event_base_loop(base, EVLOOP_NONBLOCK);
	SUITE_INT_EQUAL(accepted, 1);
	close(fd);
	listener_close(&listener);
	tear_down();
}

static void count_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	++*(int *)arg;
}

static void test_no_descriptors(void)
{
	struct rlimit limit, none;
	struct listener *listener;
	int fd, lines = 0, i;

	set_up();
	log_capture(count_line, &lines);
	listener = open_here();
	fd = connect_here();
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &none);
	for (i = 0; i < 10; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	setrlimit(RLIMIT_NOFILE, &limit);
	SUITE_INT_EQUAL(lines, 1);
	SUITE_INT_EQUAL(accepted, 0);
	event_base_loop(base, EVLOOP_ONCE);
	event_base_loop(base, EVLOOP_ONCE);
	SUITE_INT_EQUAL(accepted, 1);
	log_capture(NULL, NULL);
	close(fd);
	listener_close(&listener);
	tear_down();
}

static const struct suite_test tests[] = {
	{ "a unix socket has its mode, takes connections and is taken away", test_unix },
	{ "a unix socket has its group", test_group },
	{ "a socket that a dead process left is replaced", test_stale },
	{ "a socket somebody listens on is left alone", test_live },
	{ "a file or symbolic link at the path is left alone", test_file },
	{ "a directory that is not there is named", test_no_directory },
	{ "a directory without rights is named, with the user", test_no_rights },
	{ "a socket that replaced ours is not taken away", test_replaced },
	{ "a TCP port is taken once and free again at once", test_inet },
	{ "an address that other hosts may reach is warned of", test_exposed },
	{ "a paused listener lets connections wait", test_pause },
	{ "without descriptors it waits and goes on by itself", test_no_descriptors },
};

int main(void)
{
	return suite_run("listener", tests, SUITE_LEN(tests));
}
