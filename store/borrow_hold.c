/* Questions about a message whose lease is on its way back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/borrow_internal.h"

struct held {
	TAILQ_ENTRY(held) next;
	char login[LOGIN_MAX + 1], message_key[MESSAGE_KEY_MAX + 1];
	borrow_released *done;
	void *arg;
};

bool borrow_hold(struct store *store, const char *login, const char *message_key,
		 borrow_released *done, void *arg)
{
	struct borrow *b = store->borrow;
	struct held *held;

	if (!borrow_is_sent(store, login, message_key))
		return false;
	if (b->n_held >= BORROW_HELD_MAX) {
		done("too many messages wait for their leases", arg);
		return true;
	}
	held = memory_zero(sizeof(*held));
	snprintf(held->login, sizeof(held->login), "%s", login);
	snprintf(held->message_key, sizeof(held->message_key), "%s", message_key);
	held->done = done;
	held->arg = arg;
	TAILQ_INSERT_TAIL(&b->held, held, next);
	b->n_held++;
	return true;
}

void borrow_release(struct store *store, const char *login, const char *error)
{
	struct helds list = TAILQ_HEAD_INITIALIZER(list);
	struct borrow *b = store->borrow;
	struct held *held;

	/* What is released may hold the next one. */
	TAILQ_CONCAT(&list, &b->held, next);
	b->n_held = 0;
	while ((held = TAILQ_FIRST(&list))) {
		TAILQ_REMOVE(&list, held, next);
		if (strcmp(held->login, login) != 0 ||
		    borrow_is_sent(store, login, held->message_key)) {
			TAILQ_INSERT_TAIL(&b->held, held, next);
			b->n_held++;
			continue;
		}
		held->done(error, held->arg);
		free(held);
	}
}
