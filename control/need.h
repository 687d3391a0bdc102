/*
 * What base/memory.h does not have: lists that grow, copies of bytes, and
 * pointers from libraries that say "out of memory" with NULL. All of them end
 * the process when there is none.
 */
#ifndef SENDWARD_CONTROL_NEED_H
#define SENDWARD_CONTROL_NEED_H

#include <stddef.h>

/* The pointer, which is never NULL. */
void *need(void *pointer);

/* Room for n items of size octets each, the old ones kept; free() it. */
void *need_room(void *old, size_t n, size_t size);

/* A copy with a NUL behind; free() it. */
char *need_copy(const char *bytes, size_t len);

#endif
