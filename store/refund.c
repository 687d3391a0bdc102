/* refund: takes back what a message was charged. */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/internal.h"
#include "store/key.h"

static void add_remembering(struct command *command, int64_t kept_s, const char *message_key)
{
	const char *token = strchr(message_key, '#');
	char text[64];

	snprintf(text, sizeof(text), "%lld%s%.*s", (long long)kept_s, token ? " " : "",
		 MESSAGE_TOKEN_LENGTH, token ? token + 1 : "");
	command_add(command, text);
}

struct refunding {
	struct store *store;
	struct refund *refund;
	store_done *done; /* may be NULL */
	void *arg;
};

static bool is_due(const struct store *store, const struct refund *refund)
{
	return refund->round < store->refund_round || refund->again_ms <= clock_ms();
}

/* For the first one, which is due before the others. */
static void set_timer(struct store *store)
{
	const struct refund *first = STAILQ_FIRST(&store->refunds);
	int64_t ms = REFUND_EVERY_MS;
	struct timeval after;

	if (!first)
		return;
	if (!is_due(store, first) && first->again_ms - clock_ms() > ms)
		ms = first->again_ms - clock_ms();
	after = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	event_add(store->refund_timer, &after);
}

static void add_waiting(struct store *store, struct refund *refund)
{
	bool is_first = STAILQ_EMPTY(&store->refunds);

	refund->again_ms = clock_ms() + REFUND_RETRY_S * 1000;
	refund->round = store->refund_round;
	STAILQ_INSERT_TAIL(&store->refunds, refund, next);
	store->refunds_waiting++;
	if (is_first)
		set_timer(store);
}

static void settled(struct store *store, struct refund *refund)
{
	if (refund->tries > 0)
		kept_refunded(store->kept, &refund->charge, refund->message_key);
	free(refund);
}

static void keep_for_later(struct store *store, struct refund *refund, const char *error)
{
	if (store->refunds_waiting >= REFUNDS_WAITING_MAX ||
	    refund->tries + 1 >= REFUND_TRIES_MAX) {
		log_warning("refund of message %s is lost: %s", refund->message_key, error);
		settled(store, refund);
		return;
	}
	if (refund->tries++ == 0)
		kept_refund(store->kept, &refund->charge, refund->message_key, refund->forget);
	add_waiting(store, refund);
}

static struct refund *refund_new(const struct charge *charge, const char *message_key, bool forget)
{
	struct refund *refund = memory_zero(sizeof(*refund));

	refund->charge = *charge;
	snprintf(refund->message_key, sizeof(refund->message_key), "%s", message_key);
	refund->forget = forget;
	return refund;
}

void store_refund_found(const struct charge *charge, const char *message_key, bool forget,
			void *store)
{
	struct refund *refund = refund_new(charge, message_key, forget);

	refund->tries = 1;
	add_waiting(store, refund);
}

static void forget_recent(struct store *store, const struct charge *charge)
{
	if (store->recent)
		recent_forget(store->recent, charge->scope, charge->name);
}

/* Refunding twice is refunding once, so a lost answer is no trouble. */
static void on_refund(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct refunding *r = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);

	/* What was found while it was on its way. */
	forget_recent(r->store, &r->refund->charge);
	if (outcome == STORE_OK)
		settled(r->store, r->refund);
	else
		keep_for_later(r->store, r->refund, error);
	if (r->done)
		r->done(outcome, error, r->arg);
	free(r);
}

/* The key under which a message is remembered. message_key is node/queue-id, and
 * behind "#" the message's token, which is no part of it. False when it is too
 * long. */
static bool remembered_key(const struct store *store, const struct charge *charge,
			   const char *message_key, char out[KEY_MAX])
{
	char message[MESSAGE_KEY_MAX + 1];
	size_t len = strcspn(message_key, "#");

	memcpy(message, message_key, len);
	message[len] = '\0';
	return key_message(store_prefix(store), charge->scope, charge->name, message, out);
}

/* False when a name is too long; then there is no command. */
static bool question(const struct store *store, const struct refund *refund,
		     struct command *command)
{
	const struct charge *charge = &refund->charge;
	const struct lease_message lease = lease_message(refund->message_key);
	/* A lease may have charged it. */
	bool lent = store->borrow && charge->scope == SCOPE_LOGIN;
	char counters[KEY_MAX], message[KEY_MAX];

	if (!key_counters(store_prefix(store), charge->scope, charge->name, counters) ||
	    !remembered_key(store, charge, refund->message_key, message))
		return false;
	script_command(command, SCRIPT_REFUND, 2 + (lent ? BORROW_LENT_KEYS : 0));
	command_add_key(command, counters);
	command_add_key(command, message);
	if (lent)
		borrow_add_lent_keys(store, charge->name, lease_message_index(&lease), command);
	add_remembering(command, refund->forget ? 0 : MESSAGE_REMEMBERED_S, refund->message_key);
	if (lent)
		command_add_bytes(command, (const char *)lease.print.octets, LEASE_PRINT_OCTETS);
	command->repeatable = true;
	return true;
}

/* Takes refund over. */
static void send_refund(struct store *store, struct refund *refund, store_done *done, void *arg)
{
	struct command command;
	struct refunding *r;

	/* The server does not know yet that the message was charged. */
	if (borrow_is_returning(store, &refund->charge, refund->message_key) &&
	    store->refunds_waiting < REFUNDS_WAITING_MAX) {
		add_waiting(store, refund);
		if (done)
			done(STORE_UNAVAILABLE, "a lease is on its way back", arg);
		return;
	}
	if (!question(store, refund, &command)) {
		settled(store, refund);
		if (done)
			done(STORE_BAD, "login or queue id is too long", arg);
		return;
	}
	r = memory_alloc(sizeof(*r));
	r->store = store;
	r->refund = refund;
	r->done = done;
	r->arg = arg;
	store_send(store, &command, on_refund, r);
}

void store_refund(struct store *store, const struct charge *charge, const char *message_key,
		  bool forget, store_done *done, void *arg)
{
	forget_recent(store, charge);
	if (borrow_take_back(store, charge, message_key, forget) ||
	    replay_take_back(store, charge, message_key)) {
		if (done)
			done(STORE_OK, NULL, arg);
		return;
	}
	send_refund(store, refund_new(charge, message_key, forget), done, arg);
}

void store_send_due_refunds(struct store *store)
{
	struct refund *refund;

	/* What cannot be sent goes to the end of the list again. */
	for (int n = 0; n < REFUNDS_SENT_MAX; n++) {
		refund = STAILQ_FIRST(&store->refunds);
		if (!refund || !is_due(store, refund))
			break;
		STAILQ_REMOVE_HEAD(&store->refunds, next);
		store->refunds_waiting--;
		send_refund(store, refund, NULL, NULL);
	}
	set_timer(store);
}

void store_send_refunds(struct store *store)
{
	store->refund_round++;
	store_send_due_refunds(store);
}
