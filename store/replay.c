#include "store/replay.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/internal.h"
#include "store/kept.h"

struct replaying {
	struct store *store;
	uint64_t id;
	struct charge charge;
	char message_key[MESSAGE_KEY_MAX + 1];
};

static void arm(struct store *store, int64_t ms)
{
	const struct timeval after = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(store->replay.timer, &after);
}

static void settled(struct store *store, struct owed_charge *c)
{
	kept_settled(store->kept, c);
	owed_drop(store->owed, c);
	if (owed_count(store->owed) > 0)
		return;
	log_info("what was accepted without the store is settled, %lld charges were made",
		 (long long)(store->replay.made - store->replay.told));
	store->replay.told = store->replay.made;
	store->replay.full = false;
}

/* The charge that the answer is about; NULL when it was taken back meanwhile. */
static struct owed_charge *charge_of(const struct replaying *r)
{
	struct owed_charge *c = owed_find(r->store->owed, r->charge.scope, r->charge.name,
					  r->message_key);

	return c && c->id == r->id ? c : NULL;
}

static bool is_store_up(const struct store *store)
{
	struct servers_stats servers;

	servers_stats(store->servers, &servers);
	return servers.up;
}

/* The list stays in the order in which they are due. */
static void try_later(struct store *store, struct owed_charge *c)
{
	c->sent = false;
	c->again_ms = clock_ms() + REPLAY_PAUSE_MS;
	owed_requeue(store->owed, c);
	if (++store->replay.failures < REPLAY_FAILURES_MAX && is_store_up(store))
		return;
	store->replay.failures = 0;
	store->replay.pause_until_ms = c->again_ms;
	arm(store, REPLAY_PAUSE_MS);
}

static bool is_due(const struct owed_charge *c)
{
	return clock_ms() >= c->again_ms;
}

static void on_charged(const struct take_answer *answer, void *arg)
{
	struct replaying *r = arg;
	struct store *store = r->store;
	struct owed_charge *c = charge_of(r);

	store->replay.in_flight--;
	free(r);
	if (!c)
		return;
	switch (answer->status) {
	case TAKE_DONE:
	case TAKE_OVER: /* not without limits */
	case TAKE_REPEATED:
	case TAKE_GONE:
		store->replay.made++;
		store->replay.failures = 0;
		settled(store, c);
		break;
	case TAKE_UNCERTAIN:
		c->uncertain = true;
		try_later(store, c);
		break;
	case TAKE_STALE: /* our clock was wrong */
	case TAKE_UNAVAILABLE:
	case TAKE_UNREADABLE:
		try_later(store, c);
		break;
	}
}

static void send_charge(struct store *store, struct owed_charge *c)
{
	struct take_row rows[TAKE_ROWS_MAX];
	struct take take = {
		.scope = c->charge.scope,
		.name = c->charge.name,
		.message_key = c->message_key,
		.version = c->charge.scope == SCOPE_LOGIN ? "*" : "",
		.rows = rows,
		.n_rows = owed_rows(c, store->env.now_ms(store->env.ctx), rows),
	};
	struct replaying *r;

	/* All of its windows have passed. */
	if (take.n_rows == 0) {
		settled(store, c);
		return;
	}
	c->sent = true;
	r = memory_alloc(sizeof(*r));
	r->store = store;
	r->id = c->id;
	r->charge = c->charge;
	snprintf(r->message_key, sizeof(r->message_key), "%s", c->message_key);
	store->replay.in_flight++;
	/* The answer may come before this returns. */
	store_take(store, &take, on_charged, r);
}

/* How long the store is still left alone. */
static int64_t pause_ms(const struct store *store)
{
	int64_t left_ms = store->replay.pause_until_ms - clock_ms();

	return left_ms > 0 ? left_ms : 0;
}

static bool is_paused(const struct store *store)
{
	return pause_ms(store) > 0;
}

void replay_name(struct store *store, enum take_scope scope, const char *name)
{
	struct owed_charge *c = owed_first_of(store->owed, scope, name), *next;

	for (int n = 0; c && n < REPLAY_NAME_MAX && !is_paused(store); n++, c = next) {
		next = owed_next_of(c);
		if (!c->sent && is_due(c))
			send_charge(store, c);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct store *store = arg;
	struct owed_charge *c = owed_first(store->owed), *next;

	(void)fd;
	(void)what;
	for (; c && store->replay.in_flight < REPLAY_IN_FLIGHT_MAX && !is_paused(store); c = next) {
		next = owed_next(c);
		if (!is_due(c))
			break;
		if (!c->sent)
			send_charge(store, c);
	}
	if (owed_count(store->owed) == 0)
		return;
	/* In a pause: the loop's time may be behind, and the timer too early. */
	arm(store, is_paused(store) ? pause_ms(store) : REPLAY_EVERY_MS);
}

void replay_wake(struct store *store)
{
	store->replay.pause_until_ms = 0;
	if (owed_count(store->owed) > 0)
		arm(store, 0);
}

/* ---- what is owed -------------------------------------------------------- */

static void complain_of_room(struct store *store)
{
	store->replay.lost++;
	if (!store->replay.full)
		log_warning("%d charges wait for the store: those of more messages are lost",
			    OWED_MAX);
	store->replay.full = true;
}

void replay_owe(struct store *store, const struct take *take, bool uncertain)
{
	int64_t now_ms = store->env.now_ms(store->env.ctx), slots[TAKE_ROWS_MAX];
	struct owed_charge *c;

	if (owed_find(store->owed, take->scope, take->name, take->message_key))
		return;
	local_charge(store->local, take, now_ms, slots);
	kept_counted(store->kept, take->scope, take->name);
	c = owed_add(store->owed, take, now_ms, slots);
	if (!c) {
		complain_of_room(store);
		return;
	}
	c->uncertain = uncertain;
	kept_owed(store->kept, c);
	if (!event_pending(store->replay.timer, EV_TIMEOUT, NULL))
		arm(store, REPLAY_PAUSE_MS);
}

bool replay_take_back(struct store *store, const struct charge *charge, const char *message_key)
{
	struct owed_charge *c =
		owed_find(store->owed, charge->scope, charge->name, message_key);
	bool here_only;

	if (!c)
		return false;
	for (size_t i = 0; i < c->n_rows; i++)
		local_take_back(store->local, charge->scope, charge->name, &c->rows[i].quota,
				c->rows[i].slot, c->rows[i].amount);
	kept_counted(store->kept, charge->scope, charge->name);
	here_only = !c->uncertain && !c->sent;
	kept_settled(store->kept, c);
	owed_drop(store->owed, c);
	return here_only;
}

/* ---- life ---------------------------------------------------------------- */

void replay_init(struct store *store)
{
	store->replay.timer = evtimer_new(store->base, on_timer, store);
}

void replay_fini(struct store *store)
{
	event_free(store->replay.timer);
}
