#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *or_die(void *memory)
{
	static const char text[] = "sendward: out of memory\n";

	if (!memory) {
		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			abort();
		abort();
	}
	return memory;
}

void *memory_alloc(size_t size)
{
	return or_die(malloc(size ? size : 1));
}

void *memory_zero(size_t size)
{
	return or_die(calloc(1, size ? size : 1));
}

char *memory_strdup(const char *text)
{
	return or_die(strdup(text));
}
