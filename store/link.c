#include "store/link.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/handshake.h"
#include "store/resp.h"
#include "store/tls.h"

/* After a failure the next try comes after 50 ms, then twice as late each
 * time, up to 2 s; each shortened by up to a half at random, so that many
 * daemons do not come back at the same moment. */
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 2000

/* How long a connection may take to become usable. */
#define CONNECT_TIMEOUT_MS 2000

/* A connection on which nothing has come for so many deadlines while replies
 * were due is given up. */
#define STALLED_DEADLINES 4

/* A deadline that is noticed so late was missed by our own loop, which had
 * something else to do: what is there to be written and read gets that much
 * time more. */
#define LATE_MS 50

enum link_state {
	LINK_WAITING,	 /* for the next try */
	LINK_CONNECTING, /* connection and handshake under way */
	LINK_UP,
};

struct pending {
	STAILQ_ENTRY(pending) next;
	int64_t deadline_ms; /* clock_ms(), as all times here */
	link_reply *reply;   /* NULL: answered at its deadline, its reply is late */
	void *arg;
};

STAILQ_HEAD(pending_list, pending);

struct link {
	struct event_base *base;
	struct evdns_base *dns;
	const struct redis_settings *settings;
	char name[ENDPOINT_TEXT_MAX];
	link_change *change;
	void *arg;

	enum link_state state;
	struct bufferevent *bev;
	redisReader *reader;
	struct tls *tls;
	struct event *timer;	/* of the state: next try, or connect timeout */
	struct event *deadline; /* the next one of a request */
	int64_t backoff_ms;
	int64_t heard_ms; /* last byte from the server */
	bool stalled;	  /* the oldest request is past its deadline */
	int64_t watched_ms;  /* what the timer of the deadline is set to */
	int64_t forgiven_ms; /* until then nobody is late */
	bool complained;  /* the present outage was logged */
	struct pending_list requests;
	struct link_stats stats;
	char error[640];
};

static void link_connect(struct link *l);

static void start_timer(struct event *timer, int64_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (ms < 0)
		tv = (struct timeval){0, 0};
	event_add(timer, &tv);
}

/* ---- states ------------------------------------------------------------ */

static void answer_all(struct link *l, enum link_result result, const char *error)
{
	struct pending_list gone = STAILQ_HEAD_INITIALIZER(gone);
	struct pending *p;

	STAILQ_CONCAT(&gone, &l->requests);
	l->stats.in_flight = 0;
	while ((p = STAILQ_FIRST(&gone))) {
		STAILQ_REMOVE_HEAD(&gone, next);
		if (p->reply)
			p->reply(result, NULL, error, p->arg);
		free(p);
	}
}

static void close_connection(struct link *l)
{
	event_del(l->timer);
	event_del(l->deadline);
	if (l->bev)
		bufferevent_free(l->bev);
	l->bev = NULL;
	tls_free(&l->tls);
	if (l->reader)
		redisReaderFree(l->reader);
	l->reader = NULL;
	l->stalled = false;
}

/* Between a half and the whole of ms. */
static int64_t with_jitter(int64_t ms)
{
	uint32_t random;

	evutil_secure_rng_get_bytes(&random, sizeof(random));
	return ms / 2 + random % (ms / 2 + 1);
}

/* The one way out of CONNECTING and UP: the connection is gone. */
static void link_lost(struct link *l, const char *why)
{
	bool was_up = l->state == LINK_UP, was_usable = was_up && !l->stalled;

	snprintf(l->error, sizeof(l->error), "%s: %s", l->name, why);
	l->stats.failures++;
	if (!l->complained)
		log_warning("redis %s; trying again", l->error);
	l->complained = true;
	close_connection(l);
	l->state = LINK_WAITING;
	l->backoff_ms = was_up ? BACKOFF_MIN_MS : l->backoff_ms * 2;
	if (l->backoff_ms > BACKOFF_MAX_MS)
		l->backoff_ms = BACKOFF_MAX_MS;
	start_timer(l->timer, with_jitter(l->backoff_ms));
	answer_all(l, LINK_UNCERTAIN, l->error);
	if (was_usable)
		l->change(false, l->arg);
}

static void link_up(struct link *l)
{
	event_del(l->timer);
	l->state = LINK_UP;
	l->backoff_ms = BACKOFF_MIN_MS;
	l->stats.connects++;
	l->error[0] = '\0';
	if (l->complained)
		log_info("redis %s: connected", l->name);
	l->complained = false;
	l->change(true, l->arg);
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
}

/* ---- deadlines --------------------------------------------------------- */

static void watch(struct link *l, int64_t at_ms)
{
	if (at_ms < l->forgiven_ms)
		at_ms = l->forgiven_ms;
	l->watched_ms = at_ms;
	start_timer(l->deadline, at_ms - clock_ms());
}

/* Until the next deadline; requests sent again may have an earlier one than
 * those before them. */
