#include "policy/session.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/peer.h"
#include "policy/stage.h"
#include "policy/transaction.h"

enum session_state {
	SESSION_READING,  /* waits for a request, or has one not yet looked at */
	SESSION_DECIDING, /* the engine has a request */
	SESSION_WRITING,  /* the answer is on its way, or the client is slow to take it */
	SESSION_CLOSED,	  /* to be freed */
};

static const bool transitions[4][4] = {
	[SESSION_READING] = { [SESSION_DECIDING] = true,
			      [SESSION_WRITING] = true,
			      [SESSION_CLOSED] = true },
	[SESSION_DECIDING] = { [SESSION_WRITING] = true },
	[SESSION_WRITING] = { [SESSION_READING] = true, [SESSION_CLOSED] = true },
};

struct session {
	struct session_host *host;
	struct crowd_member member;
	enum session_state state;
	int fd;
	bool listening; /* readable is added */
	bool ended;	/* nothing more will be read */
	bool asked;	/* one request has come */
	struct event readable, writable;
	int64_t asked_us;      /* when the present or last request was complete */
	struct config_use *config; /* of the decision under way */
	struct request request;
	uint64_t recipient; /* of a RCPT under way */
	struct transaction transaction;
	struct outbox_entry outgoing; /* the answer, until the end of the pass */
	struct exchange *exchange;    /* NULL while idle */
};

static void run(struct session *s);

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool idle_since(const void *connection, int64_t since_s)
{
	const struct session *s = connection;

	return s->state == SESSION_READING && s->asked_us / 1000000 <= since_s;
}

/* The one gate of the state machine. */
static void enter(struct session *s, enum session_state state)
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

/* Reads what there is, or as much as the buffer takes. Returns whether
 * something came. */
