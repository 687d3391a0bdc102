#include "store/scan.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/key.h"

/* Keys looked at in one request: some 1 ms of the server's time. */
#define SCAN_STEP 1000

struct scan {
	struct store *store;
	char pattern[KEY_MAX];
	unsigned server;
	void (*each)(const char *key, void *arg);
	store_done *done;
	void *arg;
};

static void on_scan(enum link_result result, struct redisReply *reply, const char *error,
		    void *arg);

static void scan_step(struct scan *scan, const char *cursor)
{
	struct command command;

	command_init(&command);
	command_add(&command, "SCAN");
	command_add(&command, cursor);
	command_add(&command, "MATCH");
	command_add(&command, scan->pattern);
	command_add(&command, "COUNT");
	command_add_int(&command, SCAN_STEP);
	command.repeatable = true;
	servers_send_to(scan->store->servers, scan->server, &command, on_scan, scan);
}

static void finish(struct scan *scan, enum store_result result, const char *error)
{
	scan->done(result, error, scan->arg);
	free(scan);
}

/* The next server's keys, or the end. */
static void scan_server(struct scan *scan)
{
	scan->server = servers_next(scan->store->servers, scan->server);
	if (scan->server)
		scan_step(scan, "0");
	else
		finish(scan, STORE_OK, NULL);
}

static bool makes_sense(const struct redisReply *reply)
{
	return reply->elements == 2 && reply->element[0]->type == REDIS_REPLY_STRING &&
	       reply->element[1]->type == REDIS_REPLY_ARRAY;
}

static void on_scan(enum link_result result, struct redisReply *reply, const char *error, void *arg)
{
	struct scan *scan = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);
	const struct redisReply *keys;

	if (outcome == STORE_OK && !makes_sense(reply)) {
		outcome = STORE_BAD;
		error = "an answer of SCAN that makes no sense";
	}
	if (outcome != STORE_OK) {
		finish(scan, outcome, error);
		return;
	}
	keys = reply->element[1];
	for (size_t i = 0; i < keys->elements; i++)
		if (keys->element[i]->type == REDIS_REPLY_STRING)
			scan->each(keys->element[i]->str, scan->arg);
	if (strcmp(reply->element[0]->str, "0") != 0)
		scan_step(scan, reply->element[0]->str);
	else
		scan_server(scan);
}

void scan_keys(struct store *store, const char *pattern, void (*each)(const char *key, void *arg),
	       store_done *done, void *arg)
{
	struct scan *scan = memory_zero(sizeof(*scan));

	scan->store = store;
	snprintf(scan->pattern, sizeof(scan->pattern), "%s", pattern);
	scan->each = each;
	scan->done = done;
	scan->arg = arg;
	if (servers_next(store->servers, 0))
		scan_server(scan);
	else
		finish(scan, STORE_UNAVAILABLE, "not connected");
}
