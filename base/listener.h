/*
 * Listening sockets: a unix socket with its mode and group, or TCP.
 *
 * A unix socket that a dead process left behind is replaced. Anything else
 * at its path is refused: a socket somebody listens on, a file, a symbolic
 * link. On failure the functions write a text for people to error.
 */
#ifndef SENDWARD_LISTENER_H
#define SENDWARD_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/endpoint.h"

struct event_base;
struct listener;

#define LISTENER_ERROR_MAX 512

/* Gets each connection: non-blocking, close-on-exec, the callee's own. */
typedef void listener_accepted(int fd, void *arg);

/* Listens on the loop. mode and group (NULL: as created) are those of a unix
 * socket. While the process is out of descriptors it waits, and goes on by
 * itself. */
struct listener *listener_open(struct event_base *base, const struct endpoint *endpoint,
			       mode_t mode, const char *group, listener_accepted *accepted,
			       void *arg, char *error, size_t error_size);

/* A unix socket is taken away where the process may do that. */
void listener_close(struct listener **listener);

/* Connections wait in the kernel meanwhile. */
void listener_pause(struct listener *listener);
void listener_resume(struct listener *listener);

#endif
