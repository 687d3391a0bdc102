#include "store/wire.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/memory.h"
#include "store/plain.h"
#include "store/resp.h"
#include "store/tls.h"

struct wire {
	struct bufferevent *bev; /* connects; with TLS it also reads and writes */
	struct plain *plain;	 /* reads and writes without TLS; NULL until connected */
	struct event_base *base;
	redisReader *reader;
	bool tls;
	bool opening;	/* wire_open() has not returned */
	bool reading;	/* replies are handed over ... */
	bool closed;	/* ... and one of them closed the wire: on_read() ends it */
	const struct wire_events *events;
	void *arg;
	char error[WIRE_ERROR_MAX]; /* while opening */
};

static const char closed_by_server[] = "closed by the server";

static void lost(struct wire *w, const char *why)
{
	if (w->opening)
		snprintf(w->error, sizeof(w->error), "%s", why);
	else
		w->events->lost(why, w->arg);
}

static void wire_free(struct wire *w)
{
	if (w->reader)
		redisReaderFree(w->reader);
	free(w);
}

/* ---- replies ------------------------------------------------------------ */

/* Hands over what is complete. fed: the reader has taken what came. */
static void replies(struct wire *w, bool fed)
{
	void *reply = NULL;

	if (!fed) {
		lost(w, "a reply that does not parse");
		return;
	}
	w->reading = true;
	while (!w->closed) {
		if (redisReaderGetReply(w->reader, &reply) != REDIS_OK) {
			lost(w, "a reply that does not parse");
			break;
		}
		if (!reply) {
			w->events->idle(w->arg);
			break;
		}
		w->events->reply(reply, w->arg);
	}
	w->reading = false;
	if (w->closed)
		wire_free(w);
}

static bool feed(struct wire *w, const char *bytes, size_t len)
{
	return redisReaderFeed(w->reader, bytes, len) == REDIS_OK;
}

static void on_tls_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct evbuffer_iovec chunk;
	struct wire *w = arg;
	bool fed = true;

	while (fed && evbuffer_peek(in, -1, NULL, &chunk, 1) > 0) {
		fed = feed(w, chunk.iov_base, chunk.iov_len);
		evbuffer_drain(in, chunk.iov_len);
	}
	replies(w, fed);
}

static void on_plain_read(const char *bytes, size_t len, void *arg)
{
	replies(arg, feed(arg, bytes, len));
}

static void on_plain_lost(const char *why, void *arg)
{
	lost(arg, why ? why : closed_by_server);
}

/* ---- connecting --------------------------------------------------------- */

/* The bufferevent still has the socket, and closes it. */
static void start(struct wire *w)
{
	static const struct plain_events events = { .read = on_plain_read,
						    .lost = on_plain_lost };

	if (w->tls) {
		bufferevent_enable(w->bev, EV_READ | EV_WRITE);
		return;
	}
	bufferevent_disable(w->bev, EV_READ | EV_WRITE);
	w->plain = plain_new(w->base, bufferevent_getfd(w->bev), &events, w);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct wire *w = arg;
	const char *why = closed_by_server;
	int socket_error = EVUTIL_SOCKET_ERROR();
	char text[TLS_ERROR_MAX];

	if (what & BEV_EVENT_CONNECTED) {
		start(w);
		w->events->connected(w->arg);
		return;
	}
	if (what & BEV_EVENT_ERROR) {
		int dns_error = bufferevent_socket_get_dns_error(bev);

		why = w->tls ? tls_error(bev, text) : NULL;
		if (!why)
			why = dns_error ? evutil_gai_strerror(dns_error)
					: evutil_socket_error_to_string(socket_error);
	}
	lost(w, why);
}

static int connect_unix(struct wire *w, const struct endpoint *server)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", server->path);
	return bufferevent_socket_connect(w->bev, (struct sockaddr *)&sa, sizeof(sa));
}

static void begin(struct wire *w, struct evdns_base *dns, const struct endpoint *server)
{
	int rc;

	bufferevent_setcb(w->bev, on_tls_read, NULL, on_event, w);
	errno = 0;
	rc = server->kind == ENDPOINT_UNIX ?
		     connect_unix(w, server) :
		     bufferevent_socket_connect_hostname(w->bev, dns, AF_UNSPEC, server->host,
							 server->port);
	if (rc < 0 && !w->error[0])
		snprintf(w->error, sizeof(w->error), "%s",
			 errno ? strerror(errno) : "cannot connect");
}

struct wire *wire_open(struct event_base *base, struct evdns_base *dns,
		       const struct endpoint *server, struct tls *tls,
		       const struct wire_events *events, void *arg, char error[WIRE_ERROR_MAX])
{
	struct wire *w = memory_zero(sizeof(*w));

	w->base = base;
	w->events = events;
	w->arg = arg;
	w->tls = server->kind == ENDPOINT_TLS;
	w->opening = true;
	w->bev = w->tls ? tls_bufferevent(tls, base, server->host, w->error) :
			  bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	w->reader = redisReaderCreate();
	if (w->bev && w->reader) {
		w->error[0] = '\0';
		begin(w, dns, server);
	} else if (!w->error[0]) {
		snprintf(w->error, sizeof(w->error), "out of memory");
	}
	w->opening = false;
	snprintf(error, WIRE_ERROR_MAX, "%s", w->error);
	if (error[0])
		wire_close(&w);
	return w;
}

void wire_close(struct wire **wire)
{
	struct wire *w = *wire;

	if (!w)
		return;
	*wire = NULL;
	plain_free(&w->plain);
	if (w->bev)
		bufferevent_free(w->bev);
	w->bev = NULL;
	w->closed = w->reading;
	if (!w->reading)
		wire_free(w);
}

static struct evbuffer *output(struct wire *w)
{
	return w->plain ? plain_output(w->plain) : bufferevent_get_output(w->bev);
}

static void send_output(struct wire *w)
{
	if (w->plain)
		plain_send(w->plain);
}

/* Straight into what goes out. */
bool wire_send(struct wire *w, int argc, const char *const *argv, const size_t *lengths)
{
	struct evbuffer *out = output(w);
	struct evbuffer_iovec room;

	if (evbuffer_reserve_space(out, (ev_ssize_t)resp_room(argc, argv, lengths), &room, 1) != 1)
		return false;
	room.iov_len = resp_format(argc, argv, lengths, room.iov_base);
	if (evbuffer_commit_space(out, &room, 1) != 0)
		return false;
	send_output(w);
	return true;
}

static void wipe(const void *bytes, size_t len, void *arg)
{
	explicit_bzero(arg, len);
	(void)bytes;
	free(arg);
}

bool wire_send_secret(struct wire *w, int argc, const char *const *argv)
{
	size_t room = resp_room(argc, argv, NULL);
	char *bytes = memory_alloc(room);
	size_t len = resp_format(argc, argv, NULL, bytes);

	if (evbuffer_add_reference(output(w), bytes, len, wipe, bytes) != 0) {
		wipe(bytes, len, bytes);
		return false;
	}
	send_output(w);
	return true;
}
