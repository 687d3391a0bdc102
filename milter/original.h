/*
 * The originator fields of a message as they came, kept until its end in case
 * they are taken out of its header (engine/rewrite.h).
 *
 * At most HEADER_FIELDS_MAX of each name, each cut at ORIGINAL_OCTETS_MAX.
 */
#ifndef SENDWARD_MILTER_ORIGINAL_H
#define SENDWARD_MILTER_ORIGINAL_H

#include "base/header_address.h"

/* Of one value; header_write_text() writes no more, and tells that it was cut
 * when there is more. */
#define ORIGINAL_OCTETS_MAX (HEADER_TEXT_MAX + 8)

struct original;

/* In the order of the message. All zero is empty. */
struct originals {
	struct original *first, *last;
	unsigned n[ORIGINATORS];
};

/* Keeps a field if it is one of the originators; copies the value. */
void originals_add(struct originals *originals, const char *name, const char *value);

/* Calls each value of a field in its order while it returns true; returns
 * whether all did. */
bool originals_each(const struct originals *originals, enum originator field,
		    bool (*each)(const char *value, void *arg), void *arg);

void originals_fini(struct originals *originals);

#endif
