/*
 * sendward-milter: Sendward's milter, see sendward-milter(8).
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <libmilter/mfapi.h>

#include "base/daemon.h"
#include "base/header_address.h"
#include "base/log.h"
#include "milter/bridge.h"
#include "milter/callbacks.h"
#include "milter/desk.h"
#include "milter/message.h"
#include "milter/socket.h"
#include "store/store.h"

#define PROGRAM "sendward-milter"

/* A beat is gone when two have failed. */
#define BEAT_EVERY_S 10
#define BEAT_TTL_S 30

/* Sessions wait so long for the first connection to the store, in the queue
 * of the socket; nobody is to be deferred only because the daemon is new. */
#define STORE_READY_MS 1000

static const int stop_signals[] = { SIGTERM, SIGINT, SIGHUP };
#define STOP_SIGNALS (sizeof(stop_signals) / sizeof(stop_signals[0]))

struct milter {
	struct config *config; /* the present one, a reference */
	struct event_base *base;
	struct store *store;
	struct bridge *bridge;
	struct desk *desk;
	struct event *stop_events[STOP_SIGNALS], *reload_event, *beat_event;
	int64_t began_s;
	bool store_tried, listening, stopping;
};

/* ---- events ---------------------------------------------------------------- */

/* SIGHUP too: libmilter takes it for a request to stop, and may get it
 * first. */
static void on_stop(evutil_socket_t number, short what, void *arg)
{
	struct milter *milter = arg;

	(void)number;
	(void)what;
	if (milter->stopping)
		return;
	milter->stopping = true;
	log_info("stopping");
	daemon_stopping();
	if (milter->listening)
		bridge_stop(milter->bridge);
}

static const char *charge_text(const struct config *config)
{
	return config_charge_by(config) == CHARGE_MILTER ? "milter" : "policyd";
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
	struct milter *milter = arg;
	struct config *config = daemon_reload(milter->config);

	(void)number;
	(void)what;
	if (!config)
		return;
	store_configure(milter->store, config);
	bridge_configure(milter->bridge, config);
	config_unref(&milter->config);
	milter->config = config;
	log_info("configuration reloaded, charge=%s", charge_text(config));
}

static void on_beat(evutil_socket_t fd, short what, void *arg)
{
	const struct milter *milter = arg;
	const struct desk_counts *counts = desk_counts(milter->desk);
	char name[NODE_MAX + sizeof("/milter")], json[512];

	(void)fd;
	(void)what;
	snprintf(name, sizeof(name), "%s/milter", milter->config->node);
	snprintf(json, sizeof(json),
		 "{\"version\":\"%s\",\"pid\":%ld,\"since\":%" PRId64 ",\"messages\":%" PRId64
		 ",\"accepted\":%" PRId64 ",\"refused\":%" PRId64 ",\"deferred\":%" PRId64
		 ",\"sandboxed\":%" PRId64 ",\"late\":%" PRId64 "}",
		 PACKAGE_VERSION, (long)getpid(), milter->began_s, counts->messages,
		 counts->accepted, counts->refused, counts->deferred, counts->sandboxed,
		 counts->late);
	store_beat(milter->store, name, json, BEAT_TTL_S);
}

/* The first beat, and the first sessions. */
static void on_store_ready(const char *error, void *arg)
{
	struct milter *milter = arg;

	milter->store_tried = true;
	if (error)
		log_warning("started without the store: %s", error);
	else
		on_beat(-1, 0, arg);
}

/* Nothing is lost when the process ends now. */
static bool store_is_idle(void *arg)
{
	const struct milter *milter = arg;
	struct store_stats stats;

	store_stats(milter->store, &stats);
	return stats.in_flight == 0;
}

/* ---- start and end --------------------------------------------------------- */

static bool add_event(struct event *event, const struct timeval *after)
{
	return event && event_add(event, after) == 0;
}

/* Nobody handles a request to reload yet, and its default effect is the end:
 * it waits until watch() unblocks it. When unwatch() has taken the handler
 * away again, it is ignored. */
