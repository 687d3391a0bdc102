#include "store/link.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/clock.h"
#include "store/handshake.h"
#include "store/pipeline.h"
#include "store/wire.h"

/* After a failure the next try comes after 50 ms, then twice as late each
 * time, up to 2 s; each shortened by up to a half at random, so that many
 * daemons do not come back at the same moment. */
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 2000

/* A connection that lasted so long has not failed before. */
#define BACKOFF_FORGET_MS 1000

/* How long a connection may take to become usable. */
#define CONNECT_TIMEOUT_MS 2000

enum link_state {
	LINK_WAITING,	 /* for the next try */
	LINK_CONNECTING, /* connection and handshake under way */
	LINK_UP,	 /* connected; usable while the breaker says so */
};

struct link {
	struct event_base *base;
	struct evdns_base *dns;
	struct link_server server;
	link_change *change;
	void *arg;

	enum link_state state;
	struct breaker breaker;
	struct wire *wire;
	struct pipeline pipeline;
	struct event *timer; /* of the state: next try, connect timeout, next probe, and
			      * when an outage is over */
	int64_t backoff_ms;
	int64_t up_ms; /* when it was last connected */
	bool demoted;  /* the connection is of no use */
	int64_t connects, failures;
};

static void link_connect(struct link *l);
static void probe(struct link *l);
static link_reply on_settled;

static void start_timer(struct event *timer, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (ms < 0)
		tv = (struct timeval){ 0, 0 };
	event_add(timer, &tv);
}

/* ---- states ------------------------------------------------------------ */

static void close_connection(struct link *l)
{
	event_del(l->timer);
	wire_close(&l->wire);
	l->demoted = false;
}

/* Half of it to the whole, and next time twice as long. */
static int64_t back_off(struct link *l)
{
	int64_t ms = l->backoff_ms;
	uint32_t random;

	l->backoff_ms = ms * 2 < BACKOFF_MAX_MS ? ms * 2 : BACKOFF_MAX_MS;
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	return ms / 2 + random % (ms / 2 + 1);
}

/* The one way out of CONNECTING and UP: the connection is gone. */
static void link_lost(struct link *l, const char *why)
{
	bool lasted = l->state == LINK_UP && clock_ms() - l->up_ms >= BACKOFF_FORGET_MS;
	bool was_up = breaker_open(&l->breaker, why);

	l->failures++;
	close_connection(l);
	l->state = LINK_WAITING;
	if (lasted)
		l->backoff_ms = BACKOFF_MIN_MS;
	start_timer(l->timer, back_off(l));
	pipeline_fail(&l->pipeline, l->breaker.error);
	if (was_up)
		l->change(false, l->arg);
}

static void link_usable(struct link *l)
{
	if (!breaker_close(&l->breaker))
		return;
	if (!breaker_is_settled(&l->breaker))
		start_timer(l->timer, BREAKER_SETTLE_MS);
	l->change(true, l->arg);
}

static void link_unusable(struct link *l, const char *why)
{
	/* Up, it would end an outage; down already, it has other work. */
	if (link_is_up(l))
		event_del(l->timer);
	if (breaker_open(&l->breaker, why))
		l->change(false, l->arg);
}

static void on_handshake(const char *error, void *arg)
{
	struct link *l = arg;

	if (error) {
		link_lost(l, error);
		return;
	}
	event_del(l->timer);
	l->state = LINK_UP;
	l->up_ms = clock_ms();
	l->connects++;
	link_usable(l);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;

	(void)fd;
	(void)what;
	if (l->state == LINK_WAITING)
		link_connect(l);
	else if (l->state == LINK_CONNECTING)
		link_lost(l, "no answer to the connection attempt");
	else if (l->demoted)
		link_lost(l, "not the primary");
	else if (link_is_up(l))
		link_send_early(l, 1, (const char *const[]){ "PING" }, on_settled, l);
	else
		probe(l);
}

/* ---- a server that cannot serve ----------------------------------------- */

