#include "base/nearest.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Rows of the usual table of distances between the beginnings of both words (optimal
 * string alignment): row[i][j] is that of i letters of a and j of b. */
size_t nearest_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_WORD_MAX + 1], a_len = strlen(a), b_len = strlen(b);

	if (a_len > NEAREST_WORD_MAX || b_len > NEAREST_WORD_MAX)
		return NEAREST_WORD_MAX + 1;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		const size_t *before = rows[(i - 1) % 3], *two_before = rows[(i + 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(least(before[j], row[j - 1]) + 1,
				       before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

/* The words before the last one were right, and make nothing nearer. */
void nearest_init(struct nearest *nearest, const char *word)
{
	const char *space = strrchr(word, ' ');
	size_t len = strlen(space ? space + 1 : word), far = len / 3 + 1;

	if (len == 2)
		far++;
	*nearest = (struct nearest){ .word = word, .distance = far };
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
	size_t distance = nearest_distance(nearest->word, candidate);

	if (distance >= nearest->distance || distance > NEAREST_WORD_MAX)
		return;
	nearest->found = candidate;
	nearest->distance = distance;
}
