/* How what logins have sent goes out. */
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/sent_internal.h"

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
	struct pack *packs[SENT_PUSH_MAX];
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

/* In no script where there is a list: Lua would look at each octet, more than once. */
void sent_push(struct store *store, const char *login, struct pack *const *packs, size_t n)
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

void sent_write_end(struct store *store, struct sent_writing *writing)
{
	char counts[SENT_LISTS_MAX];
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
	return store->config->redis.n_cluster > 0 ? 1 : SENT_LISTS_MAX;
}

void sent_write_rest(struct store *store, const char *login, struct pack *pack,
		     struct sent_writing *writing)
{
	struct sent_list *list;

	if (writing->n >= lists_max(store) ||
	    writing->n + 1 + writing->n_lines + pack->n > SENT_PARTS_MAX)
		sent_write_end(store, writing);
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
