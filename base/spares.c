#include "base/spares.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* AddressSanitizer is to see who uses what was given back. */
#ifdef __SANITIZE_ADDRESS__
#define KEEPS 0
#else
#define KEEPS 1
#endif

void spares_init(struct spares *spares, unsigned max)
{
	*spares = (struct spares){ .max = KEEPS ? max : 0 };
}

/* A spare begins with the pointer to the next. */
static void *pop(struct spares *spares)
{
	void *block = spares->first;

	memcpy(&spares->first, block, sizeof(spares->first));
	spares->n--;
	return block;
}

void spares_fini(struct spares *spares)
{
	while (spares->first)
		free(pop(spares));
}

void *spares_take(struct spares *spares, size_t size)
{
	return spares && spares->first ? pop(spares) : memory_alloc(size);
}

void spares_give(struct spares *spares, void *block)
{
	if (!spares || spares->n >= spares->max) {
		free(block);
		return;
	}
	memcpy(block, &spares->first, sizeof(spares->first));
	spares->first = block;
	spares->n++;
}
