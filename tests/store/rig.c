#include "tests/store/rig.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAILS_MS 200 /* the first try of rig_fails() */

static void die(const char *what)
{
	fprintf(stderr, "rig: %s\n", what);
	exit(99);
}

int64_t rig_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the loop ----------------------------------------------------------- */

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void turn(struct rig *rig, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	struct event *tick = evtimer_new(rig->base, on_tick, NULL);

	event_add(tick, &tv);
	event_base_loop(rig->base, EVLOOP_ONCE);
	event_free(tick);
}

void rig_wait(struct rig *rig, const bool *done)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (!*done) {
		if (rig_now_ms() > until_ms)
			die("an answer does not come");
		turn(rig, 100);
	}
}

void rig_wait_for(struct rig *rig, bool (*is)(void), const char *what)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (!is()) {
		if (rig_now_ms() > until_ms) {
			fprintf(stderr, "rig: %s does not come\n", what);
			exit(99);
		}
		rig_run(rig, 20);
	}
}

static void wait_subscribed(struct rig *rig, bool subscribed)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	struct store_stats stats;

	for (;;) {
		store_stats(rig->store, &stats);
		if (stats.subscribed == subscribed)
			return;
		if (rig_now_ms() > until_ms)
			die(subscribed ? "the store is not told of changes" :
					 "the store is told of changes");
		turn(rig, 20);
	}
}

void rig_follow(struct rig *rig)
{
	store_follow(rig->store);
	wait_subscribed(rig, true);
}

void rig_deafen(struct rig *rig)
{
	redis_do(rig->redis, "ACL SETUSER default resetchannels");
	redis_do(rig->redis, "CLIENT KILL TYPE pubsub");
	wait_subscribed(rig, false);
}

void rig_undeafen(struct rig *rig)
{
	redis_do(rig->redis, "ACL SETUSER default allchannels");
	wait_subscribed(rig, true);
}

void rig_wait_connected(struct rig *rig, bool connected)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	struct store_stats stats;

	for (;;) {
		store_stats(rig->store, &stats);
		if (stats.connected == connected)
			return;
		if (rig_now_ms() > until_ms)
			die(connected ? "the store does not connect" : "the store does not notice");
		turn(rig, 20);
	}
}

void rig_run(struct rig *rig, int64_t ms)
{
	int64_t until_ms = rig_now_ms() + ms;

	while (rig_now_ms() < until_ms)
		turn(rig, until_ms - rig_now_ms());
}

/* ---- life --------------------------------------------------------------- */

static struct config *make_config(const struct rig *rig, const char *settings)
{
	char text[2000], error[500] = "";
	struct config *config;

	snprintf(text, sizeof(text),
		 "node = \"mx1\"\nredis {\n address = \"unix:%s\"\n deadline = %dms\n%s\n}\n",
		 redis_socket(rig->redis), rig->deadline_ms, settings ? settings : "");
	config = config_load_text(text, "rig", error, sizeof(error));
	if (!config)
		die(error);
	return config;
}

static void on_ready(const char *error, void *arg)
{
	if (error)
		die(error);
	*(bool *)arg = true;
}

void rig_restart_store(struct rig *rig, bool wait)
{
	bool ready = false;

	store_free(&rig->store);
	rig->store = store_new(rig->base, rig->config);
	if (!wait)
		return;
	store_when_ready(rig->store, REDIS_PATIENCE_MS, on_ready, &ready);
	rig_wait(rig, &ready);
}

void rig_open(struct rig *rig, const char *settings, const char *const *arguments)
{
	*rig = (struct rig){ .deadline_ms = rig->deadline_ms };
	if (rig->deadline_ms == 0)
		rig->deadline_ms = RIG_DEADLINE_MS;
	signal(SIGPIPE, SIG_IGN);
	rig->redis = redis_new(arguments);
	rig->base = event_base_new();
	rig->config = make_config(rig, settings);
	rig_restart_store(rig, true);
}

void rig_close(struct rig *rig)
{
	store_free(&rig->store);
	config_unref(&rig->config);
	event_base_free(rig->base);
	redis_free(&rig->redis);
}

void rig_clean(struct rig *rig)
{
	redis_do(rig->redis, "FLUSHALL");
	rig_restart_store(rig, true);
}

struct connecting {
	bool done;
	char error[500];
};

static void on_connected(const char *error, void *arg)
{
	struct connecting *c = arg;

	snprintf(c->error, sizeof(c->error), "%s", error ? error : "");
	c->done = true;
}

const char *rig_connect(struct rig *rig, const char *redis_section, int64_t timeout_ms)
{
	static struct connecting c;
	char text[4000], error[500] = "";
	struct config *config;

	snprintf(text, sizeof(text), "node = \"mx1\"\nredis {\n deadline = %dms\n%s\n}\n",
		 rig->deadline_ms, redis_section);
	config = config_load_text(text, "rig", error, sizeof(error));
	if (!config)
		die(error);
	memset(&c, 0, sizeof(c));
	store_configure(rig->store, config);
	config_unref(&config);
	store_when_ready(rig->store, timeout_ms, on_connected, &c);
	rig_wait(rig, &c.done);
	return c.error;
}

