/*
 * status: is Redis there, which daemons are.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/daemon_events.h"
#include "base/endpoint.h"
#include "base/limits.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/need.h"
#include "control/server_info.h"
#include "control/table.h"
#include "control/text.h"
#include "control/wait.h"

/* That a daemon is not told of changed accounts is said when it has lasted so long. */
#define DEAF_TOLD_S 5

/* And that its heartbeat is late, which it has sent while all was as it says: how late. */
#define LATE_S 3

struct redis {
	char address[REDIS_NAME_MAX];
	char version[SERVER_VERSION_MAX]; /* "redis 7.0.15"; "" when it does not say */
	int64_t latency_us;		  /* of one question and its answer */
	char error[WAIT_ERROR_MAX];	  /* "" when it is there */
};

/* ---- asking -------------------------------------------------------------- */

static int64_t monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void ask_redis(struct wait *wait, struct redis *redis)
{
	struct answer answer;
	int64_t start = monotonic_us();

	answer_init(&answer, wait);
	store_info(wait_store(wait), answer_record, &answer);
	wait_until(wait, &answer.done);
	redis->latency_us = monotonic_us() - start;
	if (answer.result == STORE_OK)
		server_info_version(answer.text, redis->version);
	else
		snprintf(redis->error, sizeof(redis->error), "%s", answer.error);
	answer_fini(&answer);
}

struct beats {
	struct answer answer; /* first, see answer_done() */
	json_t *daemons;
};

/* name is "NODE/DAEMON", text an object. */
static void on_beat(const char *name, const char *text, void *arg)
{
	struct beats *beats = arg;
	json_t *beat = json_loads(text, 0, NULL);
	const char *slash = strrchr(name, '/');
	char *node = need_copy(name, slash ? (size_t)(slash - name) : strlen(name));
	json_t *daemon = need(json_pack("{s:o, s:o}", "node", text_json(node), "daemon",
					text_json(slash ? slash + 1 : "")));

	if (json_is_object(beat))
		json_object_update_missing(daemon, beat);
	json_array_append_new(beats->daemons, daemon);
	json_decref(beat);
	free(node);
}

static int by_name(const void *a, const void *b)
{
	const json_t *const *left = a, *const *right = b;
	int order = strcmp(json_string_value(json_object_get(*left, "node")),
			   json_string_value(json_object_get(*right, "node")));

	return order ? order :
		       strcmp(json_string_value(json_object_get(*left, "daemon")),
			      json_string_value(json_object_get(*right, "daemon")));
}

/* A new list in the order of the names; takes the old one. */
static json_t *sorted(json_t *list)
{
	size_t n = json_array_size(list);
	json_t **items = need_room(NULL, n + 1, sizeof(*items));
	json_t *result = need(json_array());

	for (size_t i = 0; i < n; i++)
		items[i] = json_array_get(list, i);
	qsort(items, n, sizeof(*items), by_name);
	for (size_t i = 0; i < n; i++)
		json_array_append(result, items[i]);
	free(items);
	json_decref(list);
	return result;
}

static json_t *ask_daemons(struct wait *wait, struct redis *redis)
{
	struct beats beats = { .daemons = need(json_array()) };

	answer_init(&beats.answer, wait);
	store_beats_read(wait_store(wait), on_beat, answer_done, &beats);
	wait_until(wait, &beats.answer.done);
	if (beats.answer.result != STORE_OK)
		snprintf(redis->error, sizeof(redis->error), "%s", beats.answer.error);
	return sorted(beats.daemons);
}

/* ---- telling ------------------------------------------------------------- */

static void print_status_json(const struct redis *redis, json_t *daemons)
{
	bool there = !redis->error[0];
	json_t *object = need(
		json_pack("{s:o, s:b}", "address", text_json(redis->address), "reachable", there));

	if (there) {
		json_object_set_new(object, "version", text_json(redis->version));
		json_object_set_new(object, "latency_us", json_integer(redis->latency_us));
	} else {
		json_object_set_new(object, "error", text_json(redis->error));
	}
	control_print_json(need(json_pack("{s:o, s:O}", "redis", object, "daemons", daemons)));
}

static long long number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

/* For a moment after an outage it need not be said. */
static bool is_deaf(const json_t *redis)
{
	const json_t *lasts = json_object_get(redis, "unsubscribed_s");

	return json_is_false(json_object_get(redis, "subscribed")) &&
	       (!lasts || json_integer_value(lasts) >= DEAF_TOLD_S);
}

/* Another daemon beats under the same name, so it has one row with it. */
static void print_namesake(const char *who, const json_t *daemon)
{
	const json_t *other = json_object_get(daemon, "namesake");
	const char *host = json_string_value(json_object_get(other, "host"));
	char *shown = text_printable(host && *host ? host : "unknown");

	if (other)
		printf("%s: is two daemons, one on host %s with pid %lld: each machine needs a node "
		       "of its own\n",
		       who, shown, number_of(other, "pid"));
	free(shown);
}

