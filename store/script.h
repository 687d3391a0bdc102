/*
 * The Lua scripts, sent by their hash. A server that has lost them (restart,
 * failover, SCRIPT FLUSH) gets the whole script with the same request
 * (store/servers.h): one more round trip, nothing to repair by hand.
 */
#ifndef SENDWARD_SCRIPT_H
#define SENDWARD_SCRIPT_H

#include "store/command.h"

enum script { SCRIPT_TAKE, SCRIPT_REFUND, SCRIPT_PUT, SCRIPT_DELETE, SCRIPT_RESET,
	      SCRIPT_SECRET, SCRIPT_GUESS, SCRIPT_SENT, SCRIPT_ATTEMPTS };
#define SCRIPTS 9

/* Starts a command that runs the script on n_keys keys; add them by
 * command_add_key(), then the arguments. */
void script_command(struct command *command, enum script script, int n_keys);

#endif
