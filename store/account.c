/* Accounts: get, put, delete, list; and the counters' reset. */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/clock.h"
#include "store/counter.h"
#include "store/deleted.h"
#include "store/internal.h"
#include "store/key.h"
#include "store/scan.h"

/* A request that answers with a result only. */
struct asking {
	struct store *store;
	store_done *done;
	void *arg;
	int64_t until_ms; /* lease_clock_ms(), of a change that is waited for */
};

static struct asking *asking_new(struct store *store, store_done *done, void *arg)
{
	struct asking *a = memory_alloc(sizeof(*a));

	a->store = store;
	a->done = done;
	a->arg = arg;
	return a;
}

/* ---- changes ------------------------------------------------------------ */

/* Their scripts answer what was done, of the given type, and for how many
 * milliseconds a daemon may go on as before. */
static enum store_result changed_result(enum link_result result, const struct redisReply *reply,
					int type, const char **error)
{
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, error);

	if (outcome != STORE_OK || (reply->elements == 2 && reply->element[0]->type == type &&
				    reply->element[1]->type == REDIS_REPLY_INTEGER))
		return outcome;
	*error = "the server answered with another type";
	return STORE_BAD;
}

static void on_waited(evutil_socket_t fd, short what, void *arg);

/* False when there is nothing to wait for. The loop's own clock may be milliseconds
 * behind, and a lease is over when it is over. */
static bool wait_on(struct asking *a)
{
	int64_t left_ms = a->until_ms - lease_clock_ms();
	struct timeval wait = { .tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000 };

	if (left_ms <= 0)
		return false;
	event_base_update_cache_time(a->store->base);
	return event_base_once(a->store->base, -1, EV_TIMEOUT, on_waited, a, &wait) == 0;
}

static void on_waited(evutil_socket_t fd, short what, void *arg)
{
	struct asking *a = arg;

	(void)fd;
	(void)what;
	if (wait_on(a))
		return;
	a->done(STORE_OK, NULL, a->arg);
	free(a);
}

/* A daemon that has a lease decides by the account it was taken for, until it is
 * over. */
static void finish_change(struct asking *a, enum store_result outcome,
			  const struct redisReply *reply, const char *error)
{
	int64_t wait_ms = outcome == STORE_OK ? reply->element[1]->integer : 0;

	if (wait_ms > LEASE_MS)
		wait_ms = LEASE_MS;
	/* The millisecond in which it ends is waited for, too. */
	a->until_ms = wait_ms > 0 ? lease_clock_ms() + wait_ms + 1 : 0;
	if (wait_on(a))
		return;
	a->done(outcome, error, a->arg);
	free(a);
}

static void on_count(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	enum store_result outcome = changed_result(result, reply, REDIS_REPLY_INTEGER, &error);

	if (outcome == STORE_OK && reply->element[0]->integer == 0) {
		outcome = STORE_NOT_FOUND;
		error = "not found";
	}
	finish_change(arg, outcome, reply, error);
}

static const char too_long[] = "a login has 1 to 255 octets";

/* ---- get ---------------------------------------------------------------- */

void store_account_get(struct store *store, const char *login, store_record_done *done, void *arg)
{
	char key[KEY_MAX];

	if (key_account(store_prefix(store), SCOPE_LOGIN, login, key))
		store_get(store, key, done, arg);
	else
		done(STORE_BAD, NULL, 0, too_long, arg);
}

void store_info(struct store *store, store_record_done *done, void *arg)
{
	struct command command;

	command_init(&command);
	command_add(&command, "INFO");
	store_read(store, &command, done, arg);
}

/* ---- put ---------------------------------------------------------------- */

static void on_put(enum link_result result, struct redisReply *reply, const char *error, void *arg)
{
	enum store_result outcome = changed_result(result, reply, REDIS_REPLY_STRING, &error);

	if (outcome == STORE_OK && reply->element[0]->len == 0) {
		outcome = STORE_CONFLICT;
		error = "the account was changed by someone else at the same time";
	}
	finish_change(arg, outcome, reply, error);
}

/* Who is to be told of what. */
static void add_news(const struct store *store, struct command *command, const char *login)
{
	char channel[KEY_MAX];

	key_channel(store_prefix(store), channel);
	command_add(command, channel);
	command_add(command, login);
}

