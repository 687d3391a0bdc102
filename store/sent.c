#include "store/sent.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/internal.h"
#include "store/key.h"

/* What is due is sent in so many portions a second, so that no decision stands
 * behind all of it. */
#define PORTIONS 50

/* In one script: lists and messages together, and lists. EVALSHA, hash, number of
 * lists, and three arguments stand before them. */
#define PARTS_MAX (COMMAND_ARGS_MAX - 6)
#define LISTS_MAX (PARTS_MAX / 2)
_Static_assert(PARTS_MAX <= UINT8_MAX, "messages of a list are counted in an octet");

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
	size_t used; /* octets of memory of all */
	int64_t lost, lost_told_ms;
};

/* ---- what waits --------------------------------------------------------- */

/* Of the memory without the lines. */
static size_t waiting_size(const struct waiting *w)
{
	return sizeof(*w) + w->hh.keylen + 1;
}

static void drop(struct sent *sent, struct waiting *w)
{
	HASH_DEL(sent->logins, w);
	sent->used -= waiting_size(w) + w->size;
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
	sent->used += waiting_size(w);
	return w;
}

/* Most logins send one message while it waits. */
static void keep_line(struct sent *sent, struct waiting *w, const char *line, size_t size)
{
	if (w->used + size > w->size) {
		size_t bigger_size = w->used > 0 ? 2 * (w->used + size) : size;
		char *bigger = memory_alloc(bigger_size);

		if (w->used > 0)
			memcpy(bigger, w->lines, w->used);
		free(w->lines);
		sent->used += bigger_size - w->size;
		w->lines = bigger;
		w->size = bigger_size;
	}
	memcpy(w->lines + w->used, line, size);
	w->used += size;
	w->n++;
}

/* Redis would cut them off at once. Many at a time: the others are moved. */
static void drop_oldest(struct waiting *w, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += strlen(w->lines + size) + 1;
	memmove(w->lines, w->lines + size, w->used - size);
	w->n -= n;
	w->used -= size;
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
	size_t history = (size_t)config->history, size;
	char line[SENT_LINE_MAX];
	struct waiting *w;

	if (sent->used + SENT_LINE_MAX > SENT_WAITING_MAX) {
		tell_lost(sent);
		return;
	}
	w = waiting_for(sent, request->login);
	if (w->n >= history + history / 4)
		drop_oldest(w, w->n - history + 1);
	size = sent_format(request, verdict, config->node, line) + 1;
	keep_line(sent, w, line, size);
	set_timer(sent);
}

/* ---- writing ------------------------------------------------------------ */

/* What goes out in one script (store/sent.lua): a list for each login, in which are
 * some of its messages. */
struct writing {
	size_t n, n_lines;
	struct list {
		const char *lines; /* borrowed */
		size_t n;
		char key[KEY_MAX];
	} lists[LISTS_MAX];
};

static void send_lists(struct store *store, struct writing *writing)
{
	char counts[LISTS_MAX];
	struct command command;

	if (writing->n == 0)
		return;
	script_command(&command, SCRIPT_SENT, (int)writing->n);
	for (size_t i = 0; i < writing->n; i++) {
		const struct list *list = &writing->lists[i];

		command_add_key(&command, list->key);
		counts[i] = (char)list->n;
	}
	command_add_int(&command, store->config->history);
	command_add_int(&command, SENT_KEPT_S);
	command_add_bytes(&command, counts, writing->n);
	for (size_t i = 0; i < writing->n; i++) {
		const char *line = writing->lists[i].lines;

		for (size_t n = writing->lists[i].n; n > 0; n--, line += strlen(line) + 1)
			command_add(&command, line);
	}
	store_send(store, &command, store_ignore, NULL);
	writing->n = writing->n_lines = 0;
}

/* Lists may not be on one server in a cluster. */
static size_t lists_max(const struct store *store)
{
	return store->config->redis.n_cluster > 0 ? 1 : LISTS_MAX;
}

static void write_login(struct sent *sent, const struct waiting *w, struct writing *writing)
{
	const char *line = w->lines;

	for (size_t n = w->n; n > 0;) {
		struct list *list;

		if (writing->n >= lists_max(sent->store) ||
		    writing->n + writing->n_lines + 2 > PARTS_MAX)
			send_lists(sent->store, writing);
		list = &writing->lists[writing->n];
		if (!key_sent(store_prefix(sent->store), w->login, list->key))
			return;
		list->lines = line;
		for (list->n = 0; n > 0 && writing->n + 1 + writing->n_lines < PARTS_MAX; n--) {
			line += strlen(line) + 1;
			list->n++;
			writing->n_lines++;
		}
		writing->n++;
	}
}

/* The oldest first, a portion of them; all of them when at_once. */
static void write_due(struct sent *sent, bool at_once)
{
	size_t portion = HASH_COUNT(sent->logins) / PORTIONS + 1, n = 0;
	struct writing *writing = memory_alloc(sizeof(*writing));
	int64_t now_ms = clock_ms();
	struct waiting *w;

	writing->n = writing->n_lines = 0;
	for (w = sent->logins; w; w = w->hh.next) {
		if (!at_once && (w->due_ms > now_ms || n == portion))
			break;
		write_login(sent, w, writing);
		n++;
	}
	send_lists(sent->store, writing);
	free(writing);
	for (; n > 0; n--)
		drop(sent, sent->logins);
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
	sent->timer = evtimer_new(store->base, on_timer, sent);
	return sent;
}

void sent_write(struct sent *sent)
{
	write_due(sent, true);
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
	free(s);
	*sent = NULL;
}

/* ---- reading ------------------------------------------------------------ */

struct reading {
	void (*each)(const struct sent_message *message, void *arg);
	store_done *done;
	void *arg;
};

static void on_read(enum link_result result, struct redisReply *reply, const char *error, void *arg)
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

/* last: of the newest, counted from 0. */
static void read_up_to(struct store *store, const char *login, const char *last,
		       const struct reading *reading)
{
	struct reading *r;
	struct command command;
	char key[KEY_MAX];

	if (!key_sent(store_prefix(store), login, key)) {
		reading->done(STORE_NOT_FOUND, "no such login", reading->arg);
		return;
	}
	r = memory_alloc(sizeof(*r));
	*r = *reading;
	command_init(&command);
	command_add(&command, "LRANGE");
	command_add_key(&command, key);
	command_add(&command, "0");
	command_add(&command, last);
	store_send(store, &command, on_read, r);
}

void store_sent_read(struct store *store, const char *login,
		     void (*each)(const struct sent_message *message, void *arg), store_done *done,
		     void *arg)
{
	read_up_to(store, login, "-1", &(struct reading){ each, done, arg });
}

void store_sent_last(struct store *store, const char *login,
		     void (*each)(const struct sent_message *message, void *arg), store_done *done,
		     void *arg)
{
	read_up_to(store, login, "0", &(struct reading){ each, done, arg });
}
