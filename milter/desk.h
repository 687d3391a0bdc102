/*
 * The desk where questions are brought to the engine, and where the answers are
 * reported and counted.
 *
 * A question may take several waits for the store, one after the other: the
 * login, then the domain, the plan and the group as far as the configuration
 * has domains, plans with shared quotas and groups, and one more when the
 * account has changed. It is waited for redis.deadline each, and DESK_MARGIN_MS; a store that hangs is
 * known after the first deadline, so what waits that long is ours. A
 * question not answered then is answered by on_store_failure. It owns copies of
 * all it needs: when the late answer comes it is told to nobody, and what was
 * charged with it is taken back, unless the client was told that the message
 * is accepted.
 *
 * A connection asks one question at a time, so questions have no limit of
 * their own (milter.max_connections); the store ends those that are late
 * within its deadlines.
 */
#ifndef SENDWARD_MILTER_DESK_H
#define SENDWARD_MILTER_DESK_H

#include <stdint.h>

#include "base/config.h"
#include "base/spares.h"
#include "engine/request.h"
#include "milter/answer.h"
#include "store/store.h"

/* What is waited beyond the deadlines: for the loop and the scheduler. */
#define DESK_MARGIN_MS 100

/* Questions and originators whose memory is kept for the next. */
#define DESK_SPARE_MAX 32

struct event_base;
struct desk;

/* Borrows base and store. */
struct desk *desk_new(struct event_base *base, struct store *store);

/* Nothing is taken back any more: the store is about to be freed. */
void desk_close(struct desk *desk);

/* When no question is under way. */
void desk_free(struct desk **desk);

struct desk_counts {
	int64_t under_way;		     /* questions, with those that are late */
	int64_t messages;		     /* decided at the end of the message */
	int64_t accepted, refused, deferred; /* of these */
	int64_t sandboxed;		     /* of these: held, discarded or redirected */
	int64_t late;			     /* questions whose deadline passed, at any stage */
};
const struct desk_counts *desk_counts(const struct desk *desk);

/* Both are borrowed for the call; request is the one that was asked. */
typedef void desk_answered(const struct answer *answer, const struct request *request, void *arg);

/* A session without a SASL user name may be an identity's (engine/identity.h). */
bool desk_knows_identities(const struct desk *desk);

/* Memory for the originators of a question. */
struct spares *desk_originators(struct desk *desk);

/* Asks the engine; answered is called exactly once, perhaps before this returns.
 * config and request are referenced or copied; originators, which may be NULL,
 * is taken over, to be given to desk_originators(), and becomes part of the request. */
void desk_ask(struct desk *desk, struct config *config, const struct request *request,
	      struct originators *originators, desk_answered *answered, void *arg);

/* The answer could not be given: logs that, and takes everything back that was
 * charged. */
void desk_undo(struct desk *desk, const struct config *config, const struct request *request,
	       const struct answer *answer);

#endif
