/*
 * Which login sends the next message: all alike, or by Zipf's law, where login
 * k is chosen 1/k^s times as often as the first.
 */
#ifndef SENDWARD_BENCH_LOGINS_H
#define SENDWARD_BENCH_LOGINS_H

#include <stddef.h>
#include <stdint.h>

#define LOGINS_MAX 10000000

/* Octets of a login's name. */
#define LOGIN_NAME_MAX 40

struct logins;

/* zipf 0: all alike. Owned by the caller, never freed before the end. */
struct logins *logins_new(size_t n, double zipf, uint64_t seed);

/* The number of the next one, below n. */
size_t logins_next(struct logins *logins);

/* A random number below n. */
uint64_t logins_random(struct logins *logins, uint64_t n);

/* "user000017@bench.example" */
void login_name(size_t number, char out[LOGIN_NAME_MAX]);

#endif
