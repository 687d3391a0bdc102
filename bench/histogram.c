#include "bench/histogram.h"

#include <stddef.h>
#include <stdio.h>

#define SUB_BITS 6
#define SUB (1 << SUB_BITS)

/* Below SUB each nanosecond has its own bucket; above, the highest bits. */
static size_t bucket_of(uint64_t ns)
{
	int shift = ns < SUB ? 0 : 63 - __builtin_clzll(ns) - SUB_BITS;
	size_t bucket = ((size_t)shift << SUB_BITS) + (size_t)(ns >> shift);

	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The highest latency of a bucket. */
static int64_t top_of(size_t bucket)
{
	size_t shift = bucket < 2 * SUB ? 0 : (bucket >> SUB_BITS) - 1;
	uint64_t first = (uint64_t)(bucket - (shift << SUB_BITS)) << shift;

	return (int64_t)(first + (UINT64_C(1) << shift) - 1);
}

void histogram_add(struct histogram *h, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	h->counts[bucket_of((uint64_t)ns)]++;
	h->n++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

int64_t histogram_at(const struct histogram *h, uint64_t permillion)
{
	uint64_t wanted = (h->n * permillion + 999999) / 1000000, seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS && h->n > 0; i++) {
		seen += h->counts[i];
		if (seen >= wanted && seen > 0)
			return top_of(i) < h->max_ns ? top_of(i) : h->max_ns;
	}
	return h->max_ns;
}

void histogram_print(const struct histogram *h)
{
	static const struct {
		const char *name;
		uint64_t permillion;
	} marks[] = {
		{ "p50", 500000 }, { "p90", 900000 }, { "p99", 990000 }, { "p99.9", 999000 }
	};

	printf("{");
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		printf("\"%s\": %.1f, ", marks[i].name,
		       (double)histogram_at(h, marks[i].permillion) / 1000);
	printf("\"max\": %.1f}", (double)h->max_ns / 1000);
}
