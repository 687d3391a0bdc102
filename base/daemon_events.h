/*
 * What happens to a daemon from outside and at times: it is told to reload or to
 * stop, its beat is due, and it takes too long to stop.
 *
 * SIGHUP and SIGUSR1 reload, SIGTERM and SIGINT stop. A reload that comes before
 * the loop runs waits for it, from daemon_events_defer() on.
 */
#ifndef SENDWARD_DAEMON_EVENTS_H
#define SENDWARD_DAEMON_EVENTS_H

#include <stdbool.h>

/* A beat is gone from the store when two have failed. */
#define DAEMON_BEAT_EVERY_S 10
#define DAEMON_BEAT_TTL_S 30

struct event_base;
struct daemon_events;

/* What a daemon does then. */
struct daemon_calls {
	void (*reload)(void *daemon); /* never while it stops */
	void (*beat)(void *daemon);
	/* Once. It takes nothing new, and calls daemon_events_end() when what
	 * it has is answered, perhaps at once. */
	void (*stop)(void *daemon);
	int stop_max_s; /* so long after it ends anyway, and says so */
};

/* Reloads wait until there are events for them; their default effect would be
 * the end. The first thing that a daemon does. */
void daemon_events_defer(void);

/* Takes signals from now on. base, calls and daemon are borrowed until
 * daemon_events_free(). Owned by the caller. */
struct daemon_events *daemon_events_new(struct event_base *base, const struct daemon_calls *calls,
					void *daemon);

/* Runs the loop until daemon_events_end() or the end of stop_max_s. Returns the
 * exit status. */
int daemon_events_run(struct daemon_events *events);

/* Has it been told to stop? */
bool daemon_events_stopping(const struct daemon_events *events);

/* Everything is answered. */
void daemon_events_end(struct daemon_events *events);

/* From now on all four signals have no effect: a second SIGTERM would spoil the
 * exit status. */
void daemon_events_free(struct daemon_events **events);

#endif
