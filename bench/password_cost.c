/*
 * What a password costs: the processor time that base/password_hash.h and
 * base/scram.h take to verify one, for every cost that can be configured and is
 * not absurd. The least of several tries each: what else runs makes none faster.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/password_hash.h"
#include "base/scram.h"

#define TRIES 5

static const struct {
	const char *name;
	struct password_cost cost;
} rows[] = {
	{ "yescrypt_cost = 5", { PASSWORD_YESCRYPT, 5 } },
	{ "yescrypt_cost = 6", { PASSWORD_YESCRYPT, 6 } },
	{ "yescrypt_cost = 7", { PASSWORD_YESCRYPT, 7 } },
	{ "yescrypt_cost = 8", { PASSWORD_YESCRYPT, 8 } },
	{ "bcrypt_cost = 9", { PASSWORD_BCRYPT, 9 } },
	{ "bcrypt_cost = 10", { PASSWORD_BCRYPT, 10 } },
	{ "bcrypt_cost = 11", { PASSWORD_BCRYPT, 11 } },
	{ "sha512_rounds = 100000", { PASSWORD_SHA512, 100000 } },
	{ "sha512_rounds = 150000", { PASSWORD_SHA512, 150000 } },
};

static const struct {
	const char *name;
	int iterations;
} scram_rows[] = {
	{ "scram_iterations = 4096", 4096 },
	{ "scram_iterations = 100000", 100000 },
	{ "scram_iterations = 200000", 200000 },
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void print_least(const char *name, void (*work)(size_t), size_t which)
{
	double least = 0;

	for (int i = 0; i < TRIES; i++) {
		double begin = now_ms(), took;

		work(which);
		took = now_ms() - begin;
		if (i == 0 || took < least)
			least = took;
	}
	printf("| `%s` | %.1f |\n", name, least);
}

static struct secret *secret;

static void hash_once(size_t which)
{
	password_hash_pretend(&rows[which].cost, secret);
}

static void derive_once(size_t which)
{
	struct scram_verifier verifier;

	if (!scram_make(secret, scram_rows[which].iterations, &verifier))
		abort();
}

int main(void)
{
	secret = secret_new();
	if (!secret_set(secret, "correct horse battery", 21))
		abort();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_least(rows[i].name, hash_once, i);
	for (size_t i = 0; i < sizeof(scram_rows) / sizeof(scram_rows[0]); i++)
		print_least(scram_rows[i].name, derive_once, i);
	secret_free(&secret);
	return 0;
}
