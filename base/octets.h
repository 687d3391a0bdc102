/*
 * Sets of octets as tables, for what is asked of each octet of each decision.
 * The compiler makes them of a condition:
 *
 *	#define IS_VOWEL(c) ((c) == 'a' || (c) == 'e')
 *	static const struct octets vowels = OCTETS(IS_VOWEL);
 */
#ifndef SENDWARD_OCTETS_H
#define SENDWARD_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct octets {
	bool has[256];
};

#define OCTETS_4(is, c) is(c), is((c) + 1), is((c) + 2), is((c) + 3)
#define OCTETS_16(is, c) \
	OCTETS_4(is, c), OCTETS_4(is, (c) + 4), OCTETS_4(is, (c) + 8), OCTETS_4(is, (c) + 12)
#define OCTETS_64(is, c) \
	OCTETS_16(is, c), OCTETS_16(is, (c) + 16), OCTETS_16(is, (c) + 32), OCTETS_16(is, (c) + 48)
#define OCTETS_256(is) OCTETS_64(is, 0), OCTETS_64(is, 64), OCTETS_64(is, 128), OCTETS_64(is, 192)
#define OCTETS(is)                     \
	{                              \
		{                      \
			OCTETS_256(is) \
		}                      \
	}

/* How many octets of text, from its beginning, are in the set. */
static inline size_t octets_span(const struct octets *set, const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n = 0;

	while (n + 4 <= len && (set->has[at[n]] & set->has[at[n + 1]] & set->has[at[n + 2]] &
				set->has[at[n + 3]]))
		n += 4;
	while (n < len && set->has[at[n]])
		n++;
	return n;
}

/* memcmp(a, b, n) == 0 in the caller, eight at a time: for names, which are so short that the
 * call is half of it. */
static inline bool octets_equal(const char *a, const char *b, size_t n)
{
	if (n < 8)
		return memcmp(a, b, n) == 0;
	for (size_t at = 0; at + 8 < n; at += 8)
		if (memcmp(a + at, b + at, 8) != 0)
			return false;
	/* The last eight, some of them once more. */
	return memcmp(a + n - 8, b + n - 8, 8) == 0;
}

#endif
