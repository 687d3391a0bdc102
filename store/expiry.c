#include "store/expiry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MINUTE_MS 60000

/* of which name: the upper half of its hash; minute 0: of none. */
struct noted {
	uint32_t name, minute;
};

struct expiry {
	struct noted *names;
};

struct expiry *expiry_new(void)
{
	struct expiry *expiry = memory_zero(sizeof(*expiry));

	expiry->names = memory_zero(EXPIRY_NAMES_MAX * sizeof(struct noted));
	return expiry;
}

void expiry_free(struct expiry **expiry)
{
	if (!*expiry)
		return;
	free((*expiry)->names);
	free(*expiry);
	*expiry = NULL;
}

/* FNV-1a of 64 bits, by Fowler, Noll and Vo. */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash;
}

bool expiry_is_set(struct expiry *expiry, const char *name, int64_t now_ms, int64_t for_ms)
{
	uint64_t hash = hash_of(name);
	struct noted *noted = &expiry->names[hash % EXPIRY_NAMES_MAX];
	struct noted now = { (uint32_t)(hash >> 32), (uint32_t)(now_ms / MINUTE_MS + 1) };

	if (noted->name == now.name && noted->minute > 0 &&
	    now.minute - noted->minute < for_ms / MINUTE_MS)
		return true;
	*noted = now;
	return false;
}

void expiry_clear(struct expiry *expiry)
{
	free(expiry->names);
	expiry->names = memory_zero(EXPIRY_NAMES_MAX * sizeof(struct noted));
}
