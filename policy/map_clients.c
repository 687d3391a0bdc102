#include "policy/map_clients.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crowd.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/peer.h"
#include "policy/lookup.h"
#include "policy/socketmap.h"

/* A question with its length, ":" and ",". */
#define INPUT_MAX (SOCKETMAP_QUESTION_MAX + 8)

struct client {
	struct crowd_member member;
	struct map_clients *host;
	struct bufferevent *stream; /* NULL: lost, while a lookup is under way */
	int fd;			    /* the stream's */
	bool asking;		    /* a lookup is under way */
	bool ending;		    /* to be closed when its answer is sent */
	bool running;		    /* run() is on the stack */
	int64_t heard_s;	    /* when something came last */
};

struct map_clients {
	struct event_base *base;
	struct store *store;
	struct config *config;
	struct crowd *crowd;
	int64_t n_lookups, n_failures;
	int64_t complained_s; /* 0: never */
	bool stopping;	      /* nothing is asked of the store any more */
};

static void run(struct client *c);

/* ---- life of a connection -------------------------------------------------- */

static void client_close(struct client *c)
{
	if (c->stream)
		bufferevent_free(c->stream);
	c->stream = NULL;
}

/* Frees a connection that is closed and owed nothing. */
static void client_reap(struct client *c)
{
	if (c->stream || c->asking || c->running)
		return;
	crowd_leave(&c->member);
	free(c);
}

static bool may_complain(struct map_clients *host)
{
	int64_t now_s = crowd_clock_s();

	if (host->complained_s && now_s - host->complained_s < MAP_CLIENTS_COMPLAIN_EVERY_S)
		return false;
	host->complained_s = now_s;
	return true;
}

/* ---- answering --------------------------------------------------------------- */

static void answer(struct client *c, enum socketmap_status status, const char *text)
{
	char *netstring;
	size_t len;

	if (!c->stream)
		return;
	netstring = memory_alloc(SOCKETMAP_NETSTRING_MAX + 1);
	len = socketmap_write(status, text, netstring);
	bufferevent_write(c->stream, netstring, len);
	free(netstring);
}

static void on_looked_up(enum lookup_result result, const char *text, void *arg)
{
	static const enum socketmap_status statuses[] = {
		[LOOKUP_FOUND] = SOCKETMAP_OK,
		[LOOKUP_NOBODY] = SOCKETMAP_NOTFOUND,
		[LOOKUP_UNKNOWN] = SOCKETMAP_TEMP,
	};
	struct client *c = arg;

	c->asking = false;
	if (result == LOOKUP_UNKNOWN) {
		c->host->n_failures++;
		if (may_complain(c->host))
			log_warning("Postfix was told that we cannot tell who owns an address: %s",
				    text);
	}
	answer(c, statuses[result], text);
	run(c);
}

/* Postfix asks for an address as it is written in SMTP, and without quotes. */
static bool read_address(const char *key, struct address *out)
{
	const char *reason;

	if (*key == '@' || !strchr(key, '@'))
		return false;
	return address_parse(key, ADDRESS_SMTP, out, &reason) == ADDRESS_OK ||
	       address_parse(key, ADDRESS_INTERNAL, out, &reason) == ADDRESS_OK;
}

static void look_up(struct client *c, const struct socketmap_question *question)
{
	bool accounts_only = strcmp(question->name, "accounts") == 0;
	struct address address;

	c->host->n_lookups++;
	if (!accounts_only && strcmp(question->name, "senders") != 0) {
		answer(c, SOCKETMAP_PERM, "the maps here are senders and accounts");
	} else if (!read_address(question->key, &address)) {
		answer(c, SOCKETMAP_NOTFOUND, "");
	} else {
		c->asking = true;
		lookup_start(c->host->store, c->host->config, &address, accounts_only, on_looked_up,
			     c);
	}
}

/* ---- reading ----------------------------------------------------------------- */

static void complain(struct client *c, const char *fault)
{
	char peer[PEER_TEXT_MAX];

	if (may_complain(c->host))
		log_warning("malformed socketmap question from %s: %s; connection closed",
			    peer_format(c->fd, peer), fault);
	client_close(c);
}

/* True: there was a question, and there may be another. */
static bool next_question(struct client *c)
{
	struct evbuffer *input = bufferevent_get_input(c->stream);
	size_t len = evbuffer_get_length(input), used;
	struct socketmap_question *question;
	enum socketmap_result result;
	const char *fault;

	if (len == 0)
		return false;
	len = len < INPUT_MAX ? len : INPUT_MAX;
	question = memory_alloc(sizeof(*question));
	result = socketmap_read((const char *)evbuffer_pullup(input, (ev_ssize_t)len), len,
				question, &used, &fault);
	if (result == SOCKETMAP_QUESTION) {
		evbuffer_drain(input, used);
		look_up(c, question);
	} else if (result == SOCKETMAP_BAD) {
		complain(c, fault);
	}
	free(question);
	return result == SOCKETMAP_QUESTION;
}

