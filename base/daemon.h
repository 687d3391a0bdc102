/*
 * What the daemons have in common: options, start, privileges, readiness.
 *
 * daemon_main() goes through: options; configuration; into the background
 * (unless -f; the command returns when the daemon is ready, or with the
 * reason why it is not); limits; open(); privileges dropped, with a warning when
 * the configuration can then not be read again; run().
 */
#ifndef SENDWARD_DAEMON_H
#define SENDWARD_DAEMON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

#define DAEMON_ERROR_MAX 512

struct daemon_program {
	const char *name;  /* "sendward-policyd" */
	const char *about; /* one line for --help */
	/* Opens what may need root: listeners. Runs before any thread. On
	 * failure returns false with a text for people in error. */
	bool (*open)(struct config *config, char *error, size_t error_size);
	/* Calls daemon_ready(), works until told to stop, and returns the exit
	 * status. Takes over the reference to config. SIGPIPE is ignored, and
	 * what tells to reload waits; other signals are up to run()
	 * (base/daemon_events.h). */
	int (*run)(struct config *config);
};

/* The exit status: 0; 1 the configuration or the environment is at fault; 2
 * usage. */
int daemon_main(const struct daemon_program *program, int argc, char **argv);

/* Tells the service manager and the waiting command. Once. */
void daemon_ready(void);

/* Tells the service manager that the daemon is stopping. */
void daemon_stopping(void);

/* Loads the configuration again, from the same file. NULL after logging why
 * it stays as it is; else the new snapshot with one reference, after logging
 * which changes need a restart (listeners, user, ...). */
struct config *daemon_reload(const struct config *running);

#endif
