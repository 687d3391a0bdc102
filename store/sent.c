#include "store/sent.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/deleted.h"
#include "store/internal.h"
#include "store/sent_internal.h"

/* What is due is sent in so many portions a second, so that no decision stands
 * behind all of it; but no fewer logins at once, so that the last ones of many do not
 * wait for long. */
#define PORTIONS 50
#define PORTION_MIN 64

/* Octets of the lines of a pack. */
#define PACK_SIZE_MAX ((size_t)SENT_PACK_LINES * SENT_LINE_MAX)

/* That something was lost is said so often. */
#define LOST_EVERY_MS (60 * 1000)

struct waiting {
	UT_hash_handle hh;  /* in the order in which they are due */
	int64_t due_ms;	    /* clock_ms() */
	int64_t noted_ms;   /* the first message, clock_ms() ... */
	int64_t first_ms;   /* ... and Unix time */
	size_t full_size;   /* octets of the last full pack */
	size_t n;	    /* messages in all packs */
	struct packs packs; /* the oldest first; all full but the last one */
	struct pack *last;  /* of them; NULL: none */
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

static struct pack *pack_new(struct sent *sent, struct waiting *w, size_t size)
{
	struct pack *pack = memory_alloc(sizeof(*pack) + size);

	pack->n = pack->used = 0;
	pack->size = size;
	TAILQ_INSERT_TAIL(&w->packs, pack, next);
	w->last = pack;
	sent->used += sizeof(*pack) + size;
	return pack;
}

/* It is the caller's from here on: free(). */
static struct pack *pack_take(struct sent *sent, struct waiting *w, struct pack *pack)
{
	if (pack == w->last)
		w->last = TAILQ_PREV(pack, packs, next);
	TAILQ_REMOVE(&w->packs, pack, next);
	w->n -= pack->n;
	sent->used -= sizeof(*pack) + pack->size;
	return pack;
}

/* Of the memory without the packs. */
static size_t waiting_size(const struct waiting *w)
{
	return sizeof(*w) + w->hh.keylen + 1;
}

static void drop(struct sent *sent, struct waiting *w)
{
	struct pack *pack;

	while ((pack = TAILQ_FIRST(&w->packs)))
		free(pack_take(sent, w, pack));
	HASH_DEL(sent->logins, w);
	sent->used -= waiting_size(w);
	free(w);
}

static void drop_all(struct sent *sent)
{
	while (sent->logins)
		drop(sent, sent->logins);
}

static void add_waiting(struct sent *sent, struct waiting *w)
{
	w->due_ms = clock_ms() + SENT_COLLECT_MS;
	HASH_ADD_KEYPTR(hh, sent->logins, w->login, strlen(w->login), w);
}

static struct waiting *find(const struct sent *sent, const char *login)
{
	struct waiting *w;

	HASH_FIND(hh, sent->logins, login, strlen(login), w);
	return w;
}

static struct waiting *waiting_for(struct sent *sent, const char *login, int64_t now_ms)
{
	struct waiting *w = find(sent, login);
	size_t len = strlen(login);

	if (w)
		return w;
	w = memory_zero(sizeof(*w) + len + 1);
	memcpy(w->login, login, len + 1);
	TAILQ_INIT(&w->packs);
	w->noted_ms = clock_ms();
	w->first_ms = now_ms;
	add_waiting(sent, w);
	sent->used += waiting_size(w);
	return w;
}

void sent_lose(struct sent *sent, size_t n)
{
	int64_t now_ms = clock_ms();

	sent->lost += (int64_t)n;
	if (sent->lost_told_ms && now_ms - sent->lost_told_ms < LOST_EVERY_MS)
		return;
	sent->lost_told_ms = now_ms;
	log_warning(
		"redis was away, refused it, or does not keep up: of %lld messages it is perhaps "
		"not kept that they were sent; see `sendward doctor redis`",
		(long long)sent->lost);
}

/* ---- writing ------------------------------------------------------------ */

static bool is_full(const struct pack *pack)
{
	return pack && pack->n == SENT_PACK_LINES;
}

/* Has it any? */
static bool write_full_packs(struct sent *sent, struct waiting *w)
{
	struct pack *full[SENT_PUSH_MAX];
	bool any = is_full(TAILQ_FIRST(&w->packs));

	while (is_full(TAILQ_FIRST(&w->packs))) {
		size_t n = 0;

		for (; n < SENT_PUSH_MAX && is_full(TAILQ_FIRST(&w->packs)); n++)
			full[n] = pack_take(sent, w, TAILQ_FIRST(&w->packs));
		sent_push(sent->store, w->login, full, n);
	}
	return any;
}

/* What a busy login has not filled a pack with waits for more, unless at_once. */
static void write_login(struct sent *sent, struct waiting *w, bool at_once,
			struct sent_writing *writing)
{
	struct pack *rest;
	bool busy = write_full_packs(sent, w);

