/*
 * The Redis servers behind the store, whatever there is of them. A command
 * says which key it is about (command_add_key()); which connection it goes
 * over is decided here. The store sends, and does not know of connections.
 *
 * Who repeats what: the store sends each command once, and gets exactly one
 * answer, at the latest when redis.deadline has passed since servers_send().
 * Within that time this layer sends a command again
 *	- with its whole script, when the server has not got it (NOSCRIPT);
 *	- when the server says that it cannot serve just now (store/trouble.h:
 *	  LOADING, BUSY, READONLY, ...): nothing was changed then;
 *	- when its connection was lost, if it is repeatable (struct command):
 *	  it may have been done, and doing it twice is doing it once.
 * A command is refused at once when its server is known to be away: nobody
 * waits in line for a server (store/breaker.h).
 *
 * Its answer says what is known:
 *	LINK_OK		 the server's reply, perhaps an error reply
 *	LINK_UNAVAILABLE nothing was changed, now or later
 *	LINK_UNCERTAIN	 it may have been done, or may still be done
 *
 * Belongs to the thread of the loop.
 */
#ifndef SENDWARD_SERVERS_H
#define SENDWARD_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "store/command.h"
#include "store/link.h"

struct event_base;
struct servers;

/* Starts to connect. settings are borrowed until servers_configure() or
 * servers_free(). change is called whenever a server has become usable (up) or
 * has stopped being so. */
struct servers *servers_new(struct event_base *base, const struct redis_settings *settings,
			    link_change *change, void *arg);

/* New settings for the same servers (redis_same()). */
void servers_configure(struct servers *servers, const struct redis_settings *settings);

/* Requests on their way are answered. */
void servers_free(struct servers **servers);

/* Sends to the server that has the command's key, or to any when it has none.
 * Takes the command over. extra_ms is added to the deadline, for commands that
 * wait in the server. reply may be called before this returns. */
void servers_send(struct servers *servers, struct command *command, int64_t extra_ms,
		  link_reply *reply, void *arg);

/* For what is asked of each server that has keys (SCAN): their numbers, in
 * ascending order. The first one after the given number (0 to begin with); 0
 * when there is none. A server keeps its number as long as it is one of them,
 * and no other gets the same one. */
unsigned servers_next(const struct servers *servers, unsigned after);

/* The server's address, borrowed until the loop goes on; "" when it is none of
 * them any more. */
const char *servers_name(const struct servers *servers, unsigned server);

/* Sends to that server, LINK_UNAVAILABLE when it is none of them any more. That
 * a key is elsewhere (MOVED, ASK) is its answer then. */
void servers_send_to(struct servers *servers, unsigned server, struct command *command,
		     link_reply *reply, void *arg);

/* A usable server, any one, for a connection of the caller's own: fills in its
 * address, settings and tls, which are borrowed until servers_configure() or
 * servers_free(). False when there is none. */
bool servers_any(const struct servers *servers, struct link_server *out);

struct servers_stats {
	bool up;    /* some server is usable */
	bool ready; /* all of them are */
	int64_t connects, failures, timeouts, requests, in_flight;
	int64_t repeats;	       /* commands sent again */
	int64_t script_loads;	       /* times a server had to be sent a whole script */
	const struct breaker *breaker; /* of the server in the worst state; borrowed, NULL none */
	const char *error;	       /* of the present; borrowed, "" none */
};

void servers_stats(const struct servers *servers, struct servers_stats *out);

/* Calls each(breaker) of each server with keys. */
void servers_each(const struct servers *servers,
		  void (*each)(const struct breaker *breaker, void *arg), void *arg);

#endif
