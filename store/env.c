/* The engine's environment over the store. */
#include <time.h>

#include "store/internal.h"

static int64_t env_now_ms(void *ctx)
{
	const struct store *store = ctx;
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + store->clock_offset_ms;
}

static bool env_account(void *ctx, const char *login, struct account **out)
{
	struct store *store = ctx;

	return cache_get(store->cache, login, out);
}

static void env_take(void *ctx, const struct take *take, take_done *done, void *arg)
{
	replay_name(ctx, take->scope, take->name);
	store_take(ctx, take, done, arg);
}

static void env_take_local(void *ctx, const struct take *take, struct take_answer *answer)
{
	struct store *store = ctx;

	local_test(store->local, take, env_now_ms(ctx), answer);
	if (take->message_key &&
	    (owed_find(store->owed, take->scope, take->name, take->message_key) ||
	     borrow_has_charged(store, take->scope, take->name, take->message_key)))
		answer->status = TAKE_REPEATED;
}

static void env_charge_local(void *ctx, const struct take *take, bool uncertain)
{
	replay_owe(ctx, take, uncertain);
}

static void env_refund(void *ctx, const struct charge *charge, const char *message_key,
		       bool forget)
{
	store_refund(ctx, charge, message_key, forget, NULL, NULL);
}

void store_init_env(struct store *store)
{
	store->env = (struct decision_env){
		.ctx = store,
		.now_ms = env_now_ms,
		.account = env_account,
		.take = env_take,
		.take_local = env_take_local,
		.charge_local = env_charge_local,
		.refund = env_refund,
		.spares = &store->decisions,
	};
	spares_init(&store->decisions, DECISIONS_SPARE_MAX);
	spares_init(&store->questions, DECISIONS_SPARE_MAX);
}

const struct decision_env *store_env(struct store *store)
{
	return &store->env;
}
