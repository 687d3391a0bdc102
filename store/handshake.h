/*
 * What is said to a Redis server before a connection is used: AUTH, SELECT,
 * ROLE, PING. A server that is loading, or is not the primary
 * when it has to be, is not usable.
 */
#ifndef SENDWARD_HANDSHAKE_H
#define SENDWARD_HANDSHAKE_H

#include "base/config.h"
#include "store/link.h"

/* Octets of a password file. */
#define PASSWORD_MAX 1024

/* done is called once, error NULL when the connection is usable. role:
 * what the server has to say that it is. */
void handshake_start(struct link *link, const struct redis_settings *settings, enum link_role role,
		     void (*done)(const char *error, void *arg), void *arg);

#endif
