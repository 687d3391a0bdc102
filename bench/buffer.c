#include "bench/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void load_buffer_room(struct load_buffer *b, size_t n)
{
	if (b->size - b->end >= n)
		return;
	if (b->start > 0) {
		memmove(b->bytes, b->bytes + b->start, b->end - b->start);
		b->end -= b->start;
		b->start = 0;
	}
	while (b->size - b->end < n) {
		b->size = b->size ? 2 * b->size : 4096;
		if (b->size > LOAD_BUFFER_MAX) {
			fprintf(stderr, "more than %d octets wait on a connection\n",
				LOAD_BUFFER_MAX);
			exit(EXIT_FAILURE);
		}
		b->bytes = realloc(b->bytes, b->size);
		if (!b->bytes) {
			perror("memory");
			exit(EXIT_FAILURE);
		}
	}
}

void load_buffer_add(struct load_buffer *b, const void *bytes, size_t n)
{
	load_buffer_room(b, n);
	memcpy(b->bytes + b->end, bytes, n);
	b->end += n;
}