bool rig_fails(struct rig *rig, const char *redis_section, const char *text)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;
	const char *error;

	for (int64_t try_ms = FAILS_MS;; try_ms *= 2) {
		error = rig_connect(rig, redis_section, try_ms);
		if (error[0] && strstr(error, text))
			return true;
		if (!error[0] || rig_now_ms() > until_ms)
			break;
	}
	fprintf(stderr, "rig: \"%s\" instead of \"%s\"\n", error, text);
	return false;
}

const char *rig_last_error(const struct rig *rig)
{
	struct store_stats stats;

	store_stats(rig->store, &stats);
	return stats.last_error ? stats.last_error : "";
}

void rig_wait_error(struct rig *rig, const char *text)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (!strstr(rig_last_error(rig), text)) {
		if (rig_now_ms() > until_ms) {
			fprintf(stderr, "rig: \"%s\" is not said\n", text);
			exit(99);
		}
		rig_run(rig, 20);
	}
}

/* ---- the store's functions ---------------------------------------------- */

struct wait {
	bool done;
	struct rig_result result;
	struct take_answer answer;
};

static void on_take(const struct take_answer *answer, void *arg)
{
	struct wait *w = arg;

	if (w->done)
		die("an answer came twice");
	w->answer = *answer;
	/* What it points to lives no longer than this call. */
	snprintf(w->result.error, sizeof(w->result.error), "%s",
		 answer->error ? answer->error : "");
	w->done = true;
}

struct take_answer rig_take(struct rig *rig, const struct take *take)
{
	static char error[300];
	struct wait w = { .done = false };

	store_take(rig->store, take, on_take, &w);
	rig_wait(rig, &w.done);
	memcpy(error, w.result.error, sizeof(error));
	w.answer.error = w.answer.error ? error : NULL;
	return w.answer;
}

struct take_answer rig_take_current(struct rig *rig, struct take take)
{
	const struct decision_env *env = store_env(rig->store);
	struct take_answer answer;
	struct account *account;

	do {
		take.version = NULL;
		if (env->account(env->ctx, take.name, &account))
			take.version = account ? account->version : "";
		answer = rig_take(rig, &take);
		account_unref(&account);
	} while (answer.status == TAKE_STALE);
	return answer;
}

static void on_result(enum store_result result, const char *error, void *arg)
{
	struct wait *w = arg;

	if (w->done)
		die("an answer came twice");
	w->result.result = result;
	snprintf(w->result.error, sizeof(w->result.error), "%s", error ? error : "");
	w->done = true;
}

static void on_record(enum store_result result, const char *record, size_t len, const char *error,
		      void *arg)
{
	struct wait *w = arg;

	snprintf(w->result.text, sizeof(w->result.text), "%.*s", (int)len, record ? record : "");
	on_result(result, error, arg);
}

void rig_on_done(enum store_result result, const char *error, void *waited)
{
	struct rig_waited *w = waited;

	if (w->done)
		die("an answer came twice");
	if ((error == NULL) != (result == STORE_OK))
		die("a reason is told with what is not done, and only then");
	w->result = result;
	w->done = true;
}

void rig_on_record(enum store_result result, const char *record, size_t len, const char *error,
		   void *waited)
{
	struct rig_waited *w = waited;

	snprintf(w->text, sizeof(w->text), "%.*s", (int)len, record ? record : "");
	rig_on_done(result, error, waited);
}

struct rig_result rig_get(struct rig *rig, const char *login)
{
	struct wait w = { .done = false };

	store_account_get(rig->store, login, on_record, &w);
	rig_wait(rig, &w.done);
	return w.result;
}

struct rig_result rig_info(struct rig *rig)
{
	struct wait w = { .done = false };

	store_info(rig->store, on_record, &w);
	rig_wait(rig, &w.done);
	return w.result;
}

struct rig_result rig_put(struct rig *rig, const char *login, const char *version, const char *json)
{
	struct wait w = { .done = false };

	store_account_put(rig->store, login, version, json, on_result, &w);
	rig_wait(rig, &w.done);
	return w.result;
}

struct rig_result rig_delete(struct rig *rig, const char *login)
{
	struct wait w = { .done = false };

	store_account_delete(rig->store, login, on_result, &w);
	rig_wait(rig, &w.done);
	return w.result;
}

struct rig_result rig_reset(struct rig *rig, const char *login)
{
	struct wait w = { .done = false };

	store_reset(rig->store, SCOPE_LOGIN, login, NULL, on_result, &w);
	rig_wait(rig, &w.done);
	return w.result;
}

struct rig_result rig_refund(struct rig *rig, const char *login, const char *message_key)
{
	struct charge charge = { .scope = SCOPE_LOGIN };
	struct wait w = { .done = false };

	snprintf(charge.name, sizeof(charge.name), "%s", login);
	store_refund(rig->store, &charge, message_key, false, on_result, &w);
	rig_wait(rig, &w.done);
	return w.result;
}
