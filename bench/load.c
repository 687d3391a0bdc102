#define _GNU_SOURCE /* ppoll */

#include "bench/load.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/connection.h"
#include "bench/histogram.h"
#include "bench/load_options.h"
#include "bench/logins.h"

struct load {
	const struct load_options *options;
	const struct protocol *protocol;
	struct logins *logins;
	struct network network;
	struct connection *connections;
	struct connection *free;
	struct load_buffer said; /* what goes out next: one memory for all of them stays near */
	int greeting;		 /* connections that are not ready yet */
	bool started;

	int64_t start_ns, measure_ns, end_ns;
	int64_t now_ns;	   /* of what has been read last, or of a new connection */
	int64_t last_ns;   /* the last answer */
	uint64_t first_id; /* another run has other messages */
	uint64_t begun, ended, passed, refused, errors;
	struct histogram latencies;
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* ---- what is due ------------------------------------------------------------------ */

/* When the next message is due: at once, or at its place in the fixed rate. */
static int64_t next_due(const struct load *load, int64_t now)
{
	double rate = load->options->rate;

	return rate > 0 ? load->start_ns + (int64_t)((double)load->begun / rate * 1e9) : now;
}

/* Nothing more is begun. In the open loop all that was due by the end is, however
 * late: what the server could not keep up with is measured, not left out. */
static bool is_over(const struct load *load, int64_t now)
{
	if (load->options->messages > 0)
		return load->begun >= load->options->messages;
	return next_due(load, now) >= load->end_ns;
}

/* The order of the free ones is last come, first served, as among smtpd
 * processes. */
static void set_free(struct load *load, struct connection *c)
{
	c->state = CONNECTION_FREE;
	c->next_free = load->free;
	load->free = c;
}

/* ---- connections -------------------------------------------------------------------- */

static void open_connection(struct load *load, struct connection *c)
{
	connection_open(&load->network, c);
	memset(c->talk, 0, load->protocol->talk_size);
	if (load->protocol->greet(c->talk, &load->said)) {
		c->state = CONNECTION_GREETING;
		load->greeting++;
		connection_say(&load->network, c, &load->said);
	} else {
		load->now_ns = now_ns();
		set_free(load, c);
	}
}

static void reopen(struct load *load, struct connection *c)
{
	if (load->protocol->part) {
		load->protocol->part(c->talk, &load->said);
		connection_say(&load->network, c, &load->said);
	}
	connection_close(c);
	open_connection(load, c);
}

/* The message is not sent again; it counts as an error, in no percentile. */
static void lost(struct load *load, struct connection *c)
{
	load->errors++;
	if (c->state == CONNECTION_BUSY)
		load->ended++;
	if (c->state == CONNECTION_GREETING)
		load->greeting--;
	if (load->errors > (uint64_t)load->options->connections + 1000) {
		fprintf(stderr, "the server closes its connections\n");
		exit(EXIT_FAILURE);
	}
	connection_close(c);
	open_connection(load, c);
}

static void finish(struct load *load, struct connection *c, enum hearing heard)
{
	load->last_ns = load->now_ns;
	if (c->due_ns >= load->measure_ns) {
		histogram_add(&load->latencies, load->now_ns - c->due_ns);
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

static void hear(struct load *load, struct connection *c, bool hung_up)
{
	enum hearing heard;

	/* Whatever comes on a free one: it must not be given away twice. */
	if (c->state == CONNECTION_FREE) {
		fprintf(stderr, "the server spoke or hung up where nothing was asked\n");
		exit(EXIT_FAILURE);
	}
	connection_hear(c, hung_up);
	/* The one look at the clock for a message: an answer has come when it has been read,
	 * and what is asked next is due then. */
	load->now_ns = now_ns();
	heard = load->protocol->hear(c->talk, &c->in, &load->said);
	connection_say(&load->network, c, &load->said);
	if (heard == HEAR_NONSENSE || (heard == HEAR_MORE && c->closed)) {
		lost(load, c);
	} else if (heard != HEAR_MORE && c->state == CONNECTION_GREETING) {
		load->greeting--;
		set_free(load, c);
	} else if (heard != HEAR_MORE) {
		finish(load, c, heard);
	}
}

/* ---- messages ----------------------------------------------------------------------- */

static void begin(struct load *load, struct connection *c, int64_t due_ns)
{
	struct message message;

	message.login_len = login_name(logins_next(load->logins), message.login);
	message.queue_id_len = queue_id_name(load->first_id + load->begun++, message.queue_id);
	c->state = CONNECTION_BUSY;
	c->due_ns = due_ns;
	c->messages++;
	load->protocol->begin(c->talk, &message, &load->said);
	connection_say(&load->network, c, &load->said);
}

/* Gives the free connections what is due by now. */
static void begin_due(struct load *load, int64_t now)
{
	while (load->free && !is_over(load, now)) {
		struct connection *c = load->free;
		int64_t due = next_due(load, now);

		if (due > now)
			return;
		load->free = c->next_free;
		if (c->closed)
			lost(load, c);
		else
			begin(load, c, due);
	}
}

/* ---- the whole ----------------------------------------------------------------------- */

#define EVENTS_AT_ONCE 256

/* A wait that nothing ends is tried again after this time. */
#define WAIT_MS 100

/* A message that is due sooner is waited for awake: a sleep may end this late. */
#define AWAKE_NS 50000

/* Open loop: until something is heard, or shortly before the next message is due. */
static void rest(const struct load *load)
{
	struct pollfd ready = { .fd = load->network.epoll, .events = POLLIN };
	int64_t now = now_ns(), ns = (int64_t)WAIT_MS * 1000000;
	struct timespec wait = { 0 };

	if (load->started && load->free && !is_over(load, now))
		ns = next_due(load, now) - now - AWAKE_NS;
	if (ns <= 0)
		return;
	wait.tv_nsec = ns < (int64_t)WAIT_MS * 1000000 ? ns : (int64_t)WAIT_MS * 1000000;
	if (ppoll(&ready, 1, &wait, NULL) < 0 && errno != EINTR)
		die("ppoll");
}

static void turn(struct load *load)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	bool open_loop = load->options->rate > 0;
	int n;

	if (open_loop)
		rest(load);
	n = epoll_wait(load->network.epoll, events, EVENTS_AT_ONCE, open_loop ? 0 : WAIT_MS);
	if (n < 0 && errno != EINTR)
		die("epoll_wait");
	for (int i = 0; i < n; i++) {
		struct connection *c = events[i].data.ptr;

		if (events[i].events & EPOLLOUT)
			connection_say_rest(&load->network, c);
		if (events[i].events & (EPOLLIN | CONNECTION_HUNG_UP))
			hear(load, c, events[i].events & CONNECTION_HUNG_UP);
		if (load->started && !open_loop)
			begin_due(load, load->now_ns);
	}
	if (load->started && open_loop)
		begin_due(load, now_ns());
}

/* How long answers are waited for when nothing comes any more. */
#define PATIENCE_NS INT64_C(10000000000)

/* All of them are ready before the first message is begun. */
static void open_all(struct load *load)
{
	const struct load_options *o = load->options;
	int64_t until = now_ns() + PATIENCE_NS;

	load->connections = memory_zero((size_t)o->connections * sizeof(*load->connections));
	for (int i = 0; i < o->connections; i++) {
		load->connections[i].talk = memory_zero(load->protocol->talk_size + 1);
		open_connection(load, &load->connections[i]);
	}
	while (load->greeting > 0 && now_ns() < until)
		turn(load);
	if (load->greeting > 0) {
		fprintf(stderr, "the server does not greet on %d connections\n", load->greeting);
		exit(EXIT_FAILURE);
	}
}

static void close_all(struct load *load)
{
	for (int i = 0; i < load->options->connections; i++) {
		connection_free(&load->connections[i]);
		free(load->connections[i].talk);
	}
	free(load->connections);
	free(load->said.bytes);
	close(load->network.epoll);
}

static void set_times(struct load *load)
{
	double warm_up = load->options->messages > 0 ? 0 : load->options->warm_up;

	load->start_ns = load->last_ns = now_ns();
	load->measure_ns = load->start_ns + (int64_t)(warm_up * 1e9);
	load->end_ns = load->measure_ns + (int64_t)(load->options->seconds * 1e9);
	/* Microseconds: fewer messages than that are sent in a run. */
	load->first_id = (uint64_t)clock_ns(CLOCK_REALTIME) / 1000;
	load->started = true;
}

static bool is_answered(const struct load *load)
{
	return load->ended >= load->begun && is_over(load, now_ns());
}

/* Returns the time that the measured messages took. */
static double run(struct load *load)
{
	int64_t now, end;

	begin_due(load, load->start_ns);
	while (now = now_ns(), !is_over(load, now) && now < load->end_ns)
		turn(load);
	end = now;
	/* As many are begun before the measuring and end in it as end after it. */
	while (!is_answered(load) && now_ns() - load->last_ns < PATIENCE_NS)
		turn(load);
	if (load->options->messages > 0 || (load->options->rate > 0 && load->last_ns > end))
		end = load->last_ns;
	return (double)(end - load->measure_ns) / 1e9;
}

static void print_result(const struct load *load, double seconds)
{
	const struct histogram *h = &load->latencies;

	printf("{\"messages\": %llu, \"passed\": %llu, \"refused\": %llu, \"errors\": %llu, "
	       "\"unanswered\": %llu, \"answered\": %llu, \"seconds\": %.3f, \"per_second\": %.1f, \"latency_us\": ",
	       (unsigned long long)h->n, (unsigned long long)load->passed,
	       (unsigned long long)load->refused, (unsigned long long)load->errors,
	       (unsigned long long)(load->begun - load->ended), (unsigned long long)load->ended,
	       seconds, (double)h->n / seconds);
	histogram_print(h);
	printf("}\n");
}

int load_main(int argc, char **argv, const struct protocol *protocol)
{
	struct load *load = memory_zero(sizeof(*load));
	struct load_options options;
	bool answered;

	load_options_parse(argc, argv, &options);
	load->options = &options;
	load->protocol = protocol;
	protocol->prepare(&options.shape);
	load->logins = logins_new(options.logins, options.zipf, options.in_turn, options.seed);
	network_open(&load->network, &options.address);
	open_all(load);
	set_times(load);
	print_result(load, run(load));
	answered = is_answered(load);
	if (!answered)
		fprintf(stderr, "the server has not answered all messages\n");
	close_all(load);
	logins_free(&load->logins);
	free(load);
	return answered ? EXIT_SUCCESS : EXIT_FAILURE;
}
