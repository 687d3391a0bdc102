/*
 * The commands and options of sendward: two tables. They drive the parsing,
 * `--help`, the messages about wrong usage, and what the manual page is
 * checked against. A new command is one row and one function.
 */
#ifndef SENDWARD_CONTROL_COMMAND_H
#define SENDWARD_CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "control/value.h"

/* Exit status, DESIGN 7. */
enum { STATUS_DONE = 0, STATUS_REFUSED = 1, STATUS_USAGE = 2 };

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
	OPTIONS,
};

_Static_assert(OPTIONS <= 64, "a set of them is a number");
#define OPTION_BIT(option) (UINT64_C(1) << (option))

struct option_row {
	const char *name;     /* "max-recipients" */
	char letter;	      /* 'c'; 0: none */
	bool many;	      /* may be given more than once */
	const char *argument; /* "N"; NULL: takes none */
	value_check *check;
	const char *help;
};

struct control;

/* What an option means to one command, when it is not what it means to all. */
struct meaning {
	enum option_id option;
	struct option_row row;
};

struct command {
	const char *name;     /* "user add", "block" */
	const char *argument; /* "LOGIN"; NULL: takes none */
	bool argument_optional;
	value_check *check;
	uint64_t options;		     /* OPTION_BIT()s besides those every command has */
	uint64_t required;		     /* of these */
	const char *help;		     /* one line */
	const char *notes;		     /* for its own --help; NULL: none */
	const struct meaning *meanings;	     /* up to one without a name; NULL: none */
	int (*run)(struct control *control); /* the exit status */
};

const struct option_row *option_row(enum option_id option);

/* As the command takes it. */
const struct option_row *command_option(const struct command *command, enum option_id option);

/* The options every command has. */
extern const uint64_t command_common_options;

/* The command that the words begin with, and in *used how many of them name
 * it; NULL when there is none. */
const struct command *command_find(char *const *words, size_t n, size_t *used);

/* True when the word is the first of commands of two words ("user"). */
bool command_is_group(const char *word);

/* --help of the program, of the commands of one group, of one command. */
void command_help_all(FILE *out);
void command_help_group(const char *group, FILE *out);
void command_help(const struct command *command, FILE *out);

#endif
