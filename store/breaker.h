/*
 * Whether a server is asked (a circuit breaker): up; open, when nobody is kept
 * waiting for it; half-open, while one probe finds out whether it is back. An
 * outage is one line in the log when it begins and one when it ends, however
 * often its reason changes meanwhile, and however often the server comes back
 * only to fail again: it ends when the server has been up for a while and still
 * answers.
 */
#ifndef SENDWARD_BREAKER_H
#define SENDWARD_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"

enum breaker_state { BREAKER_UP, BREAKER_OPEN, BREAKER_HALF_OPEN };

#define BREAKER_ERROR_MAX 640

/* An outage is over when the server has been up for so long, and then answers. */
#define BREAKER_SETTLE_MS 3000

struct breaker {
	enum breaker_state state;
	int64_t since_s; /* of the day, when it was last up or ceased to be */
	int64_t outages;
	bool quiet;	   /* no lines in the log */
	bool told;	   /* that an outage has begun, and not that it is over */
	int64_t opened_ms, closed_ms; /* clock_ms(): when the outage began; last up */
	char name[ENDPOINT_TEXT_MAX];
	char error[BREAKER_ERROR_MAX]; /* with the name; of the last outage when up; "" none */
};

/* "up", "open", "half-open". */
const char *breaker_state_name(enum breaker_state state);

/* Open, without an outage: nothing has been tried yet. */
void breaker_init(struct breaker *breaker, const struct endpoint *server, bool quiet);

/* The server failed. True when it was up until now: then an outage has begun, or
 * the one before goes on. */
bool breaker_open(struct breaker *breaker, const char *why);
/* It is being tried: open becomes half-open. */
void breaker_probe(struct breaker *breaker);
/* It answers. True when it was not up until now. */
bool breaker_close(struct breaker *breaker);
/* Is it up, and no outage waits for its end? breaker_settle() when it has been up for
 * BREAKER_SETTLE_MS and has answered then, or is asked no more: the outage is over. */
bool breaker_is_settled(const struct breaker *breaker);
void breaker_settle(struct breaker *breaker);

#endif
