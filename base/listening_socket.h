/*
 * The socket of a listener: a unix socket at its path, with its mode and group, or TCP.
 */
#ifndef SENDWARD_LISTENING_SOCKET_H
#define SENDWARD_LISTENING_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#include "base/endpoint.h"

/* Listens at a unix: or inet: endpoint; group NULL: as created. A unix socket that a dead
 * process left behind is replaced, and nobody can connect before mode and group are set.
 * Returns a descriptor of the caller's, non-blocking and close-on-exec, or -1 with a text
 * for people in error. */
int listening_socket_open(const struct endpoint *endpoint, mode_t mode, const char *group,
			  char *error, size_t error_size);

#endif
