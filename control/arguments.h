/*
 * The command line: options (before or behind the command, getopt_long(3)),
 * the command and its argument, every value checked.
 */
#ifndef SENDWARD_CONTROL_ARGUMENTS_H
#define SENDWARD_CONTROL_ARGUMENTS_H

#include <stdbool.h>

#include "control/control.h"

/* Fills control, which control_fini() then has to free. True: a command is to
 * be run. False: everything is said and done (--help, wrong usage), and
 * *status is the exit status. getopt_long() keeps its state: call it once, or
 * set optind to 0 before. */
bool arguments_parse(int argc, char **argv, struct control *control, int *status);

#endif
