/*
 * One connection of a Postfix process, on the event loop.
 *
 * Postfix asks one thing at a time and waits (POSTFIX facts: one connection
 * per smtpd process, kept across SMTP sessions). So does a session: what is
 * sent ahead stays in the parser's buffer, and when that is full in the
 * socket's, until the answer before it is written. Answers go out at the end
 * of the loop's pass, behind the log lines about them (base/outbox.h).
 *
 * A session frees itself when its connection has ended and no decision of its
 * is under way; a peer that goes away meanwhile is noticed at once and waited
 * for no longer than the store's deadline.
 */
#ifndef SENDWARD_POLICY_SESSION_H
#define SENDWARD_POLICY_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config_use.h"
#include "base/crowd.h"
#include "base/outbox.h"
#include "engine/decision.h"
#include "policy/exchange.h"
#include "policy/wiring.h"

/* A client that does not read its answer is given up after this. */
#define SESSION_WRITE_TIMEOUT_S 30

struct event_base;

/* What the sessions of a daemon share; owned by who makes them, and outlives
 * them. Who makes it sets env, identities, config (a use of its own), report
 * and ctx. */
struct session_host {
	struct event_base *base;
	struct outbox outbox; /* answers of this pass of the loop */
	struct spares exchanges;
	const struct decision_env *env;
	const struct identities *identities; /* borrowed; NULL: there are none */
	struct config_use *config;	     /* of the next request; each keeps its own */
	struct wiring wiring;
	void (*report)(void *ctx, const struct config *config, const struct request *request,
		       const struct verdict *verdict, int64_t elapsed_us);
	void *ctx;
	bool stopping;	     /* nothing is asked of env any more */
	int64_t n_requests;  /* complete ones */
	int64_t n_decisions; /* of these, asked of the engine */
	int64_t n_malformed; /* connections closed for it */
};

void session_host_init(struct session_host *host, struct event_base *base);
void session_host_fini(struct session_host *host);

/* Sessions of a struct session_host. What has come when one is drained is answered; one
 * is closed only when no decision of its is under way. */
extern const struct crowd_kind session_kind;

#endif
