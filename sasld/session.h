/*
 * One connection of a Postfix process, on the event loop. It begins with the
 * handshake; then logins come and are answered as they are known, several at a
 * time if the client likes (Postfix has one).
 *
 * When a login cannot be told right or wrong, the connection is closed: Postfix
 * answers its client 454 4.7.0 then and connects anew, while any answer of ours
 * would be 535, after which mail programs ask for the password again.
 *
 * A session frees itself when its connection has ended.
 */
#ifndef SENDWARD_SASLD_SESSION_H
#define SENDWARD_SASLD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/crowd.h"
#include "sasld/login.h"

/* Logins of one connection that have begun and are not answered. Postfix does not
 * tell when its client gives one up: the oldest that waits for its client makes
 * room for a new one. */
#define SESSION_LOGINS_MAX 8

/* A client that does not read its answers is given up after this, or when so
 * many octets of them wait. */
#define SESSION_WRITE_TIMEOUT_S 30
#define SESSION_OUT_MAX 16384

/* What the sessions of a daemon share; owned by who makes them, and outlives
 * them. */
struct session_host {
	struct login_host *login;
	uint32_t n_sessions;
	int64_t n_requests, n_malformed;
};

/* Sessions of a struct session_host. When one is drained, logins that work on their
 * answer get it; one is idle when no login is under way. */
extern const struct crowd_kind session_kind;

#endif
