#include "store/senders.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "store/internal.h"
#include "store/key.h"

struct asking {
	store_done *done;
	void (*each)(const char *login, void *arg);
	void *arg;
};

static struct asking *asking_new(store_done *done, void *arg)
{
	struct asking *a = memory_zero(sizeof(*a));

	a->done = done;
	a->arg = arg;
	return a;
}

static void command_begin(struct command *command, const char *verb, const struct store *store,
			  const struct place *place)
{
	char key[KEY_MAX];

	key_senders(store_prefix(store), place->domain, place->local, key);
	command_init(command);
	command_add(command, verb);
	command_add_key(command, key);
	command->repeatable = true;
}

int64_t store_senders_draw(void)
{
	uint64_t stamp = 0;

	/* 52 bits: the score of a sorted set is a double. */
	if (getrandom(&stamp, sizeof(stamp), 0) != sizeof(stamp))
		abort();
	return (int64_t)(stamp >> 12);
}

/* ---- writing --------------------------------------------------------------- */

static void on_integer(enum link_result result, struct redisReply *reply, const char *error,
		       void *arg)
{
	struct asking *a = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);

	a->done(outcome, error, a->arg);
	free(a);
}

void store_senders_put(struct store *store, const struct place *place, const char *login,
		       int64_t stamp, store_done *done, void *arg)
{
	struct command command;

	command_begin(&command, "ZADD", store, place);
	command_add_int(&command, stamp);
	command_add(&command, login);
	store_send(store, &command, on_integer, asking_new(done, arg));
}

void store_senders_drop(struct store *store, const struct place *place, const char *stamp,
			store_done *done, void *arg)
{
	struct command command;

	command_begin(&command, "ZREMRANGEBYSCORE", store, place);
	command_add(&command, stamp);
	command_add(&command, stamp);
	store_send(store, &command, on_integer, asking_new(done, arg));
}

static void on_status(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct asking *a = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_STATUS, &error);

	a->done(outcome, error, a->arg);
	free(a);
}

void store_senders_complete(struct store *store, store_done *done, void *arg)
{
	char key[KEY_MAX];
	struct command command;

	key_senders_complete(store_prefix(store), key);
	command_init(&command);
	command_add(&command, "SET");
	command_add_key(&command, key);
	command_add(&command, "1");
	command.repeatable = true;
	store_send(store, &command, on_status, asking_new(done, arg));
}

/* ---- reading --------------------------------------------------------------- */

void store_senders_stamp(struct store *store, const struct place *place, const char *login,
			 store_record_done *done, void *arg)
{
	struct command command;

	command_begin(&command, "ZSCORE", store, place);
	command_add(&command, login);
	store_read(store, &command, done, arg);
}

static void on_string(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct asking *a = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_STRING, &error);

	a->done(outcome, error, a->arg);
	free(a);
}

void store_senders_is_complete(struct store *store, store_done *done, void *arg)
{
	char key[KEY_MAX];
	struct command command;

	key_senders_complete(store_prefix(store), key);
	command_init(&command);
	command_add(&command, "GET");
	command_add_key(&command, key);
	command.repeatable = true;
	store_send(store, &command, on_string, asking_new(done, arg));
}

static void on_logins(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct asking *a = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);

	for (size_t i = 0; outcome == STORE_OK && i < reply->elements; i++)
		if (reply->element[i]->type == REDIS_REPLY_STRING)
			a->each(reply->element[i]->str, a->arg);
	a->done(outcome, error, a->arg);
	free(a);
}

void store_senders_each(struct store *store, const struct place *place,
			void (*each)(const char *login, void *arg), store_done *done, void *arg)
{
	struct asking *a = asking_new(done, arg);
	struct command command;

	a->each = each;
	command_begin(&command, "ZRANGE", store, place);
	command_add(&command, "0");
	command_add_int(&command, SENDERS_FOUND_MAX);
	store_send(store, &command, on_logins, a);
}
