/*
 * Which login sends the next message: all alike, or by Zipf's law, where login
 * k is chosen 1/k^s times as often as the first.
 */
#ifndef SENDWARD_BENCH_LOGINS_H
#define SENDWARD_BENCH_LOGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGINS_MAX 10000000

struct logins;

/* zipf 0: all alike; in_turn: one after the other instead, from the first on.
 * Owned by the caller. */
struct logins *logins_new(size_t n, double zipf, bool in_turn, uint64_t seed);
void logins_free(struct logins **logins);

/* The number of the next one, below n. */
size_t logins_next(struct logins *logins);

#endif
