#include "store/borrow.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/internal.h"
#include "store/item.h"
#include "store/key.h"

/* A lease on its way back. */
struct returning {
	TAILQ_ENTRY(returning) next;
	struct store *store;
	struct lease_back *back;
	bool in_flight;
	int64_t began_ms, sent_ms;
};

TAILQ_HEAD(returnings, returning);

struct borrow {
	struct leases *leases;
	struct returnings returnings;
	size_t n_returning;
	struct event *timer;
	bool ticking;
};

/* One question for a lease. */
struct asking {
	struct store *store;
	struct borrower *borrower;
	int64_t asked_ms;
	char message_key[MESSAGE_KEY_MAX + 1];
	struct take take;
	struct take_row rows[TAKE_ROWS_MAX];
};

static void tick(struct borrow *b)
{
	static const struct timeval soon = { .tv_usec = BORROW_EVERY_MS * 1000 };

	if (!b->ticking)
		event_add(b->timer, &soon);
	b->ticking = true;
}

/* The key that a lease's charge is remembered by; false when it is too long. */
static bool lease_key(const struct store *store, const char *id, char out[MESSAGE_KEY_MAX + 1])
{
	return snprintf(out, MESSAGE_KEY_MAX + 1, "%s/%s", store->config->node, id) <=
	       MESSAGE_KEY_MAX;
}

/* ---- going back ------------------------------------------------------------ */

static void drop(struct borrow *b, struct returning *r)
{
	TAILQ_REMOVE(&b->returnings, r, next);
	b->n_returning--;
	lease_back_free(&r->back);
	free(r);
}

static void give_up(struct borrow *b, struct returning *r, const char *why)
{
	log_warning("what was left of a lease of %s counts as used: %s", r->back->login, why);
	drop(b, r);
}

static void on_returned(enum link_result result, struct redisReply *reply, const char *error,
			void *arg)
{
	struct returning *r = arg;
	struct store *store = r->store;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);

	r->in_flight = false;
	if (outcome == STORE_BAD)
		store_tell_refusal(store, error);
	if (outcome == STORE_OK) {
		drop(store->borrow, r);
		if (store->refunds_waiting > 0)
			store_send_refunds(store);
		return;
	}
	if (clock_ms() - r->began_ms > MESSAGE_REMEMBERED_S * 1000)
		give_up(store->borrow, r, error);
	else
		tick(store->borrow);
}

/* Big endian. */
static size_t pack_left(const struct lease_back *back, char out[6 * TAKE_ROWS_MAX])
{
	char *at = out;

	for (size_t i = 0; i < back->records.rows; i++)
		for (int shift = 40; shift >= 0; shift -= 8)
			*at++ = (char)(back->left[i] >> shift & 0xff);
	return (size_t)(at - out);
}

static bool add_keys(const struct store *store, const struct lease_back *back,
		     struct command *command)
{
	const char *prefix = store_prefix(store);
	char key[KEY_MAX], message[MESSAGE_KEY_MAX + 1];

	if (!lease_key(store, back->records.id, message) ||
	    !key_counters(prefix, SCOPE_LOGIN, back->login, key))
		return false;
	command_add_key(command, key);
	if (!key_message(prefix, SCOPE_LOGIN, back->login, message, key))
		return false;
	command_add_key(command, key);
	for (int i = 0; i < KEY_LENT_PARTS; i++) {
		if (!key_lent(prefix, back->login, i, key))
			return false;
		command_add_key(command, key);
	}
	return true;
}

static void send_back(struct returning *r)
{
	const struct lease_back *back = r->back;
	char left[6 * TAKE_ROWS_MAX];
	struct command command;

	script_command(&command, SCRIPT_REFUND, 2 + KEY_LENT_PARTS);
	if (!add_keys(r->store, back, &command)) {
		command_fini(&command);
		give_up(r->store->borrow, r, "its key is too long");
		return;
	}
	command_add_int(&command, MESSAGE_REMEMBERED_S);
	command_add_bytes(&command, left, pack_left(back, left));
	command_add(&command, back->records.id);
	command_add_int(&command, (int64_t)lease_value_size(&back->records));
	command_add_bytes(&command, back->records.len > 0 ? back->records.bytes : "",
			  back->records.len);
	/* Done once, it is not done again. */
	command.repeatable = true;
	r->in_flight = true;
	r->sent_ms = clock_ms();
	store_send(r->store, &command, on_returned, r);
}

