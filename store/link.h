/*
 * One connection to Redis, kept up by itself: requests go out pipelined,
 * every wait has a deadline, and while the server is away requests are
 * refused at once. RESP2; bytes travel over a libevent bufferevent (plain or
 * TLS), replies are read by hiredis.
 *
 * Belongs to the thread of the loop.
 */
#ifndef SENDWARD_LINK_H
#define SENDWARD_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"

struct event_base;
struct redisReply;
struct link;

/* Requests on their way; beyond it a request is refused at once. */
#define LINK_IN_FLIGHT_MAX 20000

enum link_result {
	LINK_OK,	  /* there is a reply, perhaps an error reply */
	LINK_UNAVAILABLE, /* not sent */
	LINK_UNCERTAIN,	  /* sent, and no reply before the deadline */
};

/* Called exactly once for each request. reply is borrowed for the call, NULL
 * unless LINK_OK; error says why not. */
typedef void link_reply(enum link_result result, struct redisReply *reply, const char *error,
			void *arg);

/* Called whenever the link has become usable (up) or has stopped being so. */
typedef void link_change(bool up, void *arg);

/* Starts to connect. settings are borrowed until link_configure() or
 * link_free(). */
struct link *link_new(struct event_base *base, const struct redis_settings *settings,
		      link_change *change, void *arg);

/* New settings for the same server: only the deadline may differ. */
void link_configure(struct link *link, const struct redis_settings *settings);

/* Requests on their way are answered LINK_UNCERTAIN. */
void link_free(struct link **link);

/* Sends one command that is to be answered until deadline_ms (clock_ms()).
 * reply may be called before this returns (LINK_UNAVAILABLE). */
void link_send(struct link *link, int argc, const char *const *argv, const size_t *lengths,
	       int64_t deadline_ms, link_reply *reply, void *arg);

/* The same before the link is up, for the handshake only. */
void link_send_early(struct link *link, int argc, const char *const *argv, link_reply *reply,
		     void *arg);

struct link_stats {
	bool up;
	int64_t connects, failures, timeouts, requests, in_flight;
	const char *last_error; /* borrowed; "" none */
};

void link_stats(const struct link *link, struct link_stats *out);

#endif
