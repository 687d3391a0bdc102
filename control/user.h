/*
 * What `user` and `identity` do alike.
 */
#ifndef SENDWARD_CONTROL_USER_H
#define SENDWARD_CONTROL_USER_H

#include "control/control.h"
#include "control/edit.h"

/* Connects, and carries the options out on the account that the command is about; the
 * exit status, and on STATUS_DONE in *result what came of it. */
int user_write(struct control *control, enum edit_when when, enum edit_result *result);

/* Prints what came of it, or the account as JSON. */
int user_written(struct control *control, enum edit_result result);

#endif
