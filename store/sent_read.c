/* Reading what a login has sent. */
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/sent_internal.h"

/* The lines of one list. */
struct reel {
	char *lines; /* oldest first, a newline between two */
	size_t len;  /* of what is left of them */
	bool there;  /* message is the newest of what was left */
	struct sent_message message;
};

struct reading {
	struct store *store;
	void (*each)(const struct sent_message *message, void *arg);
	store_done *done;
	void *arg;
	bool newest; /* that one alone */
	struct reel packs, single;
	char key[KEY_MAX]; /* of the single ones */
};

static size_t expand(const struct redisReply *element, char *out)
{
	/* What others put there is none of ours. */
	if (element->type != REDIS_REPLY_STRING)
		return 0;
	return sent_expand(element->str, element->len, out);
}

static void load(struct reel *reel, const struct redisReply *reply)
{
	size_t size = 0;
	char *at;

	for (size_t i = 0; i < reply->elements; i++)
		size += expand(reply->element[i], NULL);
	at = reel->lines = memory_alloc(size + 1);
	for (size_t i = reply->elements; i > 0; i--)
		at += expand(reply->element[i - 1], at);
	/* The last newline has nothing behind it. */
	reel->len = size > 0 ? size - 1 : 0;
	reel->lines[reel->len] = '\0';
}

static void wind(struct reel *reel)
{
	char *line;

	do
		line = sent_cut_last(reel->lines, &reel->len);
	while (line && !sent_parse(line, &reel->message));
	reel->there = line != NULL;
}

static void read_both(struct reading *r)
{
	struct reel *a = &r->packs, *b = &r->single;

	wind(a);
	wind(b);
	while (a->there || b->there) {
		bool first = a->there && (!b->there || a->message.time_ms >= b->message.time_ms);
		struct reel *newest = first ? a : b;

		r->each(&newest->message, r->arg);
		if (r->newest)
			return;
		wind(newest);
	}
}

static void end_reading(struct reading *r, enum store_result outcome, const char *error)
{
	r->done(outcome, error, r->arg);
	free(r->packs.lines);
	free(r->single.lines);
	free(r);
}

static void read_list(struct reading *r, const char *key, link_reply *on_read)
{
	struct command command;

	command_init(&command);
	command_add(&command, "LRANGE");
	command_add_key(&command, key);
	command_add(&command, "0");
	command_add(&command, r->newest ? "0" : "-1");
	store_send(r->store, &command, on_read, r);
}

static void on_single(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);
	struct reading *r = arg;

	if (outcome == STORE_OK) {
		load(&r->single, reply);
		read_both(r);
	}
	end_reading(r, outcome, error);
}

static void on_packs(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);
	struct reading *r = arg;

	if (outcome != STORE_OK) {
		end_reading(r, outcome, error);
		return;
	}
	load(&r->packs, reply);
	read_list(r, r->key, on_single);
}

static void read_sent(struct store *store, const char *login, const struct reading *reading)
{
	struct reading *r;
	char key[KEY_MAX];

	if (!key_sent_packs(store_prefix(store), login, key)) {
		reading->done(STORE_NOT_FOUND, "no such login", reading->arg);
		return;
	}
	r = memory_alloc(sizeof(*r));
	*r = *reading;
	r->store = store;
	/* Shorter than the other one. */
	key_sent(store_prefix(store), login, r->key);
	read_list(r, key, on_packs);
}

void store_sent_read(struct store *store, const char *login,
		     void (*each)(const struct sent_message *message, void *arg), store_done *done,
		     void *arg)
{
	read_sent(store, login, &(struct reading){ .each = each, .done = done, .arg = arg });
}

void store_sent_last(struct store *store, const char *login,
		     void (*each)(const struct sent_message *message, void *arg), store_done *done,
		     void *arg)
{
	read_sent(store, login,
		  &(struct reading){ .each = each, .done = done, .arg = arg, .newest = true });
}
