#include "store/sent.h"

#include <errno.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/builder.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/octets.h"
#include "store/clock.h"
#include "store/expiry.h"
#include "store/internal.h"
#include "store/key.h"

/* What is due is sent in so many portions a second, so that no decision stands
 * behind all of it. */
#define PORTIONS 50

/* Messages in one command. */
#define PUSH_MAX 32
_Static_assert(PUSH_MAX + 2 <= COMMAND_ARGS_MAX, "LPUSH, key, messages");

/* The list may be so much longer before it is cut. */
#define SLACK 4 /* a quarter */

/* That something was lost is said so often. */
#define LOST_EVERY_MS (60 * 1000)

struct waiting {
	UT_hash_handle hh; /* in the order of their first message */
	int64_t due_ms;	   /* clock_ms() */
	size_t n, used, size;
	char *lines; /* n texts, each with its NUL */
	char login[];
};

struct sent {
	struct store *store;
	struct event *timer;
	bool timer_set;
	struct waiting *logins;
	struct expiry *expiry;
	size_t used; /* octets of all */
	int64_t lost, lost_told_ms;
};

/* ---- one message -------------------------------------------------------- */

/* "time action recipients bytes node queue-id client credential sender": nothing but the
 * sender, which comes last, may hold a blank. */
#define IN_WORD(c) ((c) > ' ' && (c) != 0x7f)

static const struct octets in_word = OCTETS(IN_WORD);

static void add_word(struct builder *line, const char *word)
{
	size_t left = strlen(word), n;

	if (left == 0)
		builder_add_char(line, '-');
	while (left > 0) {
		n = octets_span(&in_word, word, left);
		builder_add_bytes(line, word, n);
		if (n < left)
			builder_add_char(line, '?');
		n += n < left;
		word += n;
		left -= n;
	}
	builder_add_char(line, ' ');
}

/* A word of ours. */
static void add_name(struct builder *line, const char *name)
{
	builder_add(line, name);
	builder_add_char(line, ' ');
}

static void add_number(struct builder *line, int64_t number)
{
	builder_add_int(line, number);
	builder_add_char(line, ' ');
}

size_t sent_format(const struct request *request, const struct verdict *verdict,
		   const char *node, char out[SENT_LINE_MAX])
{
	struct builder line;

	builder_init(&line, out, SENT_LINE_MAX);
	add_number(&line, verdict->now_ms);
	add_name(&line, action_name(verdict->action));
	add_number(&line, request->recipients);
	add_number(&line, request->size_bytes);
	add_name(&line, node);
	add_word(&line, request->queue_id);
	add_word(&line, request->client_address);
	add_word(&line, request_credential(request));
	builder_add(&line, request->sender);
	return line.len;
}

/* The next word, cut off; "-" is an empty one. NULL when there is none. */
static const char *take_word(char **rest)
{
	char *word = *rest, *end = strchr(word, ' ');

	if (!end || end == word)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return strcmp(word, "-") == 0 ? "" : word;
}

static bool take_number(char **rest, int64_t *out)
{
	const char *word = take_word(rest);

	char *end;

	if (!word)
		return false;
	errno = 0;
	*out = strtoll(word, &end, 10);
	return errno == 0 && end != word && !*end && *out >= 0;
}

bool sent_parse(char *line, struct sent_message *out)
{
	bool good = take_number(&line, &out->time_ms) && (out->action = take_word(&line)) &&
		    take_number(&line, &out->recipients) && take_number(&line, &out->bytes) &&
		    (out->node = take_word(&line)) && (out->queue_id = take_word(&line)) &&
		    (out->client_address = take_word(&line)) &&
		    (out->credential = take_word(&line));

	out->sender = line;
	return good;
}

/* ---- what waits --------------------------------------------------------- */

static void drop(struct sent *sent, struct waiting *w)
{
	HASH_DEL(sent->logins, w);
	sent->used -= w->used;
	free(w->lines);
	free(w);
}

