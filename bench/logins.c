#include "bench/logins.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

struct logins {
	size_t n;
	uint64_t state;
	bool in_turn;
	size_t next;  /* in turn */
	double *sums; /* NULL: all alike; sums[k]: how often one of the first k + 1 */
};

/* splitmix64 by Sebastiano Vigna. */
static uint64_t random_bits(struct logins *l)
{
	uint64_t z = l->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

struct logins *logins_new(size_t n, double zipf, bool in_turn, uint64_t seed)
{
	struct logins *l = memory_zero(sizeof(*l));
	double sum = 0;

	l->n = n;
	l->state = seed;
	l->in_turn = in_turn;
	if (zipf <= 0)
		return l;
	l->sums = memory_alloc(n * sizeof(*l->sums));
	for (size_t k = 0; k < n; k++)
		l->sums[k] = sum += pow((double)(k + 1), -zipf);
	return l;
}

void logins_free(struct logins **logins)
{
	free((*logins)->sums);
	free(*logins);
	*logins = NULL;
}

size_t logins_next(struct logins *l)
{
	size_t low = 0, high = l->n - 1;
	double wanted;

	if (l->in_turn)
		return l->next++ % l->n;
	if (!l->sums)
		return (size_t)(random_bits(l) % l->n);
	wanted = (double)(random_bits(l) >> 11) * 0x1p-53 * l->sums[l->n - 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->sums[middle] > wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void login_name(size_t number, char out[LOGIN_NAME_MAX])
{
	snprintf(out, LOGIN_NAME_MAX, "user%06zu@bench.example", number);
}
