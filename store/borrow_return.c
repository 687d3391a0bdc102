/* Leases on their way back. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/borrow_internal.h"
#include "store/clock.h"

/* What the server has to do for it, in messages that it remembers. */
#define COST_OF_ONE 8

/* While less is on its way to the server of what nobody waits for, another goes out: a question
 * stands behind so much, and one lease. */
#define COST_SENT_MAX 256

/* Of what has waited for long so much goes out in one pass of the loop, and one lease: after an
 * outage that is all there is, and the questions of mail are not behind it. */
#define COST_LATE_MAX ((size_t)4 * COST_SENT_MAX)

static size_t cost(const struct returning *r)
{
	return r->back->records.n + COST_OF_ONE;
}

static void set_phase(struct borrow *b, struct returning *r, enum returning_phase phase)
{
	if (r->phase == RETURNING_QUEUED)
		TAILQ_REMOVE(&b->queue, r, in_queue);
	if (r->phase == RETURNING_SENT)
		b->cost_sent -= cost(r);
	r->phase = phase;
	if (phase == RETURNING_QUEUED && r->back->is_wanted)
		TAILQ_INSERT_HEAD(&b->queue, r, in_queue);
	else if (phase == RETURNING_QUEUED)
		TAILQ_INSERT_TAIL(&b->queue, r, in_queue);
	if (phase == RETURNING_SENT)
		b->cost_sent += cost(r);
}

void borrow_drop_one(struct borrow *b, struct returning *r)
{
	set_phase(b, r, RETURNING_FAILED);
	TAILQ_REMOVE(&b->returnings, r, next);
	b->n_returning--;
	lease_back_free(&r->back);
	free(r);
}

static void give_up(struct borrow *b, struct returning *r, const char *why)
{
	log_warning("what was left of a lease of %s counts as used: %s", r->back->login, why);
	borrow_drop_one(b, r);
}

static void send_in_turn(struct borrow *b);

/* What it holds goes on at the end, as that may send what failed once more. */
static void on_returned(enum link_result result, struct redisReply *reply, const char *error,
			void *arg)
{
	struct returning *r = arg;
	struct store *store = r->store;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);
	char login[LOGIN_MAX + 1];

	snprintf(login, sizeof(login), "%s", r->back->login);
	set_phase(store->borrow, r, RETURNING_FAILED);
	if (outcome == STORE_BAD)
		store_tell_refusal(store, error);
	if (outcome == STORE_OK) {
		borrow_drop_one(store->borrow, r);
		if (store->refunds_waiting > 0)
			store_send_refunds(store);
		send_in_turn(store->borrow);
	} else if (clock_ms() - r->began_ms > MESSAGE_REMEMBERED_S * 1000) {
		give_up(store->borrow, r, error);
	} else {
		borrow_tick(store->borrow);
	}
	borrow_release(store, login, outcome == STORE_OK ? NULL : error);
}

static size_t pack_left(const struct lease_back *back,
			char out[LEASE_AMOUNT_OCTETS * TAKE_ROWS_MAX])
{
	char *at = out;

	for (size_t i = 0; i < back->records.rows; i++)
		at = lease_put_amount(at, back->left[i]);
	return (size_t)(at - out);
}

/* The login fits, as its lease was asked for with such keys. */
static void add_keys(const struct store *store, const struct lease_back *back,
		     const bool to[KEY_LENT_INDEXES], struct command *command)
{
	const char *prefix = store_prefix(store);
	char key[KEY_MAX], message[MESSAGE_KEY_MAX + 1];

	borrow_key(store, back->records.id, message);
	key_counters(prefix, SCOPE_LOGIN, back->login, key);
	command_add_key(command, key);
	key_message(prefix, SCOPE_LOGIN, back->login, message, key);
	command_add_key(command, key);
	for (int turn = 0; turn < KEY_LENT_TURNS; turn++) {
		key_lent(prefix, back->login, turn, key);
		command_add_key(command, key);
	}
	for (int i = 0; i < KEY_LENT_TURNS * KEY_LENT_INDEXES; i++) {
		if (!to[i / KEY_LENT_TURNS])
			continue;
		key_lent_index(prefix, back->login, i % KEY_LENT_TURNS, i / KEY_LENT_TURNS, key);
		command_add_key(command, key);
	}
}

static void send_back(struct returning *r)
{
	const struct lease_back *back = r->back;
	const struct lease_records *records = &back->records;
	size_t size = lease_record_size(records), index_len;
	char left[LEASE_AMOUNT_OCTETS * TAKE_ROWS_MAX], index[LEASE_INDEX_MAX];
	bool to[KEY_LENT_INDEXES];
	struct command command;
	int n_indexes = 0;

	index_len = lease_records_index(records, to, index);
	for (int i = 0; i < KEY_LENT_INDEXES; i++)
		n_indexes += to[i];
	script_command(&command, SCRIPT_REFUND, 2 + KEY_LENT_TURNS * (1 + n_indexes));
	add_keys(r->store, back, to, &command);
	command_add_int(&command, MESSAGE_REMEMBERED_S);
	command_add_bytes(&command, index, index_len);
	command_add_bytes(&command, left, pack_left(back, left));
	command_add_int(&command, (int64_t)size);
	command_add_bytes(&command, records->n > 0 ? records->bytes : "", records->n * size);
	/* Done once, it is not done again. */
	command.repeatable = true;
	set_phase(r->store->borrow, r, RETURNING_SENT);
	r->sent_ms = clock_ms();
	store_send(r->store, &command, on_returned, r);
}

