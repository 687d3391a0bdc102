#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void memory_exhausted(void)
{
	static const char text[] = "sendward: out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		abort();
	abort();
}

static void *or_die(void *memory)
{
	if (!memory)
		memory_exhausted();
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
