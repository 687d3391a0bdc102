/*
 * What the files of one decision share; nothing outside them includes this.
 *
 *	decision.c	the steps, and what the store answers
 *	settle.c	what is charged, and what goes back; decision_refund()
 *	degraded.c	when the store does not answer
 */
#ifndef SENDWARD_DECIDING_H
#define SENDWARD_DECIDING_H

#include "engine/decision.h"
#include "engine/effective.h"
#include "engine/judge.h"

struct decision {
	const struct decision_env *env;
	const struct config *config;
	const struct request *request;
	decision_done *done;
	void *arg;

	bool known; /* something is known of the login: account tells what */
	bool guessed; /* nothing is, and the question to the store supposes no account */
	bool refused; /* by the gate: no quota is asked */
	/* by_identity: what is known of the account says that the session is not its. */
	bool not_identified;
	struct account *account; /* a reference, NULL for none */
	/* The scopes are asked one after the other: 0 is the login's own, then
	 * those of effective. */
	size_t step;
	int rounds;
	int64_t asked_ms; /* when the present step's question was made */
	int64_t now_ms; /* when the store answered; 0: it has not said */
	/* A bit for each step that was passed without the store, and for each of
	 * these whose charge may have arrived. */
	unsigned local_steps, doubtful_steps;
	size_t n_rows;

	/* So far a decision begins with zeros; what follows is large. */
	struct take_row rows[TAKE_ROWS_MAX];
	struct effective effective;
	char message_key[MESSAGE_KEY_MAX + 1]; /* empty: nothing to charge */
	char network[NETWORK_TEXT_MAX]; /* of a session without a login */
	struct request anonymous; /* the request as one without a login, when it is so */
	struct charges in_doubt; /* the store took the charge and did not answer */
	struct verdict verdict;
};

/* ---- decision.c ---------------------------------------------------------- */

/* The scope of the present step; NULL: the login's own. */
const struct effective_scope *decision_scope(const struct decision *d);
/* answers may be NULL. */
struct judge_input decision_judge_input(const struct decision *d,
					const struct take_row_answer *answers);
void decision_gate(struct decision *d, int64_t now_s);
/* The account that the session was taken for is not its: all over again, as one without
 * a login. */
void decision_without_login(struct decision *d);
/* The rows of the present step. */
void decision_plan(struct decision *d, int64_t now_s);
void decision_next_step(struct decision *d);
/* Adds what one scope's quotas say. */
void decision_merge_quotas(struct decision *d, const struct finding *f);
/* These end it. */
void decision_judged(struct decision *d);
void decision_cannot_tell(struct decision *d, const char *why);

/* ---- settle.c ------------------------------------------------------------ */

/* Is the message charged? Not what is deferred, refused or over a quota. */
bool settle_is_charged(const struct verdict *verdict);
/* The present step's charge. */
void settle_remember(const struct decision *d, struct charges *charges);
/* What one scope refuses is charged to none; what is not accepted neither. */
void settle_charges(struct decision *d);

/* ---- degraded.c ---------------------------------------------------------- */

/* The store has not answered the present step's question. */
void degraded_answer(struct decision *d);
/* What was passed without the store is counted when all of it has passed. */
void degraded_settle(struct decision *d);

#endif
