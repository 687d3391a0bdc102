/*
 * All milter connections of the daemon.
 */
#ifndef SENDWARD_MILTER_CLIENTS_H
#define SENDWARD_MILTER_CLIENTS_H

#include "milter/connection.h"

struct clients;

/* desk stays valid until clients_free(); config is kept with a reference. */
struct clients *clients_new(struct event_base *base, struct desk *desk, struct config *config);

/* A reload: sessions that begin from now on have this one. */
void clients_configure(struct clients *clients, struct config *config);

/* Owns fd, a connected stream socket that does not block. */
void clients_add(struct clients *clients, int fd);

/* Answers what has been asked and closes every connection; drained is called
 * when the last is closed, perhaps before this returns. */
void clients_drain(struct clients *clients, void (*drained)(void *ctx), void *ctx);

/* Nothing more is asked of the desk: what it has answers, then that connection
 * is closed. */
void clients_abandon(struct clients *clients);

/* Only when the desk owes no answer any more. */
void clients_free(struct clients **clients);

struct clients_stats {
	int64_t connections, malformed, turned_away;
};
void clients_stats(const struct clients *clients, struct clients_stats *out);

#endif
