/*
 * The commands of sendward: tables (control/commands.h). They drive the parsing,
 * `--help`, the messages about wrong usage, and what the manual page is
 * checked against. A new command is one row beside its function.
 */
#ifndef SENDWARD_CONTROL_COMMAND_H
#define SENDWARD_CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "control/option.h"

/* Exit status, sendward(1). */
enum { STATUS_DONE = 0, STATUS_REFUSED = 1, STATUS_USAGE = 2 };

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
	const enum option_id *options;	     /* OPTION_LIST() besides those every command has */
	const enum option_id *required;	     /* of these; NULL: none, as above */
	const char *help;		     /* one line */
	const char *notes;		     /* for its own --help; NULL: none */
	const struct meaning *meanings;	     /* up to one without a name; NULL: none */
	int (*run)(struct control *control); /* the exit status */
};

/* As the command takes it. */
const struct option_row *command_option(const struct command *command, enum option_id option);

/* One of its own, not of those that every command has. */
bool command_takes(const struct command *command, enum option_id option);

/* The command that the words begin with, and in *used how many of them name
 * it; NULL when there is none. */
const struct command *command_find(char *const *words, size_t n, size_t *used);

/* True when the word is the first of commands of two words ("user"). */
bool command_is_group(const char *word);

/* Calls each() with the names of all. */
struct nearest;
void command_names(void (*each)(struct nearest *nearest, const char *name),
		   struct nearest *nearest);

/* --help of the program, of the commands of one group, of one command. */
void command_help_all(FILE *out);
void command_help_group(const char *group, FILE *out);
void command_help(const struct command *command, FILE *out);

#endif