/* Nothing is left of earlier answers. */
static bool is_told(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->stream)) == 0;
}

/* Goes on until something has to be waited for. Who calls it does not touch
 * the connection afterwards. */
static void run(struct client *c)
{
	if (c->running)
		return;
	c->running = true;
	c->ending |= c->host->stopping;
	while (c->stream && !c->asking && !c->ending && is_told(c) && next_question(c))
		;
	c->running = false;
	if (c->stream && c->ending && !c->asking && is_told(c))
		client_close(c);
	else if (c->stream && (c->asking || c->ending || !is_told(c)))
		bufferevent_disable(c->stream, EV_READ);
	else if (c->stream)
		bufferevent_enable(c->stream, EV_READ);
	client_reap(c);
}

static void on_readable(struct bufferevent *stream, void *arg)
{
	struct client *c = arg;

	(void)stream;
	c->heard_s = crowd_clock_s();
	run(c);
}

/* All of an answer is sent. */
static void on_written(struct bufferevent *stream, void *arg)
{
	(void)stream;
	run(arg);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct client *c = arg;

	(void)stream;
	if ((what & BEV_EVENT_TIMEOUT) && (what & BEV_EVENT_WRITING))
		log_warning("a client of the senders' map took no answer for %d s: connection "
			    "closed",
			    MAP_CLIENT_WRITE_TIMEOUT_S);
	client_close(c);
	run(c);
}

/* ---- as one of a crowd --------------------------------------------------------- */

static struct crowd_member *client_open(void *host, int fd)
{
	static const struct timeval writing = { .tv_sec = MAP_CLIENT_WRITE_TIMEOUT_S };
	struct map_clients *clients = host;
	struct client *c = memory_zero(sizeof(*c));

	c->member.connection = c;
	c->host = clients;
	c->fd = fd;
	c->heard_s = crowd_clock_s();
	c->stream = bufferevent_socket_new(clients->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->stream)
		memory_exhausted();
	bufferevent_setcb(c->stream, on_readable, on_written, on_event, c);
	bufferevent_setwatermark(c->stream, EV_READ, 0, INPUT_MAX);
	bufferevent_set_timeouts(c->stream, NULL, &writing);
	return &c->member;
}

static void client_start(void *connection)
{
	struct client *c = connection;

	bufferevent_enable(c->stream, EV_READ | EV_WRITE);
}

static bool idle_since(const void *connection, int64_t since_s)
{
	const struct client *c = connection;

	return !c->asking && c->heard_s <= since_s;
}

static void client_drain(void *connection)
{
	struct client *c = connection;

	c->ending = true;
	run(c);
}

static void client_end(void *connection)
{
	client_close(connection);
	client_reap(connection);
}

static const struct crowd_kind kind = {
	.what = "connection to the senders' map",
	.setting = "policyd.max_connections",
	.open = client_open,
	.start = client_start,
	.idle_since = idle_since,
	.drain = client_drain,
	.close = client_end,
};

/* ---- all of them --------------------------------------------------------------- */

struct map_clients *map_clients_new(struct event_base *base, struct store *store,
				    struct config *config)
{
	struct map_clients *clients = memory_zero(sizeof(*clients));

	clients->base = base;
	clients->store = store;
	clients->config = config_ref(config);
	clients->crowd = crowd_new(base, &kind, clients);
	return clients;
}

void map_clients_configure(struct map_clients *clients, struct config *config)
{
	config_unref(&clients->config);
	clients->config = config_ref(config);
}

void map_clients_add(struct map_clients *clients, int fd)
{
	crowd_add(clients->crowd, fd, clients->config->policyd_max_connections);
}

void map_clients_drain(struct map_clients *clients, void (*drained)(void *ctx), void *ctx)
{
	crowd_drain(clients->crowd, drained, ctx);
}

void map_clients_abandon(struct map_clients *clients)
{
	clients->stopping = true;
}

void map_clients_free(struct map_clients **clients)
{
	struct map_clients *m = *clients;

	*clients = NULL;
	if (!m)
		return;
	crowd_free(&m->crowd);
	config_unref(&m->config);
	free(m);
}

void map_clients_stats(const struct map_clients *clients, struct map_clients_stats *out)
{
	*out = (struct map_clients_stats){ crowd_size(clients->crowd), clients->n_lookups,
					   clients->n_failures };
}