static void watch_next(struct link *l)
{
	const struct pending *p;
	int64_t next_ms = INT64_MAX;

	STAILQ_FOREACH(p, &l->requests, next) {
		if (p->reply && p->deadline_ms < next_ms)
			next_ms = p->deadline_ms;
	}
	if (next_ms < INT64_MAX)
		watch(l, next_ms);
	else if (l->stalled)
		watch(l, clock_ms() + l->settings->deadline_ms);
}

static void set_stalled(struct link *l, bool stalled)
{
	if (stalled == l->stalled)
		return;
	l->stalled = stalled;
	if (l->state != LINK_UP)
		return; /* one line for each attempt is link_lost()'s */
	if (stalled)
		log_warning("redis %s: no answer within %lld ms", l->name,
			    (long long)l->settings->deadline_ms);
	else
		log_info("redis %s: answers again", l->name);
	l->change(!stalled, l->arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;
	int64_t now = clock_ms();
	struct pending *p;

	(void)fd;
	(void)what;
	if (now - l->watched_ms > LATE_MS) {
		l->forgiven_ms = now + LATE_MS;
		watch(l, l->forgiven_ms);
		return;
	}
	STAILQ_FOREACH(p, &l->requests, next) {
		link_reply *reply = p->reply;

		if (!reply || p->deadline_ms > now)
			continue;
		p->reply = NULL;
		l->stats.timeouts++;
		set_stalled(l, true);
		reply(LINK_UNCERTAIN, NULL, "no answer within the deadline", p->arg);
	}
	if (l->stalled && now - l->heard_ms > STALLED_DEADLINES * l->settings->deadline_ms)
		link_lost(l, "the server has stopped answering");
	else
		watch_next(l);
}

/* ---- replies ----------------------------------------------------------- */

static void deliver(struct link *l, redisReply *reply)
{
	struct pending *p = STAILQ_FIRST(&l->requests);

	if (!p) {
		freeReplyObject(reply);
		link_lost(l, "a reply that nobody asked for");
		return;
	}
	STAILQ_REMOVE_HEAD(&l->requests, next);
	l->stats.in_flight--;
	if (p->reply)
		p->reply(LINK_OK, reply, NULL, p->arg);
	free(p);
	freeReplyObject(reply);
}

static bool feed(struct link *l, struct evbuffer *in)
{
	struct evbuffer_iovec chunk;

	while (evbuffer_peek(in, -1, NULL, &chunk, 1) > 0) {
		if (redisReaderFeed(l->reader, chunk.iov_base, chunk.iov_len) != REDIS_OK)
			return false;
		evbuffer_drain(in, chunk.iov_len);
	}
	return true;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct link *l = arg;
	void *reply = NULL;

	l->heard_ms = clock_ms();
	if (!feed(l, bufferevent_get_input(bev))) {
		link_lost(l, "a reply that does not parse");
		return;
	}
	/* A callback may lose the connection, and with it bev. */
	while (l->bev == bev) {
		if (redisReaderGetReply(l->reader, &reply) != REDIS_OK) {
			link_lost(l, "a reply that does not parse");
			return;
		}
		if (!reply)
			break;
		deliver(l, reply);
	}
	if (l->bev != bev)
		return;
	if (l->stalled && (STAILQ_EMPTY(&l->requests) || STAILQ_FIRST(&l->requests)->reply))
		set_stalled(l, false);
}

/* ---- connecting -------------------------------------------------------- */

static void on_handshake(const char *error, void *arg)
{
	struct link *l = arg;

	if (error)
		link_lost(l, error);
	else
		link_up(l);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct link *l = arg;
	const char *why = "closed by the server";
	int socket_error = EVUTIL_SOCKET_ERROR();

	if (what & BEV_EVENT_CONNECTED) {
		l->heard_ms = clock_ms();
		bufferevent_enable(bev, EV_READ | EV_WRITE);
		handshake_start(l, l->settings, on_handshake, l);
		return;
	}
	if (what & BEV_EVENT_ERROR) {
		int dns_error = bufferevent_socket_get_dns_error(bev);

		why = l->tls ? tls_error(l->tls) : NULL;
		if (!why)
			why = dns_error ? evutil_gai_strerror(dns_error)
					: evutil_socket_error_to_string(socket_error);
	}
	link_lost(l, why);
}

static int connect_unix(struct link *l)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", l->settings->address.path);
	return bufferevent_socket_connect(l->bev, (struct sockaddr *)&sa, sizeof(sa));
}

static int connect_inet(struct link *l)
{
	return bufferevent_socket_connect_hostname(l->bev, l->dns, AF_UNSPEC,
						   l->settings->address.host,
						   l->settings->address.port);
}

