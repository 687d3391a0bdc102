/* What several files of the store ask in the same way. */
#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/internal.h"

struct reading {
	store_record_done *done;
	void *arg;
};

static void on_record(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct reading *r = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_STRING, &error);
	bool ok = outcome == STORE_OK;

	r->done(outcome, ok ? reply->str : NULL, ok ? reply->len : 0, error, r->arg);
	free(r);
}

void store_read(struct store *store, struct command *command, store_record_done *done, void *arg)
{
	struct reading *r = memory_alloc(sizeof(*r));

	*r = (struct reading){ done, arg };
	/* Nothing is changed by it. */
	command->repeatable = true;
	store_send(store, command, on_record, r);
}

void store_get(struct store *store, const char *key, store_record_done *done, void *arg)
{
	struct command command;

	command_init(&command);
	command_add(&command, "GET");
	command_add_key(&command, key);
	store_read(store, &command, done, arg);
}

void store_ignore(enum link_result result, struct redisReply *reply, const char *error, void *arg)
{
	(void)result;
	(void)reply;
	(void)error;
	(void)arg;
}
