#include "policy/clients.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

/* How often idle connections are looked for. */
#define SWEEP_EVERY_S 60

struct clients {
	struct session_host host;
	struct session_link list; /* a ring; this is its seam */
	int64_t n;
	int64_t n_turned_away;
	int64_t complained_s; /* 0: never */
	struct event sweep;
	clients_report *report;
	void *ctx;
	void (*drained)(void *ctx); /* NULL until clients_drain() */
};

static void on_report(void *ctx, const struct config *config, const struct request *request,
		      const struct verdict *verdict, int64_t elapsed_us)
{
	struct clients *c = ctx;

	c->report(c->ctx, config, request, verdict, elapsed_us);
}

static void on_closed(void *ctx, struct session *session)
{
	struct clients *c = ctx;
	struct session_link *link = session_link(session);

	link->prev->next = link->next;
	link->next->prev = link->prev;
	c->n--;
	if (c->n == 0 && c->drained)
		c->drained(c->ctx);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct clients *c = arg;
	int64_t since_s = session_clock_s() - CLIENTS_IDLE_MAX_S;
	struct session_link *link, *next;

	(void)fd;
	(void)what;
	for (link = c->list.next; link != &c->list; link = next) {
		next = link->next;
		if (session_idle_since(link->session, since_s))
			session_close(link->session);
	}
}

struct clients *clients_new(struct event_base *base, const struct decision_env *env,
			    struct config *config, clients_report *report, void *ctx)
{
	static const struct timeval every = { .tv_sec = SWEEP_EVERY_S };
	struct clients *c = memory_zero(sizeof(*c));

	event_assign(&c->sweep, base, -1, EV_PERSIST, on_sweep, c);
	event_add(&c->sweep, &every);
	c->host.base = base;
	c->host.env = env;
	c->host.config = config_ref(config);
	c->host.report = on_report;
	c->host.closed = on_closed;
	wiring_init(&c->host.wiring);
	c->host.ctx = c;
	c->list.next = c->list.prev = &c->list;
	c->report = report;
	c->ctx = ctx;
	return c;
}

void clients_configure(struct clients *c, struct config *config)
{
	config_unref(&c->host.config);
	c->host.config = config_ref(config);
}

static void turn_away(struct clients *c, int fd)
{
	int64_t now_s = session_clock_s();

	close(fd);
	c->n_turned_away++;
	if (c->complained_s && now_s - c->complained_s < CLIENTS_COMPLAIN_EVERY_S)
		return;
	c->complained_s = now_s;
	log_warning("policy connection closed at once: there are %lld, and "
		    "policyd.max_connections = %d (%lld turned away since start)",
		    (long long)c->n, c->host.config->policyd_max_connections,
		    (long long)c->n_turned_away);
}

void clients_add(struct clients *c, int fd)
{
	struct session *session;
	struct session_link *link;

	if (c->n >= c->host.config->policyd_max_connections) {
		turn_away(c, fd);
		return;
	}
	session = session_new(&c->host, fd);
	link = session_link(session);
	link->next = &c->list;
	link->prev = c->list.prev;
	link->prev->next = link;
	c->list.prev = link;
	c->n++;
	session_start(session);
}

void clients_drain(struct clients *c, void (*drained)(void *ctx))
{
	struct session_link *link, *next;

	if (c->n == 0) {
		drained(c->ctx);
		return;
	}
	c->drained = drained;
	for (link = c->list.next; link != &c->list; link = next) {
		next = link->next;
		session_drain(link->session);
	}
}

void clients_abandon(struct clients *c)
{
	c->host.stopping = true;
}

void clients_free(struct clients **clients)
{
	struct clients *c = *clients;

	*clients = NULL;
	if (!c)
		return;
	c->drained = NULL;
	while (c->list.next != &c->list)
		session_close(c->list.next->session);
	event_del(&c->sweep);
	config_unref(&c->host.config);
	free(c);
}

struct wiring *clients_wiring(struct clients *c)
{
	return &c->host.wiring;
}

void clients_stats(const struct clients *c, struct clients_stats *out)
{
	out->connections = c->n;
	out->requests = c->host.n_requests;
	out->decisions = c->host.n_decisions;
	out->malformed = c->host.n_malformed;
	out->turned_away = c->n_turned_away;
}
