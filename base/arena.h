/*
 * An arena: many small allocations with one lifetime, freed together.
 * Not thread-safe; one owner.
 */
#ifndef SENDWARD_ARENA_H
#define SENDWARD_ARENA_H

#include <stddef.h>

struct arena;

/* NULL when memory is out. */
struct arena *arena_new(void);
void arena_free(struct arena **arena);

/* Zeroed and aligned for any type; NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);

/* n * size, NULL also when that overflows. */
void *arena_array(struct arena *arena, size_t n, size_t size);

char *arena_strdup(struct arena *arena, const char *text);

#endif
