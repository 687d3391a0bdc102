#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/suite.h"

#define NAMES 20000
#define BUCKETS 4096

static unsigned hash_of_name(int i)
{
	char name[64];
	int len = snprintf(name, sizeof(name), "user%06d@example.com", i);

	return hash_octets(name, (size_t)len);
}

/* uthash takes the lowest bits; five names are in a bucket on the average. */
static void test_spread(void)
{
	static int buckets[BUCKETS];
	int fullest = 0;

	for (int i = 0; i < NAMES; i++) {
		int n = ++buckets[hash_of_name(i) % BUCKETS];

		fullest = n > fullest ? n : fullest;
	}
	SUITE_TRUE(fullest < 25);
}

static void test_lengths(void)
{
	static const char octets[41] = { 0 };
	uint64_t seen[41];

	for (size_t n = 0; n <= 40; n++) {
		seen[n] = hash_octets_64(octets, n);
		for (size_t i = 0; i < n; i++)
			SUITE_TRUE(seen[i] != seen[n]);
	}
}

/* Wherever the octet stands, and nothing behind the end is read. */
static void test_every_octet(void)
{
	for (size_t n = 1; n <= 40; n++) {
		char *octets = calloc(n, 1);
		uint64_t before = hash_octets_64(octets, n);

		for (size_t i = 0; i < n; i++) {
			octets[i] = 'x';
			SUITE_TRUE(hash_octets_64(octets, n) != before);
			octets[i] = 0;
		}
		SUITE_TRUE(hash_octets_64(octets, n) == before);
		free(octets);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "names that differ in a digit are spread over the buckets", test_spread },
		{ "the length counts", test_lengths },
		{ "each octet counts, and none behind them", test_every_octet },
	};

	return suite_run("hash", tests, SUITE_LEN(tests));
}
