#include "bench/load.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/histogram.h"
#include "bench/load_options.h"

enum state {
	CONNECTION_GREETING,
	CONNECTION_FREE,
	CONNECTION_BUSY,
};

struct connection {
	int fd;
	enum state state;
	bool writing; /* epoll waits until it can be written to */
	int messages; /* since it was made */
	int64_t due_ns;
	struct load_buffer in, out;
	struct connection *next_free;
	void *talk;
};

struct load {
	const struct load_options *options;
	const struct protocol *protocol;
	struct logins *logins;
	int epoll;
	struct connection *connections;
	struct connection *free;
	struct sockaddr_storage address;
	socklen_t address_len;

	int64_t start_ns, measure_ns, end_ns;
	uint64_t first_id; /* another run has other messages */
	uint64_t begun, scheduled;
	uint64_t passed, refused, errors, ended;
	struct histogram latencies;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* ---- buffers ------------------------------------------------------------------ */

static void make_room(struct load_buffer *b, size_t n)
{
	if (b->start > 0) {
		memmove(b->bytes, b->bytes + b->start, b->end - b->start);
		b->end -= b->start;
		b->start = 0;
	}
	while (b->size - b->end < n) {
		b->size = b->size ? 2 * b->size : 4096;
		if (b->size > LOAD_BUFFER_MAX) {
			fprintf(stderr, "the server says too much at once\n");
			exit(EXIT_FAILURE);
		}
		b->bytes = realloc(b->bytes, b->size);
		if (!b->bytes)
			die("memory");
	}
}

void load_buffer_add(struct load_buffer *b, const void *bytes, size_t n)
{
	if (b->size - b->end < n)
		make_room(b, n);
	memcpy(b->bytes + b->end, bytes, n);
	b->end += n;
}

/* ---- one connection ------------------------------------------------------------- */

static void find_address(struct load *load)
{
	const struct endpoint *e = &load->options->address;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char port[8];

	if (e->kind == ENDPOINT_UNIX) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", e->path);
		memcpy(&load->address, &un, sizeof(un));
		load->address_len = sizeof(un);
		return;
	}
	snprintf(port, sizeof(port), "%u", e->port);
	if (getaddrinfo(e->host, port, &hints, &found) != 0)
		die(e->host);
	memcpy(&load->address, found->ai_addr, found->ai_addrlen);
	load->address_len = found->ai_addrlen;
	freeaddrinfo(found);
}

static int open_socket(const struct load *load)
{
	int fd = socket(load->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&load->address, load->address_len) < 0)
		die("connect");
	return fd;
}

static void watch(struct load *load, struct connection *c, bool writing, int how)
{
	struct epoll_event event = { .events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0),
				     .data.ptr = c };

	c->writing = writing;
	if (epoll_ctl(load->epoll, how, c->fd, &event) < 0)
		die("epoll_ctl");
}

/* The order of the free ones is last come, first served, as among smtpd
 * processes. */
static void set_free(struct load *load, struct connection *c)
{
	c->state = CONNECTION_FREE;
	c->next_free = load->free;
	load->free = c;
}

