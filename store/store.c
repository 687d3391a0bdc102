#include "store/store.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/internal.h"
#include "store/key.h"

/* ---- ready -------------------------------------------------------------- */

static void tell_ready(struct store *store, const char *error)
{
	void (*ready)(const char *, void *) = store->ready;

	if (!ready)
		return;
	store->ready = NULL;
	event_del(store->ready_timer);
	ready(error, store->ready_arg);
}

static void on_ready_timer(evutil_socket_t fd, short what, void *arg)
{
	struct store *store = arg;
	struct servers_stats stats;

	(void)fd;
	(void)what;
	servers_stats(store->servers, &stats);
	if (stats.up)
		tell_ready(store, NULL);
	else
		tell_ready(store, stats.error[0] ? stats.error : "no connection in time");
}

void store_when_ready(struct store *store, int64_t timeout_ms,
		      void (*ready)(const char *error, void *arg), void *arg)
{
	struct timeval tv = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
	struct servers_stats stats;

	store->ready = ready;
	store->ready_arg = arg;
	servers_stats(store->servers, &stats);
	if (stats.ready)
		tv = (struct timeval){0, 0};
	event_add(store->ready_timer, &tv);
}

static void on_change(bool up, void *arg)
{
	struct store *store = arg;
	struct servers_stats stats;

	if (!up)
		return;
	borrow_wake(store);
	store_send_refunds(store);
	replay_wake(store);
	news_wake(store->news);
	servers_stats(store->servers, &stats);
	if (stats.ready)
		tell_ready(store, NULL);
}

/* ---- life --------------------------------------------------------------- */

static void on_refund_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	store_send_due_refunds(arg);
}

struct store *store_new(struct event_base *base, struct config *config)
{
	struct store *store = memory_zero(sizeof(*store));

	store->base = base;
	store->config = config_ref(config);
	store->cache = cache_new(CACHE_ACCOUNTS_MAX);
	store->local = local_new();
	store->owed = owed_new();
	store->identities = identities_new();
	store->kept = kept_new(base, store->cache, store->identities, store->local, store->owed);
	kept_configure(store->kept, config);
	replay_init(store);
	STAILQ_INIT(&store->refunds);
	store_init_env(store);
	store->ready_timer = evtimer_new(base, on_ready_timer, store);
	store->refund_timer = evtimer_new(base, on_refund_timer, store);
	store_start_takes(store);
	borrow_configure(store);
	namesake_init(&store->namesake);
	store->attempts = attempts_new(store);
	store->servers = servers_new(base, &config->redis, on_change, store);
	return store;
}

static void drop_refunds(struct store *store)
{
	struct refund *r;

	if (store->refunds_waiting > 0 && strcmp(kept_health(store->kept), "ok") != 0)
		log_warning("their server was not reached again, refunds not made: %lld; what "
			    "there was to take back stays counted",
			    (long long)store->refunds_waiting);
	store->refunds_waiting = 0;
	while ((r = STAILQ_FIRST(&store->refunds))) {
		STAILQ_REMOVE_HEAD(&store->refunds, next);
		free(r);
	}
}

static void tell_owed(const struct store *store)
{
	size_t n = owed_count(store->owed);

	if (n > 0 && strcmp(kept_health(store->kept), "ok") != 0)
		log_warning("their server was not reached again, charges of accepted messages that "
			    "are lost: %zu; with a state_dir they would have been kept",
			    n);
}

void store_trust_recent(struct store *store)
{
	if (!store->recent)
		store->recent = recent_new();
}

void store_remember_sent(struct store *store)
{
	if (!store->sent)
		store->sent = sent_new(store);
}

void store_sent(struct store *store, const struct request *request, const struct verdict *verdict)
{
	if (store->sent && store->config->history > 0)
		sent_note(store->sent, request, verdict);
}

void store_forget_waiting(struct store *store, const char *login)
{
	if (store->sent)
		sent_forget(store->sent, login);
	attempts_forget(store->attempts, login);
}

void store_finish(struct store *store)
{
	int64_t ms = store->config->redis.deadline_ms;
	struct timeval deadline;
	struct servers_stats stats;
	int flags = EVLOOP_NONBLOCK; /* nothing may be left to wait for */

	if (ms > STORE_FINISH_MAX_MS)
		ms = STORE_FINISH_MAX_MS;
	deadline = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	if (store->sent)
		sent_write(store->sent);
	attempts_write(store->attempts);
	event_base_loopexit(store->base, &deadline);
	do {
		if (event_base_loop(store->base, flags) != 0)
			break;
		flags = EVLOOP_ONCE;
		servers_stats(store->servers, &stats);
	} while (stats.in_flight > 0 && !event_base_got_exit(store->base));
}

