/*
 * The Lua scripts, sent by their hash. A server that has lost them (restart,
 * failover, SCRIPT FLUSH) gets the whole script with the same request: one
 * more round trip, nothing to repair by hand.
 */
#ifndef SENDWARD_SCRIPT_H
#define SENDWARD_SCRIPT_H

#include <stdint.h>

#include "store/command.h"
#include "store/link.h"

enum script { SCRIPT_TAKE, SCRIPT_REFUND, SCRIPT_PUT, SCRIPT_RESET };
#define SCRIPTS 4

/* Starts a command that runs the script on n_keys keys; add the keys, then
 * the arguments. */
void script_command(struct command *command, enum script script, int n_keys);

/* Sends it; the command's bytes are taken over. *loads is counted up when the
 * whole script had to be sent. */
void script_send(struct link *link, struct command *command, enum script script, int64_t *loads,
		 link_reply *reply, void *arg);

#endif
