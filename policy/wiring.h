/*
 * What the requests tell of the wiring in main.cf. A policy server sees its
 * own place only by what it is asked; what cannot work there is said in the
 * log, each thing once.
 */
#ifndef SENDWARD_POLICY_WIRING_H
#define SENDWARD_POLICY_WIRING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

/* After each so many messages a stage that was never asked is taken to be missing. */
#define WIRING_MESSAGES 20

/* Beats of ours that the milter's counter may be behind: two, so that one of
 * its own, which come as often, lies between them. */
#define WIRING_BEATS_BEHIND 2

/* That no milter is asked is said at most this often. */
#define WIRING_COMPLAIN_EVERY_S 600

struct wiring {
	int64_t passed; /* messages that passed at RCPT or DATA */
	int64_t ended;	/* messages seen at END-OF-MESSAGE */
	/* What wiring_unseen() has looked at last; never followed. */
	const struct config *looked_at;
	/* Messages that passed at END-OF-MESSAGE and are left to the milter:
	 * all, those until the last beats (the oldest first), and those until
	 * the milter's counter has last moved. */
	int64_t left, left_until[WIRING_BEATS_BEHIND], left_seen;
	int64_t milter_messages; /* the counter; -1: never seen */
	unsigned beats_missing;	 /* in a row */
	int64_t complained_s;	 /* 0: never */
};

void wiring_init(struct wiring *wiring);

/* A request whose protocol_state is none that we decide on. state is one of
 * Postfix's, or anything (unknown). */
void wiring_undecided(const char *state, bool unknown);

/* A message passed for the first time at RCPT or DATA. */
void wiring_passed(struct wiring *wiring, enum charge_by charge);

/* A message was seen at END-OF-MESSAGE. */
void wiring_ended(struct wiring *wiring);

/* At END-OF-MESSAGE, of a message none of whose recipients was asked about. */
void wiring_unseen(struct wiring *wiring, const struct config *config);

/* END-OF-MESSAGE came without the attribute size. */
void wiring_no_size(void);

/* END-OF-MESSAGE came before the message has a queue file. */
void wiring_before_queue(enum charge_by charge);

/* A message passed at END-OF-MESSAGE, and the milter charges. */
void wiring_left(struct wiring *wiring);

/* Once in a beat, while the milter charges: what the milter of this node has
 * stored as its own (JSON), NULL when there is nothing. now_s is any clock that
 * runs on, in seconds from more than 0. Complains when messages are left to a
 * milter that does not get them. */
void wiring_milter_beat(struct wiring *wiring, const char *node, const char *json, int64_t now_s);

/* Checks that are configured and that nobody makes. Call after each load. */
void wiring_configured(const struct config *config);

#endif
