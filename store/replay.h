/*
 * Charging what was accepted without the store: when it is back, at a bounded
 * pace, each message once by its message key, whatever the limits are. Before
 * the store is asked about a name, what that name owes goes out on the same
 * connection, so that the answer counts it.
 */
#ifndef SENDWARD_REPLAY_H
#define SENDWARD_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/take.h"

struct store;

/* On their way at a time, and how often more are sent. */
#define REPLAY_IN_FLIGHT_MAX 32
#define REPLAY_EVERY_MS 10

/* Of one name, before it is asked about: the others come in their turn. */
#define REPLAY_NAME_MAX 500

/* A charge that was not made is tried again so much later, until all of its windows
 * have passed; and when the store is away, or so many in a row were not made, it is
 * left alone for so long. One whose counters cannot be read holds up no other. */
#define REPLAY_PAUSE_MS 1000
#define REPLAY_FAILURES_MAX REPLAY_IN_FLIGHT_MAX

struct event;

struct replay {
	struct event *timer;
	int in_flight;
	int failures;		/* in a row */
	int64_t pause_until_ms; /* clock_ms() */
	int64_t made, lost;	/* charges since the start */
	int64_t told;		/* of those made, in the log */
	bool full;		/* that there was no room was said */
};

void replay_init(struct store *store);
void replay_fini(struct store *store);

/* The message is accepted without the store, and not known yet: counts it here
 * and remembers that it is owed. */
void replay_owe(struct store *store, const struct take *take, bool uncertain);

/* The message is not accepted after all: takes it out. True when nothing of it
 * can have reached the store. */
bool replay_take_back(struct store *store, const struct charge *charge, const char *message_key);

/* The store is back. */
void replay_wake(struct store *store);

/* The store will be asked about that name. */
void replay_name(struct store *store, enum take_scope scope, const char *name);

#endif
