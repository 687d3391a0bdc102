/*
 * The command line of a daemon.
 */
#ifndef SENDWARD_DAEMON_OPTIONS_H
#define SENDWARD_DAEMON_OPTIONS_H

#include <stdbool.h>

#include "base/daemon.h"

struct daemon_options {
	const char *config_path;
	bool foreground, test, verbose;
};

/* Does not return for --help, -V, and what is wrong with the usage. */
void daemon_options_parse(const struct daemon_program *program, int argc, char **argv,
			  struct daemon_options *out);

#endif
