/*
 * What the requests tell of the wiring in main.cf. A policy server sees its
 * own place only by what it is asked; what cannot work there is said in the
 * log, each thing once.
 */
#ifndef SENDWARD_POLICY_WIRING_H
#define SENDWARD_POLICY_WIRING_H

#include <stdbool.h>

#include "base/config.h"

/* Messages after which a stage that was never asked is taken to be missing. */
#define WIRING_MESSAGES 20

struct wiring {
	unsigned passed; /* messages that passed at RCPT or DATA */
	unsigned ended;	 /* messages seen at END-OF-MESSAGE */
	/* What wiring_unseen() has looked at last; never followed. */
	const struct config *looked_at;
};

/* A request whose protocol_state is none that we decide on. state is one of
 * Postfix's, or anything (unknown). */
void wiring_undecided(const char *state, bool unknown);

/* A message passed for the first time at RCPT or DATA. */
void wiring_passed(struct wiring *wiring, enum charge_by charge);

/* A message was seen at END-OF-MESSAGE. */
void wiring_ended(struct wiring *wiring);

/* At END-OF-MESSAGE, of a message none of whose recipients was asked about. */
void wiring_unseen(struct wiring *wiring, const struct config *config);

/* Checks that are configured and that nobody makes. Call after each load. */
void wiring_configured(const struct config *config);

#endif
