/* What logins have sent goes out. */
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/clock.h"
#include "store/deleted.h"
#include "store/sent_internal.h"

/* Of what is due so many go out at once at least, so that the last ones of many do not wait
 * for long. */
#define PORTION_MIN 64

/* Full packs of a login in one command: about 30 KB. */
#define PUSH_MAX 24

/* In one script: lists and messages together, and lists. EVALSHA, hash, number of
 * lists, and three arguments stand before them. */
#define PARTS_MAX (COMMAND_ARGS_MAX - 6)
#define LISTS_MAX (PARTS_MAX / 2)
_Static_assert(SENT_PACK_LINES <= PARTS_MAX, "what fills no pack goes out in one script");

/* What goes out in one script (store/sent.lua): a list for each login, in which are
 * its messages that fill no pack. Begins as n = n_lines = 0. */
struct writing {
	size_t n, n_lines;
	struct list {
		struct pack *pack; /* owned */
		char key[KEY_MAX];
	} lists[LISTS_MAX];
};

/* Messages on their way. */
struct sending {
	struct store *store;
	size_t n;
};

/* Full packs on their way, which are owned, and the list that they go to. */
struct pushing {
	struct sending sending;
	char key[KEY_MAX];
	size_t n;
	struct pack *packs[PUSH_MAX];
};

static struct sending *sending_new(struct store *store, size_t n)
{
	struct sending *sending = memory_alloc(sizeof(*sending));

	*sending = (struct sending){ .store = store, .n = n };
	return sending;
}

static void pushing_free(struct pushing *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->packs[i]);
	free(p);
}

/* Packs that hold so many messages as are kept. */
static int64_t packs_kept(const struct store *store)
{
	return (store->config->history + SENT_PACK_LINES - 1) / SENT_PACK_LINES;
}

/* What cannot be kept is said, as what cannot be asked is. */
static bool is_written(const struct sending *sending, enum link_result result,
		       const struct redisReply *reply, const char *error)
{
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);

	if (outcome == STORE_OK)
		return true;
	if (result == LINK_OK)
		store_tell_refusal(sending->store, error);
	sent_lose(sending->store->sent, sending->n);
	return false;
}

static void on_lines(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	is_written(arg, result, reply, error);
	free(arg);
}

static void add_packs(struct command *command, const struct pushing *p)
{
	for (size_t i = 0; i < p->n; i++)
		command_add_bytes(command, p->packs[i]->lines, p->packs[i]->used - 1);
}

/* Into a list that there was not: no list is made without its expiry. */
static void push_first(struct pushing *p)
{
	struct store *store = p->sending.store;
	const char count = (char)p->n;
	struct command command;

	script_command(&command, SCRIPT_SENT, 1);
	command_add_key(&command, p->key);
	command_add_int(&command, packs_kept(store));
	command_add_int(&command, SENT_KEPT_S);
	command_add_bytes(&command, &count, 1);
	add_packs(&command, p);
	store_send(store, &command, on_lines, sending_new(store, p->sending.n));
}

static void cut_off(const struct pushing *p, int64_t kept)
{
	struct command command;

	command_init(&command);
	command_add(&command, "LTRIM");
	command_add_key(&command, p->key);
	command_add(&command, "0");
	command_add_int(&command, kept - 1);
	store_send(p->sending.store, &command, store_ignore, NULL);
}

static void on_pushed(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct pushing *p = arg;
	int64_t kept = packs_kept(p->sending.store);

	if (is_written(&p->sending, result, reply, error) && kept > 0) {
		if (reply->integer == 0)
			push_first(p);
		else if (reply->integer > kept + kept / 4)
			cut_off(p, kept);
	}
	pushing_free(p);
}

static void send_expiry(struct store *store, const char *key)
{
	struct command command;

	command_init(&command);
	command_add(&command, "EXPIRE");
	command_add_key(&command, key);
	command_add_int(&command, SENT_KEPT_S);
	store_send(store, &command, store_ignore, NULL);
}

/* Sends n full packs, the oldest first, which are owned from here on. In no script where there
 * is a list: Lua would look at each octet, more than once. */
static void push(struct store *store, const char *login, struct pack *const *packs, size_t n)
{
	struct pushing *p = memory_alloc(sizeof(*p));
	struct command command;
	char key[KEY_MAX];

	p->sending = (struct sending){ .store = store, .n = n * SENT_PACK_LINES };
	p->n = n;
	memcpy(p->packs, packs, n * sizeof(packs[0]));
	if (!key_sent_packs(store_prefix(store), login, p->key)) {
		sent_lose(store->sent, p->sending.n);
		pushing_free(p);
		return;
	}
	command_init(&command);
	command_add(&command, "LPUSHX");
	command_add_key(&command, p->key);
	add_packs(&command, p);
	/* It may be answered at once. */
	memcpy(key, p->key, KEY_MAX);
	store_send(store, &command, on_pushed, p);
	send_expiry(store, key);
}

/* ---- lines -------------------------------------------------------------- */

