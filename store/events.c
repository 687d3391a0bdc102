/* The stream of events, and the daemons' heartbeats. */
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/internal.h"
#include "store/key.h"
#include "store/scan.h"

static void stream_name(const struct store *store, char out[KEY_MAX])
{
	snprintf(out, KEY_MAX, "%sevents", store_prefix(store));
}

/* ---- events ------------------------------------------------------------- */

struct writing {
	store_done *done; /* may be NULL */
	void *arg;
};

static void on_written(enum link_result result, struct redisReply *reply, const char *error,
		       void *arg)
{
	struct writing *w = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_STRING, &error);

	if (outcome != STORE_OK && !w->done)
		log_warning("an event was not stored: %s", error);
	if (w->done)
		w->done(outcome, error, w->arg);
	free(w);
}

void store_event(struct store *store, const char *json, store_done *done, void *arg)
{
	struct writing *w = memory_alloc(sizeof(*w));
	char stream[KEY_MAX];
	struct command command;

	w->done = done;
	w->arg = arg;
	stream_name(store, stream);
	command_init(&command);
	command_add(&command, "XADD");
	command_add_key(&command, stream);
	command_add(&command, "MAXLEN");
	command_add(&command, "~");
	command_add_int(&command, EVENTS_MAX);
	command_add(&command, "*");
	command_add(&command, "event");
	command_add(&command, json);
	store_send(store, &command, on_written, w);

	command_init(&command);
	command_add(&command, "EXPIRE");
	command_add_key(&command, stream);
	command_add_int(&command, EVENTS_KEPT_S);
	store_send(store, &command, store_ignore, NULL);
}

/* Entries asked for at a time. */
#define EVENTS_PAGE 500

struct following {
	struct store *store;
	int64_t block_ms;
	void (*each)(const char *position, const char *json, void *arg);
	store_done *done;
	void *arg;
};

static void on_events(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg);

static void ask_events(struct following *f, const char *after)
{
	char stream[KEY_MAX];
	struct command command;

	stream_name(f->store, stream);
	command_init(&command);
	command_add(&command, "XREAD");
	command_add(&command, "COUNT");
	command_add_int(&command, EVENTS_PAGE);
	if (f->block_ms > 0) {
		command_add(&command, "BLOCK");
		command_add_int(&command, f->block_ms);
	}
	command_add(&command, "STREAMS");
	command_add_key(&command, stream);
	command_add(&command, after);
	servers_send(f->store->servers, &command, f->block_ms, on_events, f);
}

static bool is_array_of(const struct redisReply *reply, size_t n)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == n;
}

/* One entry: position, then names and values; ours has one name, "event". */
static bool each_event(const struct following *f, const struct redisReply *entry)
{
	const struct redisReply *fields;
	const char *json = "";

	if (!is_array_of(entry, 2) || entry->element[0]->type != REDIS_REPLY_STRING)
		return false;
	fields = entry->element[1];
	if (is_array_of(fields, 2) && fields->element[1]->type == REDIS_REPLY_STRING)
		json = fields->element[1]->str;
	f->each(entry->element[0]->str, json, f->arg);
	return true;
}

/* One stream: name and entries. The last entry's position, or NULL. */
static const char *each_entry(const struct following *f, const struct redisReply *reply)
{
	const struct redisReply *stream, *entries;
	const char *position = NULL;

	if (!is_array_of(reply, 1) || !is_array_of(stream = reply->element[0], 2))
		return NULL;
	entries = stream->element[1];
	if (entries->type != REDIS_REPLY_ARRAY)
		return NULL;
	for (size_t i = 0; i < entries->elements; i++) {
		if (!each_event(f, entries->element[i]))
			return NULL;
		position = entries->element[i]->element[0]->str;
	}
	return entries->elements == EVENTS_PAGE ? position : NULL;
}

static void on_events(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct following *f = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);
	const char *more = outcome == STORE_OK ? each_entry(f, reply) : NULL;

	if (more) {
		f->block_ms = 0;
		ask_events(f, more);
		return;
	}
	/* No entries, no stream, nothing new in time: all the same. */
	if (outcome == STORE_NOT_FOUND) {
		outcome = STORE_OK;
		error = NULL;
	}
	f->done(outcome, error, f->arg);
	free(f);
}

void store_events_read(struct store *store, const char *after, int64_t block_ms,
		       void (*each)(const char *position, const char *json, void *arg),
		       store_done *done, void *arg)
{
	struct following *f = memory_alloc(sizeof(*f));

	*f = (struct following){
		.store = store, .block_ms = block_ms, .each = each, .done = done, .arg = arg};
	ask_events(f, after);
}

