/*
 * Memory of one size that is needed again and again: a block that is given back
 * is kept for who takes the next one. For blocks larger than those that malloc()
 * keeps so by itself (1 KB). The last one given is taken first: the processor
 * still has it near.
 */
#ifndef SENDWARD_SPARES_H
#define SENDWARD_SPARES_H

#include <stddef.h>

struct spares {
	void *first;
	unsigned n, max;
};

/* max blocks are kept; more are freed. Belongs to one thread. */
void spares_init(struct spares *spares, unsigned max);
void spares_fini(struct spares *spares);

/* The size is the same each time, and at least a pointer's. Nothing is kept
 * when spares is NULL. */
void *spares_take(struct spares *spares, size_t size);
void spares_give(struct spares *spares, void *block);

#endif