static struct waiting *waiting_for(struct sent *sent, const char *login)
{
	size_t len = strlen(login);
	struct waiting *w;

	HASH_FIND(hh, sent->logins, login, len, w);
	if (w)
		return w;
	w = memory_zero(sizeof(*w) + len + 1);
	memcpy(w->login, login, len + 1);
	w->due_ms = clock_ms() + SENT_COLLECT_MS;
	HASH_ADD_KEYPTR(hh, sent->logins, w->login, len, w);
	return w;
}

static void keep_line(struct waiting *w, const char *line, size_t size)
{
	if (w->used + size > w->size) {
		char *bigger = memory_alloc(2 * (w->used + size));

		if (w->used > 0)
			memcpy(bigger, w->lines, w->used);
		free(w->lines);
		w->lines = bigger;
		w->size = 2 * (w->used + size);
	}
	memcpy(w->lines + w->used, line, size);
	w->used += size;
	w->n++;
}

static void tell_lost(struct sent *sent)
{
	int64_t now_ms = clock_ms();

	sent->lost++;
	if (sent->lost_told_ms && now_ms - sent->lost_told_ms < LOST_EVERY_MS)
		return;
	sent->lost_told_ms = now_ms;
	log_warning("redis does not keep up: of %lld messages it is not kept that they were sent",
		    (long long)sent->lost);
}

static void set_timer(struct sent *sent)
{
	struct timeval portion = { .tv_usec = 1000000 / PORTIONS };

	if (sent->timer_set || !sent->logins)
		return;
	sent->timer_set = true;
	event_add(sent->timer, &portion);
}

void sent_note(struct sent *sent, const struct request *request, const struct verdict *verdict)
{
	const struct config *config = sent->store->config;
	char line[SENT_LINE_MAX];
	struct waiting *w;
	size_t size;

	if (sent->used + SENT_LINE_MAX > SENT_WAITING_MAX) {
		tell_lost(sent);
		return;
	}
	w = waiting_for(sent, request->login);
	/* Redis would cut it off at once. */
	if (w->n >= (size_t)config->history)
		return;
	size = sent_format(request, verdict, config->node, line) + 1;
	keep_line(w, line, size);
	sent->used += size;
	set_timer(sent);
}

/* ---- writing ------------------------------------------------------------ */

struct pushing {
	struct store *store;
	size_t n; /* messages */
	bool lasts; /* the list's expiry was set before, if there was a list */
	char key[];
};

static void ignore_reply(enum link_result result, struct redisReply *reply, const char *error,
			 void *arg)
{
	(void)result;
	(void)reply;
	(void)error;
	(void)arg;
}

static void cut(struct store *store, const char *key)
{
	struct command command;

	command_init(&command);
	command_add(&command, "LTRIM");
	command_add_key(&command, key);
	command_add(&command, "0");
	command_add_int(&command, store->config->history - 1);
	store_send(store, &command, ignore_reply, NULL);
}

static void expire(struct store *store, const char *key)
{
	struct command command;

	command_init(&command);
	command_add(&command, "EXPIRE");
	command_add_key(&command, key);
	command_add_int(&command, SENT_KEPT_S + SENT_EXPIRY_S);
	store_send(store, &command, ignore_reply, NULL);
}

/* The reply is the length of the list: somebody may have deleted it. */
static void on_pushed(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct pushing *p = arg;
	int history = p->store->config->history;
	long long length = -1;

	(void)error;
	if (result == LINK_OK && reply->type == REDIS_REPLY_INTEGER)
		length = reply->integer;
	if (p->lasts && length == (long long)p->n)
		expire(p->store, p->key);
	if (length > history + history / SLACK)
		cut(p->store, p->key);
	free(p);
}

