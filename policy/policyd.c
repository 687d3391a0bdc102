#include "policy/policyd.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/crowd.h"
#include "base/daemon.h"
#include "base/daemon_events.h"
#include "base/listeners.h"
#include "base/log.h"
#include "base/memory.h"
#include "policy/clients.h"
#include "policy/lookup.h"
#include "policy/map_clients.h"
#include "policy/wiring.h"
#include "store/report.h"
#include "store/store.h"

struct policyd {
	struct event_base *base;
	struct config *config;
	struct store *store;
	struct clients *clients;
	struct map_clients *map_clients;
	struct listeners *listeners, *sender_listeners;
	struct daemon_events *events;
	int draining; /* kinds of clients that have connections yet, while it stops */
	int64_t since_s;
};

static const struct endpoint *policy_list(const struct config *config, size_t *n)
{
	*n = config->n_policyd_listen;
	return config->policyd_listen;
}

static const struct endpoint *sender_list(const struct config *config, size_t *n)
{
	*n = config->n_sender_login_listen;
	return config->sender_login_listen;
}

static const char *charge_text(const struct config *config)
{
	return config_charge_by(config) == CHARGE_POLICYD ? "policyd" : "milter";
}

static const char *store_failure_text(const struct config *config)
{
	static const char *const texts[] = {
		[STORE_FAILURE_DEGRADE] = "degrade",
		[STORE_FAILURE_DEFER] = "defer",
		[STORE_FAILURE_PASS] = "pass",
	};
	return texts[config->on_store_failure];
}

/* Connections that come before policyd_run() is there wait in the kernel: the
 * loop does not run yet. */
static void on_accepted(int fd, void *arg)
{
	struct policyd *d = arg;

	clients_add(d->clients, fd);
}

static void on_map_accepted(int fd, void *arg)
{
	struct policyd *d = arg;

	map_clients_add(d->map_clients, fd);
}

static void on_report(void *ctx, const struct config *config, const struct request *request,
		      const struct verdict *verdict, int64_t elapsed_us)
{
	struct policyd *d = ctx;

	report_verdict(d->store, config, "policyd", request, verdict, elapsed_us);
}

static void tell_beat(struct policyd *d)
{
	char name[NODE_MAX + 16], json[512];
	struct map_clients_stats map;
	struct clients_stats stats;

	clients_stats(d->clients, &stats);
	map_clients_stats(d->map_clients, &map);
	snprintf(name, sizeof(name), "%s/policyd", d->config->node);
	snprintf(json, sizeof(json),
		 "{\"version\":\"%s\",\"pid\":%ld,\"since\":%lld,\"charge\":\"%s\","
		 "\"connections\":%lld,\"requests\":%lld,\"decisions\":%lld,"
		 "\"malformed\":%lld,\"turned_away\":%lld,\"lookups\":%lld}",
		 PACKAGE_VERSION, (long)getpid(), (long long)d->since_s, charge_text(d->config),
		 (long long)stats.connections, (long long)stats.requests,
		 (long long)stats.decisions, (long long)stats.malformed,
		 (long long)stats.turned_away, (long long)map.lookups);
	store_beat(d->store, name, json, DAEMON_BEAT_TTL_S);
}

static void on_milter_beat(enum store_result result, const char *record, size_t len,
			   const char *error, void *arg)
{
	struct policyd *d = arg;

	(void)len;
	(void)error;
	if (result == STORE_OK || result == STORE_NOT_FOUND)
		wiring_milter_beat(clients_wiring(d->clients), d->config->node, record,
				   crowd_clock_s());
}

/* Nobody else knows whether the milter gets what is left to it. */
static void look_after_milter(struct policyd *d)
{
	char name[NODE_MAX + 16];

	if (config_charge_by(d->config) != CHARGE_MILTER)
		return;
	snprintf(name, sizeof(name), "%s/milter", d->config->node);
	store_beat_get(d->store, name, on_milter_beat, d);
}

static void beat(void *arg)
{
	tell_beat(arg);
	look_after_milter(arg);
}

static void on_store_ready(const char *error, void *arg)
{
	struct policyd *d = arg;
	char address[REDIS_NAME_MAX];

	if (daemon_events_stopping(d->events))
		return;
	listeners_resume(d->listeners);
	listeners_resume(d->sender_listeners);
	if (!error) {
		beat(d);
		return;
	}
	/* Most errors begin with the address. */
	redis_name(&d->config->redis, address);
	if (strncmp(error, address, strlen(address)) == 0)
		log_warning("redis %s; starting anyway, on_store_failure = %s", error,
			    store_failure_text(d->config));
	else
		log_warning("redis %s: %s; starting anyway, on_store_failure = %s", address, error,
			    store_failure_text(d->config));
}

