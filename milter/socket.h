/*
 * The socket that libmilter listens on. libmilter opens it itself and says in
 * syslog only what was wrong, so everything that can be is checked before.
 */
#ifndef SENDWARD_MILTER_SOCKET_H
#define SENDWARD_MILTER_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

/* Opens config->milter_listen with the configured mode and group, owned by
 * config->user. After callbacks_register(), before privileges are dropped.
 * False with a text for people in error. */
bool socket_open(const struct config *config, char *error, size_t error_size);

/* Connects to it and hangs up, so that the thread that listens looks up and
 * sees that it is to stop; else that takes up to 5 s (libmilter's
 * MI_CHK_TIME). Never blocks; does nothing when it cannot be done. */
void socket_knock(const struct endpoint *endpoint);

#endif