static void say(struct load *load, struct connection *c)
{
	while (c->out.start < c->out.end) {
		ssize_t n = send(c->fd, c->out.bytes + c->out.start, c->out.end - c->out.start,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			break; /* reading will tell */
		if (n < 0) {
			if (!c->writing)
				watch(load, c, true, EPOLL_CTL_MOD);
			return;
		}
		c->out.start += (size_t)n;
	}
	c->out.start = c->out.end = 0;
	if (c->writing)
		watch(load, c, false, EPOLL_CTL_MOD);
}

static void open_connection(struct load *load, struct connection *c)
{
	c->fd = open_socket(load);
	c->messages = 0;
	c->in.start = c->in.end = c->out.start = c->out.end = 0;
	memset(c->talk, 0, load->protocol->talk_size);
	watch(load, c, false, EPOLL_CTL_ADD);
	if (load->protocol->greet(c->talk, &c->out)) {
		c->state = CONNECTION_GREETING;
		say(load, c);
	} else {
		set_free(load, c);
	}
}

static void reopen(struct load *load, struct connection *c)
{
	if (load->protocol->part) {
		load->protocol->part(c->talk, &c->out);
		say(load, c);
	}
	close(c->fd);
	open_connection(load, c);
}

/* ---- messages -------------------------------------------------------------------- */

static bool is_measured(const struct load *load, int64_t at_ns)
{
	return at_ns >= load->measure_ns;
}

static void begin(struct load *load, struct connection *c, int64_t due_ns)
{
	char login[LOGIN_NAME_MAX];

	login_name(logins_next(load->logins), login);
	c->state = CONNECTION_BUSY;
	c->due_ns = due_ns;
	c->messages++;
	load->protocol->begin(c->talk, &load->options->shape, load->first_id + load->begun++, login,
			      &c->out);
	say(load, c);
}

static bool is_over(const struct load *load, int64_t now)
{
	if (load->options->messages > 0)
		return load->begun >= load->options->messages;
	return now >= load->end_ns;
}

/* Gives the free connections what is due by now. */
static void begin_due(struct load *load, int64_t now)
{
	double rate = load->options->rate;

	while (load->free && !is_over(load, now)) {
		struct connection *c = load->free;
		int64_t due = now;

		if (rate > 0) {
			due = load->start_ns + (int64_t)((double)load->scheduled / rate * 1e9);
			if (due > now)
				return;
			load->scheduled++;
		}
		load->free = c->next_free;
		begin(load, c, due);
	}
}

static void finish(struct load *load, struct connection *c, enum hearing heard)
{
	int64_t now = now_ns();

	if (is_measured(load, c->due_ns)) {
		histogram_add(&load->latencies, now - c->due_ns);
		load->passed += heard == HEAR_PASSED;
		load->refused += heard == HEAR_REFUSED;
	}
	load->ended++;
	if (load->options->messages_per_connection > 0 &&
	    c->messages >= load->options->messages_per_connection)
		reopen(load, c);
	else
		set_free(load, c);
}

static void lost(struct load *load, struct connection *c)
{
	load->errors++;
	if (c->state == CONNECTION_BUSY)
		load->ended++;
	if (load->errors > (uint64_t)load->options->connections + 1000) {
		fprintf(stderr, "the server closes its connections\n");
		exit(EXIT_FAILURE);
	}
	close(c->fd);
	open_connection(load, c);
}

static void hear(struct load *load, struct connection *c)
{
	enum hearing heard;
	ssize_t n;

	make_room(&c->in, 4096);
	n = recv(c->fd, c->in.bytes + c->in.end, c->in.size - c->in.end, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A free one is not given away twice. */
	if (n <= 0 && c->state == CONNECTION_FREE)
		die("a connection was closed that nothing was asked on");
	if (n <= 0) {
		lost(load, c);
		return;
	}
	c->in.end += (size_t)n;
	heard = load->protocol->hear(c->talk, &c->in, &c->out);
	say(load, c);
	if (heard == HEAR_NONSENSE)
		lost(load, c);
	else if (heard != HEAR_MORE && c->state == CONNECTION_GREETING)
		set_free(load, c);
	else if (heard != HEAR_MORE)
		finish(load, c, heard);
}

/* ---- the whole ----------------------------------------------------------------------- */

#define EVENTS_AT_ONCE 256

/* Until the next message is due; at a high rate that is at once. */
static int wait_ms(const struct load *load, int64_t now)
{
	int64_t due;

	if (load->options->rate <= 0 || !load->free)
		return 100;
	due = load->start_ns + (int64_t)((double)load->scheduled / load->options->rate * 1e9);
	return due - now > 2000000 ? (int)((due - now) / 1000000) : 0;
}

static void turn(struct load *load)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int n = epoll_wait(load->epoll, events, EVENTS_AT_ONCE, wait_ms(load, now_ns()));

	if (n < 0 && errno != EINTR)
		die("epoll_wait");
	for (int i = 0; i < n; i++) {
		struct connection *c = events[i].data.ptr;

		if (events[i].events & EPOLLOUT)
			say(load, c);
		if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			hear(load, c);
	}
	begin_due(load, now_ns());
}

static void open_all(struct load *load)
{
	const struct load_options *o = load->options;

	for (int i = 0; i < o->idle_connections; i++)
		open_socket(load);
	load->connections = memory_zero((size_t)o->connections * sizeof(*load->connections));
	for (int i = 0; i < o->connections; i++) {
		load->connections[i].talk = memory_zero(load->protocol->talk_size + 1);
		open_connection(load, &load->connections[i]);
	}
}

/* Warms up for a tenth of the time. */
static void set_times(struct load *load)
{
	double ns = load->options->seconds * 1e9;

	load->start_ns = now_ns();
	load->measure_ns = load->start_ns + (load->options->messages > 0 ? 0 : (int64_t)(ns / 10));
	load->end_ns = load->measure_ns + (int64_t)ns;
}

static void print_result(const struct load *load, double seconds)
{
	static const struct {
		const char *name;
		uint64_t permillion;
	} marks[] = { { "p50", 500000 }, { "p90", 900000 }, { "p99", 990000 }, { "p99.9", 999000 } };
	const struct histogram *h = &load->latencies;

	printf("{\"messages\": %llu, \"passed\": %llu, \"refused\": %llu, \"errors\": %llu, "
	       "\"seconds\": %.3f, \"per_second\": %.1f, \"latency_us\": {",
	       (unsigned long long)h->n, (unsigned long long)load->passed,
	       (unsigned long long)load->refused, (unsigned long long)load->errors, seconds,
	       (double)h->n / seconds);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		printf("\"%s\": %.1f, ", marks[i].name,
		       (double)histogram_at(h, marks[i].permillion) / 1000);
	printf("\"max\": %.1f}}\n", (double)h->max_ns / 1000);
}

/* How long the answers that are still due are waited for. */
#define PATIENCE_NS INT64_C(10000000000)

int load_main(int argc, char **argv, const struct protocol *protocol)
{
	struct load *load = memory_zero(sizeof(*load));
	struct load_options options;
	int64_t last;

	load_options_parse(argc, argv, &options);
	load->options = &options;
	load->protocol = protocol;
	load->logins = logins_new(options.logins, options.zipf, options.seed);
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load->epoll < 0)
		die("epoll_create1");
	find_address(load);
	open_all(load);
	set_times(load);
	load->first_id = (uint64_t)time(NULL) << 28;
	begin_due(load, load->start_ns);
	while (!is_over(load, now_ns()))
		turn(load);
	last = now_ns();
	while (load->ended < load->begun && now_ns() - last < PATIENCE_NS)
		turn(load);
	if (options.messages > 0)
		last = now_ns();
	print_result(load, (double)(last - load->measure_ns) / 1e9);
	return load->ended < load->begun ? EXIT_FAILURE : EXIT_SUCCESS;
}
