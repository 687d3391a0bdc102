#include "sasld/session.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/peer.h"

/* A login under way; free when login is NULL. */
struct slot {
	struct login *login;
	uint32_t id;
	int64_t since; /* the smaller, the older */
};

struct session {
	struct session_host *host;
	struct crowd_member member;
	int fd;
	bool closing; /* to be freed at the end of run() */
	bool ended;   /* nothing more will be read */
	bool running; /* run() is on the stack */
	struct event readable, writable;
	int64_t heard_s, n_logins;
	struct slot slots[SESSION_LOGINS_MAX];
	size_t out_len;
	char out[SESSION_OUT_MAX];
	struct protocol protocol; /* last: most of it is never touched */
};

static void run(struct session *s);

static size_t count(const struct session *s, bool busy_only)
{
	size_t n = 0;

	for (size_t i = 0; i < SESSION_LOGINS_MAX; i++)
		n += s->slots[i].login && !(busy_only && login_waits(s->slots[i].login));
	return n;
}

static bool idle_since(const void *connection, int64_t since_s)
{
	const struct session *s = connection;

	return s->heard_s <= since_s && count(s, true) == 0;
}

/* ---- answers -------------------------------------------------------------- */

/* Sends what it can. */
static void push(struct session *s)
{
	static const struct timeval timeout = { .tv_sec = SESSION_WRITE_TIMEOUT_S };
	ssize_t n = 0;

	if (s->out_len > 0)
		n = send(s->fd, s->out, s->out_len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		s->closing = true;
		return;
	}
	if (n > 0) {
		memmove(s->out, s->out + n, s->out_len - (size_t)n);
		s->out_len -= (size_t)n;
	}
	if (s->out_len > 0)
		event_add(&s->writable, &timeout);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	if (what & EV_TIMEOUT) {
		log_warning("a SASL client took no answer for %d s: connection closed",
			    SESSION_WRITE_TIMEOUT_S);
		s->closing = true;
	} else {
		push(s);
	}
	run(s);
}

static void say(struct session *s, const char *line, size_t len)
{
	if (s->closing)
		return;
	if (len > sizeof(s->out) - s->out_len) {
		log_warning("a SASL client does not read its answers: connection closed");
		s->closing = true;
		return;
	}
	memcpy(s->out + s->out_len, line, len);
	s->out_len += len;
}

static void greet(struct session *s)
{
	const struct config *config = s->host->login->config;
	char line[PROTOCOL_ANSWER_MAX], cookie[33];

	stranger_cookie(cookie);
	say(s, line, protocol_version(line));
	for (int i = 0; i < SASL_MECHANISMS; i++)
		if (sasld_offers(&config->sasld, (enum sasl_mechanism)i))
			say(s, line,
			    protocol_mech(mechanism_name((enum sasl_mechanism)i),
					  mechanism_properties((enum sasl_mechanism)i), line));
	say(s, line, protocol_done((long)getpid(), ++s->host->n_sessions, cookie, line));
}

/* ---- logins --------------------------------------------------------------- */

static struct slot *find(struct session *s, uint32_t id)
{
	for (size_t i = 0; i < SESSION_LOGINS_MAX; i++)
		if (s->slots[i].login && s->slots[i].id == id)
			return &s->slots[i];
	return NULL;
}

static struct slot *slot_of(struct session *s, const struct login *login)
{
	for (size_t i = 0; i < SESSION_LOGINS_MAX; i++)
		if (s->slots[i].login == login)
			return &s->slots[i];
	abort(); /* it has answered twice */
}

/* A free one; that of the oldest that waits for its client; or NULL. */
static struct slot *make_room(struct session *s)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < SESSION_LOGINS_MAX; i++) {
		struct slot *slot = &s->slots[i];

		if (!slot->login)
			return slot;
		if (login_waits(slot->login) && (!oldest || slot->since < oldest->since))
			oldest = slot;
	}
	if (oldest)
		login_abandon(&oldest->login);
	return oldest;
}

static void on_answered(struct login *login, enum login_outcome outcome, const char *text,
			void *arg)
{
	struct session *s = arg;
	struct slot *slot = slot_of(s, login);
	char line[PROTOCOL_ANSWER_MAX];

	if (outcome != LOGIN_CHALLENGE)
		slot->login = NULL;
	switch (outcome) {
	case LOGIN_CHALLENGE:
		say(s, line, protocol_continue(slot->id, text, line));
		break;
	case LOGIN_ACCEPTED:
		say(s, line, protocol_ok(slot->id, text, line));
		break;
	case LOGIN_REFUSED:
		say(s, line, protocol_fail(slot->id, "", text, line));
		break;
	case LOGIN_UNKNOWN:
		s->closing = true;
		break;
	}
	run(s);
}