/* False with the reason when a list cannot be opened; the other one may be. */
static bool apply_listeners(struct policyd *d, const struct config *config, char *error,
			    size_t error_size)
{
	char other[LISTENER_ERROR_MAX];
	bool policy = listeners_apply(d->listeners, config, error, error_size);

	return listeners_apply(d->sender_listeners, config, policy ? error : other,
			       policy ? error_size : sizeof(other)) &&
	       policy;
}

/* What the configuration says, in the log. */
static void tell_configured(const struct policyd *d)
{
	char text[LOG_LINE_MAX];

	wiring_configured(d->config);
	lookup_configured(d->config);
	listeners_format(d->sender_listeners, text, sizeof(text));
	if (*text)
		log_info("Postfix can ask who owns an address on %s", text);
}

static void reload(void *arg)
{
	struct policyd *d = arg;
	char error[LISTENER_ERROR_MAX], text[LOG_LINE_MAX];
	struct config *config = daemon_reload(d->config);

	if (!config)
		return;
	if (!apply_listeners(d, config, error, sizeof(error)))
		log_error("%s; its list of listeners stays as it is", error);
	store_configure(d->store, config);
	clients_configure(d->clients, config);
	map_clients_configure(d->map_clients, config);
	config_unref(&d->config);
	d->config = config;
	listeners_format(d->listeners, text, sizeof(text));
	log_info("configuration reloaded, charge=%s, listening on %s", charge_text(config), text);
	tell_configured(d);
}

static void on_drained(void *ctx)
{
	struct policyd *d = ctx;

	if (--d->draining == 0)
		daemon_events_end(d->events);
}

static void stop(void *arg)
{
	struct policyd *d = arg;

	listeners_free(&d->listeners);
	listeners_free(&d->sender_listeners);
	d->draining = 2;
	clients_drain(d->clients, on_drained);
	map_clients_drain(d->map_clients, on_drained, d);
}

/* Answers that are still owed come while the store is freed; nothing new is
 * asked of it then. */
static void policyd_free(struct policyd *d)
{
	listeners_free(&d->listeners);
	listeners_free(&d->sender_listeners);
	if (d->clients)
		clients_abandon(d->clients);
	if (d->map_clients)
		map_clients_abandon(d->map_clients);
	if (d->store)
		store_free(&d->store);
	clients_free(&d->clients);
	map_clients_free(&d->map_clients);
	config_unref(&d->config);
	daemon_events_free(&d->events);
	event_base_free(d->base);
	free(d);
	libevent_global_shutdown();
}

struct policyd *policyd_open(struct config *config, char *error, size_t error_size)
{
	struct policyd *d = memory_zero(sizeof(*d));

	d->base = event_base_new();
	if (!d->base) {
		snprintf(error, error_size, "the event loop does not start");
		free(d);
		return NULL;
	}
	d->listeners = listeners_new(d->base, policy_list, on_accepted, d);
	d->sender_listeners = listeners_new(d->base, sender_list, on_map_accepted, d);
	d->config = config_ref(config);
	if (apply_listeners(d, config, error, error_size))
		return d;
	policyd_free(d);
	return NULL;
}

static void log_start(const struct policyd *d)
{
	char text[LOG_LINE_MAX];

	listeners_format(d->listeners, text, sizeof(text));
	log_info("sendward-policyd %s started, node=%s, charge=%s, listening on %s",
		 PACKAGE_VERSION, d->config->node, charge_text(d->config), text);
	tell_configured(d);
}

int policyd_run(struct policyd *d, struct config *config)
{
	static const struct daemon_calls calls = {
		.reload = reload,
		.beat = beat,
		.stop = stop,
		.stop_max_s = POLICYD_STOP_MAX_S,
	};
	int status;

	config_unref(&d->config);
	d->config = config;
	d->since_s = (int64_t)time(NULL);
	d->events = daemon_events_new(d->base, &calls, d);
	log_start(d);
	log_hold();
	d->store = store_new(d->base, config);
	store_trust_recent(d->store);
	store_keep(d->store, config->state_dir, "policyd.state");
	store_follow(d->store);
	store_remember_sent(d->store);
	d->clients = clients_new(d->base, store_env(d->store), store_identities(d->store),
				 config, on_report, d);
	d->map_clients = map_clients_new(d->base, d->store, config);
	/* A decision before the store is reached would be one without it: what it
	 * lets pass would never be counted. */
	listeners_pause(d->listeners);
	listeners_pause(d->sender_listeners);
	store_when_ready(d->store, config->redis.deadline_ms, on_store_ready, d);
	daemon_ready();
	status = daemon_events_run(d->events);
	store_finish(d->store);
	log_info("sendward-policyd stopped");
	policyd_free(d);
	log_release();
	return status;
}
