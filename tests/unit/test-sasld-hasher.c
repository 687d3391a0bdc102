#include "sasld/hasher.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

/* As cheap as it gets: "right" by SHA-512 with 5000 rounds. */
static const struct password_cost cost = { PASSWORD_SHA512, 5000 };
static char hash_of_right[PASSWORD_HASH_MAX], hash_of_left[PASSWORD_HASH_MAX];

#define ANSWERS_MAX 1000

static struct event_base *base;
static struct hasher *hasher;
static int answers[ANSWERS_MAX], n_answers;

static struct secret *secret_of(const char *text)
{
	struct secret *secret = secret_new();

	secret_set(secret, text, strlen(text));
	return secret;
}

static void make_hash(const char *text, char out[PASSWORD_HASH_MAX])
{
	struct secret *secret = secret_of(text);
	const char *reason = "";

	SUITE_TRUE(password_hash_make(&cost, secret, out, &reason));
	secret_free(&secret);
}

static void on_done(int which, void *arg)
{
	(void)arg;
	answers[n_answers++] = which;
}

static void open_hasher(int threads)
{
	char error[200] = "";

	if (!*hash_of_right) {
		make_hash("right", hash_of_right);
		make_hash("left", hash_of_left);
	}
	n_answers = 0;
	base = event_base_new();
	hasher = hasher_new(base, threads, error, sizeof(error));
	SUITE_TEXT_EQUAL(error, "");
}

static void close_hasher(void)
{
	hasher_free(&hasher);
	event_base_free(base);
}

static struct hasher_job *ask(const char *password, size_t n)
{
	const char *hashes[] = { hash_of_right, hash_of_left };

	return hasher_compare(hasher, secret_of(password), hashes, n, &cost, on_done, NULL);
}

static void wait_for(int n)
{
	while (n_answers < n)
		event_base_loop(base, EVLOOP_ONCE);
}

static void test_which(void)
{
	static const struct {
		const char *password;
		size_t n;
		int which;
	} rows[] = {
		{ "right", 1, 0 }, { "right", 2, 0 },  { "left", 1, -1 },
		{ "left", 2, 1 },  { "wrong", 2, -1 }, { "right", 0, -1 },
	};

	open_hasher(1);
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s of %zu", rows[i].password, rows[i].n);
		SUITE_TRUE(ask(rows[i].password, rows[i].n) != NULL);
		wait_for((int)i + 1);
		SUITE_INT_EQUAL(answers[i], rows[i].which);
	}
	SUITE_INT_EQUAL((long long)hasher_waiting(hasher), 0);
	close_hasher();
}

static void test_many(void)
{
	int n = 0;

	open_hasher(4);
	while (ask(n % 2 ? "right" : "wrong", 1))
		n++;
	SUITE_INT_EQUAL(n, HASHER_QUEUE_MAX + 4);
	wait_for(n);
	for (int i = n = 0; i < n_answers; i++)
		n += answers[i] == 0;
	SUITE_INT_EQUAL(n, n_answers / 2);
	SUITE_TRUE(ask("right", 1) != NULL);
	wait_for(n_answers + 1);
	close_hasher();
}

static void test_abandoned(void)
{
	struct hasher_job *jobs[50];

	open_hasher(2);
	for (size_t i = 0; i < SUITE_LEN(jobs); i++)
		jobs[i] = ask("right", 1);
	for (size_t i = 0; i < SUITE_LEN(jobs); i++)
		hasher_abandon(jobs[i]);
	SUITE_TRUE(hasher_waiting(hasher) <= SUITE_LEN(jobs));
	ask("right", 1);
	wait_for(1);
	SUITE_INT_EQUAL(answers[0], 0);
	SUITE_INT_EQUAL(n_answers, 1);
	close_hasher();
}

static void test_end(void)
{
	open_hasher(2);
	for (int i = 0; i < 100; i++)
		ask("right", 2);
	close_hasher();
	SUITE_INT_EQUAL(n_answers, 0);
}

static const struct suite_test tests[] = {
	{ "it says which of the hashes it is", test_which },
	{ "many are compared at a time, and then there is no more room", test_many },
	{ "what is abandoned is not answered, and leaves its place", test_abandoned },
	{ "it ends with work left", test_end },
};

int main(void)
{
	return suite_run("sasld-hasher", tests, SUITE_LEN(tests));
}
