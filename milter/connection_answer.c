#define _GNU_SOURCE /* POLLRDHUP */

#include "milter/connection_internal.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.h"

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
	connection_enter(c, CONNECTION_CLOSED);
}

void connection_write_later(struct connection *c)
{
	packets_end(&c->unsent);
	connection_enter(c, CONNECTION_WRITING);
	outbox_add(&c->host->outbox, &c->outgoing);
}

/* n octets of the answer were taken, or it is -errno. */
static void went_out(struct connection *c, ssize_t n)
{
	static const struct timeval timeout = { .tv_sec = CONNECTION_WRITE_TIMEOUT_S };

	if (n < 0 && n != -EAGAIN && n != -EINTR) {
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
	connection_enter(c, CONNECTION_READING);
}

void connection_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	ssize_t n;

	if (what & EV_TIMEOUT) {
		log_warning("a mail server took no answer for %d s: connection closed",
			    CONNECTION_WRITE_TIMEOUT_S);
		lose(c);
	} else {
		n = send(fd, c->unsent.bytes + c->sent, c->unsent.len - c->sent, MSG_NOSIGNAL);
		went_out(c, n < 0 ? -errno : n);
	}
	connection_run(c);
}

/* Asked before a charge is answered: on a TCP connection the first octets to a
 * server that has gone still seem to arrive. Whatever it has said before. */
static bool has_gone(const struct connection *c)
{
	struct pollfd peer = { .fd = c->fd, .events = POLLRDHUP };

	return poll(&peer, 1, 0) > 0;
}

static bool fill_parcel(void *arg, struct parcel *parcel)
{
	struct connection *c = arg;

	if (c->last && c->last->charges.n > 0 && has_gone(c)) {
		lose(c);
		connection_run(c);
		return false;
	}
	parcel->fd = c->fd;
	parcel->bytes = c->unsent.bytes;
	parcel->len = c->unsent.len;
	return true;
}

static void on_sent(void *arg, ssize_t n)
{
	went_out(arg, n);
	connection_run(arg);
}

const struct outbox_kind connection_answers = { .fill = fill_parcel, .sent = on_sent };

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
	connection_write_later(c);
}

void connection_ask(struct connection *c, const struct request *request)
{
	connection_enter(c, CONNECTION_ASKING);
	desk_ask(c->host->desk, c->talk.session->config, request,
		 talk_originators(&c->talk, request), on_answer, c);
}
