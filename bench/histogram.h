/*
 * Latencies, counted in buckets that are at most 1/64 wide: every percentile
 * is right to 1.6 %, and the maximum exact.
 */
#ifndef SENDWARD_BENCH_HISTOGRAM_H
#define SENDWARD_BENCH_HISTOGRAM_H

#include <stdint.h>

/* 64 buckets for each power of two, up to 2^40 ns (18 minutes). */
#define HISTOGRAM_BUCKETS (64 * 36)

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t n;
	int64_t max_ns;
};

void histogram_add(struct histogram *histogram, int64_t ns);

/* The latency that so many of a million were not above; 0 when it is empty. */
int64_t histogram_at(const struct histogram *histogram, uint64_t permillion);

/* p50, p90, p99, p99.9 and max in microseconds, as a JSON object. */
void histogram_print(const struct histogram *histogram);

#endif
