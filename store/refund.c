/* refund: takes back what a message was charged. */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
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

static void keep_for_later(struct store *store, struct refund *refund, const char *error)
{
	const struct timeval soon = {.tv_sec = REFUND_RETRY_S};

	if (store->refunds_waiting >= REFUNDS_WAITING_MAX ||
	    ++refund->tries >= REFUND_TRIES_MAX) {
		log_warning("refund of message %s is lost: %s", refund->message_key, error);
		free(refund);
		return;
	}
	event_add(store->refund_timer, &soon);
	STAILQ_INSERT_TAIL(&store->refunds, refund, next);
	store->refunds_waiting++;
}

/* Refunding twice is refunding once, so a lost answer is no trouble. */
static void on_refund(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct refunding *r = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);

	if (outcome == STORE_OK)
		free(r->refund);
	else
		keep_for_later(r->store, r->refund, error);
	if (r->done)
		r->done(outcome, error, r->arg);
	free(r);
}

/* Takes refund over. */
static void send_refund(struct store *store, struct refund *refund, store_done *done, void *arg)
{
	char counters[KEY_MAX], message[KEY_MAX];
	const struct charge *charge = &refund->charge;
	struct command command;
	struct refunding *r;

	if (!key_counters(store_prefix(store), charge->scope, charge->name, counters) ||
	    !store_message_key(store, charge->scope, charge->name, refund->message_key, message)) {
		free(refund);
		if (done)
			done(STORE_BAD, "login or queue id is too long", arg);
		return;
	}
	script_command(&command, SCRIPT_REFUND, 2);
	command_add_key(&command, counters);
	command_add_key(&command, message);
	add_remembering(&command, refund->forget ? 0 : MESSAGE_REMEMBERED_S,
			refund->message_key);
	command.repeatable = true;

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
	struct refund *refund;

	if (replay_take_back(store, charge, message_key)) {
		if (done)
			done(STORE_OK, NULL, arg);
		return;
	}
	refund = memory_zero(sizeof(*refund));
	refund->charge = *charge;
	snprintf(refund->message_key, sizeof(refund->message_key), "%s", message_key);
	refund->forget = forget;
	send_refund(store, refund, done, arg);
}

void store_send_refunds(struct store *store)
{
	/* What cannot be sent goes to the end of the list again. */
	for (int64_t n = store->refunds_waiting; n > 0; n--) {
		struct refund *refund = STAILQ_FIRST(&store->refunds);

		STAILQ_REMOVE_HEAD(&store->refunds, next);
		store->refunds_waiting--;
		send_refund(store, refund, NULL, NULL);
	}
}
