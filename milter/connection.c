#include "milter/connection_internal.h"

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
#include "milter/protocol.h"

static const bool transitions[4][4] = {
	[CONNECTION_READING] = { [CONNECTION_ASKING] = true,
				 [CONNECTION_WRITING] = true,
				 [CONNECTION_CLOSED] = true },
	[CONNECTION_ASKING] = { [CONNECTION_READING] = true,
				[CONNECTION_WRITING] = true,
				[CONNECTION_CLOSED] = true },
	[CONNECTION_WRITING] = { [CONNECTION_READING] = true, [CONNECTION_CLOSED] = true },
};

static bool idle_since(const void *connection, int64_t since_s)
{
	const struct connection *c = connection;

	if (talk_in_message(&c->talk))
		since_s -= CONNECTION_MESSAGE_MAX_S;
	return c->state == CONNECTION_READING && c->heard_s <= since_s;
}

void connection_enter(struct connection *c, enum connection_state state)
{
	assert(transitions[c->state][state]);
	c->state = state;
}

/* ---- reading --------------------------------------------------------------- */

static void listen_on(struct connection *c, bool on)
{
	if (c->listening == on)
		return;
	c->listening = on;
	if (!on) {
		event_del(&c->readable);
	} else if (event_add(&c->readable, NULL) < 0) {
		log_warning("cannot wait for a mail server: %s", strerror(errno));
		c->ended = true;
	}
}

/* Reads what there is, or as much as there is room for. */
static void fill(struct connection *c)
{
	struct connection_host *host = c->host;
	size_t size;
	char *at = inbox_room(&c->inbox, host->room, sizeof(host->room), c->wanted, &size);
	ssize_t n = recv(c->fd, at, size, 0);

	if (n > 0) {
		inbox_filled(&c->inbox, (size_t)n);
		c->heard_s = crowd_clock_s();
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Closed or lost; what came before is still answered. */
	c->ended = true;
	listen_on(c, false);
}

/* Nothing is expected while a question is under way: it will be looked at
 * afterwards. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	if (c->state != CONNECTION_READING) {
		listen_on(c, false);
		return;
	}
	fill(c);
	connection_run(c);
}

/* ---- packets --------------------------------------------------------------- */

static void complain(struct connection *c, const char *fault)
{
	char peer[PEER_TEXT_MAX];

	c->host->n_malformed++;
	log_warning("not the milter protocol, from %s: %s; connection closed",
		    peer_format(c->fd, peer), fault);
	connection_enter(c, CONNECTION_CLOSED);
}

static void hear(struct connection *c, const struct packet *packet)
{
	const struct talk_setting setting = {
		.config = c->host->config,
		.identities = desk_knows_identities(c->host->desk),
		.originators = desk_originators(c->host->desk),
	};
	struct request question;

	switch (talk_hear(&c->talk, &setting, packet, &c->unsent, &question)) {
	case HEARD_ON:
		if (c->unsent.len > 0)
			connection_write_later(c);
		break;
	case HEARD_ASK:
		connection_ask(c, &question);
		break;
	case HEARD_QUIT:
		connection_enter(c, CONNECTION_CLOSED);
		break;
	case HEARD_BAD:
		complain(c, c->talk.fault);
		break;
	}
}

static void wait_or_end(struct connection *c, bool inside)
{
	char peer[PEER_TEXT_MAX];

	if (!c->ended)
		listen_on(c, true);
	if (!c->ended)
		return;
	if (inside)
		log_info("milter connection from %s ended inside a packet",
			 peer_format(c->fd, peer));
	connection_enter(c, CONNECTION_CLOSED);
}

/* A part of a body is heard as soon as it is known how long it is, and what
 * comes of it is passed over. */
static void skip(struct connection *c, size_t n)
{
	size_t here = c->skip < n ? c->skip : n;

	inbox_drop(&c->inbox, here);
	c->skip -= here;
}

/* The next packet, if it is there. False: there is nothing to do but wait. */
static bool step(struct connection *c)
{
	struct packet packet;
	size_t n;
	const char *bytes = inbox_bytes(&c->inbox, &n);
	enum packet_result result;

	if (c->skip > 0 && n > 0) {
		skip(c, n);
		return true;
	}
	result = packet_read(bytes, n, &packet, &c->wanted);
	if (result == PACKET_BAD) {
		complain(c, "a packet that is too large, or empty");
	} else if (result == PACKET_WHOLE || packet.command == COMMAND_BODY) {
		c->skip = packet.command == COMMAND_BODY ? packet.len : 0;
		inbox_drop(&c->inbox, c->skip ? PACKET_HEAD : c->wanted);
		hear(c, &packet);
	} else {
		wait_or_end(c, n > 0 || c->skip > 0);
		return false;
	}
	return true;
}

/* ---- life ------------------------------------------------------------------ */

static void connection_free(struct connection *c)
{
	outbox_remove(&c->host->outbox, &c->outgoing);
	event_del(&c->readable);
	event_del(&c->writable);
	close(c->fd);
	talk_fini(&c->talk);
	inbox_fini(&c->inbox);
	packets_fini(&c->unsent);
	if (c->last)
		spares_give(&c->host->answers, c->last);
	crowd_leave(&c->member);
	free(c);
}

void connection_run(struct connection *c)
{
	while (c->state == CONNECTION_READING) {
		if (c->host->stopping)
			connection_enter(c, CONNECTION_CLOSED);
		else if (!step(c))
			break;
	}
	if (c->state == CONNECTION_CLOSED)
		connection_free(c);
	else
		inbox_keep(&c->inbox);
}

void connection_host_init(struct connection_host *host, struct event_base *base)
{
	memset(host, 0, sizeof(*host));
	host->base = base;
	outbox_init(&host->outbox, base, &connection_answers);
	spares_init(&host->answers, CONNECTION_SPARE_MAX);
}

void connection_host_fini(struct connection_host *host)
{
	outbox_fini(&host->outbox);
	spares_fini(&host->answers);
}

static struct crowd_member *connection_open(void *arg, int fd)
{
	struct connection_host *host = arg;
	struct connection *c = memory_zero(sizeof(*c));

	c->host = host;
	c->member.connection = c;
	c->fd = fd;
	c->heard_s = crowd_clock_s();
	c->wanted = PACKET_HEAD;
	c->outgoing.owner = c;
	event_assign(&c->readable, host->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	event_assign(&c->writable, host->base, fd, EV_WRITE, connection_on_writable, c);
	return &c->member;
}

static void connection_start(void *connection)
{
	connection_run(connection);
}

static void connection_drain(void *connection)
{
	struct connection *c = connection;

	if (!c->ended && c->state == CONNECTION_READING)
		fill(c);
	c->ended = true;
	listen_on(c, false);
	connection_run(c);
}

static void connection_close(void *connection)
{
	struct connection *c = connection;

	connection_enter(c, CONNECTION_CLOSED);
	connection_run(c);
}

const struct crowd_kind connection_kind = {
	.what = "milter connection",
	.setting = "milter.max_connections",
	.open = connection_open,
	.start = connection_start,
	.idle_since = idle_since,
	.drain = connection_drain,
	.close = connection_close,
};
