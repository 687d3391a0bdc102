#include "policy/clients.h"

#include <stdlib.h>

#include "base/crowd.h"
#include "base/memory.h"

struct clients {
	struct session_host host;
	struct crowd *crowd;
};

struct clients *clients_new(struct event_base *base, const struct decision_env *env,
			    const struct identities *identities, struct config *config,
			    clients_report *report, void *ctx)
{
	struct clients *c = memory_zero(sizeof(*c));

	session_host_init(&c->host, base);
	c->crowd = crowd_new(base, &session_kind, &c->host);
	c->host.env = env;
	c->host.identities = identities;
	c->host.config = config_use_new(config);
	c->host.report = report;
	c->host.ctx = ctx;
	return c;
}

void clients_configure(struct clients *c, struct config *config)
{
	config_use_give(&c->host.config);
	c->host.config = config_use_new(config);
}

void clients_add(struct clients *c, int fd)
{
	crowd_add(c->crowd, fd, c->host.config->config->policyd_max_connections);
}

void clients_drain(struct clients *c, void (*drained)(void *ctx))
{
	crowd_drain(c->crowd, drained, c->host.ctx);
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
	config_use_give(&c->host.config);
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
