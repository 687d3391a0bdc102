/*
 * A store for scenarios: accounts, counters and charged messages in memory,
 * with the engine's own window, a clock that is told, and a switch for what
 * can happen to a question on its way. It keeps the promises of
 * engine/take.h and store/store.h.
 */
#ifndef SENDWARD_TESTS_SCENARIO_FAKE_STORE_H
#define SENDWARD_TESTS_SCENARIO_FAKE_STORE_H

#include "engine/decision.h"

enum line {
	LINE_UP,
	LINE_AWAY, /* a question is refused at once */
	LINE_DEAF, /* a question is lost: no answer in time */
	LINE_MUTE, /* the answer is lost: no answer in time, and yet charged */
};

struct fake_store;

struct fake_store *fake_store_new(int64_t now_ms);
void fake_store_free(struct fake_store **store);

const struct decision_env *fake_store_env(struct fake_store *store);

/* Answers wait for fake_store_answer() instead of being there at once. */
void fake_store_answer_later(struct fake_store *store, bool later);
/* False when no answer waits. */
bool fake_store_answer(struct fake_store *store);

void fake_store_move_clock(struct fake_store *store, int64_t ms);
int64_t fake_store_now_ms(const struct fake_store *store);

/* Refunds that wait for it to be up. */
size_t fake_store_waiting(const struct fake_store *store);

/* How long messages are remembered, in place of MESSAGE_REMEMBERED_S. */
void fake_store_remember(struct fake_store *store, int64_t ms);

/* Back to LINE_UP: refunds that waited are carried out. */
void fake_store_set_line(struct fake_store *store, enum line line);

/* The stored account; json NULL deletes it, with its counters. */
void fake_store_account(struct fake_store *store, const char *login, const char *json);
/* A record that need not be one. */
void fake_store_record(struct fake_store *store, const char *login, const char *record);
/* The account gets a new version before each of the next n takes. */
void fake_store_churn(struct fake_store *store, const char *login, int n);

void fake_store_reset(struct fake_store *store, const char *login);
/* The daemon starts anew, with what its state file has. lost: without one. */
void fake_store_restart(struct fake_store *store, bool lost);
void fake_store_refund(struct fake_store *store, const struct charge *charge,
		       const char *message_key, bool forget);

/* What take would answer. */
int64_t fake_store_used(struct fake_store *store, enum take_scope scope, const char *name,
			const struct quota *quota);
/* "charged", "refunded" or "unknown". */
const char *fake_store_message(struct fake_store *store, const char *login,
			       const char *message_key);

#endif
