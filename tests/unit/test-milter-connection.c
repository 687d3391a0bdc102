/*
 * Connections of a mail server on a real loop and a socket pair, with a store
 * that answers when it is told to.
 */
#define _GNU_SOURCE /* accept4 */

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "milter/clients.h"
#include "milter/connection.h"
#include "store/report.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

/* Packets as a mail server writes them: length, command and data. */
#define PACKET(len, text) "\0\0\0" len text
#define OFFER PACKET("\x0d", "O\0\0\0\6\0\0\1\xff\0\x1f\xff\xff")
#define CONNECT                         \
	PACKET("\x13", "Chost\0004\1\2" \
		       "192.0.2.7\0")
#define LOGIN PACKET("\x16", "DM{auth_authen}\0alice\0")
#define MAIL PACKET("\x15", "M<alice@example.org>\0")
#define RCPT PACKET("\x11", "R<r@example.net>\0")
#define QUEUE_ID PACKET("\x07", "DEi\0004Q\0")
#define FROM PACKET("\x19", "LFrom\0 alice@example.org\0")
#define BODY PACKET("\x08", "BHello\r\n")
#define END PACKET("\x01", "E")
#define ABORT PACKET("\x01", "A")
#define CONTENT QUEUE_ID FROM BODY END
#define CONTINUE PACKET("\x01", "c")

struct store {
	struct identities *identities;
	struct decision_env env;
	/* The takes that wait for their answer, oldest first. */
	struct {
		take_done *done;
		void *arg;
	} waiting[16];
	size_t n_waiting;
};

static struct store store;
static struct event_base *base;
static struct config *config;
static struct desk *desk;
static struct clients *clients;
static int n_lines, n_reports, n_refunds, n_drained;
static int peer;       /* the server's end */
static bool sandboxed; /* is the login's account */

/* ---- in place of store/store.c and store/report.c -------------------------- */

static int64_t fake_now_ms(void *ctx)
{
	(void)ctx;
	return INT64_C(1800000000000);
}

static bool fake_account(void *ctx, const char *login, struct account **out)
{
	(void)ctx;
	(void)login;
	*out = sandboxed ? fixture_account("{\"state\":\"sandboxed\"}") : NULL;
	return true;
}

static void fake_take(void *ctx, const struct take *take, take_done *done, void *arg)
{
	(void)ctx;
	(void)take;
	store.waiting[store.n_waiting].done = done;
	store.waiting[store.n_waiting++].arg = arg;
}

static void fake_refund(void *ctx, const struct charge *charge, const char *message_key,
			bool forget)
{
	(void)ctx;
	(void)charge;
	(void)message_key;
	(void)forget;
	n_refunds++;
}

const struct decision_env *store_env(struct store *ours)
{
	return &ours->env;
}

const struct identities *store_identities(const struct store *ours)
{
	return ours->identities;
}

void report_verdict(struct store *ours, const struct config *snapshot, const char *daemon,
		    const struct request *request, const struct verdict *verdict,
		    int64_t elapsed_us)
{
	(void)ours;
	(void)snapshot;
	(void)daemon;
	(void)request;
	(void)verdict;
	(void)elapsed_us;
	n_reports++;
}

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
	n_lines++;
}

/* ---- running --------------------------------------------------------------- */

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void answer_first(void)
{
	struct take_answer answer = { .status = TAKE_DONE };
	take_done *done = store.waiting[0].done;
	void *arg = store.waiting[0].arg;

	SUITE_TRUE(store.n_waiting > 0);
	if (store.n_waiting == 0)
		return;
	for (int i = 0; i < TAKE_ROWS_MAX; i++)
		answer.rows[i].limit = QUOTA_UNLIMITED;
	store.n_waiting--;
	memmove(store.waiting, store.waiting + 1, store.n_waiting * sizeof(store.waiting[0]));
	done(&answer, arg);
	turn();
}

/* The server's end of a new connection. */
static int open_peer(void)
{
	const int small = 1;
	int fds[2];

	SUITE_INT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	clients_add(clients, fds[1]);
	turn();
	return fds[0];
}

