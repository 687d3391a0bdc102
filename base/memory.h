/*
 * Memory for what cannot go on without it: out of memory ends the process
 * with a line on standard error, and the service manager starts it again.
 * Everything that a client can make large has a limit of its own and does
 * not come here unbounded.
 */
#ifndef SENDWARD_MEMORY_H
#define SENDWARD_MEMORY_H

#include <stddef.h>

/* Never NULL; free() them. memory_alloc() leaves the bytes as they are. */
void *memory_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *memory_zero(size_t size) __attribute__((malloc, returns_nonnull));
char *memory_strdup(const char *text) __attribute__((malloc, returns_nonnull));

/* There is none: ends the process. */
void memory_exhausted(void) __attribute__((noreturn));

#endif
