/*
 * A Redis command while it is put together: owns copies of its arguments, so
 * that it can be sent again.
 */
#ifndef SENDWARD_COMMAND_H
#define SENDWARD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

/* Questions of take in one script: enough to share its cost, and so few that daemon
 * and server work at the same time (bench/run policy). */
#define COMMAND_TAKES_MAX 8

/* EVALSHA, hash, number of keys, one argument; 3 keys and 1 argument for each. */
#define COMMAND_ARGS_MAX (4 + 4 * COMMAND_TAKES_MAX)

struct command {
	int argc;
	int key;	    /* the argument that says which server; -1: any */
	const char *script; /* EVALSHA: what argument 1 is the hash of; else NULL */
	bool repeatable;    /* doing it twice is doing it once, answer included */
	size_t starts[COMMAND_ARGS_MAX], lengths[COMMAND_ARGS_MAX];
	size_t used, size;
	char *bytes;
};

void command_init(struct command *command);
void command_fini(struct command *command);

/* to gets what from has. */
void command_move(struct command *to, struct command *from);

/* More than COMMAND_ARGS_MAX arguments abort. */
void command_add(struct command *command, const char *text);
void command_add_bytes(struct command *command, const char *bytes, size_t len);
void command_add_int(struct command *command, int64_t n);
/* The name of a key. All keys of a command are in one slot of a cluster. */
void command_add_key(struct command *command, const char *key);

/* Pointers to the arguments, valid until the next command_add...(). */
void command_argv(const struct command *command, const char *argv[COMMAND_ARGS_MAX]);

#endif