static void begin(const char *settings)
{
	char text[512];

	snprintf(
		text, sizeof(text),
		"milter { listen = \"unix:/nowhere\" max_connections = 3 }\n"
		"plan default { quotas = { \"10 messages / 1h\" } senders = { \"*@example.org\" } %s }\n",
		settings);
	log_capture(on_line, NULL);
	base = event_base_new();
	config = fixture_config(text);
	store = (struct store){ .identities = identities_new(),
				.env = { .ctx = &store,
					 .now_ms = fake_now_ms,
					 .account = fake_account,
					 .take = fake_take,
					 .refund = fake_refund } };
	desk = desk_new(base, &store);
	clients = clients_new(base, desk, config);
	n_lines = n_reports = n_refunds = n_drained = 0;
	sandboxed = false;
	peer = open_peer();
}

static int64_t connections(void)
{
	struct clients_stats stats;

	clients_stats(clients, &stats);
	return stats.connections;
}

static void end(void)
{
	close(peer);
	SUITE_INT_EQUAL((long long)store.n_waiting, 0);
	clients_free(&clients);
	desk_free(&desk);
	identities_free(&store.identities);
	config_unref(&config);
	event_base_free(base);
	log_capture(NULL, NULL);
}

static void say_octets(const char *octets, size_t n)
{
	SUITE_INT_EQUAL((long long)send(peer, octets, n, MSG_NOSIGNAL), (long long)n);
	turn();
}
#define SAY(octets) say_octets(octets, sizeof(octets) - 1)

/* More than the socket takes at once. */
static void say_all(const char *octets, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t sent = send(peer, octets + at, n - at, MSG_NOSIGNAL);

		at += sent > 0 ? (size_t)sent : 0;
		turn();
	}
}

/* The commands of the packets that have come, "." for the end. */
static const char *hear(void)
{
	static char words[64];
	char octets[1024];
	ssize_t n = recv(peer, octets, sizeof(octets), 0);
	size_t len = 0;

	for (ssize_t at = 0; at + 4 < n; at += 4 + octets[at + 3])
		words[len++] = octets[at + 4];
	if (n == 0)
		words[len++] = '.';
	words[len] = '\0';
	return words;
}

static void greet(void)
{
	SAY(OFFER);
	SUITE_TEXT_EQUAL(hear(), "O");
}

static void send_envelope(void)
{
	SAY(LOGIN MAIL RCPT);
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "c");
}

static void on_drained(void *ctx)
{
	(void)ctx;
	n_drained++;
}

/* ---- tests ----------------------------------------------------------------- */

static void test_messages(void)
{
	begin("");
	greet();
	SAY(CONNECT);
	for (int i = 0; i < 2; i++) {
		send_envelope();
		SAY(CONTENT);
		SUITE_TEXT_EQUAL(hear(), "");
		answer_first();
		SUITE_TEXT_EQUAL(hear(), "c");
	}
	SUITE_INT_EQUAL(n_reports, 4);
	SUITE_INT_EQUAL(n_refunds, 0);
	SAY(PACKET("\x01", "Q"));
	SUITE_TEXT_EQUAL(hear(), ".");
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_lines, 0);
	end();
}

/* However it is cut into pieces. */
static void test_octets(void)
{
	static const char before[] = CONNECT LOGIN MAIL RCPT, after[] = CONTENT;

	begin("");
	greet();
	for (size_t i = 0; i + 1 < sizeof(before); i++)
		say_octets(before + i, 1);
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "c");
	for (size_t i = 0; i + 1 < sizeof(after); i++)
		say_octets(after + i, 1);
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "c");
	SUITE_INT_EQUAL(desk_counts(desk)->accepted, 1);
	end();
}

/* What is said ahead waits for its turn. */
static void test_ahead(void)
{
	begin("");
	SAY(OFFER CONNECT LOGIN MAIL RCPT CONTENT LOGIN MAIL RCPT ABORT LOGIN MAIL);
	SUITE_INT_EQUAL((long long)store.n_waiting, 1);
	answer_first();
	SUITE_INT_EQUAL((long long)store.n_waiting, 1);
	SAY(RCPT);
	answer_first();
	answer_first();
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "Occcc");
	SUITE_INT_EQUAL(desk_counts(desk)->messages, 1);
	end();
}

/* A field of 200 KB, of which the first octets come alone, and a body of which
 * nothing is kept. */
static void test_large(void)
{
	static char field[200 * 1024], body[50000];
	const size_t n = sizeof(field) - 4;

	begin("");
	greet();
	send_envelope();
	memset(field, 'x', sizeof(field));
	memcpy(field, "\0\3\x1f\xfcLSubject", 12);
	field[12] = field[sizeof(field) - 1] = '\0';
	SUITE_INT_EQUAL((long long)n, 0x31ffc);
	say_octets(field, 3);
	say_all(field + 3, sizeof(field) - 3);
	SAY("\0\0\xc3\x51"
	    "B");
	say_octets(body, sizeof(body));
	SAY(FROM END);
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "c");
	SUITE_INT_EQUAL(n_lines, 0);
	end();
}

