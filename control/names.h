/*
 * Names that grow in number: the logins of a page or of a whole store, the patterns of an
 * owner. As many as there is memory for; the caller says when it is enough.
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