/* What a daemon did and does without asking Redis, if there is something to say. */
static void print_without(const json_t *daemon)
{
	const json_t *redis = json_object_get(daemon, "redis");
	const json_t *leases = json_object_get(redis, "leases");
	const char *file = json_string_value(json_object_get(redis, "state_file"));
	char name[NODE_MAX + 16], *who;

	snprintf(name, sizeof(name), "%s/%s", json_string_value(json_object_get(daemon, "node")),
		 json_string_value(json_object_get(daemon, "daemon")));
	who = text_printable(name);
	if (number_of(redis, "degraded") > 0 || number_of(redis, "owed") > 0)
		printf("%s: %lld decisions without Redis, %lld charges still to be made, "
		       "%lld lost\n",
		       who, number_of(redis, "degraded"), number_of(redis, "owed"),
		       number_of(redis, "owed_lost"));
	if (number_of(leases, "taken") > 0)
		printf("%s: %lld decisions from %lld leases, %lld of them given back\n", who,
		       number_of(leases, "decisions"), number_of(leases, "taken"),
		       number_of(leases, "returned"));
	if (is_deaf(redis))
		printf("%s: is not told of changed accounts\n", who);
	if (file && strcmp(file, "ok") != 0)
		printf("%s: its state file cannot be used\n", who);
	print_namesake(who, daemon);
	free(who);
}

/* Of its last heartbeat, in seconds; 0 while the next one is not late. */
static int64_t age_of(const json_t *daemon, int64_t now_s)
{
	const json_t *beat = json_object_get(daemon, "beat");
	int64_t age_s = beat ? now_s - json_integer_value(beat) : 0;

	/* One cannot be older than it lasts: then a clock was set. */
	return age_s >= DAEMON_BEAT_EVERY_S + LATE_S && age_s <= DAEMON_BEAT_TTL_S ? age_s : 0;
}

/* "up", "up, 3 outages", "up 17 s ago". */
static void daemon_redis(const json_t *daemon, int64_t now_s, char *out, size_t size)
{
	const json_t *redis = json_object_get(daemon, "redis");
	const char *state = json_string_value(json_object_get(redis, "state"));
	json_int_t outages = json_integer_value(json_object_get(redis, "outages"));
	int64_t age_s = age_of(daemon, now_s);
	char age[32] = "", more[48] = "";

	if (age_s > 0)
		snprintf(age, sizeof(age), " %lld s ago", (long long)age_s);
	if (outages > 0)
		snprintf(more, sizeof(more), ", %lld outage%s", (long long)outages,
			 outages == 1 ? "" : "s");
	snprintf(out, size, "%s%s%s", state ? state : "", age, more);
}

static void add_daemon(struct table *table, const json_t *daemon, int64_t now_s)
{
	static const char *const names[] = { "node", "daemon", "version" };
	char redis[128];
	const json_t *since = json_object_get(daemon, "since");
	char time[TEXT_TIME_MAX] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		table_cell(table, json_string_value(json_object_get(daemon, names[i])));
	if (since)
		text_time(json_integer_value(since), time);
	table_cell(table, time);
	daemon_redis(daemon, now_s, redis, sizeof(redis));
	table_cell(table, redis);
}

static void print_status(const struct redis *redis, const json_t *daemons, struct wait *wait)
{
	static const char *const head[] = { "NODE", "DAEMON", "VERSION", "SINCE", "REDIS" };
	struct table *table;

	if (redis->error[0])
		return;
	printf("redis at %s: there, %s, %lld us\n", redis->address, redis->version,
	       (long long)redis->latency_us);
	if (json_array_size(daemons) == 0) {
		puts("no daemon has been seen lately");
		return;
	}
	putchar('\n');
	wait_learn_clock(wait);
	table = table_new(sizeof(head) / sizeof(head[0]));
	table_row(table, head);
	for (size_t i = 0; i < json_array_size(daemons); i++)
		add_daemon(table, json_array_get(daemons, i), wait_now_s(wait));
	table_print(table, stdout);
	table_free(&table);
	for (size_t i = 0; i < json_array_size(daemons); i++)
		print_without(json_array_get(daemons, i));
}

static int command_status(struct control *control)
{
	struct redis redis = { 0 };
	json_t *daemons;

	if (!control_load(control))
		return STATUS_REFUSED;
	redis_name(&control->config->redis, redis.address);
	if (!wait_open(control->config, &control->wait, redis.error)) {
		daemons = need(json_array());
	} else {
		ask_redis(control->wait, &redis);
		daemons = ask_daemons(control->wait, &redis);
	}
	if (control->json)
		print_status_json(&redis, daemons);
	else
		print_status(&redis, daemons, control->wait);
	json_decref(daemons);
	return redis.error[0] ? control_no_redis(redis.error) : STATUS_DONE;
}

const struct command commands_status[] = {
	{ .name = "status",
	  .help = "print whether Redis and the daemons are there",
	  .run = command_status },
	{ 0 },
};
