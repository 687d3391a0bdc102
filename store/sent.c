#include "store/sent.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/internal.h"
#include "store/sent_internal.h"

/* Octets of the lines of a pack. */
#define PACK_SIZE_MAX ((size_t)SENT_PACK_LINES * SENT_LINE_MAX)

/* That something was lost is said so often. */
#define LOST_EVERY_MS (60 * 1000)

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

struct pack *sent_pack_take(struct sent *sent, struct waiting *w, struct pack *pack)
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

void sent_drop(struct sent *sent, struct waiting *w)
{
	struct pack *pack;

	while ((pack = TAILQ_FIRST(&w->packs)))
		free(sent_pack_take(sent, w, pack));
	HASH_DEL(sent->logins, w);
	sent->used -= waiting_size(w);
	free(w);
}

void sent_drop_all(struct sent *sent)
{
	while (sent->logins)
		sent_drop(sent, sent->logins);
}

void sent_wait(struct sent *sent, struct waiting *w)
{
	w->due_ms = clock_ms() + SENT_COLLECT_MS;
	HASH_ADD_KEYPTR(hh, sent->logins, w->login, strlen(w->login), w);
}

struct waiting *sent_find(const struct sent *sent, const char *login)
{
	struct waiting *w;

	HASH_FIND(hh, sent->logins, login, strlen(login), w);
	return w;
}

static struct waiting *waiting_for(struct sent *sent, const char *login, int64_t now_ms)
{
	struct waiting *w = sent_find(sent, login);
	size_t len = strlen(login);

	if (w)
		return w;
	w = memory_zero(sizeof(*w) + len + 1);
	memcpy(w->login, login, len + 1);
	TAILQ_INIT(&w->packs);
	w->noted_ms = clock_ms();
	w->first_ms = now_ms;
	sent_wait(sent, w);
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

/* ---- time --------------------------------------------------------------- */

static void set_timer(struct sent *sent)
{
	struct timeval portion = { .tv_usec = 1000000 / SENT_PORTIONS };

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
		sent_write_due(sent, false);
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
	free(sent_pack_take(sent, w, pack));
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
	if (!pack || pack_is_full(pack))
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
	if (pack_is_full(pack))
		w->full_size = pack->used;
}

/* Redis would cut it off at once. */
static void drop_oldest(struct sent *sent, struct waiting *w)
{
	struct pack *oldest = TAILQ_FIRST(&w->packs);

	if (w->n - oldest->n >= (size_t)sent->store->config->history)
		free(sent_pack_take(sent, w, oldest));
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
	struct waiting *w = sent_find(sent, login);

	if (w)
		sent_drop(sent, w);
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
	sent_write_due(sent, true);
}

void sent_free(struct sent **sent)
{
	struct sent *s = *sent;

	if (!s)
		return;
	sent_drop_all(s);
	event_free(s->timer);
	free(s);
	*sent = NULL;
}