static void test_too_large(void)
{
	begin("");
	greet();
	SAY("\x7f\xff\xff\xff"
	    "L");
	SUITE_TEXT_EQUAL(hear(), ".");
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_lines, 1);
	end();
}

static void test_gone_before_the_answer(void)
{
	begin("");
	greet();
	send_envelope();
	SAY(CONTENT);
	close(peer);
	turn();
	SUITE_INT_EQUAL(connections(), 1);
	answer_first();
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_refunds, 1);
	SUITE_INT_EQUAL(n_lines, 1);
	SUITE_INT_EQUAL(n_reports, 2);
	peer = -1;
	end();
}

/* Nothing was charged yet. */
/* Two ends of a TCP connection, as socketpair(2) has them. */
static void tcp_pair(int fds[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SUITE_INT_EQUAL(bind(listening, (struct sockaddr *)&address, len), 0);
	SUITE_INT_EQUAL(listen(listening, 1), 0);
	SUITE_INT_EQUAL(getsockname(listening, (struct sockaddr *)&address, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	SUITE_INT_EQUAL(connect(fds[0], (struct sockaddr *)&address, len), 0);
	fds[1] = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
	SUITE_INT_EQUAL(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	close(listening);
}

/* By TCP, where an answer may still seem to be taken, and with something said
 * behind the end that nobody has read. */
static void test_gone_with_last_words(void)
{
	int fds[2];

	begin("");
	close(peer);
	turn();
	tcp_pair(fds);
	peer = fds[0];
	clients_add(clients, fds[1]);
	greet();
	send_envelope();
	SAY(CONTENT);
	SAY(PACKET("\x01", "Q"));
	close(peer);
	answer_first();
	SUITE_INT_EQUAL(n_refunds, 1);
	turn();
	SUITE_INT_EQUAL(connections(), 0);
	peer = -1;
	end();
}

static void test_gone_at_recipient(void)
{
	begin("");
	greet();
	SAY(LOGIN MAIL RCPT);
	close(peer);
	answer_first();
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_refunds, 0);
	SUITE_INT_EQUAL(n_lines, 0);
	peer = -1;
	end();
}

/* A message to be redirected, whose many recipients make an answer that is not
 * taken at once. */
#define MANY 100
#define REDIRECT "sandbox = redirect sandbox_redirect = \"box@example.org\""

static void send_redirected(void)
{
	char recipient[256];

	greet();
	SAY(LOGIN MAIL);
	memset(recipient, 'r', sizeof(recipient));
	memcpy(recipient, "\0\0\0\xfcR", 5);
	recipient[sizeof(recipient) - 1] = '\0';
	for (int i = 0; i < MANY; i++) {
		say_octets(recipient, sizeof(recipient));
		answer_first();
		SUITE_TEXT_EQUAL(hear(), "c");
	}
	SAY(CONTENT);
	answer_first();
}

/* Reads all there is; returns how many octets. */
static size_t read_all(void)
{
	char octets[4096];
	size_t sum = 0;
	ssize_t n;

	while ((n = recv(peer, octets, sizeof(octets), 0)) > 0) {
		sum += (size_t)n;
		turn();
	}
	return sum;
}

static void test_slow_reader(void)
{
	const size_t all =
		MANY * 256 + sizeof(PACKET("?", "+box@example.org\0")) - 1 + sizeof(CONTINUE) - 1;

	begin(REDIRECT);
	sandboxed = true;
	send_redirected();
	SAY(LOGIN MAIL RCPT); /* it does not read, so it is not heard */
	SUITE_INT_EQUAL((long long)store.n_waiting, 0);
	SUITE_INT_EQUAL((long long)read_all(), (long long)all);
	SUITE_INT_EQUAL(n_refunds, 0);
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "c");
	end();
}

static void test_gone_in_the_answer(void)
{
	char octets[1000];

	begin(REDIRECT);
	sandboxed = true;
	send_redirected();
	SUITE_INT_EQUAL((long long)recv(peer, octets, sizeof(octets), 0), sizeof(octets));
	close(peer);
	turn();
	SUITE_INT_EQUAL(connections(), 0);
	SUITE_INT_EQUAL(n_refunds, 1);
	SUITE_INT_EQUAL(n_lines, 1);
	peer = -1;
	end();
}

static void test_limit(void)
{
	int peers[3];

	begin("");
	for (int i = 0; i < 3; i++)
		peers[i] = open_peer();
	SUITE_INT_EQUAL(connections(), 3);
	SUITE_INT_EQUAL((long long)recv(peers[2], &(char){ 0 }, 1, 0), 0);
	SUITE_INT_EQUAL(n_lines, 1);
	for (int i = 0; i < 3; i++)
		close(peers[i]);
	turn();
	SUITE_INT_EQUAL(connections(), 1);
	greet();
	end();
}

static void test_drain(void)
{
	int idle;

	begin("");
	idle = open_peer();
	greet();
	send_envelope();
	SAY(CONTENT);
	clients_drain(clients, on_drained, NULL);
	SUITE_INT_EQUAL((long long)recv(idle, &(char){ 0 }, 1, 0), 0);
	SUITE_INT_EQUAL(n_drained, 0);
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "c");
	SUITE_TEXT_EQUAL(hear(), ".");
	SUITE_INT_EQUAL(n_drained, 1);
	SUITE_INT_EQUAL(n_refunds, 0);
	close(idle);
	end();
}

/* The reload frees the old snapshot; sessions that have begun still have it. */
static void test_reload(void)
{
	struct config *next;

	begin("");
	greet();
	SAY(CONNECT);
	next = fixture_config("milter { listen = \"unix:/nowhere\" max_connections = 1 }\n"
			      "plan default { senders = { \"nobody@example.org\" } }\n");
	clients_configure(clients, next);
	config_unref(&config);
	config = next;
	send_envelope();
	SAY(CONTENT);
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "c");
	SAY(CONNECT LOGIN MAIL RCPT);
	answer_first();
	SUITE_TEXT_EQUAL(hear(), "y");
	end();
}

