/*
 * What is said of the lines of files that were read: on standard error as it
 * comes, "FILE:LINE: WHAT: REASON", and counted, and kept for JSON.
 */
#ifndef SENDWARD_CONTROL_REMARKS_H
#define SENDWARD_CONTROL_REMARKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Where something was read. */
struct origin {
	const char *file; /* or table; borrowed */
	size_t line;
};

enum remark {
	REMARK_FAULT,	/* it cannot be used and ought to be looked at */
	REMARK_NOTHING, /* it is right, and there is nothing in it for us */
};

struct remarks {
	size_t faults, nothings;
	json_t *list; /* NULL: not kept */
};

void remarks_init(struct remarks *remarks, bool keep);
void remarks_fini(struct remarks *remarks);

/* what may be "". */
void remarks_add(struct remarks *remarks, enum remark kind, struct origin origin, const char *what,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
