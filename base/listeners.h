/*
 * Listening sockets of the daemon, kept equal to a list in the configuration.
 */
#ifndef SENDWARD_LISTENERS_H
#define SENDWARD_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/listener.h"

struct event_base;
struct listeners;

/* Which list, such as policyd.listen. */
typedef const struct endpoint *listeners_list(const struct config *config, size_t *n);

struct listeners *listeners_new(struct event_base *base, listeners_list *list,
				listener_accepted *accepted, void *arg);

/* Closes them all. */
void listeners_free(struct listeners **listeners);

/* Opens what is new in config and closes what is gone; what stays is not
 * touched. All or nothing: when one cannot be opened (text for people in
 * error) everything stays as it was. */
bool listeners_apply(struct listeners *listeners, const struct config *config, char *error,
		     size_t error_size);

/* Whoever connects meanwhile waits in the kernel. Also for those that
 * listeners_apply() opens later. */
void listeners_pause(struct listeners *listeners);
void listeners_resume(struct listeners *listeners);

/* "unix:/a, inet:127.0.0.1:10031", cut at out_size - 1. */
void listeners_format(const struct listeners *listeners, char *out, size_t out_size);

#endif
