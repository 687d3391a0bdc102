#include "control/wait.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/memory.h"
#include "control/need.h"
#include "engine/decision.h"
#include "store/credential.h"

struct wait {
	struct event_base *base;
	struct store *store;
	struct config *config;
	bool clock_known;
};

/* What the store says begins with the address already, mostly. */
void wait_error(const struct config *config, const char *why, char error[WAIT_ERROR_MAX])
{
	char address[REDIS_NAME_MAX];

	redis_name(&config->redis, address);
	if (!why)
		why = "no reason given";
	if (strncmp(why, address, strlen(address)) == 0)
		snprintf(error, WAIT_ERROR_MAX, "redis at %s", why);
	else
		snprintf(error, WAIT_ERROR_MAX, "redis at %s: %s", address, why);
}

struct ready {
	bool done, ok;
	const struct config *config;
	char *error;
};

static void on_ready(const char *error, void *arg)
{
	struct ready *ready = arg;

	ready->done = true;
	ready->ok = !error;
	if (error)
		wait_error(ready->config, error, ready->error);
}

bool wait_ready(struct wait *wait, char error[WAIT_ERROR_MAX])
{
	struct ready ready = { .config = wait->config, .error = error };

	store_when_ready(wait->store, WAIT_READY_MS, on_ready, &ready);
	wait_until(wait, &ready.done);
	return ready.ok;
}

bool wait_open(struct config *config, struct wait **out, char error[WAIT_ERROR_MAX])
{
	struct wait *wait = memory_zero(sizeof(*wait));

	wait->config = config_ref(config);
	wait->base = need(event_base_new());
	wait->store = need(store_new(wait->base, config));
	*out = wait;
	if (wait_ready(wait, error))
		return true;
	wait_close(out);
	return false;
}

void wait_close(struct wait **wait)
{
	struct wait *w = *wait;

	*wait = NULL;
	if (!w)
		return;
	store_free(&w->store);
	event_base_free(w->base);
	config_unref(&w->config);
	free(w);
}

struct store *wait_store(struct wait *wait)
{
	return wait->store;
}

const struct config *wait_config(const struct wait *wait)
{
	return wait->config;
}

int64_t wait_now_s(struct wait *wait)
{
	const struct decision_env *env = store_env(wait->store);

	return env->now_ms(env->ctx) / 1000;
}

static void on_time(const struct take_answer *answer, void *arg)
{
	bool *done = arg;

	(void)answer;
	*done = true;
}

void wait_learn_clock(struct wait *wait)
{
	/* A plan has no account whose version had to be known. */
	const struct take take = { .scope = SCOPE_PLAN, .name = "default", .version = "" };
	bool done = false;

	if (wait->clock_known)
		return;
	/* No rows and no message: it tests and charges nothing, and has the
	 * time in its answer. */
	store_take(wait->store, &take, on_time, &done);
	wait_until(wait, &done);
	wait->clock_known = true;
}

void wait_until(struct wait *wait, const bool *done)
{
	while (!*done) {
		/* 1: nothing to wait for, so the store has lost a question. */
		if (event_base_loop(wait->base, EVLOOP_ONCE) != 0)
			abort();
	}
}

static void on_timeout(evutil_socket_t fd, short events, void *arg)
{
	bool *done = arg;

	(void)fd;
	(void)events;
	*done = true;
}

void wait_pause(struct wait *wait, int64_t ms)
{
	struct timeval after = { ms / 1000, ms % 1000 * 1000 };
	bool done = false;

	if (event_base_once(wait->base, -1, EV_TIMEOUT, on_timeout, &done, &after) == 0)
		wait_until(wait, &done);
}

void answer_init(struct answer *answer, const struct wait *wait)
{
	*answer = (struct answer){ .config = wait->config };
}

void answer_fini(struct answer *answer)
{
	free(answer->text);
	answer->text = NULL;
}

void answer_done(enum store_result result, const char *error, void *arg)
{
	struct answer *answer = arg;

	answer->done = true;
	answer->result = result;
	if (result != STORE_OK)
		wait_error(answer->config, error, answer->error);
}

