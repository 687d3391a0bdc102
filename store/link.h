/*
 * One connection to one Redis server, kept up by itself: requests go out
 * pipelined, every wait has a deadline, and while the server is away or cannot
 * serve, requests are refused at once (store/breaker.h). Nothing is sent again
 * here.
 *
 * Belongs to the thread of the loop. No link is freed inside its callbacks.
 */
#ifndef SENDWARD_LINK_H
#define SENDWARD_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "store/breaker.h"

struct event_base;
struct redisReply;
struct link;
struct tls;

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

/* What a server may be, by its answer to ROLE. */
enum link_role {
	LINK_ANY_ROLE,
	LINK_NO_REPLICA, /* one that does not let us ask is believed */
	LINK_PRIMARY,
};

struct link_server {
	struct endpoint address;
	/* Name, password, database and deadline; borrowed until
	 * link_configure() or link_free(). */
	const struct redis_settings *settings;
	struct tls *tls; /* borrowed likewise; for ENDPOINT_TLS */
	enum link_role role;
	bool quiet; /* no lines in the log */
	/* Not NULL: gets what comes unasked on a connection that has sent
	 * SUBSCRIBE ("message", channel, text); reply is borrowed. */
	void (*push)(const struct redisReply *reply, void *arg);
};

/* Starts to connect, from the loop. */
struct link *link_new(struct event_base *base, const struct link_server *server,
		      link_change *change, void *arg);

/* For the next connection; the deadline holds at once. */
void link_configure(struct link *link, const struct redis_settings *settings, struct tls *tls);

/* Requests on their way are answered LINK_UNCERTAIN. */
void link_free(struct link **link);

/* Sends one command that is to be answered until deadline_ms (clock_ms()).
 * reply may be called before this returns (LINK_UNAVAILABLE). */
void link_send(struct link *link, int argc, const char *const *argv, const size_t *lengths,
	       int64_t deadline_ms, link_reply *reply, void *arg);

/* The same before the link is up, for the handshake only. */
void link_send_early(struct link *link, int argc, const char *const *argv, link_reply *reply,
		     void *arg);

/* The same for a secret, of which no copy is kept. */
void link_send_secret(struct link *link, int argc, const char *const *argv, link_reply *reply,
		      void *arg);

/* The server answers, but cannot serve: nobody is kept waiting for it until a
 * probe, soon and then later and later, finds that it can. */
void link_unfit(struct link *link, const char *why);
/* The server is not the primary (any more): the same, on a new connection, and
 * not when it says again that it is a replica. */
void link_demoted(struct link *link, const char *why);

struct link_stats {
	int64_t connects, failures, timeouts, requests, in_flight;
	const struct breaker *breaker; /* borrowed */
};

bool link_is_up(const struct link *link);
void link_stats(const struct link *link, struct link_stats *out);

#endif