static void add_lines(struct command *command, const struct pack *pack)
{
	size_t len = sent_expand(pack->lines, pack->used, NULL);
	char *lines = memory_alloc(len);
	const char *line = lines;

	sent_expand(pack->lines, pack->used, lines);
	for (size_t n = pack->n; n > 0; n--) {
		const char *end = memchr(line, '\n', (size_t)(lines + len - line));

		command_add_bytes(command, line, (size_t)(end - line));
		line = end + 1;
	}
	free(lines);
}

/* Takes pack over. */
static void add_pack(struct command *command, struct pack *pack)
{
	if (pack->n == 1)
		command_add_bytes(command, pack->lines, pack->used - 1);
	else
		add_lines(command, pack);
	free(pack);
}

static void write_end(struct store *store, struct writing *writing)
{
	char counts[LISTS_MAX];
	struct command command;

	if (writing->n == 0)
		return;
	script_command(&command, SCRIPT_SENT, (int)writing->n);
	for (size_t i = 0; i < writing->n; i++) {
		command_add_key(&command, writing->lists[i].key);
		counts[i] = (char)writing->lists[i].pack->n;
	}
	command_add_int(&command, store->config->history);
	command_add_int(&command, SENT_KEPT_S);
	command_add_bytes(&command, counts, writing->n);
	for (size_t i = 0; i < writing->n; i++)
		add_pack(&command, writing->lists[i].pack);
	store_send(store, &command, on_lines, sending_new(store, writing->n_lines));
	writing->n = writing->n_lines = 0;
}

/* Lists may not be on one server in a cluster. */
static size_t lists_max(const struct store *store)
{
	return store->config->redis.n_cluster > 0 ? 1 : LISTS_MAX;
}

/* A pack that is not full, which is owned from here on, goes out with others: now, when there
 * is no room for it beside those in writing, or at the end. */
static void write_rest(struct store *store, const char *login, struct pack *pack,
		       struct writing *writing)
{
	struct list *list;

	if (writing->n >= lists_max(store) ||
	    writing->n + 1 + writing->n_lines + pack->n > PARTS_MAX)
		write_end(store, writing);
	list = &writing->lists[writing->n];
	if (!key_sent(store_prefix(store), login, list->key)) {
		sent_lose(store->sent, pack->n);
		free(pack);
		return;
	}
	list->pack = pack;
	writing->n_lines += pack->n;
	writing->n++;
}

/* ---- what is due --------------------------------------------------------- */

/* Has it any? */
static bool write_full_packs(struct sent *sent, struct waiting *w)
{
	struct pack *full[PUSH_MAX];
	bool any = pack_is_full(TAILQ_FIRST(&w->packs));

	while (pack_is_full(TAILQ_FIRST(&w->packs))) {
		size_t n = 0;

		for (; n < PUSH_MAX && pack_is_full(TAILQ_FIRST(&w->packs)); n++)
			full[n] = sent_pack_take(sent, w, TAILQ_FIRST(&w->packs));
		push(sent->store, w->login, full, n);
	}
	return any;
}

/* What a busy login has not filled a pack with waits for more, unless at_once. */
static void write_login(struct sent *sent, struct waiting *w, bool at_once, struct writing *writing)
{
	struct pack *rest;
	bool busy = write_full_packs(sent, w);

	rest = TAILQ_FIRST(&w->packs);
	if (rest && (!busy || at_once))
		write_rest(sent->store, w->login, sent_pack_take(sent, w, rest), writing);
	/* What was asked before it was sent may have been refused meanwhile, so that more was
	 * noted. */
	if (!TAILQ_FIRST(&w->packs)) {
		sent_drop(sent, w);
		return;
	}
	HASH_DEL(sent->logins, w);
	sent_wait(sent, w);
}

static void on_asked(struct store *store, const char *login, enum deleted deleted, void *arg)
{
	struct waiting *w = sent_find(store->sent, login);
	struct writing *writing;

	(void)arg;
	if (!w || deleted == DELETED_UNKNOWN)
		return;
	if (deleted == DELETED_SINCE || store->config->history == 0) {
		sent_drop(store->sent, w);
		return;
	}
	writing = memory_alloc(sizeof(*writing));
	writing->n = writing->n_lines = 0;
	write_login(store->sent, w, true, writing);
	write_end(store, writing);
	free(writing);
}

/* It may have been deleted: it is written when that is known. Without an answer it is asked
 * again. */
static void ask(struct sent *sent, struct waiting *w)
{
	HASH_DEL(sent->logins, w);
	sent_wait(sent, w);
	deleted_ask(sent->store, w->login, w->first_ms, on_asked, NULL);
}

void sent_write_due(struct sent *sent, bool at_once)
{
	size_t n = HASH_COUNT(sent->logins),
	       portion = at_once ? n : n / SENT_PORTIONS + PORTION_MIN;
	struct writing *writing;
	int64_t now_ms = clock_ms();
	struct waiting *w;

	if (sent->store->config->history == 0) { /* since a reload */
		sent_drop_all(sent);
		return;
	}
	writing = memory_alloc(sizeof(*writing));
	writing->n = writing->n_lines = 0;
	while ((w = sent->logins) && portion-- > 0 && (at_once || w->due_ms <= now_ms))
		if (deleted_unheard(sent->store, w->noted_ms))
			ask(sent, w);
		else
			write_login(sent, w, at_once, writing);
	write_end(sent->store, writing);
	free(writing);
}
