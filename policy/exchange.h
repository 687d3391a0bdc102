/*
 * What a connection needs while a client asks and is answered, and does not
 * need while it is idle: the bytes of the request and of the answer. A daemon
 * has thousands of connections, and most of them are idle.
 */
#ifndef SENDWARD_POLICY_EXCHANGE_H
#define SENDWARD_POLICY_EXCHANGE_H

#include <sys/queue.h>

#include "policy/protocol.h"
#include "policy/stage.h"

/* Kept for the next request; more are freed. */
#define EXCHANGES_SPARE_MAX 256

struct exchange {
	SLIST_ENTRY(exchange) link;
	size_t answer_len, answer_sent;
	char answer[STAGE_ANSWER_MAX];
	struct protocol protocol; /* last: most of it is never touched */
};

/* The one used last is taken first: the processor still has it near. */
struct exchanges {
	SLIST_HEAD(, exchange) spare;
	unsigned n_spare;
};

void exchanges_init(struct exchanges *exchanges);
void exchanges_fini(struct exchanges *exchanges);

/* Owned by who takes it until it is given back. */
struct exchange *exchange_take(struct exchanges *exchanges);

/* NULL is none. */
void exchange_give(struct exchanges *exchanges, struct exchange **exchange);

#endif
