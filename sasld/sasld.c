#include "sasld/sasld.h"

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
#include "sasld/lifetime_pass.h"
#include "sasld/session.h"
#include "store/login_trace.h"
#include "store/store.h"

struct sasld {
	struct event_base *base;
	struct config *config;
	struct listeners *listeners;
	struct crowd *crowd;
	struct login_host login;
	struct session_host sessions;
	struct lifetime_pass *lifetime;
	struct daemon_events *events;
	int64_t since_s;
};

/* ---- connections ---------------------------------------------------------- */

static const struct endpoint *sasld_list(const struct config *config, size_t *n)
{
	*n = config->sasld.n_listen;
	return config->sasld.listen;
}

/* Connections that come before sasld_run() is there wait in the kernel: the
 * loop does not run yet. */
static void on_accepted(int fd, void *arg)
{
	struct sasld *d = arg;

	crowd_add(d->crowd, fd, d->config->sasld.max_connections);
}

/* ---- the secret for unknown users ----------------------------------------- */

/* Without it SCRAM lets nobody in, so that nobody learns who exists. */
static void make_own_secret(struct sasld *d, const char *why)
{
	if (*d->login.strangers || !stranger_secret(d->login.strangers))
		return;
	log_warning("redis: the secret for unknown users in %sstrangers cannot be used: %s; until the "
		    "key is deleted and this daemon reloaded it has one of its own, and what unknown "
		    "users are told by SCRAM differs from server to server",
		    d->config->redis.prefix, why);
}

static void on_strangers(enum store_result result, const char *record, size_t len,
			 const char *error, void *arg)
{
	struct sasld *d = arg;

	if (result == STORE_OK && len == STRANGER_SECRET_LEN)
		snprintf(d->login.strangers, sizeof(d->login.strangers), "%s", record);
	else if (result == STORE_OK || result == STORE_BAD)
		make_own_secret(d, error ? error : "it is not one of ours");
}

static void ask_for_strangers(struct sasld *d)
{
	char proposal[STRANGER_SECRET_LEN + 1];

	if (stranger_secret(proposal))
		store_strangers(d->login.store, proposal, on_strangers, d);
}

/* ---- at times ------------------------------------------------------------- */

static void tell_beat(struct sasld *d)
{
	char name[NODE_MAX + 16], json[512];

	snprintf(name, sizeof(name), "%s/sasld", d->config->node);
	snprintf(json, sizeof(json),
		 "{\"version\":\"%s\",\"pid\":%ld,\"since\":%lld,\"connections\":%lld,"
		 "\"requests\":%lld,\"malformed\":%lld,\"turned_away\":%lld,\"accepted\":%lld,"
		 "\"refused\":%lld,\"unknown\":%lld,\"comparing\":%zu}",
		 PACKAGE_VERSION, (long)getpid(), (long long)d->since_s,
		 (long long)crowd_size(d->crowd), (long long)d->sessions.n_requests,
		 (long long)d->sessions.n_malformed, (long long)crowd_turned_away(d->crowd),
		 (long long)d->login.n_accepted, (long long)d->login.n_refused,
		 (long long)d->login.n_unknown, hasher_waiting(d->login.hasher));
	store_beat(d->login.store, name, json, DAEMON_BEAT_TTL_S);
}

static void beat(void *arg)
{
	struct sasld *d = arg;

	tell_beat(d);
	if (!*d->login.strangers)
		ask_for_strangers(d);
}

static void on_store_ready(const char *error, void *arg)
{
	struct sasld *d = arg;

	if (daemon_events_stopping(d->events))
		return;
	listeners_resume(d->listeners);
	if (error)
		log_warning("redis %s; starting anyway, logins are answered 454 until it is there",
			    error);
	else
		beat(d);
}