static void on_probe(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	struct link *l = arg;

	(void)error;
	if (result != LINK_OK || l->state != LINK_UP)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		link_unusable(l, reply->str);
		start_timer(l->timer, back_off(l));
	} else if (!l->pipeline.stalled && !l->demoted) {
		link_usable(l);
	}
}

/* It has been up for a while, and has answered all that was asked meanwhile. */
static void on_settled(enum link_result result, struct redisReply *reply, const char *error,
		       void *arg)
{
	struct link *l = arg;

	if (result == LINK_OK && reply->type != REDIS_REPLY_ERROR)
		breaker_settle(&l->breaker);
	else if (result == LINK_OK)
		on_probe(result, reply, error, arg);
	else if (link_is_up(l) && !l->demoted)
		/* Too much is in flight to ask. */
		start_timer(l->timer, BREAKER_SETTLE_MS);
}

static void probe(struct link *l)
{
	breaker_probe(&l->breaker);
	link_send_early(l, 1, (const char *const[]){ "PING" }, on_probe, l);
}

void link_unfit(struct link *l, const char *why)
{
	if (!link_is_up(l))
		return;
	l->backoff_ms = BACKOFF_MIN_MS;
	link_unusable(l, why);
	start_timer(l->timer, back_off(l));
}

void link_demoted(struct link *l, const char *why)
{
	if (l->server.role == LINK_ANY_ROLE)
		l->server.role = LINK_NO_REPLICA;
	if (l->state != LINK_UP || l->demoted)
		return;
	l->demoted = true;
	link_unusable(l, why);
	start_timer(l->timer, 0);
}

/* ---- a server that does not answer -------------------------------------- */

/* When its late reply has come, it is probed. */
static void on_stalled(void *arg)
{
	struct link *l = arg;
	char why[64];

	snprintf(why, sizeof(why), "no answer within %lld ms",
		 (long long)l->server.settings->deadline_ms);
	if (l->state == LINK_UP)
		link_unusable(l, why);
	breaker_probe(&l->breaker);
}

static void on_silent(void *arg)
{
	link_lost(arg, "the server has stopped answering");
}

/* ---- the wire ----------------------------------------------------------- */

static void on_connected(void *arg)
{
	struct link *l = arg;

	handshake_start(l, l->server.settings, l->server.role, on_handshake, l);
}

/* RESP2 tells by its first word what has not been asked for. */
static bool is_push(const struct link *l, const struct redisReply *reply)
{
	return l->server.push && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
	       reply->element[0]->type == REDIS_REPLY_STRING &&
	       strcmp(reply->element[0]->str, "message") == 0;
}

static void on_reply(struct redisReply *reply, void *arg)
{
	struct link *l = arg;
	bool asked;

	if (is_push(l, reply)) {
		l->server.push(reply, l->arg);
		freeReplyObject(reply);
		return;
	}
	asked = pipeline_answer(&l->pipeline, reply);

	freeReplyObject(reply);
	if (!asked)
		link_lost(l, "a reply that nobody asked for");
}

static void on_idle(void *arg)
{
	struct link *l = arg;

	/* That one reply was late does not mean that the next one will not be. */
	if (pipeline_caught_up(&l->pipeline) && l->state == LINK_UP && !l->demoted)
		probe(l);
}

static void on_lost(const char *why, void *arg)
{
	link_lost(arg, why);
}

static void link_connect(struct link *l)
{
	static const struct wire_events events = { .connected = on_connected,
						   .reply = on_reply,
						   .idle = on_idle,
						   .lost = on_lost };
	char error[WIRE_ERROR_MAX];

	l->state = LINK_CONNECTING;
	breaker_probe(&l->breaker);
	start_timer(l->timer, CONNECT_TIMEOUT_MS);
	l->wire = wire_open(l->base, l->dns, &l->server.address, l->server.tls, &events, l, error);
	if (!l->wire)
		link_lost(l, error);
}

