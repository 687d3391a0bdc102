/*
 * Octets on their way in one direction of one connection.
 */
#ifndef SENDWARD_BENCH_BUFFER_H
#define SENDWARD_BENCH_BUFFER_H

#include <stddef.h>

/* Octets that wait; more of them end the process. */
#define LOAD_BUFFER_MAX (1 << 20)

/* What waits is bytes[start..end). */
struct load_buffer {
	char *bytes;
	size_t start, end, size;
};

void load_buffer_add(struct load_buffer *buffer, const void *bytes, size_t n);

/* n octets can be written at bytes + end. */
void load_buffer_room(struct load_buffer *buffer, size_t n);

#endif