static void defer_reloads(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t reload;

	sigemptyset(&reload);
	sigaddset(&reload, SIGUSR1);
	sigprocmask(SIG_BLOCK, &reload, NULL);
	sigaction(SIGUSR1, &ignore, NULL);
}

static void admit_reloads(void)
{
	sigset_t reload;

	sigemptyset(&reload);
	sigaddset(&reload, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &reload, NULL);
}

static bool watch(struct milter *milter)
{
	const struct timeval every = { .tv_sec = BEAT_EVERY_S };
	struct event_base *base = milter->base;
	bool done = true;

	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		milter->stop_events[i] = evsignal_new(base, stop_signals[i], on_stop, milter);
		done = done && add_event(milter->stop_events[i], NULL);
	}
	milter->reload_event = evsignal_new(base, SIGUSR1, on_reload, milter);
	milter->beat_event = event_new(base, -1, EV_PERSIST, on_beat, milter);
	done = done && add_event(milter->reload_event, NULL) &&
	       add_event(milter->beat_event, &every);
	admit_reloads();
	return done;
}

static void unwatch(struct milter *milter)
{
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		event_free(milter->stop_events[i]);
	event_free(milter->reload_event);
	event_free(milter->beat_event);
}

/* libmilter leaves the socket there when the process is root's. */
static void remove_socket(const struct endpoint *endpoint, const struct stat *ours)
{
	struct stat now;

	if (endpoint->kind == ENDPOINT_UNIX && lstat(endpoint->path, &now) == 0 &&
	    now.st_dev == ours->st_dev && now.st_ino == ours->st_ino)
		unlink(endpoint->path);
}

static bool open_socket(struct config *config, char *error, size_t error_size)
{
	if (!config->milter_configured) {
		snprintf(error, error_size, "%s: no \"listen\" in section milter", config->path);
		return false;
	}
	if (!callbacks_register(PROGRAM)) {
		snprintf(error, error_size, "built with another version of libmilter");
		return false;
	}
	return socket_open(config, error, error_size);
}

static int listen_until_stopped(struct milter *milter)
{
	const struct bridge_host host = { smfi_main, store_is_idle, milter };
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(&milter->config->milter_listen, text);
	log_info("%s %s started, node=%s, charge=%s, listening on %s", PROGRAM, PACKAGE_VERSION,
		 milter->config->node, charge_text(milter->config), text);
	store_when_ready(milter->store, STORE_READY_MS, on_store_ready, milter);
	daemon_ready();
	while (!milter->store_tried && !milter->stopping)
		event_base_loop(milter->base, EVLOOP_ONCE);
	if (milter->stopping)
		return MI_SUCCESS;
	milter->listening = true;
	return bridge_run(milter->bridge, &host);
}

static int run(struct config *config)
{
	struct milter milter = { .config = config, .began_s = (int64_t)time(NULL) };
	const struct endpoint endpoint = config->milter_listen;
	struct stat created = { 0 };
	int status;

	lstat(endpoint.path, &created);
	header_address_init();
	milter.base = event_base_new();
	if (!milter.base || !watch(&milter)) {
		log_error("cannot set up the event loop");
		return 1;
	}
	milter.store = store_new(milter.base, config);
	store_trust_recent(milter.store);
	store_keep(milter.store, config->state_dir, "milter.state");
	store_follow(milter.store);
	store_remember_sent(milter.store);
	milter.bridge = bridge_new(milter.base, config);
	milter.desk = desk_new(milter.bridge, milter.store);
	message_tokens_init();
	callbacks_use(milter.bridge, milter.desk);
	status = listen_until_stopped(&milter);
	remove_socket(&endpoint, &created);
	store_free(&milter.store);
	unwatch(&milter);
	event_base_free(milter.base);
	libevent_global_shutdown();
	config_unref(&milter.config);
	return status == MI_SUCCESS ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
		.name = PROGRAM,
		.about = "per-login quotas and sender checks for Postfix, as a milter",
		.open = open_socket,
		.run = run,
	};

	defer_reloads();
	return daemon_main(&program, argc, argv);
}
