#include "milter/clients.h"

#include <stdlib.h>

#include "base/memory.h"

struct clients {
	struct connection_host host;
	struct crowd *crowd;
};

struct clients *clients_new(struct event_base *base, struct desk *desk, struct config *config)
{
	struct clients *c = memory_alloc(sizeof(*c));

	connection_host_init(&c->host, base);
	c->crowd = crowd_new(base, &connection_kind, &c->host);
	c->host.desk = desk;
	c->host.config = config_ref(config);
	return c;
}

void clients_configure(struct clients *c, struct config *config)
{
	config_unref(&c->host.config);
	c->host.config = config_ref(config);
}

void clients_add(struct clients *c, int fd)
{
	crowd_add(c->crowd, fd, c->host.config->milter_max_connections);
}

void clients_drain(struct clients *c, void (*drained)(void *ctx), void *ctx)
{
	crowd_drain(c->crowd, drained, ctx);
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
	connection_host_fini(&c->host);
	config_unref(&c->host.config);
	free(c);
}

void clients_stats(const struct clients *c, struct clients_stats *out)
{
	out->connections = crowd_size(c->crowd);
	out->malformed = c->host.n_malformed;
	out->turned_away = crowd_turned_away(c->crowd);
}
