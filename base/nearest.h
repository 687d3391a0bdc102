/*
 * The known word that a mistyped one comes nearest to: "did you mean listen?"
 */
#ifndef SENDWARD_NEAREST_H
#define SENDWARD_NEAREST_H

#include <stddef.h>

/* Octets of a word; longer ones are near to nothing. */
#define NEAREST_WORD_MAX 64

/* How many letters have to be put in, left out, changed or swapped with the one behind
 * them to make b of a. NEAREST_WORD_MAX + 1 when one of them is too long. */
size_t nearest_distance(const char *a, const char *b);

struct nearest {
	const char *word;  /* borrowed */
	const char *found; /* borrowed from nearest_try(); NULL: none is near */
	size_t distance;   /* of found; without one the first that is too far */
};

/* Near is what differs in a third of the letters of word at most, of several words those of
 * the last one; of two letters one may differ. */
void nearest_init(struct nearest *nearest, const char *word);
/* Of equally near ones the first is kept. */
void nearest_try(struct nearest *nearest, const char *candidate);

#endif
