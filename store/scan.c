#include "store/scan.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/key.h"

/* Requests to one server: so many keys no server has room for. */
#define SCAN_STEPS_MAX 10000000

/* 64 bits in decimal, and a NUL. */
#define CURSOR_SIZE 21

struct scan {
	struct store *store;
	char pattern[KEY_MAX];
	char cursor[CURSOR_SIZE]; /* the one to ask with, or that was asked with */
	int64_t steps;
	unsigned server; /* 0: none yet, or none any more */
	void (*each)(const char *key, void *arg);
	scan_done *done;
	void *arg;
};

struct scan *scan_new(struct store *store, const char *pattern)
{
	struct scan *scan = memory_zero(sizeof(*scan));

	scan->store = store;
	snprintf(scan->pattern, sizeof(scan->pattern), "%s", pattern);
	return scan;
}

void scan_free(struct scan **scan)
{
	free(*scan);
	*scan = NULL;
}

/* The next server's keys; none when there is no other. */
static void next_server(struct scan *scan)
{
	scan->server = servers_next(scan->store->servers, scan->server);
	scan->steps = 0;
	strcpy(scan->cursor, "0");
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
		scan->done(outcome, false, error, scan->arg);
		return;
	}
	keys = reply->element[1];
	for (size_t i = 0; i < keys->elements; i++)
		if (keys->element[i]->type == REDIS_REPLY_STRING)
			scan->each(keys->element[i]->str, scan->arg);
	strcpy(scan->cursor, reply->element[0]->str);
	if (strcmp(scan->cursor, "0") == 0)
		next_server(scan);
	scan->done(STORE_OK, scan->server != 0, NULL, scan->arg);
}

void scan_next(struct scan *scan, void (*each)(const char *key, void *arg), scan_done *done,
	       void *arg)
{
	struct command command;

	scan->each = each;
	scan->done = done;
	scan->arg = arg;
	if (!scan->server)
		next_server(scan);
	if (!scan->server) {
		done(STORE_UNAVAILABLE, false, "not connected", arg);
		return;
	}
	scan->steps++;
	command_init(&command);
	command_add(&command, "SCAN");
	command_add(&command, scan->cursor);
	command_add(&command, "MATCH");
	command_add(&command, scan->pattern);
	command_add(&command, "COUNT");
	command_add_int(&command, SCAN_STEP);
	command.repeatable = true;
	servers_send_to(scan->store->servers, scan->server, &command, on_scan, scan);
}

/* ---- all of them --------------------------------------------------------- */

struct all {
	struct scan *scan;
	void (*each)(const char *key, void *arg);
	store_done *done;
	void *arg;
};

static void on_key(const char *key, void *arg)
{
	struct all *all = arg;

	all->each(key, all->arg);
}

static void on_page(enum store_result result, bool more, const char *error, void *arg)
{
	struct all *all = arg;

	if (more) {
		scan_next(all->scan, on_key, on_page, all);
		return;
	}
	all->done(result, error, all->arg);
	scan_free(&all->scan);
	free(all);
}

void scan_keys(struct store *store, const char *pattern, void (*each)(const char *key, void *arg),
	       store_done *done, void *arg)
{
	struct all *all = memory_alloc(sizeof(*all));

	*all = (struct all){ scan_new(store, pattern), each, done, arg };
	scan_next(all->scan, on_key, on_page, all);
}
