/*
 * sendward-sasld: the pieces of the daemon and their life.
 *
 * One event loop in one thread, and the threads that compare passwords
 * (sasld/hasher.h). Everything belongs to struct sasld; main.c owns the only one.
 */
#ifndef SENDWARD_SASLD_H
#define SENDWARD_SASLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

/* How long a stop waits for answers under way before it goes on without. */
#define SASLD_STOP_MAX_S 10

struct sasld;

/* Opens the listeners, which may need privileges. NULL with a text for people
 * in error. */
struct sasld *sasld_open(struct config *config, char *error, size_t error_size);

/* Serves until SIGTERM or SIGINT; SIGHUP or SIGUSR1 reloads. Takes over the reference to
 * config, frees sasld and returns the exit status. */
int sasld_run(struct sasld *sasld, struct config *config);

#endif
