/*
 * Connections on a real loop and a socket pair, with a fake store that
 * answers when it is told to.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/clients.h"
#include "policy/protocol.h"
#include "tests/unit/suite.h"

#define RCPT(instance, recipient)                                                           \
	"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.1\n"      \
	"sender=alice@example.org\nrecipient=" recipient "\nrecipient_count=0\nqueue_id=\n" \
	"instance=" instance "\nsize=0\nsasl_username=alice@example.org\n\n"
#define NO_LOGIN "request=smtpd_access_policy\nprotocol_state=RCPT\nsasl_username=\n\n"
#define DUNNO "action=DUNNO\n\n"

static struct event_base *base;
static struct config *config;
static struct clients *clients;
static int n_lines, n_reports, n_drained;
static int64_t last_recipients;

/* The fake store: the takes that wait for their answer, oldest first. */
static struct {
	take_done *done;
	void *arg;
} waiting[16];
static size_t n_waiting;
static bool at_once;

static int64_t fake_now_ms(void *ctx)
{
	(void)ctx;
	return INT64_C(1700000000000);
}

static bool fake_account(void *ctx, const char *login, struct account **out)
{
	(void)ctx;
	(void)login;
	*out = NULL;
	return true;
}

static void fake_take(void *ctx, const struct take *take, take_done *done, void *arg)
{
	static const struct take_answer answer = { .status = TAKE_DONE };

	(void)ctx;
	(void)take;
	if (at_once) {
		done(&answer, arg);
		return;
	}
	waiting[n_waiting].done = done;
	waiting[n_waiting++].arg = arg;
}

static void fake_take_local(void *ctx, const struct take *take, struct take_answer *answer)
{
	(void)ctx;
	(void)take;
	answer->status = TAKE_DONE;
}

static void fake_charge_local(void *ctx, const struct take *take, bool uncertain)
{
	(void)ctx;
	(void)take;
	(void)uncertain;
}

static const struct decision_env env = {
	.now_ms = fake_now_ms,
	.account = fake_account,
	.take = fake_take,
	.take_local = fake_take_local,
	.charge_local = fake_charge_local,
};

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void answer_first(enum take_status status)
{
	struct take_answer answer = { .status = status };
	take_done *done = waiting[0].done;
	void *arg = waiting[0].arg;

	SUITE_TRUE(n_waiting > 0);
	if (n_waiting == 0)
		return;
	n_waiting--;
	memmove(waiting, waiting + 1, n_waiting * sizeof(waiting[0]));
	done(&answer, arg);
	turn();
}

static void on_report(void *ctx, const struct config *used, const struct request *request,
		      const struct verdict *verdict, int64_t elapsed_us)
{
	(void)ctx;
	(void)used;
	(void)verdict;
	n_reports++;
	last_recipients = request->recipients;
	SUITE_TRUE(elapsed_us >= 0);
}

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
	n_lines++;
}

static void on_drained(void *ctx)
{
	(void)ctx;
	n_drained++;
}

static void begin(void)
{
	static const char text[] =
		"node = \"mx1\"\n"
		"policyd { listen = { \"unix:/nowhere\" } max_connections = 3 }\n";
	char error[512];

	log_capture(on_line, NULL);
	base = event_base_new();
	config = config_load_text(text, "test.conf", error, sizeof(error));
	SUITE_TRUE(config != NULL);
	clients = clients_new(base, &env, NULL, config, on_report, NULL);
	n_lines = n_reports = n_drained = 0;
	n_waiting = 0;
	at_once = false;
}

static void end(void)
{
	SUITE_INT_EQUAL(n_waiting, 0);
	clients_free(&clients);
	config_unref(&config);
	event_base_free(base);
}

/* The client's end of a new connection. */
static int open_client(void)
{
	int fds[2];

	SUITE_INT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	clients_add(clients, fds[1]);
	turn();
	return fds[0];
}

static void say(int fd, const char *text)
{
	SUITE_INT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn();
}

/* What has come, "" for nothing, "EOF" for the end. */
static const char *hear(int fd)
{
	static char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	if (n == 0)
		return "EOF";
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int64_t connections(void)
{
	struct clients_stats stats;

	clients_stats(clients, &stats);
	return stats.connections;
}

static void test_answer(void)
{
	int fd;

	begin();
	fd = open_client();
	say(fd, RCPT("1.0", "r1@example.net"));
	SUITE_TEXT_EQUAL(hear(fd), "");
	answer_first(TAKE_DONE);
	SUITE_TEXT_EQUAL(hear(fd), DUNNO);
	SUITE_INT_EQUAL(n_reports, 1);
	say(fd, NO_LOGIN);
	SUITE_TEXT_EQUAL(hear(fd), DUNNO);
	SUITE_INT_EQUAL(n_reports, 1);
	close(fd);
	turn();
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_lines, 0);
	end();
}