/* A peer that does not keep to the protocol. */
static void complain(struct session *s, const char *fault)
{
	char peer[PEER_TEXT_MAX];

	s->host->n_malformed++;
	log_warning("malformed SASL request from %s: %s; connection closed",
		    peer_format(s->fd, peer), fault);
	s->closing = true;
}

static void begin(struct session *s, const struct protocol_request *request)
{
	struct slot *slot;

	if (find(s, request->id)) {
		complain(s, "two logins have the same number");
		return;
	}
	slot = make_room(s);
	if (!slot) {
		complain(s, "too many logins at a time");
		return;
	}
	slot->id = request->id;
	slot->since = s->n_logins++;
	slot->login = login_new(s->host->login, request, on_answered, s);
	login_begin(slot->login, request->data);
}

static void handle(struct session *s, const struct protocol_request *request)
{
	struct slot *slot;

	s->host->n_requests += request->command != PROTOCOL_NOTHING;
	switch (request->command) {
	case PROTOCOL_AUTH:
		begin(s, request);
		break;
	case PROTOCOL_CONT:
		slot = find(s, request->id);
		if (slot && login_waits(slot->login))
			login_continue(slot->login, request->data);
		else
			complain(s, "CONT for no login that waits");
		break;
	case PROTOCOL_CANCEL:
		slot = find(s, request->id);
		if (slot)
			login_abandon(&slot->login);
		break;
	case PROTOCOL_NOTHING:
		break;
	}
}

/* ---- the connection ------------------------------------------------------- */

/* Reads what there is, or as much as the buffer takes. */
static void fill(struct session *s)
{
	size_t size;
	char *room = protocol_room(&s->protocol, &size);
	ssize_t n = recv(s->fd, room, size, 0);

	if (n > 0) {
		s->heard_s = crowd_clock_s();
		protocol_filled(&s->protocol, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* Closed or lost. Postfix does not close half: nobody reads on. */
		s->closing = true;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	fill(s);
	run(s);
}

static void session_free(struct session *s)
{
	for (size_t i = 0; i < SESSION_LOGINS_MAX; i++)
		login_abandon(&s->slots[i].login);
	event_del(&s->readable);
	event_del(&s->writable);
	close(s->fd);
	protocol_fini(&s->protocol);
	crowd_leave(&s->member);
	free(s);
}

static void take_requests(struct session *s)
{
	struct protocol_request request;
	enum protocol_result result = PROTOCOL_REQUEST;

	while (!s->closing && result == PROTOCOL_REQUEST) {
		result = protocol_next(&s->protocol, &request);
		if (result == PROTOCOL_REQUEST)
			handle(s, &request);
		else if (result == PROTOCOL_BAD)
			complain(s, protocol_fault(&s->protocol));
	}
}

/* Goes on until something has to be waited for. Every entry from outside ends
 * here and does not touch the session afterwards: it may be gone. An answer
 * that is known at once comes back here inside itself and is left to the outer
 * call. */
static void run(struct session *s)
{
	if (s->running)
		return;
	s->running = true;
	if (!s->ended)
		take_requests(s);
	push(s);
	if (s->ended && count(s, true) == 0 && s->out_len == 0)
		s->closing = true;
	s->running = false;
	if (s->closing)
		session_free(s);
}

static struct crowd_member *session_open(void *arg, int fd)
{
	struct session_host *host = arg;
	struct session *s = memory_alloc(sizeof(*s));

	memset(s, 0, offsetof(struct session, out));
	protocol_init(&s->protocol);
	s->host = host;
	s->member.connection = s;
	s->fd = fd;
	s->heard_s = crowd_clock_s();
	event_assign(&s->readable, host->login->base, fd, EV_READ | EV_PERSIST, on_readable, s);
	event_assign(&s->writable, host->login->base, fd, EV_WRITE, on_writable, s);
	return &s->member;
}

static void session_start(void *connection)
{
	struct session *s = connection;

	if (event_add(&s->readable, NULL) < 0)
		s->closing = true;
	greet(s);
	run(s);
}

static void session_drain(void *connection)
{
	struct session *s = connection;

	fill(s);
	s->running = true;
	take_requests(s);
	s->running = false;
	s->ended = true;
	event_del(&s->readable);
	run(s);
}

static void session_close(void *connection)
{
	struct session *s = connection;

	s->closing = true;
	run(s);
}

const struct crowd_kind session_kind = {
	.what = "SASL connection",
	.setting = "sasld.max_connections",
	.open = session_open,
	.start = session_start,
	.idle_since = idle_since,
	.drain = session_drain,
	.close = session_close,
};
