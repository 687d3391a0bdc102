/*
 * What says where the servers are and makes no sense: it is told, nothing is
 * sent anywhere, and nothing ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/rig.h"
#include "tests/unit/suite.h"

static struct rig rig; /* its own server is not used here */

/* ---- a server that says one thing --------------------------------------- */

static struct {
	pid_t pid;
	int port;
} fake;

/* One client after the other. */
static void serve(int fd, const char *saying)
{
	char bytes[2000];

	for (;;) {
		int client = accept(fd, NULL, NULL);
		ssize_t n;

		while (client >= 0 && (n = read(client, bytes, sizeof(bytes) - 1)) > 0) {
			bytes[n] = '\0';
			if (strstr(bytes, "PING") && send(client, "+PONG\r\n", 7, MSG_NOSIGNAL) < 0)
				break;
			if ((strstr(bytes, "SLOTS") || strstr(bytes, "SENTINEL")) &&
			    send(client, saying, strlen(saying), MSG_NOSIGNAL) < 0)
				break;
		}
		close(client);
	}
}

static void fake_start(const char *saying)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, 10) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
		perror("fake server");
		exit(99);
	}
	fake.port = ntohs(sa.sin_port);
	fflush(NULL);
	fake.pid = fork();
	if (fake.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd, saying);
	}
	close(fd);
}

static void fake_end(void)
{
	kill(fake.pid, SIGKILL);
	waitpid(fake.pid, NULL, 0);
}

/* ---- tests -------------------------------------------------------------- */

struct row {
	const char *saying, *error; /* in which there is a part of it */
};

#define SENSELESS "makes no sense"

/* setting is the name of a list of servers; more comes behind it. */
static void tell_all(const char *setting, const char *more, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char section[300];

		suite_row("%.60s", rows[i].saying);
		fake_start(rows[i].saying);
		snprintf(section, sizeof(section), "%s = { \"inet:127.0.0.1:%d\" } %s", setting,
			 fake.port, more);
		SUITE_TRUE(rig_fails(&rig, section, rows[i].error));
		SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_UNAVAILABLE);
		fake_end();
	}
}

#define H300                                                                                       \
	"$300\r\n"                                                                                 \
	"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"                \
	"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"                \
	"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"                \
	"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\r\n"

static void test_cluster(void)
{
	static const struct row rows[] = {
		{ "*0\r\n", "its cluster has no slots" },
		{ "-ERR This instance has cluster support disabled\r\n", "cluster support disabled" },
		{ "+OK\r\n", SENSELESS },
		{ ":1\r\n", SENSELESS },
		{ "$-1\r\n", SENSELESS },
		{ "*-1\r\n", SENSELESS },
		{ "*1\r\n:1\r\n", SENSELESS },
		{ "*1\r\n*2\r\n:0\r\n:5\r\n", SENSELESS },
		{ "*1\r\n*3\r\n:0\r\n:5\r\n:7\r\n", SENSELESS },
		{ "*1\r\n*3\r\n:0\r\n:5\r\n*1\r\n$1\r\nh\r\n", SENSELESS },
		{ "*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n:1\r\n:1\r\n", SENSELESS },
		{ "*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$1\r\nh\r\n$1\r\n1\r\n", SENSELESS },
		{ "*1\r\n*3\r\n:-1\r\n:5\r\n*2\r\n$1\r\nh\r\n:1\r\n", SENSELESS },
		{ "*1\r\n*3\r\n:6\r\n:5\r\n*2\r\n$1\r\nh\r\n:1\r\n", SENSELESS },
		{ "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n", SENSELESS },
		{ "*1\r\n*3\r\n:0\r\n:9223372036854775807\r\n*2\r\n$1\r\nh\r\n:1\r\n", SENSELESS },
		{ "*1\r\n*3\r\n$1\r\n0\r\n:5\r\n*2\r\n$1\r\nh\r\n:1\r\n", SENSELESS },
		/* Slots that nobody can be asked for. */
		{ "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\n?\r\n:1\r\n", "no address of any primary" },
		{ "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\nh\r\n:0\r\n", "no address of any primary" },
		{ "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\nh\r\n:70000\r\n", "no address of any primary" },
		{ "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n" H300 ":1\r\n", "no address of any primary" },
		{ "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:1\r\n", "refused" },
		{ "garbage\r\n", "does not parse" },
		{ "*99999999999\r\n", "does not parse" },
	};

	tell_all("cluster", "", rows, SUITE_LEN(rows));
}

static void test_sentinel(void)
{
	static const struct row rows[] = {
		{ "*-1\r\n", "does not know the master's name" },
		{ "$-1\r\n", "does not know the master's name" },
		{ "-IDONTKNOW\r\n", "IDONTKNOW" },
		{ "*0\r\n", SENSELESS },
		{ "*1\r\n$1\r\nh\r\n", SENSELESS },
		{ "*2\r\n$1\r\nh\r\n:1\r\n", SENSELESS },
		{ "*2\r\n$-1\r\n$-1\r\n", SENSELESS },
		{ "*2\r\n$0\r\n\r\n$1\r\n1\r\n", SENSELESS },
		{ "*2\r\n$1\r\nh\r\n$1\r\n0\r\n", SENSELESS },
		{ "*2\r\n$1\r\nh\r\n$5\r\n65536\r\n", SENSELESS },
		{ "*2\r\n$1\r\nh\r\n$3\r\nabc\r\n", SENSELESS },
		{ "*2\r\n" H300 "$1\r\n1\r\n", SENSELESS },
		{ "*3\r\n$1\r\nh\r\n$1\r\n1\r\n$1\r\n1\r\n", SENSELESS },
		{ "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n1\r\n", "refused" },
		{ "garbage\r\n", "does not parse" },
	};

	tell_all("sentinels", "sentinel_master = m", rows, SUITE_LEN(rows));
}

static const struct suite_test tests[] = {
	{ "a map of slots that makes no sense is told", test_cluster },
	{ "a primary's address that makes no sense is told", test_sentinel },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store odd topology", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
