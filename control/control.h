/*
 * One call of the tool: what was asked, the configuration, the way to the
 * store, and how it says what is wrong.
 */
#ifndef SENDWARD_CONTROL_CONTROL_H
#define SENDWARD_CONTROL_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "control/command.h"
#include "control/value.h"

struct wait;

/* An option as it was given. */
struct given {
	enum option_id option;
	const char *text; /* borrowed; NULL: takes no argument */
	struct value value;
};

struct control {
	const struct command *command;
	struct value argument; /* .text NULL: the command takes none */
	struct given *given;   /* in the order of the command line */
	size_t n_given;
	const char *config_path;
	bool json;
	struct config *config; /* NULL until control_load() */
	struct wait *wait;     /* NULL until control_connect() */
};

void control_fini(struct control *control);

/* Reads the configuration; false after saying "file:line: reason". */
bool control_load(struct control *control); /* see control_login() */

/* Loads, then waits until the store can be asked; false after saying why it
 * cannot. Commands call this when they have found nothing wrong with what
 * they were given. */
bool control_connect(struct control *control);

/* Says why Redis cannot be asked, and where to look next. Returns STATUS_REFUSED. */
int control_no_redis(const char *error);

/* Whether an option was given, and its value, the last one; NULL: it was
 * not. */
bool control_has(const struct control *control, enum option_id option);
const struct value *control_value(const struct control *control, enum option_id option);

/* The login that the command is about. From control_load() on the text of this
 * and of --login is what the daemons make of it (config_login()). */
const char *control_login(const struct control *control);

/* value_login(), and then what the daemons make of it. value_fini() in any
 * case. */
bool control_take_login(const struct config *config, const char *text, struct value *out,
			const char **reason);

/* The plan of that name; NULL, said with the names that there are, when it is not
 * configured. The configuration must be loaded. */
const struct plan *control_plan(const struct control *control, const char *name);

/* One line on standard error, "sendward: ..."; odd octets come out as \xHH.
 * Returns STATUS_REFUSED, or STATUS_USAGE. */
int control_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
int control_misuse(const struct control *control, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line that is neither: what did not go well though the rest did. */
void control_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "LOGIN: WHAT" on standard output. */
void control_say(const char *login, const char *what);

/* The end of a command that has nothing else to print: that line, or the
 * object {"login": LOGIN, WHAT: true}. Returns STATUS_DONE. */
int control_done(const struct control *control, const char *what);

/* Prints the object on standard output and gives it up. */
void control_print_json(json_t *json);
/* The same in one line. */
void control_print_json_line(const json_t *json);

/* An array on standard output as it grows, one item a line: the item, given up, behind
 * n others; and the end of n. */
void control_print_item(json_t *item, size_t n);
void control_print_end(size_t n);

/* Writes what is still to be written; STATUS_REFUSED, said, when standard
 * output cannot take it, else the status it is given. */
int control_close_output(int status);

#endif
