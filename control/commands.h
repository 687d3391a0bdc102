/*
 * The commands, in tables up to one without a name: each file of commands has one at its
 * end, beside the functions. control/command.c says in which order they are listed.
 */
#ifndef SENDWARD_CONTROL_COMMANDS_H
#define SENDWARD_CONTROL_COMMANDS_H

#include "control/command.h"

extern const struct command commands_compromised[];
extern const struct command commands_config[];
extern const struct command commands_credential[];
extern const struct command commands_doctor[];
extern const struct command commands_events[];
extern const struct command commands_explain[];
extern const struct command commands_export[];
extern const struct command commands_identity[];
extern const struct command commands_import[];
extern const struct command commands_lockout[];
extern const struct command commands_password[];
extern const struct command commands_reindex[];
extern const struct command commands_reload[];
extern const struct command commands_reset[];
extern const struct command commands_senders[];
extern const struct command commands_sent[];
extern const struct command commands_state[];
extern const struct command commands_status[];
extern const struct command commands_top[];
extern const struct command commands_usage[];
extern const struct command commands_user[];
extern const struct command commands_users[];

#endif
