/*
 * Names that grow in number: the logins that a page or a whole store has.
 */
#ifndef SENDWARD_CONTROL_NAMES_H
#define SENDWARD_CONTROL_NAMES_H

#include <stddef.h>

/* Begins as { 0 }; names are copies. */
struct names {
	char **list;
	size_t n, room;
};

void names_add(struct names *names, const char *name);

/* In the order of their octets, each once. */
void names_sort(struct names *names);

/* None of them any more; there is room for as many. */
void names_clear(struct names *names);
void names_fini(struct names *names);

#endif
