#include "policy/session_internal.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/peer.h"

static const bool transitions[4][4] = {
	[SESSION_READING] = { [SESSION_DECIDING] = true,
			      [SESSION_WRITING] = true,
			      [SESSION_CLOSED] = true },
	[SESSION_DECIDING] = { [SESSION_WRITING] = true },
	[SESSION_WRITING] = { [SESSION_READING] = true, [SESSION_CLOSED] = true },
};

static bool idle_since(const void *connection, int64_t since_s)
{
	const struct session *s = connection;

	return s->state == SESSION_READING && s->asked_us / 1000000 <= since_s;
}

void session_enter(struct session *s, enum session_state state)
{
	assert(transitions[s->state][state]);
	s->state = state;
}

static void listen_on(struct session *s, bool on)
{
	if (s->listening == on)
		return;
	s->listening = on;
	if (!on) {
		event_del(&s->readable);
	} else if (event_add(&s->readable, NULL) < 0) {
		log_warning("cannot wait for a policy client: %s", strerror(errno));
		s->ended = true;
	}
}

/* Reads what there is, or as much as the buffer takes. */
static void fill(struct session *s)
{
	size_t size;
	char *room;
	ssize_t n;

	if (!s->exchange)
		s->exchange = exchange_take(&s->host->exchanges);
	room = protocol_room(&s->exchange->protocol, &size);
	if (size == 0) {
		listen_on(s, false);
		return;
	}
	n = recv(s->fd, room, size, 0);
	if (n > 0) {
		protocol_filled(&s->exchange->protocol, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Closed or lost; what came before is still answered, for a client may
	 * close its sending side only. */
	s->ended = true;
	listen_on(s, false);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	fill(s);
	session_run(s);
}

/* No reply to what is not a request: the protocol's way (Postfix asks again
 * on a new connection, then takes its default_action). */
static void complain(struct session *s)
{
	char peer[PEER_TEXT_MAX];

	s->host->n_malformed++;
	log_warning("malformed policy request from %s: %s; connection closed",
		    peer_format(s->fd, peer), protocol_fault(&s->exchange->protocol));
	session_enter(s, SESSION_CLOSED);
}

static void wait_or_end(struct session *s)
{
	char peer[PEER_TEXT_MAX];
	bool inside = s->exchange && protocol_in_request(&s->exchange->protocol);

	if (!inside)
		exchange_give(&s->host->exchanges, &s->exchange);
	if (!s->ended)
		listen_on(s, true);
	if (!s->ended)
		return;
	if (inside)
		log_info("policy connection from %s ended inside a request",
			 peer_format(s->fd, peer));
	session_enter(s, SESSION_CLOSED);
}

static void session_free(struct session *s)
{
	event_del(&s->readable);
	event_del(&s->writable);
	outbox_remove(&s->host->outbox, &s->outgoing);
	exchange_give(&s->host->exchanges, &s->exchange);
	close(s->fd);
	transaction_fini(&s->transaction);
	crowd_leave(&s->member);
	free(s);
}

static void next_request(struct session *s)
{
	const struct policy_request *asked;
	enum protocol_result result = PROTOCOL_MORE;

	if (s->exchange)
		result = protocol_next(&s->exchange->protocol, &asked);
	switch (result) {
	case PROTOCOL_REQUEST:
		session_handle(s, asked);
		break;
	case PROTOCOL_BAD:
		complain(s);
		break;
	case PROTOCOL_MORE:
		wait_or_end(s);
		break;
	}
}

void session_run(struct session *s)
{
	if (s->state == SESSION_READING && s->host->stopping)
		session_enter(s, SESSION_CLOSED);
	if (s->state == SESSION_READING)
		next_request(s);
	if (s->state == SESSION_CLOSED)
		session_free(s);
}

void session_host_init(struct session_host *host, struct event_base *base)
{
	memset(host, 0, sizeof(*host));
	host->base = base;
	wiring_init(&host->wiring);
	outbox_init(&host->outbox, base, &session_answers);
	spares_init(&host->exchanges, EXCHANGES_SPARE_MAX);
}

void session_host_fini(struct session_host *host)
{
	outbox_fini(&host->outbox);
	spares_fini(&host->exchanges);
}

static struct crowd_member *session_open(void *arg, int fd)
{
	struct session_host *host = arg;
	struct session *s = memory_alloc(sizeof(*s));

	memset(s, 0, sizeof(*s));
	transaction_init(&s->transaction);
	s->host = host;
	s->member.connection = s;
	s->outgoing.owner = s;
	s->fd = fd;
	s->asked_us = session_now_us();
	event_assign(&s->readable, host->base, fd, EV_READ | EV_PERSIST, on_readable, s);
	event_assign(&s->writable, host->base, fd, EV_WRITE, session_on_writable, s);
	return &s->member;
}

static void session_start(void *connection)
{
	session_run(connection);
}

static void session_drain(void *connection)
{
	struct session *s = connection;

	if (!s->ended)
		fill(s);
	s->ended = true;
	listen_on(s, false);
	session_run(s);
}

static void session_close(void *connection)
{
	struct session *s = connection;

	session_enter(s, SESSION_CLOSED);
	session_run(s);
}

const struct crowd_kind session_kind = {
	.what = "policy connection",
	.setting = "policyd.max_connections",
	.open = session_open,
	.start = session_start,
	.idle_since = idle_since,
	.drain = session_drain,
	.close = session_close,
};
