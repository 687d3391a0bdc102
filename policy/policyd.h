/*
 * sendward-policyd: the pieces of the daemon and their life.
 *
 * One thread, one event loop. Everything belongs to struct policyd; main.c
 * owns the only one.
 */
#ifndef SENDWARD_POLICY_POLICYD_H
#define SENDWARD_POLICY_POLICYD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

/* How long a stop waits for answers under way before it goes on without. */
#define POLICYD_STOP_MAX_S 5

struct policyd;

/* Opens the listeners, which may need privileges. NULL with a text for people
 * in error. */
struct policyd *policyd_open(struct config *config, char *error, size_t error_size);

/* Serves until SIGTERM or SIGINT; SIGHUP or SIGUSR1 reloads. Takes over the reference to
 * config, frees policyd and returns the exit status. */
int policyd_run(struct policyd *policyd, struct config *config);

#endif
