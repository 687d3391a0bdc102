/*
 * The options of sendward, and what they mean to all commands that take them.
 */
#ifndef SENDWARD_CONTROL_OPTION_H
#define SENDWARD_CONTROL_OPTION_H

#include <stdbool.h>

#include "control/value.h"

enum option_id {
	OPTION_CONFIG,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_DOMAIN,
	OPTION_PLAN,
	OPTION_GROUP,
	OPTION_DESCRIPTION,
	OPTION_SENDER,
	OPTION_ADD_SENDER,
	OPTION_REMOVE_SENDER,
	OPTION_NO_SENDERS,
	OPTION_NETWORK,
	OPTION_ADD_NETWORK,
	OPTION_REMOVE_NETWORK,
	OPTION_NO_NETWORKS,
	OPTION_QUOTA,
	OPTION_ADD_QUOTA,
	OPTION_REMOVE_QUOTA,
	OPTION_NO_QUOTAS,
	OPTION_MAX_RECIPIENTS,
	OPTION_MAX_SIZE,
	OPTION_REQUIRE_TLS,
	OPTION_INHERIT,
	OPTION_REASON,
	OPTION_FOR,
	OPTION_ACTOR,
	OPTION_LOGIN,
	OPTION_FROM,
	OPTION_HEADER_FROM,
	OPTION_MESSAGE,
	OPTION_CLIENT,
	OPTION_RECIPIENTS,
	OPTION_SIZE,
	OPTION_STAGE,
	OPTION_CREDENTIAL,
	OPTION_TLS,
	OPTION_FREE_RECIPIENTS,
	OPTION_SANDBOX_RECIPIENTS,
	OPTION_FIT,
	OPTION_FOLLOW,
	OPTION_SINCE,
	OPTION_DRY_RUN,
	OPTION_DIFF,
	OPTION_FORMAT,
	OPTION_WITH_SECRETS,
	OPTION_LOGIN_MAPS,
	OPTION_ALIAS_MAPS,
	OPTION_LOGINS,
	OPTION_TARGET_IS_LOGIN,
	OPTION_MAX_LOGINS,
	OPTION_REPLACE,
	OPTION_GENERATE,
	OPTION_PASSWORD_STDIN,
	OPTION_NAME,
	OPTION_EXPIRES,
	OPTION_GRACE,
	OPTION_OLDER_THAN,
	OPTION_DUE,
	OPTION_CLIENT_CERT,
	OPTION_CONTEXT,
	OPTION_YES_REALLY,
	OPTION_BY,
	OPTION_WINDOW,
	OPTION_NUMBER,
	OPTION_INTERVAL,
	OPTION_CONFIG_DIRECTORY,
	OPTIONS,
};

struct option_row {
	const char *name;     /* "max-recipients" */
	char letter;	      /* 'c'; 0: none */
	bool many;	      /* may be given more than once */
	const char *argument; /* "N"; NULL: takes none */
	value_check *check;
	const char *help;
};

const struct option_row *option_row(enum option_id option);

/* One that every command has. */
bool option_is_common(enum option_id option);

/* A list of them, for the tables of commands; OPTIONS ends it. */
#define OPTION_LIST(...) ((const enum option_id[]){ __VA_ARGS__, OPTIONS })

/* In the list? NULL is an empty one. */
bool option_in(const enum option_id *list, enum option_id option);

#endif
