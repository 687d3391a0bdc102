#include "milter/original.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct original {
	struct original *next;
	enum originator field;
	char value[]; /* with its NUL */
};

void originals_add(struct originals *originals, const char *name, const char *value)
{
	struct original *original;
	enum originator field;
	size_t len;

	if (!originator_find(name, &field) || originals->n[field] == HEADER_FIELDS_MAX)
		return;
	len = strnlen(value, ORIGINAL_OCTETS_MAX);
	original = memory_alloc(sizeof(*original) + len + 1);
	original->next = NULL;
	original->field = field;
	memcpy(original->value, value, len);
	original->value[len] = '\0';
	if (originals->last)
		originals->last->next = original;
	else
		originals->first = original;
	originals->last = original;
	originals->n[field]++;
}

bool originals_each(const struct originals *originals, enum originator field,
		    bool (*each)(const char *value, void *arg), void *arg)
{
	for (const struct original *o = originals->first; o; o = o->next)
		if (o->field == field && !each(o->value, arg))
			return false;
	return true;
}

void originals_fini(struct originals *originals)
{
	while (originals->first) {
		struct original *next = originals->first->next;

		free(originals->first);
		originals->first = next;
	}
	originals->last = NULL;
	memset(originals->n, 0, sizeof(originals->n));
}
