#include "base/send_many.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define N 5

static int ours[N], theirs[N];
static struct parcel parcels[N];

/* Each is sent "octets". */
static void begin(void)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < N; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
			abort();
		ours[i] = ends[0];
		theirs[i] = ends[1];
		parcels[i] = (struct parcel){ ours[i], "octets", 6, 0 };
	}
}

static void end(void)
{
	for (int i = 0; i < N; i++) {
		close(ours[i]);
		close(theirs[i]);
	}
}

static const char *arrived(int i)
{
	static char text[64];
	ssize_t n = recv(theirs[i], text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void fill_up(int fd)
{
	static const char octets[4096];

	while (send(fd, octets, sizeof(octets), MSG_NOSIGNAL) > 0)
		;
}

/* One way or the other: without a context they are sent one by one. */
static const struct send_many ways[] = { { .tried = false }, { .tried = true } };

static void test_all(void)
{
	for (size_t way = 0; way < SUITE_LEN(ways); way++) {
		struct send_many many = ways[way];

		for (size_t n = 0; n <= N; n++) {
			suite_row("way %zu, %zu parcels", way, n);
			begin();
			send_many(&many, parcels, n);
			for (size_t i = 0; i < N; i++) {
				SUITE_INT_EQUAL(parcels[i].sent, i < n ? 6 : 0);
				SUITE_TEXT_EQUAL(arrived((int)i), i < n ? "octets" : "");
			}
			end();
		}
		send_many_fini(&many);
		SUITE_TRUE(many.context == 0);
	}
}

static void test_errors(void)
{
	for (size_t way = 0; way < SUITE_LEN(ways); way++) {
		struct send_many many = ways[way];

		suite_row("way %zu", way);
		begin();
		fill_up(ours[0]);
		close(theirs[1]);
		parcels[3].fd = -1;
		send_many(&many, parcels, N);
		SUITE_INT_EQUAL(parcels[0].sent, -EAGAIN);
		SUITE_INT_EQUAL(parcels[1].sent, -EPIPE);
		SUITE_INT_EQUAL(parcels[2].sent, 6);
		SUITE_INT_EQUAL(parcels[3].sent, -EBADF);
		SUITE_INT_EQUAL(parcels[4].sent, 6);
		SUITE_TEXT_EQUAL(arrived(2), "octets");
		SUITE_TEXT_EQUAL(arrived(4), "octets");
		theirs[1] = -1;
		end();
		send_many_fini(&many);
	}
}

/* What a socket has no room for is for the caller to send again. */
static void test_part(void)
{
	size_t len = 8 << 20;
	char *octets = calloc(len, 1);

	for (size_t way = 0; octets && way < SUITE_LEN(ways); way++) {
		struct send_many many = ways[way];

		suite_row("way %zu", way);
		begin();
		parcels[1].bytes = octets;
		parcels[1].len = len;
		send_many(&many, parcels, N);
		SUITE_TRUE(parcels[1].sent > 0 && parcels[1].sent < (ssize_t)len);
		SUITE_INT_EQUAL(parcels[2].sent, 6);
		end();
		send_many_fini(&many);
	}
	free(octets);
}

static const struct suite_test tests[] = {
	{ "each socket gets its octets, with io_submit() and without", test_all },
	{ "what fails for one is no matter of the others", test_errors },
	{ "a socket takes as much as it has room for", test_part },
};

int main(void)
{
	return suite_run("send-many", tests, SUITE_LEN(tests));
}
