/* Asking for a lease: the question of a message, under a key of its own. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/borrow_internal.h"
#include "store/clock.h"
#include "store/item.h"

/* One question for a lease. */
struct asking {
	struct store *store;
	struct borrower *borrower;
	int64_t asked_ms;
	char message_key[MESSAGE_KEY_MAX + 1];
	struct take take;
	struct take_row rows[TAKE_ROWS_MAX];
};

/* Keys of the question: four, and one index of each turn; the others of a turn are about as
 * long. */
#define ASK_KEYS (4 + KEY_LENT_TURNS)
#define ASK_INDEX 0

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
			borrow_tick(b);
			return;
		}
		take_back_all(a);
		return;
	case TAKE_REPEATED: /* nobody knows any more when it was charged */
	case TAKE_UNCERTAIN:
		take_back_all(a);
		break;
	case TAKE_OVER: /* or too much was lent */
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
	a->store->borrow->n_asking--;
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
	for (int turn = 0; turn < KEY_LENT_TURNS; turn++) {
		key_lent_index(prefix, login, turn, ASK_INDEX, lease);
		command_add_key(command, lease);
	}
	command_add_int(command, MESSAGE_REMEMBERED_S);
	len = item_format(&a->take, item);
	item_mark(item, ITEM_LEASE);
	command_add_bytes(command, item, len);
	return true;
}

void borrow_ask(struct store *store, struct borrower *borrower)
{
	struct asking *a = memory_alloc(sizeof(*a));
	struct command command;

	a->store = store;
	a->borrower = borrower;
	a->asked_ms = lease_clock_ms();
	lease_question(borrower, a->rows, &a->take);
	a->take.message_key = a->message_key;
	script_command(&command, SCRIPT_TAKE, ASK_KEYS);
	if (!borrow_key(store, lease_id(borrower), a->message_key) || !add_question(a, &command)) {
		command_fini(&command);
		lease_refused(borrower, a->asked_ms);
		free(a);
		return;
	}
	command.repeatable = true;
	store->borrow->n_asking++;
	store_send(store, &command, on_lease, a);
}
