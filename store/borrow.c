#include "store/borrow.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/borrow_internal.h"
#include "store/clock.h"

void borrow_tick(struct borrow *b)
{
	static const struct timeval soon = { .tv_usec = BORROW_EVERY_MS * 1000 };

	if (!b->ticking)
		event_add(b->timer, &soon);
	b->ticking = true;
}

bool borrow_key(const struct store *store, uint64_t id, char out[MESSAGE_KEY_MAX + 1])
{
	/* No queue id begins so. */
	return snprintf(out, MESSAGE_KEY_MAX + 1, "%s/%%%016llx", store->config->node,
			(unsigned long long)id) <= MESSAGE_KEY_MAX;
}

/* ---- time ----------------------------------------------------------------- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct store *store = arg;
	struct borrow *b = store->borrow;
	struct lease_stats stats;

	(void)fd;
	(void)what;
	b->ticking = false;
	borrow_return_over(store, lease_clock_ms());
	borrow_send_late(store, clock_ms() - BORROW_QUEUED_MS);
	borrow_send_again(store, clock_ms() - BORROW_RETRY_MS);
	lease_stats(b->leases, &stats);
	if (stats.lent > 0 || b->n_returning > 0)
		borrow_tick(b);
}

void borrow_wake(struct store *store)
{
	if (store->borrow)
		borrow_send_again(store, INT64_MAX);
}

/* ---- what the rest of the store asks ---------------------------------------- */

static bool may_be_ours(const struct store *store, const struct take *take)
{
	return store->borrow && take->scope == SCOPE_LOGIN && take->message_key && take->version;
}

/* Accepted without the store, and charged now whatever the account is. */
static bool is_replayed(const struct take *take)
{
	return strcmp(take->version, "*") == 0;
}

static bool take_from_lease(struct store *store, const struct take *take, bool *lent,
			    struct take_answer *answer)
{
	const struct lease_message message = lease_message(take->message_key);
	struct leases *leases = store->borrow->leases;
	struct lease_back *back;

	*lent = lease_seen(leases, &message) || take->may_be_repeated;
	switch (lease_charge(leases, take, &message, *lent, lease_clock_ms(), answer, &back)) {
	case LEASE_NONE:
		return false;
	case LEASE_ANSWERED:
		answer->now_ms = take->asked_ms;
		return true;
	case LEASE_ENDED:
		borrow_give_back(store, back);
		return false;
	}
	abort();
}

bool borrow_take(struct store *store, const struct take *take, struct take_answer *answer,
		 bool *lent)
{
	*lent = false;
	if (!may_be_ours(store, take))
		return false;
	if (is_replayed(take))
		*lent = true;
	else if (take_from_lease(store, take, lent, answer))
		return true;
	if (*lent)
		borrow_send_of(store, take->name);
	return false;
}

void borrow_learn(struct store *store, const struct take *take, const struct take_answer *answer)
{
	struct borrower *borrower;

	if (!may_be_ours(store, take) || is_replayed(take) || answer->status != TAKE_DONE ||
	    store->config->redis.lease_share_permille == 0 || store->borrow->ending)
		return;
	borrower = lease_look(store->borrow->leases, take, answer, lease_clock_ms());
	if (borrower)
		borrow_ask(store, borrower);
}

bool borrow_take_back(struct store *store, const struct charge *charge, const char *message_key,
		      bool forget)
{
	return store->borrow && charge->scope == SCOPE_LOGIN &&
	       lease_take_back(store->borrow->leases, charge->name, message_key, forget);
}

void borrow_add_lent_keys(const struct store *store, const char *login, int index,
			  struct command *command)
{
	const char *prefix = store_prefix(store);
	char key[KEY_MAX];

	for (int turn = 0; turn < KEY_LENT_TURNS; turn++) {
		key_lent(prefix, login, turn, key);
		command_add_key(command, key);
	}
	for (int turn = 0; turn < KEY_LENT_TURNS; turn++) {
		key_lent_index(prefix, login, turn, index, key);
		command_add_key(command, key);
	}
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
		TAILQ_INIT(&b->queue);
		TAILQ_INIT(&b->held);
		b->timer = evtimer_new(store->base, on_timer, store);
		store->borrow = b;
	}
	leases_set_share(b->leases, share_permille);
}

void borrow_finish(struct store *store)
{
	struct borrow *b = store->borrow;
	int64_t until_ms = clock_ms() + BORROW_FINISH_MS;

	if (!b)
		return;
	b->ending = true;
	borrow_return_all(store);
	borrow_send_queued(store);
	/* The timer ends each turn. */
	while ((b->n_returning > 0 || b->n_asking > 0) && clock_ms() < until_ms) {
		borrow_tick(b);
		event_base_loop(store->base, EVLOOP_ONCE);
		/* Those that were asked for. */
		borrow_return_all(store);
		borrow_send_queued(store);
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
		borrow_drop_one(b, TAILQ_FIRST(&b->returnings));
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
	out->returning = (int64_t)store->borrow->n_returning;
	return true;
}
