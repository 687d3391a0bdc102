/*
 * sendward-milter: Sendward's milter, see sendward-milter(8).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/daemon.h"
#include "base/daemon_events.h"
#include "base/header_address.h"
#include "base/listener.h"
#include "base/log.h"
#include "milter/clients.h"
#include "milter/desk.h"
#include "milter/message.h"
#include "store/store.h"

#define PROGRAM "sendward-milter"

/* Sessions wait so long for the first connection to the store, in the queue
 * of the socket; nobody is to be deferred only because the daemon is new. */
#define STORE_READY_MS 1000

/* How long a stop waits for answers under way before it goes on without. */
#define STOP_MAX_S 5

struct milter {
	struct config *config; /* the present one, a reference */
	struct event_base *base;
	struct listener *listener;
	struct store *store;
	struct desk *desk;
	struct clients *clients;
	struct daemon_events *events;
	int64_t began_s;
};

/* The only one; opened before the privileges are dropped. */
static struct milter milter;

/* ---- stopping -------------------------------------------------------------- */

static void on_drained(void *ctx)
{
	struct milter *m = ctx;

	daemon_events_end(m->events);
}

static void stop(void *arg)
{
	struct milter *m = arg;

	listener_close(&m->listener);
	clients_drain(m->clients, on_drained, m);
}

/* ---- events ---------------------------------------------------------------- */

static const char *charge_text(const struct config *config)
{
	return config_charge_by(config) == CHARGE_MILTER ? "milter" : "policyd";
}

static void reload(void *arg)
{
	struct milter *m = arg;
	struct config *config = daemon_reload(m->config);

	if (!config)
		return;
	store_configure(m->store, config);
	clients_configure(m->clients, config);
	config_unref(&m->config);
	m->config = config;
	log_info("configuration reloaded, charge=%s", charge_text(config));
}

static void beat(void *arg)
{
	const struct milter *m = arg;
	const struct desk_counts *counts = desk_counts(m->desk);
	char name[NODE_MAX + sizeof("/milter")], json[512];
	struct clients_stats stats;

	clients_stats(m->clients, &stats);
	snprintf(name, sizeof(name), "%s/milter", m->config->node);
	snprintf(json, sizeof(json),
		 "{\"version\":\"%s\",\"pid\":%ld,\"since\":%" PRId64 ",\"connections\":%" PRId64
		 ",\"messages\":%" PRId64 ",\"accepted\":%" PRId64 ",\"refused\":%" PRId64
		 ",\"deferred\":%" PRId64 ",\"sandboxed\":%" PRId64 ",\"late\":%" PRId64
		 ",\"malformed\":%" PRId64 ",\"turned_away\":%" PRId64 "}",
		 PACKAGE_VERSION, (long)getpid(), m->began_s, stats.connections, counts->messages,
		 counts->accepted, counts->refused, counts->deferred, counts->sandboxed,
		 counts->late, stats.malformed, stats.turned_away);
	store_beat(m->store, name, json, DAEMON_BEAT_TTL_S);
}

/* The first beat, and the first sessions. */
static void on_store_ready(const char *error, void *arg)
{
	struct milter *m = arg;

	if (daemon_events_stopping(m->events))
		return;
	listener_resume(m->listener);
	if (error)
		log_warning("started without the store: %s", error);
	else
		beat(m);
}

/* ---- start and end --------------------------------------------------------- */

/* Who connects before run() is there waits in the kernel: the loop does not
 * run yet. */
static void on_accepted(int fd, void *arg)
{
	struct milter *m = arg;

	clients_add(m->clients, fd);
}

static bool open_listener(struct config *config, char *error, size_t error_size)
{
	if (!config->milter_configured) {
		snprintf(error, error_size, "%s: no \"listen\" in section milter", config->path);
		return false;
	}
	milter.base = event_base_new();
	if (!milter.base) {
		snprintf(error, error_size, "the event loop does not start");
		return false;
	}
	milter.listener = listener_open(milter.base, &config->milter_listen, config->socket_mode,
					config->socket_group, on_accepted, &milter, error,
					error_size);
	if (!milter.listener)
		event_base_free(milter.base);
	return milter.listener != NULL;
}

static void log_start(const struct config *config)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(&config->milter_listen, text);
	log_info("%s %s started, node=%s, charge=%s, listening on %s", PROGRAM, PACKAGE_VERSION,
		 config->node, charge_text(config), text);
}

static void make_parts(struct milter *m)
{
	m->store = store_new(m->base, m->config);
	store_trust_recent(m->store);
	store_keep(m->store, m->config->state_dir, "milter.state");
	store_follow(m->store);
	store_remember_sent(m->store);
	m->desk = desk_new(m->base, m->store);
	m->clients = clients_new(m->base, m->desk, m->config);
}

/* Answers that are still owed come while the store is freed; nothing new is
 * asked then. */
static void free_parts(struct milter *m)
{
	listener_close(&m->listener);
	clients_abandon(m->clients);
	desk_close(m->desk);
	store_free(&m->store);
	clients_free(&m->clients);
	desk_free(&m->desk);
	daemon_events_free(&m->events);
	event_base_free(m->base);
	libevent_global_shutdown();
	config_unref(&m->config);
}

static int run(struct config *config)
{
	struct milter *m = &milter;
	static const struct daemon_calls calls = {
		.reload = reload,
		.beat = beat,
		.stop = stop,
		.stop_max_s = STOP_MAX_S,
	};
	int status;

	m->config = config;
	m->began_s = (int64_t)time(NULL);
	header_address_init();
	message_tokens_init();
	make_parts(m);
	m->events = daemon_events_new(m->base, &calls, m);
	log_start(config);
	log_hold();
	listener_pause(m->listener);
	store_when_ready(m->store, STORE_READY_MS, on_store_ready, m);
	daemon_ready();
	status = daemon_events_run(m->events);
	store_finish(m->store);
	free_parts(m);
	log_release();
	return status;
}

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
		.name = PROGRAM,
		.about = "per-login quotas and sender checks for Postfix, as a milter",
		.open = open_listener,
		.run = run,
	};

	return daemon_main(&program, argc, argv);
}
