#define _POSIX_C_SOURCE 200809L
#include "store/ask.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/internal.h"

struct asking {
	store_record_done *done;
	void *arg;
};

unsigned ask_next(const struct store *store, unsigned after)
{
	return servers_next(store->servers, after);
}

const char *ask_name(const struct store *store, unsigned server)
{
	return servers_name(store->servers, server);
}

/* hiredis' reader limits the depth. */
static void write_reply(const struct redisReply *reply, bool *first, FILE *out)
{
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
		write_reply(reply->element[i], first, out);
	if (reply->type == REDIS_REPLY_ARRAY)
		return;
	if (!*first)
		fputc('\n', out);
	*first = false;
	if (reply->type == REDIS_REPLY_INTEGER)
		fprintf(out, "%lld", reply->integer);
	else if (reply->type != REDIS_REPLY_NIL)
		fwrite(reply->str, 1, reply->len, out);
}

static void on_reply(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	struct asking *a = arg;
	bool good = result == LINK_OK && reply->type != REDIS_REPLY_ERROR &&
		    reply->type != REDIS_REPLY_NIL;
	enum store_result outcome =
		store_result_of(result, reply, good ? reply->type : REDIS_REPLY_STRING, &error);
	bool first = true;
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (outcome != STORE_OK) {
		a->done(outcome, NULL, 0, error, a->arg);
		free(a);
		return;
	}
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	write_reply(reply, &first, out);
	fclose(out);
	a->done(outcome, text, len, NULL, a->arg);
	free(text);
	free(a);
}

void ask_server(struct store *store, unsigned server, const char *const *words, size_t n,
		store_record_done *done, void *arg)
{
	struct asking *a = memory_alloc(sizeof(*a));
	struct command command;

	a->done = done;
	a->arg = arg;
	command_init(&command);
	for (size_t i = 0; i < n; i++)
		command_add(&command, words[i]);
	servers_send_to(store->servers, server, &command, on_reply, a);
}