void store_account_put(struct store *store, const char *login, const char *version,
		       const char *json, store_done *done, void *arg)
{
	char key[KEY_MAX], counters[KEY_MAX], lease[KEY_MAX];
	struct command command;

	if (!key_account(store_prefix(store), SCOPE_LOGIN, login, key) ||
	    !key_counters(store_prefix(store), SCOPE_LOGIN, login, counters) ||
	    !key_lease(store_prefix(store), login, lease)) {
		done(STORE_BAD, too_long, arg);
		return;
	}
	if (strlen(json) > RECORD_MAX - ACCOUNT_VERSION_DIGITS) {
		done(STORE_BAD, "the account is too large", arg);
		return;
	}
	script_command(&command, SCRIPT_PUT, 3);
	command_add_key(&command, key);
	command_add_key(&command, counters);
	command_add_key(&command, lease);
	command_add(&command, version ? version : "*");
	command_add(&command, json);
	add_news(store, &command, login);
	store_send(store, &command, on_put, asking_new(store, done, arg));
}

/* ---- delete, reset ------------------------------------------------------ */

/* All that there is of a login beside its messages, which end by themselves; the
 * account comes first. */
#define LOGIN_KEYS 8

static bool login_keys(const char *prefix, const char *login, char keys[LOGIN_KEYS][KEY_MAX])
{
	return key_account(prefix, SCOPE_LOGIN, login, keys[0]) &&
	       key_counters(prefix, SCOPE_LOGIN, login, keys[1]) &&
	       key_secret(prefix, login, keys[2]) && key_sent(prefix, login, keys[3]) &&
	       key_sent_packs(prefix, login, keys[4]) &&
	       key_login_trace(prefix, login, keys[5]) &&
	       key_guess(prefix, login, keys[6]) && key_attempts(prefix, login, keys[7]);
}

void store_account_delete(struct store *store, const char *login, store_done *done, void *arg)
{
	char keys[LOGIN_KEYS][KEY_MAX], deleted[KEY_MAX], lease[KEY_MAX];
	struct command command;

	if (!login_keys(store_prefix(store), login, keys) ||
	    !key_deleted(store_prefix(store), login, deleted) ||
	    !key_lease(store_prefix(store), login, lease)) {
		done(STORE_BAD, too_long, arg);
		return;
	}
	script_command(&command, SCRIPT_DELETE, LOGIN_KEYS + 2);
	for (size_t i = 0; i < LOGIN_KEYS; i++)
		command_add_key(&command, keys[i]);
	command_add_key(&command, deleted);
	command_add_key(&command, lease);
	add_news(store, &command, login);
	command_add_int(&command, DELETED_KEPT_S);
	store_send(store, &command, on_count, asking_new(store, done, arg));
}

void store_reset(struct store *store, enum take_scope scope, const char *name,
		 const struct quota *quota, store_done *done, void *arg)
{
	char counters[KEY_MAX], lease[KEY_MAX], counter[COUNTER_NAME_MAX] = "";
	struct command command;

	/* Of a name that no login has there is no lease. */
	if (!key_counters(store_prefix(store), scope, name, counters) ||
	    !key_lease(store_prefix(store), name, lease)) {
		done(STORE_BAD, too_long, arg);
		return;
	}
	if (quota)
		counter_name(quota, counter);
	script_command(&command, SCRIPT_RESET, 2);
	command_add_key(&command, counters);
	command_add_key(&command, lease);
	command_add(&command, counter);
	store_send(store, &command, on_count, asking_new(store, done, arg));
}

/* ---- list --------------------------------------------------------------- */

struct listing {
	struct store *store;
	void (*each)(const char *login, void *arg);
	store_done *done;
	void *arg;
};

static void on_account(const char *key, void *arg)
{
	const struct listing *l = arg;
	char login[LOGIN_MAX + 1];

	if (key_account_login(store_prefix(l->store), key, login))
		l->each(login, l->arg);
}

static void on_listed(enum store_result result, const char *error, void *arg)
{
	struct listing *l = arg;

	l->done(result, error, l->arg);
	free(l);
}

void store_account_each(struct store *store, void (*each)(const char *login, void *arg),
			store_done *done, void *arg)
{
	struct listing *l = memory_alloc(sizeof(*l));
	char pattern[KEY_MAX];

	*l = (struct listing){ .store = store, .each = each, .done = done, .arg = arg };
	key_account_pattern(store_prefix(store), pattern);
	scan_keys(store, pattern, on_account, on_listed, l);
}
