#include "milter/connection.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/peer.h"
#include "milter/inbox.h"
#include "milter/protocol.h"
#include "milter/talk.h"

enum connection_state {
	CONNECTION_READING, /* waits for a packet, or has one not yet looked at */
	CONNECTION_ASKING,  /* the engine has a question */
	CONNECTION_WRITING, /* the answer waits for the end of the pass, or the server */
	CONNECTION_CLOSED,  /* to be freed */
};

static const bool transitions[4][4] = {
	[CONNECTION_READING] = { [CONNECTION_ASKING] = true,
				 [CONNECTION_WRITING] = true,
				 [CONNECTION_CLOSED] = true },
	[CONNECTION_ASKING] = { [CONNECTION_READING] = true,
				[CONNECTION_WRITING] = true,
				[CONNECTION_CLOSED] = true },
	[CONNECTION_WRITING] = { [CONNECTION_READING] = true, [CONNECTION_CLOSED] = true },
};

struct connection {
	struct connection_host *host;
	struct crowd_member member;
	enum connection_state state;
	int fd;
	bool listening; /* readable is added */
	bool ended;	/* nothing more will be read */
	struct event readable, writable;
	int64_t heard_s; /* when something came last */
	struct talk talk;
	struct inbox inbox;
	size_t wanted;	       /* octets of the present packet, as far as is known */
	size_t skip;	       /* octets of a body that are yet to come */
	struct packets unsent; /* an answer; from sent on the server has not taken it */
	size_t sent;
	struct answer *last; /* at the end of a message, until it is taken; owned */
	struct outbox_entry outgoing;
};

static void run(struct connection *c);

struct crowd_member *connection_member(struct connection *c)
{
	return &c->member;
}

bool connection_idle_since(const struct connection *c, int64_t since_s)
{
	return c->state == CONNECTION_READING && c->heard_s <= since_s;
}

/* The one gate of the state machine. */
static void enter(struct connection *c, enum connection_state state)
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
	run(c);
}

/* ---- writing --------------------------------------------------------------- */

/* The answer at the end of a message needs no care any more. */
static void forget_last(struct connection *c)
{
	spares_give(&c->host->answers, c->last);
	c->last = NULL;
	talk_end_message(&c->talk);
}

/* The answer at the end of a message is not taken. */
static void undo(struct connection *c, const struct answer *answer)
{
	struct request request = talk_last_question(&c->talk);

	desk_undo(c->host->desk, c->talk.session->config, &request, answer);
}

static void lose(struct connection *c)
{
	if (c->last) {
		undo(c, c->last);
		forget_last(c);
	}
	enter(c, CONNECTION_CLOSED);
}

/* What is in unsent goes out at the end of the pass. */
static void write_later(struct connection *c)
{
	packets_end(&c->unsent);
	enter(c, CONNECTION_WRITING);
	outbox_add(&c->host->outbox, &c->outgoing);
}

static void push(struct connection *c)
{
	static const struct timeval timeout = { .tv_sec = CONNECTION_WRITE_TIMEOUT_S };
	ssize_t n = send(c->fd, c->unsent.bytes + c->sent, c->unsent.len - c->sent, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose(c);
		return;
	}
	c->sent += n > 0 ? (size_t)n : 0;
	if (c->sent < c->unsent.len) {
		event_add(&c->writable, &timeout);
		return;
	}
	packets_fini(&c->unsent);
	c->sent = 0;
	if (c->last)
		forget_last(c);
	enter(c, CONNECTION_READING);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	if (what & EV_TIMEOUT) {
		log_warning("a mail server took no answer for %d s: connection closed",
			    CONNECTION_WRITE_TIMEOUT_S);
		lose(c);
	} else {
		push(c);
	}
	run(c);
}

/* Asked before a charge is answered: on a TCP connection the first octets to a
 * server that has gone still seem to arrive. */
static bool has_gone(const struct connection *c)
{
	char octet;
	ssize_t n = recv(c->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* What the outbox calls. */
static void on_end_of_pass(void *arg)
{
	struct connection *c = arg;

	if (c->last && c->last->charges.n > 0 && has_gone(c))
		lose(c);
	else
		push(c);
	run(c);
}

/* ---- questions and answers ------------------------------------------------- */

/* What is charged and not told is to be taken back, so the last answer is kept
 * until it is taken. */
static void on_answer(const struct answer *answer, const struct request *request, void *arg)
{
	struct connection *c = arg;
	bool possible = talk_answer(&c->talk, request, answer, &c->unsent);

	assert(c->state == CONNECTION_ASKING);
	if (!possible)
		undo(c, answer);
	if (request->stage == STAGE_END_OF_MESSAGE && possible) {
		c->last = spares_take(&c->host->answers, sizeof(*c->last));
		*c->last = *answer;
	}
	write_later(c);
}

static void ask(struct connection *c, const struct request *request)
{
	enter(c, CONNECTION_ASKING);
	desk_ask(c->host->desk, c->talk.session->config, request,
		 talk_originators(&c->talk, request), on_answer, c);
}

/* ---- packets --------------------------------------------------------------- */

static void complain(struct connection *c, const char *fault)
{
	char peer[PEER_TEXT_MAX];

	c->host->n_malformed++;
	log_warning("not the milter protocol, from %s: %s; connection closed",
		    peer_format(c->fd, peer), fault);
	enter(c, CONNECTION_CLOSED);
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
			write_later(c);
		break;
	case HEARD_ASK:
		ask(c, &question);
		break;
	case HEARD_QUIT:
		enter(c, CONNECTION_CLOSED);
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
	enter(c, CONNECTION_CLOSED);
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
	c->host->closed(c->host->ctx, c);
	outbox_remove(&c->host->outbox, &c->outgoing);
	event_del(&c->readable);
	event_del(&c->writable);
	close(c->fd);
	talk_fini(&c->talk);
	inbox_fini(&c->inbox);
	packets_fini(&c->unsent);
	if (c->last)
		spares_give(&c->host->answers, c->last);
	free(c);
}

/* Goes on until something has to be waited for: a packet, the verdict, the end
 * of the pass. Every entry from outside ends here and does not touch the
 * connection afterwards: it may be gone. */
static void run(struct connection *c)
{
	while (c->state == CONNECTION_READING) {
		if (c->host->stopping)
			enter(c, CONNECTION_CLOSED);
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
	outbox_init(&host->outbox, base, on_end_of_pass);
	spares_init(&host->answers, CONNECTION_SPARE_MAX);
}

void connection_host_fini(struct connection_host *host)
{
	outbox_fini(&host->outbox);
	spares_fini(&host->answers);
}

struct connection *connection_new(struct connection_host *host, int fd)
{
	struct connection *c = memory_zero(sizeof(*c));

	c->host = host;
	c->fd = fd;
	c->heard_s = crowd_clock_s();
	c->wanted = PACKET_HEAD;
	c->outgoing.owner = c;
	event_assign(&c->readable, host->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	event_assign(&c->writable, host->base, fd, EV_WRITE, on_writable, c);
	return c;
}

void connection_start(struct connection *c)
{
	run(c);
}

void connection_drain(struct connection *c)
{
	if (!c->ended && c->state == CONNECTION_READING)
		fill(c);
	c->ended = true;
	listen_on(c, false);
	run(c);
}

void connection_close(struct connection *c)
{
	enter(c, CONNECTION_CLOSED);
	run(c);
}
