#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/suite.h"

#define NAMES 20000
#define BUCKETS 4096

/* The number's digits stand before the last octets, among them, or are all there is. */
static const struct {
	const char *before, *behind;
	int digits;
} forms[] = {
	{ "user", "@example.com", 6 }, { "u", "@e.org", 7 },  { "", "", 8 },
	{ "1", "@x", 5 },	       { "", "-ab", 5 },      { "user", "@exampl.de", 6 },
};

/* uthash takes the lowest bits; five names are in a bucket on the average. */
static void test_spread(void)
{
	for (size_t i = 0; i < SUITE_LEN(forms); i++) {
		int buckets[BUCKETS] = { 0 }, fullest = 0;

		suite_row("%s0%s", forms[i].before, forms[i].behind);
		for (int number = 0; number < NAMES; number++) {
			char name[64];
			int len = snprintf(name, sizeof(name), "%s%0*d%s", forms[i].before,
					   forms[i].digits, number, forms[i].behind);
			int n = ++buckets[hash_octets(name, (size_t)len) % BUCKETS];

			fullest = n > fullest ? n : fullest;
		}
		SUITE_TRUE(fullest < 25);
	}
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
