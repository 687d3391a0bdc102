/*
 * A subscription to one channel, over a connection of its own, kept up by
 * itself: to any server there is (in a cluster each has every message; a
 * replica has its primary's). A connection that falls silent is noticed by a
 * PING every WATCH_EVERY_MS.
 */
#ifndef SENDWARD_WATCH_H
#define SENDWARD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "store/servers.h"

struct event_base;
struct watch;

#define WATCH_EVERY_MS 1000

struct watch_events {
	/* Messages come from now on; what was said before may have been missed. */
	void (*begun)(void *arg);
	/* text is borrowed for the call. */
	void (*message)(const char *text, void *arg);
};

/* servers and events are borrowed; free it before servers_configure(). */
struct watch *watch_new(struct event_base *base, const struct servers *servers,
			const char *channel, const struct watch_events *events, void *arg);
void watch_free(struct watch **watch);

/* A server has become usable: connects at once. */
void watch_wake(struct watch *watch);

bool watch_is_subscribed(const struct watch *watch);

/* Since when it has not been, clock_ms(); when it is: since when it had not been
 * before. */
int64_t watch_deaf_since_ms(const struct watch *watch);

#endif