/* ---- heartbeats --------------------------------------------------------- */

/* An answer that is neither says nothing of who writes it. */
static void on_present_beat(enum store_result result, const char *record, size_t len,
			    const char *error, void *arg)
{
	struct store *store = arg;

	(void)len;
	(void)error;
	if (result == STORE_OK || result == STORE_NOT_FOUND)
		namesake_read(&store->namesake, record, clock_ms());
}

static void on_beat_stored(enum link_result result, redisReply *reply, const char *error, void *arg)
{
	struct store *store = arg;

	if (store_result_of(result, reply, REDIS_REPLY_STATUS, &error) == STORE_OK)
		namesake_stored(&store->namesake);
}

/* What its daemon tells, the time, and what the store adds. Owned by the caller. */
static char *beat_text(struct store *store, const char *json)
{
	static const char form[] = "%.*s%s\"beat\":%" PRId64 ",\"redis\":%s,%s";
	const struct decision_env *env = store_env(store);
	int64_t now_s = env->now_ms(env->ctx) / 1000;
	char *state = store_state(store), *process = namesake_text(&store->namesake), *text;
	size_t size = strlen(json) + strlen(state) + strlen(process) + sizeof(form) +
		      sizeof("-9223372036854775808");

	text = memory_alloc(size);
	snprintf(text, size, form, (int)strlen(json) - 1, json, json[1] == '}' ? "" : ",", now_s,
		 state, process + 1);
	free(state);
	free(process);
	return text;
}

void store_beat(struct store *store, const char *name, const char *json, int64_t ttl_s)
{
	char key[KEY_MAX], *text;
	struct command command;

	if (namesake_due(&store->namesake, name))
		store_beat_get(store, name, on_present_beat, store);
	text = beat_text(store, json);
	snprintf(key, sizeof(key), "%snode:%s", store_prefix(store), name);
	command_init(&command);
	command_add(&command, "SET");
	command_add_key(&command, key);
	command_add(&command, text);
	command_add(&command, "EX");
	command_add_int(&command, ttl_s);
	free(text);
	store_send(store, &command, on_beat_stored, store);
}

void store_beat_get(struct store *store, const char *name, store_record_done *done, void *arg)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%snode:%s", store_prefix(store), name);
	store_get(store, key, done, arg);
}

struct beats {
	struct store *store;
	void (*each)(const char *name, const char *json, void *arg);
	store_done *done;
	void *arg;
	int64_t waiting; /* requests without an answer */
	enum store_result result;
	char error[200];
};

struct beat {
	struct beats *beats;
	char *name;
};

static void beats_answered(struct beats *b)
{
	if (--b->waiting > 0)
		return;
	b->done(b->result, b->result == STORE_OK ? NULL : b->error, b->arg);
	free(b);
}

static void beats_failed(struct beats *b, enum store_result result, const char *error)
{
	if (b->result != STORE_OK)
		return;
	b->result = result;
	snprintf(b->error, sizeof(b->error), "%s", error);
}

static void on_beat(enum store_result result, const char *record, size_t len, const char *error,
		    void *arg)
{
	struct beat *beat = arg;

	(void)len;
	if (result == STORE_OK)
		beat->beats->each(beat->name, record, beat->beats->arg);
	else if (result != STORE_NOT_FOUND) /* it has just ended */
		beats_failed(beat->beats, result, error);
	beats_answered(beat->beats);
	free(beat->name);
	free(beat);
}

static void get_beat(struct beats *b, const char *key)
{
	struct beat *beat = memory_alloc(sizeof(*beat));

	beat->beats = b;
	beat->name = memory_strdup(key + strlen(store_prefix(b->store)) + strlen("node:"));
	b->waiting++;
	store_get(b->store, key, on_beat, beat);
}

static void on_beat_key(const char *key, void *arg)
{
	get_beat(arg, key);
}

static void on_beat_keys(enum store_result result, const char *error, void *arg)
{
	struct beats *b = arg;

	if (result != STORE_OK)
		beats_failed(b, result, error);
	beats_answered(b);
}

void store_beats_read(struct store *store,
		      void (*each)(const char *name, const char *json, void *arg),
		      store_done *done, void *arg)
{
	struct beats *b = memory_zero(sizeof(*b));
	char pattern[KEY_MAX];

	b->store = store;
	b->each = each;
	b->done = done;
	b->arg = arg;
	b->result = STORE_OK;
	b->waiting = 1; /* the keys */
	snprintf(pattern, sizeof(pattern), "%snode:*", store_prefix(store));
	scan_keys(store, pattern, on_beat_key, on_beat_keys, b);
}