/* ---- when they are sent ------------------------------------------------------ */

/* As much of the queue as the server has to be kept busy with. */
static void send_in_turn(struct borrow *b)
{
	struct returning *r;

	while (b->cost_sent < COST_SENT_MAX && (r = TAILQ_FIRST(&b->queue)))
		send_back(r);
}

void borrow_send_late(struct store *store, int64_t began_before_ms)
{
	struct returning *r;
	size_t sent = 0;

	while (sent < COST_LATE_MAX && (r = TAILQ_FIRST(&store->borrow->queue)) &&
	       r->began_ms <= began_before_ms) {
		sent += cost(r);
		send_back(r);
	}
}

void borrow_send_queued(struct store *store)
{
	struct returning *r;

	while ((r = TAILQ_FIRST(&store->borrow->queue)))
		send_back(r);
}

void borrow_send_of(struct store *store, const char *login)
{
	struct returning *r, *after;

	for (r = TAILQ_FIRST(&store->borrow->returnings); r; r = after) {
		after = TAILQ_NEXT(r, next);
		if (r->phase != RETURNING_SENT && strcmp(r->back->login, login) == 0)
			send_back(r);
	}
}

void borrow_send_again(struct store *store, int64_t sent_before_ms)
{
	struct borrow *b = store->borrow;
	struct returning *r, *after;

	for (r = TAILQ_FIRST(&b->returnings); r; r = after) {
		after = TAILQ_NEXT(r, next);
		if (r->phase == RETURNING_FAILED && r->sent_ms <= sent_before_ms)
			set_phase(b, r, RETURNING_QUEUED);
	}
	send_in_turn(b);
}

/* ---- giving back --------------------------------------------------------------- */

/* Takes back over. */
void borrow_give_back(struct store *store, struct lease_back *back)
{
	struct borrow *b = store->borrow;
	struct returning *r = memory_zero(sizeof(*r));

	r->store = store;
	r->back = back;
	r->phase = RETURNING_FAILED;
	r->began_ms = clock_ms();
	TAILQ_INSERT_TAIL(&b->returnings, r, next);
	if (++b->n_returning > BORROW_BACK_MAX) {
		give_up(b, r, "too many are on their way back");
		return;
	}
	if (back->is_wanted)
		send_back(r);
	else
		set_phase(b, r, RETURNING_QUEUED);
	send_in_turn(b);
}

bool borrow_return(struct store *store, const char *login)
{
	const struct returning *r;
	struct lease_back *back;

	if (!store->borrow)
		return false;
	back = lease_end(store->borrow->leases, login);
	if (back)
		borrow_give_back(store, back);
	borrow_send_of(store, login);
	TAILQ_FOREACH(r, &store->borrow->returnings, next)
		if (strcmp(r->back->login, login) == 0)
			return true;
	return false;
}

void borrow_return_over(struct store *store, int64_t now_ms)
{
	struct lease_back *back;

	while ((back = lease_over(store->borrow->leases, now_ms)))
		borrow_give_back(store, back);
}

void borrow_return_all(struct store *store)
{
	if (store->borrow)
		borrow_return_over(store, INT64_MAX);
}

/* The record of the message in what is on its way back; NULL when there is none. */
static const char *find_returning(const struct store *store, enum take_scope scope,
				  const char *login, const char *message_key)
{
	const struct lease_message message = lease_message(message_key);
	const struct returning *r;
	const char *record;

	if (!store->borrow || scope != SCOPE_LOGIN)
		return NULL;
	TAILQ_FOREACH(r, &store->borrow->returnings, next)
		if (strcmp(r->back->login, login) == 0 &&
		    (record = lease_records_find(&r->back->records, &message)))
			return record;
	return NULL;
}

bool borrow_is_sent(const struct store *store, const char *login, const char *message_key)
{
	const struct lease_message message = lease_message(message_key);
	const struct returning *r;

	TAILQ_FOREACH(r, &store->borrow->returnings, next)
		if (r->phase == RETURNING_SENT && strcmp(r->back->login, login) == 0 &&
		    lease_records_find(&r->back->records, &message))
			return true;
	return false;
}

bool borrow_is_returning(const struct store *store, const struct charge *charge,
			 const char *message_key)
{
	return find_returning(store, charge->scope, charge->name, message_key) != NULL;
}

bool borrow_has_charged(const struct store *store, enum take_scope scope, const char *login,
			const char *message_key)
{
	const char *record = find_returning(store, scope, login, message_key);

	if (record)
		return lease_record_is_charged(record);
	return store->borrow && scope == SCOPE_LOGIN &&
	       lease_has_charged(store->borrow->leases, login, message_key);
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
