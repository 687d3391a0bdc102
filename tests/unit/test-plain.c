#include "store/plain.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define MUCH (1024 * 1024)

static struct event_base *base;
static struct plain *plain;
static int fds[2]; /* ours, the peer's */
static char heard[64];
static unsigned n_lost;
static bool free_on_read, error_expected;

static void on_read(const char *bytes, size_t len, void *arg)
{
	(void)arg;
	strncat(heard, bytes, len);
	if (free_on_read)
		plain_free(&plain);
}

static void on_lost(const char *why, void *arg)
{
	(void)arg;
	n_lost++;
	SUITE_TRUE(why == NULL || error_expected);
	plain_free(&plain);
}

static void begin(void)
{
	static const struct plain_events events = { .read = on_read, .lost = on_lost };

	base = event_base_new();
	SUITE_INT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	plain = plain_new(base, fds[0], &events, NULL);
	heard[0] = '\0';
	n_lost = 0;
	free_on_read = error_expected = false;
}

static void end(void)
{
	plain_free(&plain);
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	event_base_free(base);
}

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void say(const char *text)
{
	evbuffer_add(plain_output(plain), text, strlen(text));
	plain_send(plain);
}

static void test_pass(void)
{
	char text[64] = "";

	begin();
	say("one ");
	say("two");
	SUITE_TRUE(recv(fds[1], text, sizeof(text) - 1, 0) < 0);
	turn();
	SUITE_INT_EQUAL(recv(fds[1], text, sizeof(text) - 1, 0), 7);
	SUITE_TEXT_EQUAL(text, "one two");
	end();
}

static void test_full(void)
{
	static char much[MUCH];
	size_t got = 0;
	ssize_t n;

	begin();
	evbuffer_add(plain_output(plain), much, sizeof(much));
	plain_send(plain);
	turn();
	SUITE_TRUE(evbuffer_get_length(plain_output(plain)) > 0);
	say("more");
	while ((n = recv(fds[1], much, sizeof(much), 0)) > 0) {
		got += (size_t)n;
		turn();
	}
	SUITE_INT_EQUAL(got, sizeof(much) + 4);
	SUITE_INT_EQUAL(n_lost, 0);
	end();
}

static void test_read(void)
{
	begin();
	SUITE_INT_EQUAL(send(fds[1], "hello", 5, 0), 5);
	turn();
	SUITE_TEXT_EQUAL(heard, "hello");
	free_on_read = true;
	SUITE_INT_EQUAL(send(fds[1], "!", 1, 0), 1);
	turn();
	SUITE_TEXT_EQUAL(heard, "hello!");
	SUITE_TRUE(plain == NULL);
	end();
}

static void test_lost(void)
{
	begin();
	SUITE_INT_EQUAL(send(fds[1], "last", 4, 0), 4);
	close(fds[1]);
	fds[1] = -1;
	turn();
	turn();
	SUITE_TEXT_EQUAL(heard, "last");
	SUITE_INT_EQUAL(n_lost, 1);
	end();
}

/* Nobody ignores SIGPIPE here. */
static void test_write_lost(void)
{
	begin();
	close(fds[1]);
	fds[1] = -1;
	error_expected = true;
	say("to nobody");
	turn();
	SUITE_INT_EQUAL(n_lost, 1);
	end();
}

static const struct suite_test tests[] = {
	{ "what is sent in one pass of the loop goes out at its end", test_pass },
	{ "what the socket does not take goes out when it does", test_full },
	{ "what comes is handed over, and the connection may be freed then", test_read },
	{ "a peer that has closed is told of behind its last words", test_lost },
	{ "a write to a peer that has closed is no signal", test_write_lost },
};

int main(void)
{
	return suite_run("plain", tests, SUITE_LEN(tests));
}
