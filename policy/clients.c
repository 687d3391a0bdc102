#include "policy/clients.h"

#include <stdlib.h>

#include "base/crowd.h"
#include "base/memory.h"

struct clients {
	struct session_host host;
	struct crowd *crowd;
	clients_report *report;
	void *ctx;
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

	crowd_leave(c->crowd, session_member(session));
}

static bool idle_since(const void *connection, int64_t since_s)
{
	return session_idle_since(connection, since_s);
}

static void drain(void *connection)
{
	session_drain(connection);
}

static void end(void *connection)
{
	session_close(connection);
}

struct clients *clients_new(struct event_base *base, const struct decision_env *env,
			    const struct identities *identities, struct config *config,
			    clients_report *report, void *ctx)
{
	static const struct crowd_kind kind = {
		.what = "policy connection",
		.setting = "policyd.max_connections",
		.idle_since = idle_since,
		.drain = drain,
		.close = end,
	};
	struct clients *c = memory_zero(sizeof(*c));

	session_host_init(&c->host, base);
	c->crowd = crowd_new(base, &kind);
	c->host.env = env;
	c->host.identities = identities;
	c->host.config = config_ref(config);
	c->host.report = on_report;
	c->host.closed = on_closed;
	c->host.ctx = c;
	c->report = report;
	c->ctx = ctx;
	return c;
}

void clients_configure(struct clients *c, struct config *config)
{
	config_unref(&c->host.config);
	c->host.config = config_ref(config);
}

void clients_add(struct clients *c, int fd)
{
	struct session *session;

	if (!crowd_admits(c->crowd, fd, c->host.config->policyd_max_connections))
		return;
	session = session_new(&c->host, fd);
	crowd_join(c->crowd, session_member(session), session);
	session_start(session);
}

void clients_drain(struct clients *c, void (*drained)(void *ctx))
{
	crowd_drain(c->crowd, drained, c->ctx);
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
	outbox_flush(&c->host.outbox);
	crowd_free(&c->crowd);
	session_host_fini(&c->host);
	config_unref(&c->host.config);
	free(c);
}

struct wiring *clients_wiring(struct clients *c)
{
	return &c->host.wiring;
}

void clients_stats(const struct clients *c, struct clients_stats *out)
{
	out->connections = crowd_size(c->crowd);
	out->requests = c->host.n_requests;
	out->decisions = c->host.n_decisions;
	out->malformed = c->host.n_malformed;
	out->turned_away = crowd_turned_away(c->crowd);
}
