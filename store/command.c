#include "store/command.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/memory.h"

#define COMMAND_START 1024

void command_init(struct command *c)
{
	c->argc = 0;
	c->key = -1;
	c->script = NULL;
	c->repeatable = false;
	c->used = 0;
	c->size = COMMAND_START;
	c->bytes = memory_alloc(c->size);
}

void command_fini(struct command *c)
{
	free(c->bytes);
	c->bytes = NULL;
}

/* Of the arguments only those there are. */
void command_move(struct command *to, struct command *from)
{
	size_t n = (size_t)from->argc;

	memcpy(to, from, offsetof(struct command, starts));
	memcpy(to->starts, from->starts, n * sizeof(from->starts[0]));
	memcpy(to->lengths, from->lengths, n * sizeof(from->lengths[0]));
	to->used = from->used;
	to->size = from->size;
	to->bytes = from->bytes;
	from->bytes = NULL;
}

static void make_room(struct command *c, size_t len)
{
	char *bytes;

	if (c->size - c->used >= len)
		return;
	c->size = c->used + len + COMMAND_START;
	bytes = memory_alloc(c->size);
	memcpy(bytes, c->bytes, c->used);
	free(c->bytes);
	c->bytes = bytes;
}

void command_add_bytes(struct command *c, const char *bytes, size_t len)
{
	if (c->argc >= COMMAND_ARGS_MAX)
		abort();
	make_room(c, len + 1);
	memcpy(c->bytes + c->used, bytes, len);
	c->bytes[c->used + len] = '\0';
	c->starts[c->argc] = c->used;
	c->lengths[c->argc++] = len;
	c->used += len + 1;
}

void command_add(struct command *c, const char *text)
{
	command_add_bytes(c, text, strlen(text));
}

void command_add_int(struct command *c, int64_t n)
{
	char text[DECIMAL_MAX];

	command_add_bytes(c, text, decimal_format(n, text));
}

void command_add_key(struct command *c, const char *key)
{
	if (c->key < 0)
		c->key = c->argc;
	command_add(c, key);
}

void command_argv(const struct command *c, const char *argv[COMMAND_ARGS_MAX])
{
	for (int i = 0; i < c->argc; i++)
		argv[i] = c->bytes + c->starts[i];
}