static void test_one_at_a_time(void)
{
	int fd;

	begin();
	fd = open_client();
	say(fd, RCPT("1.0", "r1@example.net") RCPT("1.0", "r2@example.net") NO_LOGIN);
	SUITE_INT_EQUAL(n_waiting, 1);
	answer_first(TAKE_DONE);
	SUITE_INT_EQUAL(last_recipients, 1);
	SUITE_TEXT_EQUAL(hear(fd), DUNNO);
	SUITE_INT_EQUAL(n_waiting, 1);
	answer_first(TAKE_DONE);
	SUITE_INT_EQUAL(last_recipients, 2);
	SUITE_TEXT_EQUAL(hear(fd), DUNNO DUNNO);
	close(fd);
	end();
}

/* As many as the buffer takes, each answered inside the call that asks. */
static void test_at_once(void)
{
	static char text[PROTOCOL_REQUEST_MAX];
	size_t len = 0;
	int fd, n = 0;

	begin();
	at_once = true;
	while (len + strlen(RCPT("1.0", "r1@example.net")) < sizeof(text)) {
		len += (size_t)sprintf(text + len, "%s", RCPT("1.0", "r1@example.net"));
		n++;
	}
	fd = open_client();
	say(fd, text);
	SUITE_INT_EQUAL(n_reports, n);
	SUITE_INT_EQUAL(last_recipients, 1);
	SUITE_INT_EQUAL(strlen(hear(fd)), (size_t)n * strlen(DUNNO));
	close(fd);
	end();
}

static void test_gone_meanwhile(void)
{
	int fd;

	begin();
	fd = open_client();
	say(fd, RCPT("1.0", "r1@example.net") "request=smt");
	close(fd);
	turn();
	SUITE_INT_EQUAL(connections(), 1);
	answer_first(TAKE_DONE);
	SUITE_INT_EQUAL(n_reports, 1);
	SUITE_INT_EQUAL(connections(), 0);
	end();
}

static void test_half_closed(void)
{
	int fd;

	begin();
	fd = open_client();
	say(fd, RCPT("1.0", "r1@example.net") NO_LOGIN);
	shutdown(fd, SHUT_WR);
	turn();
	answer_first(TAKE_DONE);
	SUITE_TEXT_EQUAL(hear(fd), DUNNO DUNNO);
	SUITE_TEXT_EQUAL(hear(fd), "EOF");
	SUITE_INT_EQUAL(n_lines, 0);
	close(fd);
	end();
}

static void test_malformed(void)
{
	int fd;

	begin();
	fd = open_client();
	say(fd, NO_LOGIN "nonsense\n\n" NO_LOGIN);
	SUITE_TEXT_EQUAL(hear(fd), DUNNO);
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_lines, 1);
	close(fd);
	end();
}

static void test_ended_inside(void)
{
	int fd;

	begin();
	fd = open_client();
	say(fd, "request=smtpd_access_policy\nsend");
	SUITE_INT_EQUAL(connections(), 1);
	close(fd);
	turn();
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_lines, 1);
	end();
}

/* Writes until nothing goes in any more; returns the number of requests. */
static int flood(int fd)
{
	static const char text[] = NO_LOGIN;
	size_t len = strlen(text), at = 0, n = 0;
	int idle = 0;

	while (idle < 3) {
		ssize_t sent = send(fd, text + at, len - at, MSG_NOSIGNAL);

		idle = sent < 0 ? idle + 1 : 0;
		at += sent < 0 ? 0 : (size_t)sent;
		n += at == len;
		at = at == len ? 0 : at;
		turn();
	}
	/* The rest of the last one goes in later. */
	while (at > 0 && at < len) {
		ssize_t sent;

		hear(fd);
		turn();
		sent = send(fd, text + at, len - at, MSG_NOSIGNAL);
		at += sent < 0 ? 0 : (size_t)sent;
	}
	return (int)n;
}

static void test_slow_reader(void)
{
	int fd, n, i;

	begin();
	fd = open_client();
	n = flood(fd);
	SUITE_TRUE(n > 100 && n < 100000);
	for (i = 0; i < 100000 && strcmp(hear(fd), "") != 0; i++)
		turn();
	say(fd, NO_LOGIN);
	SUITE_TEXT_EQUAL(hear(fd), DUNNO);
	close(fd);
	turn();
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_lines, 0);
	end();
}

/* Sends far more than the buffer takes while a decision is under way. */
static void test_ahead(void)
{
	static char text[4 * PROTOCOL_REQUEST_MAX];
	size_t len = 0, heard = 0;
	int fd, i, n = 0;

	begin();
	fd = open_client();
	len = (size_t)sprintf(text, "%s", RCPT("1.0", "r1@example.net"));
	for (; len + strlen(NO_LOGIN) < sizeof(text); n++)
		len += (size_t)sprintf(text + len, "%s", NO_LOGIN);
	say(fd, text);
	turn();
	SUITE_TEXT_EQUAL(hear(fd), "");
	answer_first(TAKE_DONE);
	for (i = 0; i < 1000; i++) {
		heard += strlen(hear(fd));
		turn();
	}
	SUITE_INT_EQUAL(heard, (size_t)(n + 1) * strlen(DUNNO));
	close(fd);
	end();
}

