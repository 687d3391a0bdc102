/*
 * What `user` and `identity` do alike.
 */
#ifndef SENDWARD_CONTROL_USER_H
#define SENDWARD_CONTROL_USER_H

#include "control/control.h"
#include "control/edit.h"

/* What an account can be given when it is made; an identity cannot do without networks. */
#define ACCOUNT_OPTIONS                                                                        \
	OPTION_PLAN, OPTION_GROUP, OPTION_DESCRIPTION, OPTION_SENDER, OPTION_NO_SENDERS,       \
		OPTION_NETWORK, OPTION_QUOTA, OPTION_NO_QUOTAS, OPTION_MAX_RECIPIENTS,         \
		OPTION_MAX_SIZE, OPTION_REQUIRE_TLS

/* Connects, and carries the options out on the account that the command is about; the
 * exit status, and on STATUS_DONE in *result what came of it. */
int user_write(struct control *control, enum edit_when when, enum edit_result *result);

/* Prints what came of it, or the account as JSON. */
int user_written(struct control *control, enum edit_result result);

/* `user show` and `user delete`; the exit status. */
int user_show(struct control *control);
int user_delete(struct control *control);

#endif