static const char *push(struct store *store, const char *key, const char *line, size_t n,
			bool lasts)
{
	size_t size = strlen(key) + 1;
	struct pushing *p = memory_alloc(sizeof(*p) + size);
	struct command command;

	p->store = store;
	p->n = n;
	p->lasts = lasts;
	memcpy(p->key, key, size);
	command_init(&command);
	command_add(&command, "LPUSH");
	command_add_key(&command, key);
	for (; n > 0; n--, line += strlen(line) + 1)
		command_add(&command, line);
	store_send(store, &command, on_pushed, p);
	return line;
}

/* A list that is new, or may be old, gets its expiry in the same write. */
static void write_login(struct sent *sent, struct waiting *w)
{
	const char *line = w->lines;
	char key[KEY_MAX];
	bool lasts;

	if (!key_sent(store_prefix(sent->store), w->login, key))
		return;
	lasts = expiry_is_set(sent->expiry, w->login, clock_ms(),
			      (int64_t)SENT_EXPIRY_S * 1000);
	for (size_t n = w->n; n > 0;) {
		size_t some = n < PUSH_MAX ? n : PUSH_MAX;

		line = push(sent->store, key, line, some, lasts);
		n -= some;
	}
	if (!lasts)
		expire(sent->store, key);
}

/* The oldest first, a portion of them; all of them when at_once. */
static void write_due(struct sent *sent, bool at_once)
{
	size_t portion = HASH_COUNT(sent->logins) / PORTIONS + 1;
	int64_t now_ms = clock_ms();
	struct waiting *w, *next;

	HASH_ITER(hh, sent->logins, w, next) {
		if (!at_once && (w->due_ms > now_ms || portion-- == 0))
			break;
		write_login(sent, w);
		drop(sent, w);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct sent *sent = arg;
	struct servers_stats stats;

	(void)fd;
	(void)what;
	sent->timer_set = false;
	servers_stats(sent->store->servers, &stats);
	if (stats.up)
		write_due(sent, false);
	set_timer(sent);
}

struct sent *sent_new(struct store *store)
{
	struct sent *sent = memory_zero(sizeof(*sent));

	sent->store = store;
	sent->expiry = expiry_new();
	sent->timer = evtimer_new(store->base, on_timer, sent);
	return sent;
}

void sent_write(struct sent *sent)
{
	write_due(sent, true);
}

void sent_elsewhere(struct sent *sent)
{
	expiry_clear(sent->expiry);
}

void sent_free(struct sent **sent)
{
	struct waiting *w, *next;
	struct sent *s = *sent;

	if (!s)
		return;
	HASH_ITER(hh, s->logins, w, next)
		drop(s, w);
	event_free(s->timer);
	expiry_free(&s->expiry);
	free(s);
	*sent = NULL;
}

/* ---- reading ------------------------------------------------------------ */

struct reading {
	void (*each)(const struct sent_message *message, void *arg);
	store_done *done;
	void *arg;
};

static void on_read(enum link_result result, struct redisReply *reply, const char *error,
		    void *arg)
{
	struct reading *r = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);
	struct sent_message message;

	for (size_t i = 0; outcome == STORE_OK && i < reply->elements; i++) {
		struct redisReply *line = reply->element[i];

		/* What others put there is none of ours. */
		if (line->type == REDIS_REPLY_STRING && sent_parse(line->str, &message))
			r->each(&message, r->arg);
	}
	r->done(outcome, error, r->arg);
	free(r);
}

void store_sent_read(struct store *store, const char *login,
		     void (*each)(const struct sent_message *message, void *arg), store_done *done,
		     void *arg)
{
	struct reading *r;
	struct command command;
	char key[KEY_MAX];

	if (!key_sent(store_prefix(store), login, key)) {
		done(STORE_NOT_FOUND, "no such login", arg);
		return;
	}
	r = memory_alloc(sizeof(*r));
	*r = (struct reading){ each, done, arg };
	command_init(&command);
	command_add(&command, "LRANGE");
	command_add_key(&command, key);
	command_add(&command, "0");
	command_add(&command, "-1");
	store_send(store, &command, on_read, r);
}