static void reload(void *arg)
{
	struct sasld *d = arg;
	char error[LISTENER_ERROR_MAX], text[LOG_LINE_MAX];
	struct config *config = daemon_reload(d->config);

	if (!config)
		return;
	if (!listeners_apply(d->listeners, config, error, sizeof(error)))
		log_error("%s; the list of listeners stays as it is", error);
	store_configure(d->login.store, config);
	config_unref(&d->config);
	d->config = d->login.config = config;
	lifetime_pass_configure(d->lifetime, config);
	ask_for_strangers(d); /* it may be another store */
	listeners_format(d->listeners, text, sizeof(text));
	log_info("configuration reloaded, listening on %s", text);
}

/* ---- the end -------------------------------------------------------------- */

static void on_drained(void *ctx)
{
	struct sasld *d = ctx;

	daemon_events_end(d->events);
}

static void stop(void *arg)
{
	struct sasld *d = arg;

	listeners_free(&d->listeners);
	crowd_drain(d->crowd, on_drained, d);
}

/* The store answers the logins that wait for it when it goes, and they go then;
 * what is being compared is forgotten before. */
static void sasld_free(struct sasld *d)
{
	listeners_free(&d->listeners);
	crowd_free(&d->crowd);
	hasher_free(&d->login.hasher);
	lifetime_pass_stop(d->lifetime);
	if (d->login.store)
		store_free(&d->login.store);
	lifetime_pass_free(&d->lifetime);
	if (d->login.library)
		mechanism_library_free(&d->login.library);
	explicit_bzero(d->login.strangers, sizeof(d->login.strangers));
	config_unref(&d->config);
	daemon_events_free(&d->events);
	event_base_free(d->base);
	free(d);
	libevent_global_shutdown();
}

/* ---- the beginning -------------------------------------------------------- */

static bool open_library(struct sasld *d, char *error, size_t error_size)
{
	const char *reason = "";

	d->login.library = mechanism_library_new(&reason);
	if (!d->login.library)
		snprintf(error, error_size, "GNU SASL does not start: %s", reason);
	return d->login.library != NULL;
}

struct sasld *sasld_open(struct config *config, char *error, size_t error_size)
{
	struct sasld *d = memory_zero(sizeof(*d));

	d->base = event_base_new();
	if (!d->base) {
		snprintf(error, error_size, "the event loop does not start");
		free(d);
		return NULL;
	}
	d->config = config_ref(config);
	d->crowd = crowd_new(d->base, &session_kind, &d->sessions);
	d->listeners = listeners_new(d->base, sasld_list, on_accepted, d);
	if (open_library(d, error, error_size) &&
	    listeners_apply(d->listeners, config, error, error_size))
		return d;
	sasld_free(d);
	return NULL;
}

static void log_start(const struct sasld *d)
{
	char text[LOG_LINE_MAX];

	listeners_format(d->listeners, text, sizeof(text));
	log_info("sendward-sasld %s started, node=%s, listening on %s", PACKAGE_VERSION,
		 d->config->node, text);
}

static bool start(struct sasld *d)
{
	char error[DAEMON_ERROR_MAX];

	d->login.base = d->base;
	d->login.config = d->config;
	d->login.hasher = hasher_new(d->base, d->config->sasld.hash_threads, error, sizeof(error));
	if (!d->login.hasher) {
		log_error("%s", error);
		return false;
	}
	d->login.store = store_new(d->base, d->config);
	d->lifetime = lifetime_pass_new(d->base, d->login.store, d->config);
	d->sessions.login = &d->login;
	return true;
}

int sasld_run(struct sasld *d, struct config *config)
{
	static const struct daemon_calls calls = {
		.reload = reload,
		.beat = beat,
		.stop = stop,
		.stop_max_s = SASLD_STOP_MAX_S,
	};
	int status = EXIT_FAILURE;

	config_unref(&d->config);
	d->config = config;
	d->since_s = (int64_t)time(NULL);
	d->events = daemon_events_new(d->base, &calls, d);
	if (start(d)) {
		log_start(d);
		listeners_pause(d->listeners);
		store_when_ready(d->login.store, config->redis.deadline_ms, on_store_ready, d);
		daemon_ready();
		status = daemon_events_run(d->events);
		lifetime_pass_stop(d->lifetime);
		store_finish(d->login.store);
		log_info("sendward-sasld stopped");
	}
	sasld_free(d);
	return status;
}
