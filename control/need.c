#include "control/need.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void *need(void *pointer)
{
	if (!pointer) {
		fputs("sendward: out of memory\n", stderr);
		abort();
	}
	return pointer;
}

void *need_room(void *old, size_t n, size_t size)
{
	return need(n > SIZE_MAX / size ? NULL : realloc(old, n * size));
}

char *need_copy(const char *bytes, size_t len)
{
	char *copy = memory_alloc(len + 1);

	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}