static bool fill(struct session *s)
{
	size_t size;
	char *room;
	ssize_t n;

	if (!s->exchange)
		s->exchange = exchange_take(&s->host->exchanges);
	room = protocol_room(&s->exchange->protocol, &size);
	if (size == 0) {
		listen_on(s, false);
		return false;
	}
	n = recv(s->fd, room, size, 0);
	if (n > 0) {
		protocol_filled(&s->exchange->protocol, (size_t)n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* Closed or lost; what came before is still answered, for a client may
	 * close its sending side only. */
	s->ended = true;
	listen_on(s, false);
	return false;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	fill(s);
	run(s);
}

/* Sends what is left of the answer, and says where that leads. */
static void push(struct session *s)
{
	static const struct timeval timeout = { .tv_sec = SESSION_WRITE_TIMEOUT_S };
	struct exchange *x = s->exchange;
	ssize_t n = send(s->fd, x->answer + x->answer_sent, x->answer_len - x->answer_sent,
			 MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		enter(s, SESSION_CLOSED);
		return;
	}
	if (n > 0)
		x->answer_sent += (size_t)n;
	if (x->answer_sent == x->answer_len)
		enter(s, SESSION_READING);
	else
		event_add(&s->writable, &timeout);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	if (what & EV_TIMEOUT) {
		log_warning("a policy client took no answer for %d s: connection closed",
			    SESSION_WRITE_TIMEOUT_S);
		enter(s, SESSION_CLOSED);
	} else {
		push(s);
	}
	run(s);
}

/* What the outbox calls. */
static void on_end_of_pass(void *owner)
{
	push(owner);
	run(owner);
}

static void answer(struct session *s, size_t len)
{
	enter(s, SESSION_WRITING);
	s->exchange->answer_len = len;
	s->exchange->answer_sent = 0;
	outbox_add(&s->host->outbox, &s->outgoing);
}

/* A RCPT or DATA that passes tells where in the transaction we are. */
static void note_pass(struct session *s, const struct verdict *verdict)
{
	s->transaction.identified |= verdict->identified;
	if (s->request.stage == STAGE_END_OF_MESSAGE && !s->request.final)
		wiring_left(&s->host->wiring);
	if (s->request.stage == STAGE_RCPT)
		transaction_add(&s->transaction, s->recipient, verdict->recipient_free);
	if (s->transaction.passed ||
	    (s->request.stage != STAGE_RCPT && s->request.stage != STAGE_DATA))
		return;
	s->transaction.passed = true;
	wiring_passed(&s->host->wiring, config_charge_by(s->config->config));
}

static void on_verdict(const struct verdict *verdict, void *arg)
{
	struct session *s = arg;
	struct session_host *host = s->host;

	assert(s->state == SESSION_DECIDING);
	host->report(host->ctx, s->config->config, &s->request, verdict,
		     now_us() - s->asked_us);
	if (verdict->action == ACTION_ACCEPT && !s->transaction.relay)
		note_pass(s, verdict);
	config_use_give(&s->config);
	answer(s, stage_answer(verdict, s->transaction.relay, s->exchange->answer));
}

static void note_end(struct session *s)
{
	wiring_ended(&s->host->wiring);
	if (s->transaction.n == 0)
		wiring_unseen(&s->host->wiring, s->config->config);
	if (s->request.before_queue)
		wiring_before_queue(config_charge_by(s->config->config));
}

static void decide(struct session *s)
{
	enter(s, SESSION_DECIDING);
	s->host->n_decisions++;
	s->config = config_use_take(s->host->config);
	if (s->request.stage == STAGE_END_OF_MESSAGE)
		note_end(s);
	decision_start(s->host->env, s->config->config, &s->request, on_verdict, s);
}

static void cannot(struct session *s, const char *why)
{
	char text[LOG_LINE_MAX];
	struct fields fields;

	fields_init(&fields, text, sizeof(text));
	fields_add(&fields, "node", s->host->config->config->node);
	fields_add(&fields, "stage", stage_name(s->request.stage));
	fields_add(&fields, "qid", s->request.queue_id);
	fields_add(&fields, "login", s->request.login);
	fields_add(&fields, "client", s->request.client_address);
	log_warning("%s: answered that we cannot tell: %s", why, text);
	answer(s, stage_answer_cannot(s->host->config->config, s->exchange->answer));
}

static void handle(struct session *s, const struct policy_request *asked)
{
	const char *why, *state = asked->values[ATTRIBUTE_PROTOCOL_STATE].text;
	struct session_host *host = s->host;
	const struct config *config = host->config->config;
	enum stage_task task;

	host->n_requests++;
	s->asked_us = now_us();
	task = stage_map(asked, config, host->identities, &s->transaction, &s->request,
			 &s->recipient, &why);
	/* Postfix repeats a request on a new connection only (SMTPD_POLICY_README). */
	s->request.may_be_repeated = !s->asked;
	s->asked = true;
	switch (task) {
	case STAGE_DECIDE:
		decide(s);
		return;
	case STAGE_CANNOT:
		cannot(s, why);
		return;
	case STAGE_UNDECIDED:
	case STAGE_UNKNOWN:
		wiring_undecided(state, task == STAGE_UNKNOWN);
		break;
	case STAGE_UNSURE:
		answer(s, stage_answer_unsure(config, s->exchange->answer));
		return;
	case STAGE_NO_LOGIN:
		break;
	}
	answer(s, stage_answer_pass(s->exchange->answer));
}

/* No reply to what is not a request: the protocol's way (Postfix asks again
 * on a new connection, then takes its default_action). */
static void complain(struct session *s)
{
	char peer[PEER_TEXT_MAX];

	s->host->n_malformed++;
	log_warning("malformed policy request from %s: %s; connection closed",
		    peer_format(s->fd, peer), protocol_fault(&s->exchange->protocol));
	enter(s, SESSION_CLOSED);
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
	enter(s, SESSION_CLOSED);
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
	struct policy_request asked;
	enum protocol_result result = PROTOCOL_MORE;

	if (s->exchange)
		result = protocol_next(&s->exchange->protocol, &asked);
	switch (result) {
	case PROTOCOL_REQUEST:
		handle(s, &asked);
		break;
	case PROTOCOL_BAD:
		complain(s);
		break;
	case PROTOCOL_MORE:
		wait_or_end(s);
		break;
	}
}

/* Looks at what there is, until something has to be waited for: the rest of a
 * request, the verdict, the end of the pass. Every entry from outside ends
 * here and does not touch the session afterwards: it may be gone. */
static void run(struct session *s)
{
	if (s->state == SESSION_READING && s->host->stopping)
		enter(s, SESSION_CLOSED);
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
	outbox_init(&host->outbox, base, on_end_of_pass);
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
	s->asked_us = now_us();
	event_assign(&s->readable, host->base, fd, EV_READ | EV_PERSIST, on_readable, s);
	event_assign(&s->writable, host->base, fd, EV_WRITE, on_writable, s);
	return &s->member;
}

static void session_start(void *connection)
{
	run(connection);
}

static void session_drain(void *connection)
{
	struct session *s = connection;

	if (!s->ended)
		fill(s);
	s->ended = true;
	listen_on(s, false);
	run(s);
}

static void session_close(void *connection)
{
	struct session *s = connection;

	enter(s, SESSION_CLOSED);
	run(s);
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