	rest = TAILQ_FIRST(&w->packs);
	if (rest && (!busy || at_once))
		sent_write_rest(sent->store, w->login, pack_take(sent, w, rest), writing);
	/* What was asked before it was sent may have been refused meanwhile, so that more was
	 * noted. */
	if (!TAILQ_FIRST(&w->packs)) {
		drop(sent, w);
		return;
	}
	HASH_DEL(sent->logins, w);
	add_waiting(sent, w);
}

static void on_asked(struct store *store, const char *login, enum deleted deleted, void *arg)
{
	struct waiting *w = find(store->sent, login);
	struct sent_writing *writing;

	(void)arg;
	if (!w || deleted == DELETED_UNKNOWN)
		return;
	if (deleted == DELETED_SINCE) {
		drop(store->sent, w);
		return;
	}
	writing = memory_alloc(sizeof(*writing));
	writing->n = writing->n_lines = 0;
	write_login(store->sent, w, true, writing);
	sent_write_end(store, writing);
	free(writing);
}

/* It may have been deleted: it is written when that is known. Without an answer it is asked
 * again. */
static void ask(struct sent *sent, struct waiting *w)
{
	HASH_DEL(sent->logins, w);
	add_waiting(sent, w);
	deleted_ask(sent->store, w->login, w->first_ms, on_asked, NULL);
}

/* The oldest first, a portion of them; all of them when at_once. */
static void write_due(struct sent *sent, bool at_once)
{
	size_t n = HASH_COUNT(sent->logins), portion = at_once ? n : n / PORTIONS + PORTION_MIN;
	struct sent_writing *writing;
	int64_t now_ms = clock_ms();
	struct waiting *w;

	if (sent->store->config->history == 0) { /* since a reload */
		drop_all(sent);
		return;
	}
	writing = memory_alloc(sizeof(*writing));
	writing->n = writing->n_lines = 0;
	while ((w = sent->logins) && portion-- > 0 && (at_once || w->due_ms <= now_ms))
		if (deleted_unheard(sent->store, w->noted_ms))
			ask(sent, w);
		else
			write_login(sent, w, at_once, writing);
	sent_write_end(sent->store, writing);
	free(writing);
}

static void set_timer(struct sent *sent)
{
	struct timeval portion = { .tv_usec = 1000000 / PORTIONS };

	if (sent->timer_set || !sent->logins)
		return;
	sent->timer_set = true;
	event_add(sent->timer, &portion);
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

/* ---- noting ------------------------------------------------------------- */

/* The same with room for size octets more, perhaps elsewhere. */
static struct pack *pack_grow(struct sent *sent, struct waiting *w, struct pack *pack, size_t size)
{
	size_t twice = 2 * (pack->used + size);
	struct pack *bigger = pack_new(sent, w, twice < PACK_SIZE_MAX ? twice : PACK_SIZE_MAX);

	bigger->n = pack->n;
	bigger->used = pack->used;
	bigger->tail_at = pack->tail_at;
	bigger->tail_len = pack->tail_len;
	memcpy(bigger->lines, pack->lines, pack->used);
	w->n += bigger->n;
	free(pack_take(sent, w, pack));
	return bigger;
}

static bool has_tail(const struct pack *pack, const struct sent_line *line)
{
	return pack->tail_len == line->len - line->tail &&
	       memcmp(pack->lines + pack->tail_at, line->text + line->tail, pack->tail_len) == 0;
}

static void add_line(struct sent *sent, struct waiting *w, const struct sent_line *line)
{
	struct pack *pack = w->last;
	size_t len = line->len;

	/* Most logins send one message while it waits. */
	if (!pack || is_full(pack))
		pack = pack_new(sent, w, len + 1 > w->full_size ? len + 1 : w->full_size);
	else if (has_tail(pack, line))
		len = line->tail - 1;
	if (pack->used + len + 1 > pack->size)
		pack = pack_grow(sent, w, pack, len + 1);
	if (len == line->len) {
		pack->tail_at = pack->used + line->tail;
		pack->tail_len = len - line->tail;
	}
	memcpy(pack->lines + pack->used, line->text, len);
	pack->lines[pack->used + len] = '\n';
	pack->used += len + 1;
	pack->n++;
	w->n++;
	if (is_full(pack))
		w->full_size = pack->used;
}

/* Redis would cut it off at once. */
static void drop_oldest(struct sent *sent, struct waiting *w)
{
	struct pack *oldest = TAILQ_FIRST(&w->packs);

	if (w->n - oldest->n >= (size_t)sent->store->config->history)
		free(pack_take(sent, w, oldest));
}

void sent_note(struct sent *sent, const struct request *request, const struct verdict *verdict)
{
	const struct config *config = sent->store->config;
	struct sent_line line;
	struct waiting *w;

	if (sent->used + PACK_SIZE_MAX > SENT_WAITING_MAX) {
		sent_lose(sent, 1);
		return;
	}
	sent_format(request, verdict, config->node, &line);
	w = waiting_for(sent, request->login, verdict->now_ms);
	add_line(sent, w, &line);
	if (w->n > (size_t)config->history)
		drop_oldest(sent, w);
	set_timer(sent);
}

void sent_forget(struct sent *sent, const char *login)
{
	struct waiting *w = find(sent, login);

	if (w)
		drop(sent, w);
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
	struct sent *s = *sent;

	if (!s)
		return;
	drop_all(s);
	event_free(s->timer);
	free(s);
	*sent = NULL;
}