static const void *watched;

static struct crowd_member *open_watched(void *host, int fd)
{
	struct crowd_member *member = connection_kind.open(host, fd);

	watched = member->connection;
	return member;
}

/* Has the watched one been idle so long? */
static bool idle_for(int64_t s)
{
	return connection_kind.idle_since(watched, crowd_clock_s() + s);
}

/* A slow client sends a large message: meanwhile Postfix has nothing to say. */
static void test_slow_client(void)
{
	static struct connection_host host;
	struct crowd_kind kind = connection_kind;
	struct crowd *crowd;
	int fds[2];

	begin("");
	close(peer);
	turn();
	SUITE_INT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	peer = fds[0];
	connection_host_init(&host, base);
	host.desk = desk;
	host.config = config;
	kind.open = open_watched;
	crowd = crowd_new(base, &kind, &host);
	crowd_add(crowd, fds[1], 1);
	greet();
	SUITE_TRUE(idle_for(0));
	send_envelope();
	SUITE_TRUE(!idle_for(CROWD_IDLE_MAX_S));
	SUITE_TRUE(idle_for(CONNECTION_MESSAGE_MAX_S));
	SAY(ABORT);
	SUITE_TRUE(idle_for(0));
	crowd_free(&crowd);
	connection_host_fini(&host);
	end();
}

static const struct suite_test tests[] = {
	{ "messages are asked about and answered one after the other", test_messages },
	{ "packets may come octet by octet", test_octets },
	{ "what is said ahead of an answer waits", test_ahead },
	{ "a large field is read whole, and a body passed over", test_large },
	{ "a packet that is too large ends the connection", test_too_large },
	{ "who is gone before the answer gets the charge back", test_gone_before_the_answer },
	{ "so does who has said something behind the end", test_gone_with_last_words },
	{ "who is gone at a recipient is owed nothing", test_gone_at_recipient },
	{ "an answer is taken in pieces, and nothing is read meanwhile", test_slow_reader },
	{ "who is gone in the middle of the answer gets the charge back", test_gone_in_the_answer },
	{ "a connection with a message is not idle for long", test_slow_client },
	{ "connections over the limit are closed at once", test_limit },
	{ "a drain answers what was asked and closes everything", test_drain },
	{ "after a reload new sessions have the new configuration", test_reload },
};

int main(void)
{
	header_address_init();
	return suite_run("milter-connection", tests, SUITE_LEN(tests));
}