static void link_connect(struct link *l)
{
	enum endpoint_kind kind = l->settings->address.kind;
	int rc;

	l->state = LINK_CONNECTING;
	start_timer(l->timer, CONNECT_TIMEOUT_MS);
	if (kind == ENDPOINT_TLS) {
		l->tls = tls_new(l->base, l->settings->address.host);
		l->bev = l->tls ? tls_bufferevent(l->tls) : NULL;
	} else {
		l->bev = bufferevent_socket_new(l->base, -1, BEV_OPT_CLOSE_ON_FREE);
	}
	l->reader = redisReaderCreate();
	if (!l->bev || !l->reader) {
		link_lost(l, "out of memory or no TLS");
		return;
	}
	bufferevent_setcb(l->bev, on_read, NULL, on_event, l);
	errno = 0;
	rc = kind == ENDPOINT_UNIX ? connect_unix(l) : connect_inet(l);
	/* A failure at once has been told on_event() already, or comes here. */
	if (rc < 0 && l->state == LINK_CONNECTING)
		link_lost(l, errno ? strerror(errno) : "cannot connect");
}

struct link *link_new(struct event_base *base, const struct redis_settings *settings,
		      link_change *change, void *arg)
{
	struct link *l = memory_zero(sizeof(*l));

	l->base = base;
	l->settings = settings;
	l->change = change;
	l->arg = arg;
	l->backoff_ms = BACKOFF_MIN_MS;
	endpoint_format(&settings->address, l->name);
	STAILQ_INIT(&l->requests);
	l->timer = evtimer_new(base, on_timer, l);
	l->deadline = evtimer_new(base, on_deadline, l);
	if (settings->address.kind != ENDPOINT_UNIX)
		l->dns = evdns_base_new(base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
						      EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	/* From the loop, so that no callback runs before this returns. */
	start_timer(l->timer, 0);
	return l;
}

void link_configure(struct link *l, const struct redis_settings *settings)
{
	l->settings = settings;
}

void link_free(struct link **link)
{
	struct link *l = *link;

	if (!l)
		return;
	close_connection(l);
	/* Whoever asks again on getting its answer is refused. */
	l->state = LINK_WAITING;
	answer_all(l, LINK_UNCERTAIN, "shutting down");
	event_free(l->timer);
	event_free(l->deadline);
	if (l->dns)
		evdns_base_free(l->dns, 0);
	free(l);
	*link = NULL;
}

/* ---- sending ----------------------------------------------------------- */

static const char *refusal(const struct link *l)
{
	if (l->state != LINK_UP)
		return l->error[0] ? l->error : "not connected";
	if (l->stalled)
		return "the server does not answer";
	if (l->stats.in_flight >= LINK_IN_FLIGHT_MAX)
		return "too many requests on their way";
	return NULL;
}

/* Straight into what goes out. */
static bool write_command(struct link *l, int argc, const char *const *argv, const size_t *lengths)
{
	struct evbuffer *out = bufferevent_get_output(l->bev);
	struct evbuffer_iovec room;

	if (evbuffer_reserve_space(out, (ev_ssize_t)resp_room(argc, argv, lengths), &room, 1) != 1)
		return false;
	room.iov_len = resp_format(argc, argv, lengths, room.iov_base);
	return evbuffer_commit_space(out, &room, 1) == 0;
}

static void transmit(struct link *l, int argc, const char *const *argv, const size_t *lengths,
		     int64_t deadline_ms, link_reply *reply, void *arg)
{
	struct pending *p;

	if (!write_command(l, argc, argv, lengths)) {
		reply(LINK_UNAVAILABLE, NULL, "out of memory", arg);
		return;
	}
	p = memory_zero(sizeof(*p));
	p->deadline_ms = deadline_ms;
	p->reply = reply;
	p->arg = arg;
	if (STAILQ_EMPTY(&l->requests)) {
		/* Silence counts from here. */
		l->heard_ms = clock_ms();
	}
	if (!event_pending(l->deadline, EV_TIMEOUT, NULL) || deadline_ms < l->watched_ms)
		watch(l, deadline_ms);
	STAILQ_INSERT_TAIL(&l->requests, p, next);
	l->stats.in_flight++;
	l->stats.requests++;
}

void link_send(struct link *l, int argc, const char *const *argv, const size_t *lengths,
	       int64_t deadline_ms, link_reply *reply, void *arg)
{
	const char *why = refusal(l);

	if (why)
		reply(LINK_UNAVAILABLE, NULL, why, arg);
	else
		transmit(l, argc, argv, lengths, deadline_ms, reply, arg);
}

/* Its wait is bounded by the connection attempt's. */
void link_send_early(struct link *l, int argc, const char *const *argv, link_reply *reply,
		     void *arg)
{
	transmit(l, argc, argv, NULL, clock_ms() + CONNECT_TIMEOUT_MS, reply, arg);
}

void link_stats(const struct link *l, struct link_stats *out)
{
	*out = l->stats;
	out->up = l->state == LINK_UP && !l->stalled;
	out->last_error = l->error;
}
