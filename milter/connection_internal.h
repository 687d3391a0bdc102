/*
 * What the two halves of a connection share: connection.c hears a mail server,
 * connection_answer.c answers it.
 */
#ifndef SENDWARD_MILTER_CONNECTION_INTERNAL_H
#define SENDWARD_MILTER_CONNECTION_INTERNAL_H

#include <event2/event_struct.h>

#include "milter/connection.h"
#include "milter/inbox.h"
#include "milter/talk.h"

enum connection_state {
	CONNECTION_READING, /* waits for a packet, or has one not yet looked at */
	CONNECTION_ASKING,  /* the engine has a question */
	CONNECTION_WRITING, /* the answer waits for the end of the pass, or the server */
	CONNECTION_CLOSED,  /* to be freed */
};

struct connection {
	struct connection_host *host;
	struct crowd_member member;
	enum connection_state state;
	int fd;
	bool listening; /* readable is added */
	bool ended;	/* nothing more will be read */
	struct event readable, writable;
	int64_t heard_s; /* when something came last */
	struct talk talk;
	struct inbox inbox;
	size_t wanted;	       /* octets of the present packet, as far as is known */
	size_t skip;	       /* octets of a body that are yet to come */
	struct packets unsent; /* an answer; from sent on the server has not taken it */
	size_t sent;
	struct answer *last; /* at the end of a message, until it is taken; owned */
	struct outbox_entry outgoing;
};

/* The one gate of the state machine. */
void connection_enter(struct connection *c, enum connection_state state);

/* Goes on until something has to be waited for: a packet, the verdict, the end
 * of the pass. Every entry from outside ends here and does not touch the
 * connection afterwards: it may be gone. */
void connection_run(struct connection *c);

/* The engine is asked, and its answer written. */
void connection_ask(struct connection *c, const struct request *request);

/* What is in unsent goes out at the end of the pass. */
void connection_write_later(struct connection *c);

/* What the outbox asks of a connection. */
extern const struct outbox_kind connection_answers;

/* libevent: the server takes more, or has not for too long. */
void connection_on_writable(evutil_socket_t fd, short what, void *connection);

#endif