/* ---- life --------------------------------------------------------------- */

struct link *link_new(struct event_base *base, const struct link_server *server,
		      link_change *change, void *arg)
{
	static const struct pipeline_events events = { .stalled = on_stalled,
						       .silent = on_silent };
	struct link *l = memory_zero(sizeof(*l));

	l->base = base;
	l->server = *server;
	l->change = change;
	l->arg = arg;
	l->backoff_ms = BACKOFF_MIN_MS;
	breaker_init(&l->breaker, &server->address, server->quiet);
	pipeline_init(&l->pipeline, base, &events, l);
	l->pipeline.patience_ms = server->settings->deadline_ms;
	l->timer = evtimer_new(base, on_timer, l);
	if (server->address.kind != ENDPOINT_UNIX)
		l->dns = evdns_base_new(base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
						      EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	/* From the loop, so that no callback runs before this returns. */
	start_timer(l->timer, 0);
	return l;
}

void link_configure(struct link *l, const struct redis_settings *settings, struct tls *tls)
{
	l->server.settings = settings;
	l->server.tls = tls;
	l->pipeline.patience_ms = settings->deadline_ms;
}

void link_free(struct link **link)
{
	struct link *l = *link;

	if (!l)
		return;
	close_connection(l);
	/* An outage whose end would not be told any more. */
	breaker_settle(&l->breaker);
	/* Whoever asks again on getting its answer is refused. */
	l->state = LINK_WAITING;
	l->breaker.quiet = true;
	breaker_open(&l->breaker, "shutting down");
	pipeline_fail(&l->pipeline, "shutting down");
	pipeline_fini(&l->pipeline);
	event_free(l->timer);
	if (l->dns)
		evdns_base_free(l->dns, 0);
	free(l);
	*link = NULL;
}

/* ---- sending ----------------------------------------------------------- */

bool link_is_up(const struct link *l)
{
	return l->breaker.state == BREAKER_UP;
}

static const char *refusal(const struct link *l)
{
	if (!link_is_up(l))
		return l->breaker.error[0] ? l->breaker.error : "not connected";
	if (l->pipeline.in_flight >= LINK_IN_FLIGHT_MAX)
		return "too many requests on their way";
	return NULL;
}

static void sent(struct link *l, bool ok, int64_t deadline_ms, link_reply *reply, void *arg)
{
	if (ok)
		pipeline_add(&l->pipeline, deadline_ms, reply, arg);
	else
		reply(LINK_UNAVAILABLE, NULL, "out of memory", arg);
}

void link_send(struct link *l, int argc, const char *const *argv, const size_t *lengths,
	       int64_t deadline_ms, link_reply *reply, void *arg)
{
	const char *why = refusal(l);

	if (why)
		reply(LINK_UNAVAILABLE, NULL, why, arg);
	else
		sent(l, wire_send(l->wire, argc, argv, lengths), deadline_ms, reply, arg);
}

/* The connection attempt's wait ends before; a probe's is as any other. */
static int64_t early_deadline_ms(const struct link *l)
{
	return clock_ms() + (l->state == LINK_UP ? l->server.settings->deadline_ms :
						   CONNECT_TIMEOUT_MS);
}

void link_send_early(struct link *l, int argc, const char *const *argv, link_reply *reply,
		     void *arg)
{
	sent(l, wire_send(l->wire, argc, argv, NULL), early_deadline_ms(l), reply, arg);
}

void link_send_secret(struct link *l, int argc, const char *const *argv, link_reply *reply,
		      void *arg)
{
	sent(l, wire_send_secret(l->wire, argc, argv), early_deadline_ms(l), reply, arg);
}

void link_stats(const struct link *l, struct link_stats *out)
{
	*out = (struct link_stats){
		.connects = l->connects,
		.failures = l->failures,
		.timeouts = l->pipeline.timeouts,
		.requests = l->pipeline.requests,
		.in_flight = l->pipeline.in_flight,
		.breaker = &l->breaker,
	};
}
