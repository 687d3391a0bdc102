/*
 * sendward-milter: Sendward's milter, see sendward-milter(8).
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/daemon.h"
#include "base/header_address.h"
#include "base/listener.h"
#include "base/log.h"
#include "milter/clients.h"
#include "milter/desk.h"
#include "milter/message.h"
#include "store/store.h"

#define PROGRAM "sendward-milter"

/* A beat is gone when two have failed. */
#define BEAT_EVERY_S 10
#define BEAT_TTL_S 30

/* Sessions wait so long for the first connection to the store, in the queue
 * of the socket; nobody is to be deferred only because the daemon is new. */
#define STORE_READY_MS 1000

/* When it is to stop: what is under way may take redis.deadline and so much
 * more, and how often it is looked whether all is done. */
#define STOP_MS 1000
#define DRAIN_EVERY_MS 10

static const int stop_signals[] = { SIGTERM, SIGINT };
#define STOP_SIGNALS (sizeof(stop_signals) / sizeof(stop_signals[0]))
static const int reload_signals[] = { SIGHUP, SIGUSR1 };
#define RELOAD_SIGNALS (sizeof(reload_signals) / sizeof(reload_signals[0]))

struct milter {
	struct config *config; /* the present one, a reference */
	struct event_base *base;
	struct listener *listener;
	struct store *store;
	struct desk *desk;
	struct clients *clients;
	struct event *stop_events[STOP_SIGNALS], *reload_events[RELOAD_SIGNALS];
	struct event *beat_event, *drain_event;
	int64_t began_s;
	bool stopping, drained;
	int drains_left;
};

/* The only one; opened before the privileges are dropped. */
static struct milter milter;

/* ---- stopping -------------------------------------------------------------- */

/* Nothing is lost when the process ends now. */
static bool is_idle(const struct milter *m)
{
	struct store_stats stats;

	store_stats(m->store, &stats);
	return m->drained && desk_counts(m->desk)->under_way == 0 && stats.in_flight == 0;
}

static void on_drain(evutil_socket_t fd, short what, void *arg)
{
	struct milter *m = arg;
	bool idle = is_idle(m);

	(void)fd;
	(void)what;
	if (!idle && m->drains_left-- > 0)
		return;
	if (!idle)
		log_warning("stopping before everything was answered");
	event_base_loopbreak(m->base);
}

static void on_drained(void *ctx)
{
	struct milter *m = ctx;

	m->drained = true;
}

static void on_stop(evutil_socket_t number, short what, void *arg)
{
	const struct timeval every = { .tv_usec = DRAIN_EVERY_MS * 1000 };
	struct milter *m = arg;

	(void)number;
	(void)what;
	if (m->stopping)
		return;
	m->stopping = true;
	log_info("stopping");
	daemon_stopping();
	listener_close(&m->listener);
	m->drains_left = (int)(m->config->redis.deadline_ms + STOP_MS) / DRAIN_EVERY_MS;
	clients_drain(m->clients, on_drained, m);
	event_add(m->drain_event, &every);
}

/* ---- events ---------------------------------------------------------------- */

static const char *charge_text(const struct config *config)
{
	return config_charge_by(config) == CHARGE_MILTER ? "milter" : "policyd";
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
	struct milter *m = arg;
	struct config *config = m->stopping ? NULL : daemon_reload(m->config);

	(void)number;
	(void)what;
	if (!config)
		return;
	store_configure(m->store, config);
	clients_configure(m->clients, config);
	config_unref(&m->config);
	m->config = config;
	log_info("configuration reloaded, charge=%s", charge_text(config));
}

static void on_beat(evutil_socket_t fd, short what, void *arg)
{
	const struct milter *m = arg;
	const struct desk_counts *counts = desk_counts(m->desk);
	char name[NODE_MAX + sizeof("/milter")], json[512];
	struct clients_stats stats;

	(void)fd;
	(void)what;
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
	store_beat(m->store, name, json, BEAT_TTL_S);
}

/* The first beat, and the first sessions. */
static void on_store_ready(const char *error, void *arg)
{
	struct milter *m = arg;

	if (m->stopping)
		return;
	listener_resume(m->listener);
	if (error)
		log_warning("started without the store: %s", error);
	else
		on_beat(-1, 0, arg);
}

/* ---- start and end --------------------------------------------------------- */

static bool add_event(struct event *event, const struct timeval *after)
{
	return event && event_add(event, after) == 0;
}

/* What tells the daemon to reload waits until watch(), as nobody handles it
 * before and its default effect is the end; when unwatch() has taken the handler
 * away again, it is ignored. */
static void defer_reloads(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t reload;

	sigemptyset(&reload);
	for (size_t i = 0; i < RELOAD_SIGNALS; i++) {
		sigaddset(&reload, reload_signals[i]);
		sigaction(reload_signals[i], &ignore, NULL);
	}
	sigprocmask(SIG_BLOCK, &reload, NULL);
}

static void admit_reloads(void)
{
	sigset_t reload;

	sigemptyset(&reload);
	for (size_t i = 0; i < RELOAD_SIGNALS; i++)
		sigaddset(&reload, reload_signals[i]);
	sigprocmask(SIG_UNBLOCK, &reload, NULL);
}

static bool watch(struct milter *m)
{
	const struct timeval every = { .tv_sec = BEAT_EVERY_S };
	bool done = true;

	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		m->stop_events[i] = evsignal_new(m->base, stop_signals[i], on_stop, m);
		done = done && add_event(m->stop_events[i], NULL);
	}
	for (size_t i = 0; i < RELOAD_SIGNALS; i++) {
		m->reload_events[i] = evsignal_new(m->base, reload_signals[i], on_reload, m);
		done = done && add_event(m->reload_events[i], NULL);
	}
	m->beat_event = event_new(m->base, -1, EV_PERSIST, on_beat, m);
	m->drain_event = event_new(m->base, -1, EV_PERSIST, on_drain, m);
	done = done && add_event(m->beat_event, &every) && m->drain_event;
	admit_reloads();
	return done;
}

/* A second SIGTERM would spoil the exit status. */
static void unwatch(struct milter *m)
{
	sigset_t stops;

	sigemptyset(&stops);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		sigaddset(&stops, stop_signals[i]);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		event_free(m->stop_events[i]);
	for (size_t i = 0; i < RELOAD_SIGNALS; i++)
		event_free(m->reload_events[i]);
	event_free(m->beat_event);
	event_free(m->drain_event);
}

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
	unwatch(m);
	event_base_free(m->base);
	libevent_global_shutdown();
	config_unref(&m->config);
}

static int run(struct config *config)
{
	struct milter *m = &milter;
	int status;

	m->config = config;
	m->began_s = (int64_t)time(NULL);
	header_address_init();
	message_tokens_init();
	make_parts(m);
	if (!watch(m)) {
		log_error("cannot set up the event loop");
		return EXIT_FAILURE;
	}
	log_start(config);
	log_hold();
	listener_pause(m->listener);
	store_when_ready(m->store, STORE_READY_MS, on_store_ready, m);
	daemon_ready();
	status = event_base_dispatch(m->base) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
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

	defer_reloads();
	return daemon_main(&program, argc, argv);
}
