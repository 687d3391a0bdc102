/*
 * One decision, from request to verdict: gate -> plan -> take -> judge.
 *
 *	gate	checks 1-5 on what is known of the account
 *	plan	the rows to test, and to charge when this is the last stage
 *	take	asked of the environment: one round trip that also tells whether
 *		what is known of the account is still true; if not, once more
 *	judge	findings -> action and reply
 *
 * The engine does no I/O and reads no clock: the environment does, through
 * struct decision_env. Production passes the store, tests a fake one.
 */
#ifndef SENDWARD_DECISION_H
#define SENDWARD_DECISION_H

#include "base/config.h"
#include "engine/account.h"
#include "engine/request.h"
#include "engine/take.h"
#include "engine/verdict.h"

struct decision_env {
	void *ctx;
	/* Unix time of the store's clock, as well as it is known. */
	int64_t (*now_ms)(void *ctx);
	/* What is known of the login here and now. False: nothing. True: *out
	 * is a new reference, or NULL for a login without an account. */
	bool (*account)(void *ctx, const char *login, struct account **out);
	/* Asks the store; done may be called before take returns. After
	 * TAKE_STALE, account() knows better. */
	void (*take)(void *ctx, const struct take *take, take_done *done, void *arg);
	/* While the store is away: tests what this node has accepted by itself
	 * against the limits given (its share of the real ones). Answers at
	 * once, TAKE_DONE, TAKE_OVER or, of a message that is accepted already,
	 * TAKE_REPEATED. */
	void (*take_local)(void *ctx, const struct take *take, struct take_answer *answer);
	/* The message is accepted without the store: counts it on this node, once,
	 * and the store is charged when it is back. uncertain: perhaps it has
	 * been charged already. */
	void (*charge_local)(void *ctx, const struct take *take, bool uncertain);
	/* Takes the charge of a message back; nothing to wait for. forget: the
	 * message may be charged again (a charge is known not to be under way). */
	void (*refund)(void *ctx, const struct charge *charge, const char *message_key,
		       bool forget);
	/* Memory for decisions; borrowed. NULL: each allocates its own. */
	struct spares *spares;
};

/* verdict is borrowed for the call. */
typedef void decision_done(const struct verdict *verdict, void *arg);

/* How often the account may change under one decision. */
#define DECISION_ROUNDS_MAX 4

/* Starts a decision; done is called exactly once, perhaps before this
 * returns. env, config and request stay valid until then. */
void decision_start(const struct decision_env *env, const struct config *config,
		    const struct request *request, decision_done *done, void *arg);

/* A message that was charged, here or in the store, is not accepted after all:
 * takes everything back that the verdict's charges say. */
void decision_refund(const struct decision_env *env, const struct config *config,
		     const struct request *request, const struct charges *charges);

/* May a message key have this queue id? It is known, of QUEUE_ID_MAX octets at
 * most and without "#", as all of Postfix's are. */
bool decision_key_fits(const char *id);

/* node "/" queue id, and "#" token when the request has one. Without a queue id that
 * fits the token is in its place: the message is charged all the same, and
 * another one to each daemon that does. False (and an empty key) when there is
 * no token either: nothing is charged then (explain). */
bool decision_message_key(const struct config *config, const struct request *request,
			  char out[MESSAGE_KEY_MAX + 1]);

#endif
