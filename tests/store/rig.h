/*
 * The store on a loop of its own against a private Redis, with a blocking call
 * for each of its functions. Every wait ends; one that lasts too long ends the
 * test program.
 */
#ifndef SENDWARD_TESTS_STORE_RIG_H
#define SENDWARD_TESTS_STORE_RIG_H

#include "store/store.h"
#include "tests/store/redis.h"

struct event_base;

struct rig {
	int deadline_ms; /* 0: RIG_DEADLINE_MS */
	struct redis *redis;
	struct event_base *base;
	struct config *config;
	struct store *store;
};

/* So long that no machine is too busy for an answer in time. */
#define RIG_DEADLINE_MS 10000
/* Of tests that wait until a deadline is over; and what a busy machine may add
 * to it. */
#define RIG_SHORT_MS 1000
#define RIG_MARGIN_MS 3000

/* A running server and a store that is ready. deadline_ms is the caller's,
 * everything else is set here. settings are more lines of the
 * redis section, NULL for none; arguments are redis-server's. */
void rig_open(struct rig *rig, const char *settings, const char *const *arguments);
void rig_close(struct rig *rig);

/* The keys there were are gone, and so is the store's copy of accounts. */
void rig_clean(struct rig *rig);

/* A new store, in place of the one there is. wait: until it is ready. */
void rig_restart_store(struct rig *rig, bool wait);

/* Another redis section, whole but for the deadline; "" when the store is
 * ready, or why it is not within timeout_ms. */
const char *rig_connect(struct rig *rig, const char *redis_section, int64_t timeout_ms);

/* Whether the store does not get ready with that section, and says that text
 * of why. It is given time for it as long as it says something else. */
bool rig_fails(struct rig *rig, const char *redis_section, const char *text);

/* Until the store says that text of its server. */
void rig_wait_error(struct rig *rig, const char *text);

/* What the store has to say of its server; "" nothing. */
const char *rig_last_error(const struct rig *rig);

/* Runs the loop until *done, at most REDIS_PATIENCE_MS. */
void rig_wait(struct rig *rig, const bool *done);
/* Runs the loop until is() says so, as long; what: for the message otherwise. */
void rig_wait_for(struct rig *rig, bool (*is)(void), const char *what);
/* The store hears of changed accounts; runs the loop until it does. */
void rig_follow(struct rig *rig);
/* Nobody is told of changed accounts; runs the loop until the store is not. And may be again. */
void rig_deafen(struct rig *rig);
void rig_undeafen(struct rig *rig);
/* Runs the loop until the store is connected or not. */
void rig_wait_connected(struct rig *rig, bool connected);
/* Runs the loop for so long. */
void rig_run(struct rig *rig, int64_t ms);

int64_t rig_now_ms(void); /* monotonic */

/* ---- the store's functions, waiting for their answer -------------------- */

struct rig_result {
	enum store_result result;
	char error[300]; /* "" none */
	char text[4000]; /* the record */
};

/* What waits for an answer that a test asks for itself, and is filled by it; the first
 * member of what wants to know more. rig_wait() waits for done. */
struct rig_waited {
	bool done;
	enum store_result result;
	char text[4000]; /* the record; "" none */
};
void rig_on_done(enum store_result result, const char *error, void *waited);
void rig_on_record(enum store_result result, const char *record, size_t len, const char *error,
		   void *waited);

struct take_answer rig_take(struct rig *rig, const struct take *take);
/* The same, asking again with the version that is known while it is stale. */
struct take_answer rig_take_current(struct rig *rig, struct take take);
struct rig_result rig_get(struct rig *rig, const char *login);
struct rig_result rig_put(struct rig *rig, const char *login, const char *version,
			  const char *json);
struct rig_result rig_delete(struct rig *rig, const char *login);
struct rig_result rig_reset(struct rig *rig, const char *login);
struct rig_result rig_refund(struct rig *rig, const char *login, const char *message_key);
struct rig_result rig_info(struct rig *rig);

#endif
