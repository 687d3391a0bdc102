#include "store/login_trace.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/internal.h"

void store_login_trace(struct store *store, const char *username, const char *json)
{
	char key[KEY_MAX];
	struct command command;

	if (!key_login_trace(store_prefix(store), username, key))
		return;
	command_init(&command);
	command_add(&command, "SET");
	command_add_key(&command, key);
	command_add(&command, json);
	command_add(&command, "EX");
	command_add_int(&command, LOGIN_TRACE_KEPT_S);
	store_send(store, &command, store_ignore, NULL);
}

void store_login_trace_get(struct store *store, const char *username, store_record_done *done,
			   void *arg)
{
	char key[KEY_MAX];

	if (key_login_trace(store_prefix(store), username, key))
		store_get(store, key, done, arg);
	else
		done(STORE_BAD, NULL, 0, "a user name has 1 to 255 octets", arg);
}

struct claiming {
	store_done *done;
	void *arg;
};

static void on_claimed(enum link_result result, struct redisReply *reply, const char *error,
		       void *arg)
{
	struct claiming *c = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_STATUS, &error);

	c->done(outcome, error, c->arg);
	free(c);
}

static void claim(struct store *store, const char *key, int64_t ttl_s, store_done *done, void *arg)
{
	struct claiming *c = memory_alloc(sizeof(*c));
	struct command command;

	*c = (struct claiming){ done, arg };
	command_init(&command);
	command_add(&command, "SET");
	command_add_key(&command, key);
	command_add(&command, "1");
	command_add(&command, "NX");
	command_add(&command, "EX");
	command_add_int(&command, ttl_s);
	store_send(store, &command, on_claimed, c);
}

void store_first(struct store *store, const char *username, const char *what, int64_t ttl_s,
		 store_done *done, void *arg)
{
	char key[KEY_MAX];

	if (key_told(store_prefix(store), username, what, key))
		claim(store, key, ttl_s, done, arg);
	else
		done(STORE_BAD, "a user name has 1 to 255 octets", arg);
}

void store_elect(struct store *store, const char *name, int64_t ttl_s, store_done *done, void *arg)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%selected:%s", store_prefix(store), name);
	claim(store, key, ttl_s, done, arg);
}

void store_strangers(struct store *store, const char *proposal, store_record_done *done, void *arg)
{
	char key[KEY_MAX];
	struct command command;

	key_strangers(store_prefix(store), key);
	command_init(&command);
	command_add(&command, "SET");
	command_add_key(&command, key);
	command_add(&command, proposal);
	command_add(&command, "NX");
	store_send(store, &command, store_ignore, NULL);
	store_get(store, key, done, arg);
}
