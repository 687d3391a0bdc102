/*
 * All policy connections of the daemon: how many, how idle, and their end.
 */
#ifndef SENDWARD_POLICY_CLIENTS_H
#define SENDWARD_POLICY_CLIENTS_H

#include "policy/session.h"

struct clients;

typedef void clients_report(void *ctx, const struct config *config, const struct request *request,
			    const struct verdict *verdict, int64_t elapsed_us);

/* env, identities (which may be NULL) and ctx stay valid until clients_free(); config is kept with a
 * reference. */
struct clients *clients_new(struct event_base *base, const struct decision_env *env,
			    const struct identities *identities, struct config *config,
			    clients_report *report, void *ctx);

/* A reload: from now on requests are decided by this one. */
void clients_configure(struct clients *clients, struct config *config);

/* Owns fd, a connected stream socket that does not block. */
void clients_add(struct clients *clients, int fd);

/* Answers what has been asked and closes every connection; drained is called
 * when the last is closed, perhaps before this returns. */
void clients_drain(struct clients *clients, void (*drained)(void *ctx));

/* Nothing more is asked of env: what it has answers, then that connection is
 * closed. */
void clients_abandon(struct clients *clients);

/* Only when env owes no decision any more. */
void clients_free(struct clients **clients);

/* What the requests tell of the wiring; as long as clients. */
struct wiring *clients_wiring(struct clients *clients);

struct clients_stats {
	int64_t connections, requests, decisions, malformed, turned_away;
};
void clients_stats(const struct clients *clients, struct clients_stats *out);

#endif
