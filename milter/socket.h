/*
 * The socket that libmilter listens on. libmilter opens it itself and says in
 * syslog only what was wrong, so everything that can be is checked before.
 */
#ifndef SENDWARD_MILTER_SOCKET_H
#define SENDWARD_MILTER_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

/* Opens config->milter_listen with the configured mode and group. After
 * callbacks_register(), before privileges are dropped. False with a text for
 * people in error. */
bool socket_open(const struct config *config, char *error, size_t error_size);

#endif
