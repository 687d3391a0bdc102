#include "bench/logins.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* A place in the table of A. J. Walker's alias method: it is this login's with the
 * probability keep, else the other's. */
struct place {
	double keep;
	uint32_t other;
};

struct logins {
	size_t n;
	uint64_t state;
	bool in_turn;
	size_t next;	      /* in turn */
	struct place *places; /* NULL: all alike */
};

/* splitmix64 by Sebastiano Vigna. */
static uint64_t random_bits(struct logins *l)
{
	uint64_t z = l->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Each place has the same weight, 1, and what a rare login leaves of its own is a
 * frequent one's (M. D. Vose). */
static void share_places(struct logins *l, double zipf)
{
	uint32_t *order = memory_alloc(l->n * sizeof(*order));
	size_t rare = 0, frequent = l->n; /* from both ends of order */
	double sum = 0;

	for (size_t k = 0; k < l->n; k++)
		sum += l->places[k].keep = pow((double)(k + 1), -zipf);
	for (size_t k = 0; k < l->n; k++) {
		l->places[k].keep *= (double)l->n / sum;
		order[l->places[k].keep < 1 ? rare++ : --frequent] = (uint32_t)k;
	}
	while (rare > 0 && frequent < l->n) {
		struct place *less = &l->places[order[--rare]];
		uint32_t other = order[frequent];

		less->other = other;
		l->places[other].keep -= 1 - less->keep;
		if (l->places[other].keep < 1) {
			frequent++;
			order[rare++] = other;
		}
	}
	/* What differs from 1 here is rounding. */
	while (rare > 0)
		l->places[order[--rare]].keep = 1;
	free(order);
}

struct logins *logins_new(size_t n, double zipf, bool in_turn, uint64_t seed)
{
	struct logins *l = memory_zero(sizeof(*l));

	l->n = n;
	l->state = seed;
	l->in_turn = in_turn;
	if (zipf <= 0)
		return l;
	l->places = memory_zero(n * sizeof(*l->places));
	share_places(l, zipf);
	return l;
}

void logins_free(struct logins **logins)
{
	free((*logins)->places);
	free(*logins);
	*logins = NULL;
}

size_t logins_next(struct logins *l)
{
	const struct place *place;
	size_t k;

	if (l->in_turn)
		return l->next++ % l->n;
	k = (size_t)(random_bits(l) % l->n);
	if (!l->places)
		return k;
	place = &l->places[k];
	return (double)(random_bits(l) >> 11) * 0x1p-53 < place->keep ? k : place->other;
}
