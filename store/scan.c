#include "store/scan.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/key.h"

/* Keys looked at in one request: some 1 ms of the server's time. */
#define SCAN_STEP 1000

/* Requests to one server: so many keys no server has room for. */
#define SCAN_STEPS_MAX 10000000

/* 64 bits in decimal, and a NUL. */
#define CURSOR_SIZE 21

struct scan {
	struct store *store;
	char pattern[KEY_MAX];
	char cursor[CURSOR_SIZE]; /* the one that was asked with */
	int64_t steps;
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

	strcpy(scan->cursor, cursor);
	scan->steps++;

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
	scan->steps = 0;
	if (scan->server)
		scan_step(scan, "0");
	else
		finish(scan, STORE_OK, NULL);
}

/* A cursor goes on, or is back at 0; one that stays, or never comes back, would be
 * asked for ever. */
static bool makes_sense(const struct scan *scan, const struct redisReply *reply)
{
	const struct redisReply *cursor = reply->elements == 2 ? reply->element[0] : NULL;

	return cursor && cursor->type == REDIS_REPLY_STRING && cursor->len > 0 &&
	       cursor->len < CURSOR_SIZE && strlen(cursor->str) == cursor->len &&
	       (strcmp(cursor->str, "0") == 0 || strcmp(cursor->str, scan->cursor) != 0) &&
	       scan->steps < SCAN_STEPS_MAX && reply->element[1]->type == REDIS_REPLY_ARRAY;
}

static void on_scan(enum link_result result, struct redisReply *reply, const char *error, void *arg)
{
	struct scan *scan = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);
	const struct redisReply *keys;

	if (outcome == STORE_OK && !makes_sense(scan, reply)) {
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
