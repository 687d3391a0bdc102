/*
 * The desk where libmilter's threads bring their questions to the engine, and
 * where the answers are reported and counted.
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
 * A question there is no room for is deferred whatever on_store_failure says:
 * that is about the store, and nobody has looked at the login's state.
 */
#ifndef SENDWARD_MILTER_DESK_H
#define SENDWARD_MILTER_DESK_H

#include <stdint.h>

#include "base/config.h"
#include "engine/request.h"
#include "milter/answer.h"
#include "milter/bridge.h"
#include "store/store.h"

/* What a thread waits beyond the deadlines: for the queue and the scheduler. */
#define DESK_MARGIN_MS 100

struct desk;

/* --- the loop's thread ------------------------------------------------------ */

/* Borrows both; never freed, as the bridge. */
struct desk *desk_new(struct bridge *bridge, struct store *store);

struct desk_counts {
	int64_t messages;		     /* decided at the end of the message */
	int64_t accepted, refused, deferred; /* of these */
	int64_t sandboxed;		     /* of these: held, discarded or redirected */
	int64_t late;			     /* questions whose deadline passed, at any stage */
};
const struct desk_counts *desk_counts(const struct desk *desk);

/* --- any thread ------------------------------------------------------------- */

/* A session without a SASL user name may be an identity's (engine/identity.h). */
bool desk_knows_identities(const struct desk *desk);

/* Asks the engine and waits. config and request are copied or referenced;
 * originators, which may be NULL, is taken over and becomes part of the
 * request. */
void desk_ask(struct desk *desk, struct config *config, const struct request *request,
	      struct originators *originators, struct answer *out);

/* The answer could not be given: logs that, and takes everything back that was
 * charged, without waiting for it. */
void desk_undo(struct desk *desk, struct config *config, const struct request *request,
	       const struct answer *answer);

/* Logs a decision that the engine was not asked for. */
void desk_log(const struct config *config, const struct request *request,
	      const struct verdict *verdict);

#endif
