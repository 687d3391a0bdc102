/*
 * What a connection needs while a client asks, and does not need while it is
 * idle: the bytes of the request, what it asks, and an answer that is no
 * constant. A daemon has thousands of connections, and most of them are idle.
 */
#ifndef SENDWARD_POLICY_EXCHANGE_H
#define SENDWARD_POLICY_EXCHANGE_H

#include "base/spares.h"
#include "policy/protocol.h"
#include "policy/stage.h"

/* Kept for the next request; more are freed. */
#define EXCHANGES_SPARE_MAX 256

struct exchange {
	char answer[STAGE_ANSWER_MAX];
	struct stage_question question;
	struct protocol protocol; /* last: most of it is never touched */
};

/* Owned by who takes it until it is given back. */
struct exchange *exchange_take(struct spares *spares);

/* NULL is none. */
void exchange_give(struct spares *spares, struct exchange **exchange);

#endif