void answer_record(enum store_result result, const char *record, size_t len, const char *error,
		   void *arg)
{
	struct answer *answer = arg;

	if (result == STORE_OK) {
		answer->text = need_copy(record, len);
		answer->len = len;
	}
	answer_done(result, error, arg);
}

/* What a question may need. */
struct question {
	/* Of a reset, login is the scope's name; of a secret its username, and version
	 * what was there before. */
	const char *login, *version, *json;
	enum take_scope scope;
	const struct quota *quota;
};

typedef void ask(struct store *store, const struct question *q, struct answer *answer);

static void ask_get(struct store *store, const struct question *q, struct answer *answer)
{
	store_account_get(store, q->login, answer_record, answer);
}

static void ask_put(struct store *store, const struct question *q, struct answer *answer)
{
	store_account_put(store, q->login, q->version, q->json, answer_done, answer);
}

static void ask_delete(struct store *store, const struct question *q, struct answer *answer)
{
	store_account_delete(store, q->login, answer_done, answer);
}

static void ask_reset(struct store *store, const struct question *q, struct answer *answer)
{
	store_reset(store, q->scope, q->login, q->quota, answer_done, answer);
}

static void ask_event(struct store *store, const struct question *q, struct answer *answer)
{
	store_event(store, q->json, answer_done, answer);
}

static void ask_secret_get(struct store *store, const struct question *q, struct answer *answer)
{
	store_secret_get(store, q->login, answer_record, answer);
}

static void ask_secret_put(struct store *store, const struct question *q, struct answer *answer)
{
	store_secret_put(store, q->login, q->version, q->json, answer_done, answer);
}

static void ask_secret_delete(struct store *store, const struct question *q, struct answer *answer)
{
	store_secret_delete(store, q->login, answer_done, answer);
}

static enum store_result once(struct wait *wait, ask *start, const struct question *q,
			      struct answer *answer)
{
	answer_init(answer, wait);
	start(wait->store, q, answer);
	wait_until(wait, &answer->done);
	return answer->result;
}

/* A store that was not reached has changed nothing: when it comes back in
 * time it is asked once more. */
static enum store_result question(struct wait *wait, ask *start, const struct question *q,
				  struct answer *answer)
{
	char error[WAIT_ERROR_MAX];

	if (once(wait, start, q, answer) == STORE_UNAVAILABLE && wait_ready(wait, error))
		once(wait, start, q, answer);
	return answer->result;
}

enum store_result wait_account_get(struct wait *wait, const char *login, struct answer *answer)
{
	return question(wait, ask_get, &(struct question){ .login = login }, answer);
}

enum store_result wait_account_put(struct wait *wait, const char *login, const char *version,
				   const char *json, struct answer *answer)
{
	const struct question q = { .login = login, .version = version, .json = json };

	return question(wait, ask_put, &q, answer);
}

enum store_result wait_account_delete(struct wait *wait, const char *login, struct answer *answer)
{
	return question(wait, ask_delete, &(struct question){ .login = login }, answer);
}

enum store_result wait_reset(struct wait *wait, enum take_scope scope, const char *name,
			     const struct quota *quota, struct answer *answer)
{
	const struct question q = { .login = name, .scope = scope, .quota = quota };

	return question(wait, ask_reset, &q, answer);
}

enum store_result wait_secret_get(struct wait *wait, const char *username, struct answer *answer)
{
	return question(wait, ask_secret_get, &(struct question){ .login = username }, answer);
}

enum store_result wait_secret_put(struct wait *wait, const char *username, const char *before,
				  const char *json, struct answer *answer)
{
	const struct question q = { .login = username, .version = before, .json = json };

	return question(wait, ask_secret_put, &q, answer);
}

enum store_result wait_secret_delete(struct wait *wait, const char *username, struct answer *answer)
{
	return question(wait, ask_secret_delete, &(struct question){ .login = username }, answer);
}

enum store_result wait_event(struct wait *wait, const char *json, struct answer *answer)
{
	return question(wait, ask_event, &(struct question){ .json = json }, answer);
}
