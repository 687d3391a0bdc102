/*
 * What is said to a Redis server before a connection is used: AUTH, SELECT,
 * PING. A server that is loading or is not the primary is not usable.
 */
#ifndef SENDWARD_HANDSHAKE_H
#define SENDWARD_HANDSHAKE_H

#include "base/config.h"

struct link;

/* Octets of a password file. */
#define PASSWORD_MAX 1024

/* done is called once, error NULL when the connection is usable. */
void handshake_start(struct link *link, const struct redis_settings *settings,
		     void (*done)(const char *error, void *arg), void *arg);

#endif