static void test_limit(void)
{
	int fds[5], i;

	begin();
	for (i = 0; i < 5; i++)
		fds[i] = open_client();
	SUITE_INT_EQUAL(connections(), 3);
	SUITE_TEXT_EQUAL(hear(fds[2]), "");
	SUITE_TEXT_EQUAL(hear(fds[3]), "EOF");
	SUITE_TEXT_EQUAL(hear(fds[4]), "EOF");
	SUITE_INT_EQUAL(n_lines, 1);
	close(fds[0]);
	turn();
	close(fds[4]);
	fds[4] = open_client();
	say(fds[4], NO_LOGIN);
	SUITE_TEXT_EQUAL(hear(fds[4]), DUNNO);
	for (i = 1; i < 5; i++)
		close(fds[i]);
	end();
}

static void test_drain(void)
{
	int busy, idle;

	begin();
	busy = open_client();
	idle = open_client();
	say(busy, RCPT("1.0", "r1@example.net"));
	clients_drain(clients, on_drained);
	SUITE_TEXT_EQUAL(hear(idle), "EOF");
	SUITE_TEXT_EQUAL(hear(busy), "");
	SUITE_INT_EQUAL(n_drained, 0);
	answer_first(TAKE_DONE);
	SUITE_TEXT_EQUAL(hear(busy), DUNNO);
	SUITE_TEXT_EQUAL(hear(busy), "EOF");
	SUITE_INT_EQUAL(n_drained, 1);
	close(busy);
	close(idle);
	end();
}

static void test_abandoned(void)
{
	int fd;

	begin();
	fd = open_client();
	say(fd, RCPT("1.0", "r1@example.net") RCPT("1.0", "r2@example.net"));
	clients_drain(clients, on_drained);
	clients_abandon(clients);
	answer_first(TAKE_UNAVAILABLE);
	SUITE_INT_EQUAL(n_waiting, 0);
	SUITE_INT_EQUAL(n_reports, 1);
	SUITE_TRUE(strncmp(hear(fd), "action=", 7) == 0);
	SUITE_TEXT_EQUAL(hear(fd), "EOF");
	SUITE_INT_EQUAL(connections(), 0);
	close(fd);
	end();
}

/* The reload frees the old snapshot; a decision under way still has it. */
static void test_reload(void)
{
	struct config *next;
	char error[512];
	int fd;

	begin();
	fd = open_client();
	say(fd, RCPT("1.0", "r1@example.net"));
	next = config_load_text("node = \"mx2\"\npolicyd { listen = { \"unix:/nowhere\" } }\n",
				"test.conf", error, sizeof(error));
	clients_configure(clients, next);
	config_unref(&config);
	config = next;
	answer_first(TAKE_DONE);
	SUITE_TEXT_EQUAL(hear(fd), DUNNO);
	close(fd);
	end();
}

/* Its answer names an address of that snapshot. */
static void test_reload_redirect(void)
{
	static const char text[] =
		"node = \"mx1\"\n"
		"policyd { listen = { \"unix:/nowhere\" } }\n"
		"plan default {\n"
		"	quotas = { \"1 message / 1h\" }\n"
		"	over_quota = sandbox\n"
		"	sandbox = redirect\n"
		"	sandbox_redirect = \"jail@example.org\"\n"
		"}\n";
	struct config *next;
	char error[512];
	int fd;

	begin();
	next = config_load_text(text, "test.conf", error, sizeof(error));
	SUITE_TRUE(next != NULL);
	clients_configure(clients, next);
	config_unref(&next);
	fd = open_client();
	say(fd, "request=smtpd_access_policy\nprotocol_state=END-OF-MESSAGE\n"
		"client_address=192.0.2.1\nsender=alice@example.org\nrecipient=r@example.net\n"
		"recipient_count=1\nqueue_id=4ABC\ninstance=1.0\nsize=100\n"
		"sasl_username=alice@example.org\n\n");
	clients_configure(clients, config);
	answer_first(TAKE_OVER);
	SUITE_TEXT_EQUAL(hear(fd), "action=REDIRECT jail@example.org\n\n");
	close(fd);
	end();
}

static const struct suite_test tests[] = {
	{ "a request is answered when the decision is made", test_answer },
	{ "one request is decided at a time", test_one_at_a_time },
	{ "answers that are known at once do not nest", test_at_once },
	{ "a client may go away while its request is decided", test_gone_meanwhile },
	{ "a client may close its sending side and read", test_half_closed },
	{ "a malformed request closes the connection without a reply", test_malformed },
	{ "a connection may end inside a request", test_ended_inside },
	{ "a client that does not read is not read from", test_slow_reader },
	{ "what is sent ahead waits in the socket", test_ahead },
	{ "connections over the limit are closed at once", test_limit },
	{ "a drain answers what is under way", test_drain },
	{ "after the store is gone nothing is asked", test_abandoned },
	{ "a decision keeps the configuration it began with", test_reload },
	{ "an answer of the configuration it began with is whole", test_reload_redirect },
};

int main(void)
{
	return suite_run("policy-session", tests, SUITE_LEN(tests));
}