/* Takes back over. */
static void give_back(struct store *store, struct lease_back *back)
{
	struct borrow *b = store->borrow;
	struct returning *r = memory_zero(sizeof(*r));

	r->store = store;
	r->back = back;
	r->began_ms = clock_ms();
	TAILQ_INSERT_TAIL(&b->returnings, r, next);
	if (++b->n_returning > BORROW_BACK_MAX)
		give_up(b, r, "too many are on their way back");
	else
		send_back(r);
}

bool borrow_return(struct store *store, const char *login)
{
	const struct returning *r;
	struct lease_back *back;

	if (!store->borrow)
		return false;
	back = lease_end(store->borrow->leases, login);
	if (back)
		give_back(store, back);
	if (back)
		return true;
	TAILQ_FOREACH(r, &store->borrow->returnings, next)
		if (strcmp(r->back->login, login) == 0)
			return true;
	return false;
}

static void return_over(struct store *store, int64_t now_ms)
{
	struct lease_back *back;

	while ((back = lease_over(store->borrow->leases, now_ms)))
		give_back(store, back);
}

void borrow_return_all(struct store *store)
{
	if (store->borrow)
		return_over(store, INT64_MAX);
}

/* sent_before_ms: those sent since then are given time. */
static void send_again(struct store *store, int64_t sent_before_ms)
{
	struct returning *r, *after;

	for (r = TAILQ_FIRST(&store->borrow->returnings); r; r = after) {
		after = TAILQ_NEXT(r, next);
		if (!r->in_flight && r->sent_ms <= sent_before_ms)
			send_back(r);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct store *store = arg;
	struct borrow *b = store->borrow;
	struct lease_stats stats;

	(void)fd;
	(void)what;
	b->ticking = false;
	return_over(store, lease_clock_ms());
	send_again(store, clock_ms() - BORROW_RETRY_MS);
	lease_stats(b->leases, &stats);
	if (stats.lent > 0 || b->n_returning > 0)
		tick(b);
}

void borrow_wake(struct store *store)
{
	if (store->borrow)
		send_again(store, INT64_MAX);
}

/* ---- asking for one -------------------------------------------------------- */

/* What may have been charged is taken back as a whole. */
static void take_back_all(const struct asking *a)
{
	struct charge charge = { .scope = SCOPE_LOGIN };

	snprintf(charge.name, sizeof(charge.name), "%s", a->take.name);
	store_refund(a->store, &charge, a->message_key, false, NULL, NULL);
}

static void settle(struct asking *a, const struct take_answer *answer)
{
	struct borrow *b = a->store->borrow;
	int64_t now_ms = lease_clock_ms();

	switch (answer->status) {
	case TAKE_DONE:
		if (lease_granted(b->leases, a->borrower, answer, a->asked_ms, now_ms)) {
			tick(b);
			return;
		}
		take_back_all(a);
		return;
	case TAKE_REPEATED: /* nobody knows any more when it was charged */
	case TAKE_UNCERTAIN:
		take_back_all(a);
		break;
	case TAKE_OVER:
	case TAKE_GONE:
	case TAKE_STALE:
	case TAKE_UNAVAILABLE:
	case TAKE_UNREADABLE:
		break;
	}
	lease_refused(a->borrower, now_ms);
}

static void on_lease(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	struct asking *a = arg;
	struct take_answer answer = { .status = TAKE_UNAVAILABLE };
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);
	const struct redisReply *item = NULL;
	const char *text;
	size_t len;

	if (outcome == STORE_UNCERTAIN)
		answer.status = TAKE_UNCERTAIN;
	if (outcome == STORE_BAD)
		store_tell_refusal(a->store, error);
	if (outcome == STORE_OK && reply->elements == 1)
		item = reply->element[0];
	if (item && item->type == REDIS_REPLY_STRING &&
	    item_read(item->str, item->len, &a->take, &answer, &text, &len) != ITEM_COUNTED)
		answer.status = TAKE_STALE;
	settle(a, &answer);
	free(a);
}

static bool add_question(const struct asking *a, struct command *command)
{
	const char *prefix = store_prefix(a->store), *login = a->take.name;
	char counters[KEY_MAX], message[KEY_MAX], account[KEY_MAX], lease[KEY_MAX];
	char item[ITEM_MAX];
	size_t len;

	if (!key_counters(prefix, SCOPE_LOGIN, login, counters) ||
	    !key_message(prefix, SCOPE_LOGIN, login, a->message_key, message) ||
	    !key_account(prefix, SCOPE_LOGIN, login, account) ||
	    !key_lease(prefix, login, lease))
		return false;
	command_add_key(command, counters);
	command_add_key(command, message);
	command_add_key(command, account);
	command_add_key(command, lease);
	command_add_int(command, MESSAGE_REMEMBERED_S);
	len = item_format(&a->take, item);
	item_mark(item, ITEM_LEASE);
	command_add_bytes(command, item, len);
	return true;
}