void store_free(struct store **store)
{
	struct store *s = *store;

	if (!s)
		return;
	news_pause(s->news);
	borrow_finish(s);
	store_end_takes(s);
	recent_free(&s->recent);
	servers_free(&s->servers);
	sent_free(&s->sent);
	attempts_free(&s->attempts);
	*store = NULL;
	drop_refunds(s);
	tell_owed(s);
	replay_fini(s);
	news_free(&s->news);
	borrow_free(&s->borrow);
	kept_free(&s->kept);
	cache_free(&s->cache);
	identities_free(&s->identities);
	local_free(&s->local);
	owed_free(&s->owed);
	event_free(s->ready_timer);
	event_free(s->refund_timer);
	config_unref(&s->config);
	spares_fini(&s->decisions);
	spares_fini(&s->questions);
	free(s);
}

/* Another address or user is another way to the same store. */
static void store_name(const struct config *config, char out[KEY_PREFIX_MAX + 32])
{
	snprintf(out, KEY_PREFIX_MAX + 32, "%d %s", config->redis.database, config->redis.prefix);
}

void store_keep(struct store *store, const char *directory, const char *name)
{
	char server[KEY_PREFIX_MAX + 32];

	store_name(store->config, server);
	if (!kept_open(store->kept, directory, name, server, store_refund_found, store))
		drop_refunds(store);
}

void store_follow(struct store *store)
{
	store->news = news_new(store);
}

static void change_servers(struct store *store, const struct config *old)
{
	char before[KEY_PREFIX_MAX + 32], after[KEY_PREFIX_MAX + 32];

	/* The questions were to the old ones. */
	store_ask_takes(store);
	if (store->recent)
		recent_clear(store->recent);
	servers_free(&store->servers);
	store_name(old, before);
	store_name(store->config, after);
	if (strcmp(before, after) != 0) {
		drop_refunds(store);
		borrow_drop(store);
		kept_clear(store->kept, after);
	}
	store->servers = servers_new(store->base, &store->config->redis, on_change, store);
}

void store_configure(struct store *store, struct config *config)
{
	struct config *old = store->config;
	bool same = redis_same(&old->redis, &config->redis);

	/* What they were taken for may be other quotas now. */
	borrow_return_all(store);
	store->config = config_ref(config);
	kept_configure(store->kept, config);
	borrow_configure(store);
	news_pause(store->news);
	if (same)
		servers_configure(store->servers, &store->config->redis);
	else
		change_servers(store, old);
	news_resume(store->news);
	config_unref(&old);
}

const struct identities *store_identities(const struct store *store)
{
	return store->identities;
}

void store_decided(struct store *store, bool degraded)
{
	store->degraded += degraded;
}

void store_stats(const struct store *store, struct store_stats *out)
{
	struct servers_stats servers;

	servers_stats(store->servers, &servers);
	*out = (struct store_stats){
		.connected = servers.up,
		.connects = servers.connects,
		.failures = servers.failures,
		.timeouts = servers.timeouts,
		.requests = servers.requests,
		.script_loads = servers.script_loads,
		.in_flight = servers.in_flight,
		.refunds_waiting = store->refunds_waiting,
		.owed = (int64_t)owed_count(store->owed),
		.owed_made = store->replay.made,
		.owed_lost = store->replay.lost,
		.subscribed = news_is_subscribed(store->news),
		.state_file = kept_health(store->kept),
		.accounts_cached = (int64_t)cache_count(store->cache),
		.last_error = servers.error[0] ? servers.error : NULL,
	};
}

/* ---- shared by the files of the store ----------------------------------- */

enum store_result store_result_of(enum link_result result, const struct redisReply *reply,
				  int type, const char **error)
{
	if (result == LINK_UNAVAILABLE)
		return STORE_UNAVAILABLE;
	if (result == LINK_UNCERTAIN)
		return STORE_UNCERTAIN;
	if (reply->type == type) {
		*error = NULL;
		return STORE_OK;
	}
	if (reply->type == REDIS_REPLY_NIL) {
		*error = "not found";
		return STORE_NOT_FOUND;
	}
	*error = "the server answered with another type";
	if (reply->type == REDIS_REPLY_ERROR)
		*error = reply->len > 0 ? reply->str : "an error that does not say what";
	return STORE_BAD;
}

void store_send(struct store *store, struct command *command, link_reply *reply, void *arg)
{
	/* What was asked before goes out before. */
	store_ask_takes(store);
	servers_send(store->servers, command, 0, reply, arg);
}
