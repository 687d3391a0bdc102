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

struct session;

/* What the sessions of a daemon share; owned by who makes them, and outlives
 * them. */
struct session_host {
	struct login_host *login;
	/* The session is freed when this returns. */
	void (*closed)(void *ctx, struct session *session);
	void *ctx;
	uint32_t n_sessions;
	int64_t n_requests, n_malformed;
};

/* Owns fd, a connected stream socket that does not block. */
struct session *session_new(struct session_host *host, int fd);

/* Begins. May call closed() before it returns. */
void session_start(struct session *session);

/* Logins that work on their answer get it, then the connection is closed. May
 * call closed() before it returns. */
void session_drain(struct session *session);

/* Closes the connection at once. Calls closed(). */
void session_close(struct session *session);

/* Nothing came since this (crowd_clock_s()), and no login is under way. */
bool session_idle_since(const struct session *session, int64_t since_s);

/* For the crowd that it belongs to. */
struct crowd_member *session_member(struct session *session);

#endif
