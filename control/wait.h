/*
 * The store, one question after the other: each function runs the event loop
 * until its question is answered. The store answers everything within
 * redis.deadline; waiting for a connection has its own limit.
 */
#ifndef SENDWARD_CONTROL_WAIT_H
#define SENDWARD_CONTROL_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "store/store.h"

/* For the connection to Redis, which includes its TLS handshake. */
#define WAIT_READY_MS 2000

#define WAIT_ERROR_MAX 512

struct wait;

/* Connects. False with the address and the reason in error. */
bool wait_open(struct config *config, struct wait **out, char error[WAIT_ERROR_MAX]);
void wait_close(struct wait **wait);

/* Waits for the connection when it was lost. False with the address and the
 * reason in error. */
bool wait_ready(struct wait *wait, char error[WAIT_ERROR_MAX]);

/* "redis at unix:/run/redis.sock: connection refused" of the reason that the store gives, NULL:
 * none. */
void wait_error(const struct config *config, const char *why, char error[WAIT_ERROR_MAX]);

struct store *wait_store(struct wait *wait);
const struct config *wait_config(const struct wait *wait);

/* The store's clock as well as it is known, see wait_learn_clock(). */
int64_t wait_now_s(struct wait *wait);

/* Asks the store for its time, once. For what is written down with a time: the
 * daemons compare it with the store's clock, not with this host's. */
void wait_learn_clock(struct wait *wait);

/* Runs the loop until *done, which a callback sets. */
void wait_until(struct wait *wait, const bool *done);

/* Lets the time pass, the loop running. */
void wait_pause(struct wait *wait, int64_t ms);

/* An answer that outlives its callback. answer_fini() frees it. */
struct answer {
	bool done;
	enum store_result result;
	char *text; /* owned; NULL unless the question has a text as answer */
	size_t len;
	char error[WAIT_ERROR_MAX];  /* with the address of the store; "" on STORE_OK */
	const struct config *config; /* borrowed, for error */
};

void answer_init(struct answer *answer, const struct wait *wait);
void answer_fini(struct answer *answer);

/* Callbacks that fill the struct answer that arg points to, or that is the
 * first member of what it points to: the store has one arg for each() and
 * done(). */
store_record_done answer_record;
store_done answer_done;

/* The usual questions, asked once more when the store was away for less than
 * WAIT_READY_MS. Each sets *answer whole and returns its result; the
 * caller calls answer_fini(). */
enum store_result wait_account_get(struct wait *wait, const char *login, struct answer *answer);
enum store_result wait_account_put(struct wait *wait, const char *login, const char *version,
				   const char *json, struct answer *answer);
enum store_result wait_account_delete(struct wait *wait, const char *login, struct answer *answer);
enum store_result wait_reset(struct wait *wait, enum take_scope scope, const char *name,
			     const struct quota *quota, struct answer *answer);

/* Of the secret of a username, store/credential.h. */
enum store_result wait_secret_get(struct wait *wait, const char *username, struct answer *answer);
enum store_result wait_secret_put(struct wait *wait, const char *username, const char *before,
				  const char *json, struct answer *answer);
enum store_result wait_secret_delete(struct wait *wait, const char *username,
				     struct answer *answer);

enum store_result wait_event(struct wait *wait, const char *json, struct answer *answer);

#endif
