#include "control/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/need.h"

/* An importer has names for each of many logins, and most have few. */
#define ROOM_MIN 2

void names_add(struct names *names, const char *name)
{
	if (names->n == names->room) {
		names->room = names->room ? 2 * names->room : ROOM_MIN;
		names->list = need_room(names->list, names->room, sizeof(*names->list));
	}
	names->list[names->n++] = memory_strdup(name);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(struct names *names)
{
	size_t kept = 0;

	if (names->n == 0)
		return;
	qsort(names->list, names->n, sizeof(*names->list), by_text);
	for (size_t i = 1; i < names->n; i++) {
		if (strcmp(names->list[kept], names->list[i]) == 0)
			free(names->list[i]);
		else
			names->list[++kept] = names->list[i];
	}
	names->n = kept + 1;
}

void names_clear(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	names->n = 0;
}

void names_fini(struct names *names)
{
	names_clear(names);
	free(names->list);
	*names = (struct names){ 0 };
}
