/*
 * The connections of Postfix processes that ask who owns an address:
 * smtpd_sender_login_maps = socketmap:..., policyd.sender_login_listen.
 *
 * There are two maps. "senders" has every login, and "accounts" only those that
 * have an account. The whole address is what is asked; what Postfix asks then,
 * when nobody owns it (the user alone, "@domain"), has no answer: the address
 * was judged with all that covers its domain, and with what is excluded there.
 *
 * A connection asks one thing at a time; what comes ahead waits. There are
 * policyd.max_connections at most, beside as many policy connections. One is
 * closed when it is idle too long (base/crowd.h), takes no answer, or sends what is no question.
 */
#ifndef SENDWARD_POLICY_MAP_CLIENTS_H
#define SENDWARD_POLICY_MAP_CLIENTS_H

#include <stdint.h>

#include "base/config.h"
#include "store/store.h"

struct event_base;
struct map_clients;

/* An answer that is not taken is given up after this. */
#define MAP_CLIENT_WRITE_TIMEOUT_S 30

/* What went wrong is logged at most this often. */
#define MAP_CLIENTS_COMPLAIN_EVERY_S 10

/* store stays valid until map_clients_free(); config is kept with a reference. */
struct map_clients *map_clients_new(struct event_base *base, struct store *store,
				    struct config *config);
void map_clients_configure(struct map_clients *clients, struct config *config);

/* Owns fd, a connected stream socket that does not block. */
void map_clients_add(struct map_clients *clients, int fd);

/* Closes every connection that is owed nothing, and the others when they have
 * their answer. drained is called when there is none left, perhaps before this
 * returns. */
void map_clients_drain(struct map_clients *clients, void (*drained)(void *ctx), void *ctx);

/* Nothing more is asked of the store: what it answers yet is told, and the
 * connection closed. */
void map_clients_abandon(struct map_clients *clients);

/* Only when the store owes no answer any more. */
void map_clients_free(struct map_clients **clients);

struct map_clients_stats {
	int64_t connections, lookups, failures;
};
void map_clients_stats(const struct map_clients *clients, struct map_clients_stats *out);

#endif
