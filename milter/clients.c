#include "milter/clients.h"

#include <stdlib.h>

#include "base/memory.h"

struct clients {
	struct connection_host host;
	struct crowd *crowd;
};

static void on_closed(void *ctx, struct connection *connection)
{
	struct clients *c = ctx;

	crowd_leave(c->crowd, connection_member(connection));
}

static bool idle_since(const void *connection, int64_t since_s)
{
	return connection_idle_since(connection, since_s);
}

static void drain(void *connection)
{
	connection_drain(connection);
}

static void end(void *connection)
{
	connection_close(connection);
}

struct clients *clients_new(struct event_base *base, struct desk *desk, struct config *config)
{
	static const struct crowd_kind kind = {
		.what = "milter connection",
		.setting = "milter.max_connections",
		.idle_since = idle_since,
		.drain = drain,
		.close = end,
	};
	struct clients *c = memory_alloc(sizeof(*c));

	c->crowd = crowd_new(base, &kind);
	connection_host_init(&c->host, base);
	c->host.desk = desk;
	c->host.config = config_ref(config);
	c->host.closed = on_closed;
	c->host.ctx = c;
	return c;
}

void clients_configure(struct clients *c, struct config *config)
{
	config_unref(&c->host.config);
	c->host.config = config_ref(config);
}

void clients_add(struct clients *c, int fd)
{
	struct connection *connection;

	if (!crowd_admits(c->crowd, fd, c->host.config->milter_max_connections))
		return;
	connection = connection_new(&c->host, fd);
	crowd_join(c->crowd, connection_member(connection), connection);
	connection_start(connection);
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