static void ask(struct store *store, struct borrower *borrower)
{
	struct asking *a = memory_alloc(sizeof(*a));
	struct command command;

	a->store = store;
	a->borrower = borrower;
	a->asked_ms = lease_clock_ms();
	lease_question(borrower, a->rows, &a->take);
	a->take.message_key = a->message_key;
	script_command(&command, SCRIPT_TAKE, 4);
	if (!lease_key(store, lease_id(borrower), a->message_key) || !add_question(a, &command)) {
		command_fini(&command);
		lease_refused(borrower, a->asked_ms);
		free(a);
		return;
	}
	command.repeatable = true;
	store_send(store, &command, on_lease, a);
}

/* ---- what the rest of the store asks ---------------------------------------- */

static bool is_ours(const struct store *store, const struct take *take)
{
	return store->borrow && take->scope == SCOPE_LOGIN && take->message_key &&
	       take->version && strcmp(take->version, "*") != 0;
}

bool borrow_take(struct store *store, const struct take *take, struct take_answer *answer,
		 bool *lent)
{
	struct lease_back *back;

	*lent = false;
	if (!is_ours(store, take))
		return false;
	*lent = lease_seen(store->borrow->leases, take);
	switch (lease_charge(store->borrow->leases, take, *lent, lease_clock_ms(), answer, &back)) {
	case LEASE_NONE:
		return false;
	case LEASE_ANSWERED:
		answer->now_ms = store->env.now_ms(store->env.ctx);
		return true;
	case LEASE_ENDED:
		give_back(store, back);
		return false;
	}
	abort();
}

void borrow_learn(struct store *store, const struct take *take, const struct take_answer *answer)
{
	struct borrower *borrower;

	if (!is_ours(store, take) || answer->status != TAKE_DONE ||
	    store->config->redis.lease_share_permille == 0)
		return;
	borrower = lease_look(store->borrow->leases, take, answer, lease_clock_ms());
	if (borrower)
		ask(store, borrower);
}

bool borrow_take_back(struct store *store, const struct charge *charge, const char *message_key,
		      bool forget)
{
	return store->borrow && charge->scope == SCOPE_LOGIN &&
	       lease_take_back(store->borrow->leases, charge->name, message_key, forget);
}

bool borrow_is_returning(const struct store *store, const struct charge *charge,
			 const char *message_key)
{
	const struct lease_message message = lease_message(message_key);
	const struct returning *r;

	if (!store->borrow || charge->scope != SCOPE_LOGIN)
		return false;
	TAILQ_FOREACH(r, &store->borrow->returnings, next)
		if (strcmp(r->back->login, charge->name) == 0 &&
		    lease_records_find(&r->back->records, &message))
			return true;
	return false;
}

/* ---- life ------------------------------------------------------------------- */

void borrow_configure(struct store *store)
{
	int share_permille = store->config->redis.lease_share_permille;
	struct borrow *b = store->borrow;

	if (!b && share_permille == 0)
		return;
	if (!b) {
		b = memory_zero(sizeof(*b));
		b->leases = leases_new();
		TAILQ_INIT(&b->returnings);
		b->timer = evtimer_new(store->base, on_timer, store);
		store->borrow = b;
	}
	leases_set_share(b->leases, share_permille);
}

void borrow_drop(struct store *store)
{
	struct returning *r, *after;

	if (!store->borrow)
		return;
	for (r = TAILQ_FIRST(&store->borrow->returnings); r; r = after) {
		after = TAILQ_NEXT(r, next);
		give_up(store->borrow, r, "redis is another one");
	}
}

void borrow_finish(struct store *store)
{
	struct borrow *b = store->borrow;
	int64_t until_ms = clock_ms() + BORROW_FINISH_MS;

	borrow_return_all(store);
	/* The timer ends each turn. */
	while (b && b->n_returning > 0 && clock_ms() < until_ms) {
		tick(b);
		event_base_loop(store->base, EVLOOP_ONCE);
	}
}

void borrow_free(struct borrow **borrow)
{
	struct borrow *b = *borrow;

	if (!b)
		return;
	if (b->n_returning > 0)
		log_warning("%zu leases did not go back: what was left of them counts as used",
			    b->n_returning);
	while (!TAILQ_EMPTY(&b->returnings))
		drop(b, TAILQ_FIRST(&b->returnings));
	event_free(b->timer);
	leases_free(&b->leases);
	free(b);
	*borrow = NULL;
}

bool borrow_stats(const struct store *store, struct lease_stats *out)
{
	if (!store->borrow)
		return false;
	lease_stats(store->borrow->leases, out);
	return true;
}
