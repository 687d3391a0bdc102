/*
 * One connection of a mail server, on the event loop.
 *
 * The server says things and waits where an answer was agreed on. While a
 * question is under way, or an answer not taken, nothing more is read. Answers go
 * out at the end of the loop's pass, behind the log lines about them
 * (base/outbox.h). Octets
 * are read into a room that all connections share; a connection has memory of
 * its own only for a packet that has not all come, and for an answer that is
 * not taken at once. The body of a message is counted and not kept.
 *
 * A connection frees itself when it has ended and no question of its is under
 * way.
 */
#ifndef SENDWARD_MILTER_CONNECTION_H
#define SENDWARD_MILTER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/crowd.h"
#include "base/outbox.h"
#include "base/spares.h"
#include "milter/desk.h"
#include "milter/packet.h"

/* A server that does not read its answer is given up after this. */
#define CONNECTION_WRITE_TIMEOUT_S 30

/* Of a message nothing is heard while the client sends it, which Postfix writes to its
 * queue first: such a connection is idle so much later. */
#define CONNECTION_MESSAGE_MAX_S (24 * 3600)

/* Answers whose memory is kept for the next. */
#define CONNECTION_SPARE_MAX 256

/* Octets read at once. */
#define CONNECTION_ROOM (64 * 1024)

struct event_base;

/* What the connections of the daemon share; owned by who makes them, and
 * outlives them. */
struct connection_host {
	struct event_base *base;
	struct desk *desk;
	struct config *config; /* of the next session; each keeps its own */
	bool stopping;	       /* nothing is asked any more */
	int64_t n_malformed;   /* connections closed for it */
	struct outbox outbox;  /* answers of this pass of the loop */
	struct spares answers;
	char room[CONNECTION_ROOM];
};

/* All but the members above outbox, which are the caller's to set. */
void connection_host_init(struct connection_host *host, struct event_base *base);
void connection_host_fini(struct connection_host *host);

/* Connections of a struct connection_host. What has come when one is drained is
 * answered; one is closed only when no question is under way. In a message one is idle when nothing
 * came for CONNECTION_MESSAGE_MAX_S longer. */
extern const struct crowd_kind connection_kind;

#endif
