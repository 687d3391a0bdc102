/*
 * A Redis command while it is put together: owns copies of its arguments, so
 * that it can be sent again.
 */
#ifndef SENDWARD_COMMAND_H
#define SENDWARD_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

/* EVALSHA, hash, number of keys, 3 keys, 2 arguments, 9 for each row at most. */
#define COMMAND_ARGS_MAX (8 + 9 * TAKE_ROWS_MAX)

struct command {
	int argc;
	size_t starts[COMMAND_ARGS_MAX], lengths[COMMAND_ARGS_MAX];
	size_t used, size;
	char *bytes;
};

void command_init(struct command *command);
void command_fini(struct command *command);

/* More than COMMAND_ARGS_MAX arguments abort. */
void command_add(struct command *command, const char *text);
void command_add_bytes(struct command *command, const char *bytes, size_t len);
void command_add_int(struct command *command, int64_t n);

/* Pointers to the arguments, valid until the next command_add...(). */
void command_argv(const struct command *command, const char *argv[COMMAND_ARGS_MAX]);

#endif
