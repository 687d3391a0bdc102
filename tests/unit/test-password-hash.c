#include "base/password_hash.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct password_cost cheap[] = {
	{ PASSWORD_YESCRYPT, 1 },
	{ PASSWORD_BCRYPT, 4 },
	{ PASSWORD_SHA512, 5000 },
};

static struct secret *secret_of(const char *text)
{
	struct secret *secret = secret_new();

	SUITE_TRUE(secret_set(secret, text, strlen(text)));
	return secret;
}

static bool verifies(const char *hash, const char *text)
{
	struct secret *secret = secret_of(text);
	bool ok = password_hash_verify(hash, secret);

	secret_free(&secret);
	return ok;
}

/* sha512 as OpenSSL computes it too, bcrypt of Openwall's tests, yescrypt as it stands
 * in a shadow file of Debian. */
static void test_known(void)
{
	static const struct {
		const char *hash, *password, *method;
	} rows[] = {
		{ "{CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJu"
		  "esI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
		  "Hello world!", "sha512" },
		{ "{SHA512-CRYPT}$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeq"
		  "h0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
		  "Hello world!", "sha512" },
		{ "{CRYPT}$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U",
		  "bcrypt" },
		{ "{BLF-CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*",
		  "bcrypt" },
		{ "{CRYPT}$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*",
		  "bcrypt" },
		{ "{CRYPT}$y$j9T$AAt9R641xPvCI9nXw1HHW/$d4Ht2CuDsRBLrhgfrsfe2CkiWIl4r0uOablESwCu"
		  "kTC",
		  "test", "yescrypt" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].hash);
		SUITE_TEXT_EQUAL(password_hash_fault(rows[i].hash), NULL);
		SUITE_TEXT_EQUAL(password_hash_method(rows[i].hash), rows[i].method);
		SUITE_TRUE(verifies(rows[i].hash, rows[i].password));
		SUITE_TRUE(!verifies(rows[i].hash, "Hello world"));
		SUITE_TRUE(!verifies(rows[i].hash, ""));
	}
}

static void test_made(void)
{
	for (size_t i = 0; i < SUITE_LEN(cheap); i++) {
		struct secret *secret = secret_of("correct horse");
		char one[PASSWORD_HASH_MAX], other[PASSWORD_HASH_MAX];
		const char *reason;

		SUITE_TRUE(password_hash_make(&cheap[i], secret, one, &reason));
		SUITE_TRUE(password_hash_make(&cheap[i], secret, other, &reason));
		suite_row("%s", one);
		SUITE_TRUE(strcmp(one, other) != 0);
		SUITE_TEXT_EQUAL(password_hash_fault(one), NULL);
		SUITE_TRUE(verifies(one, "correct horse"));
		SUITE_TRUE(!verifies(one, "correct horsf"));
		SUITE_TRUE(strstr(one, "correct") == NULL);
		secret_free(&secret);
	}
}

#define CUT "it is not as long as its hashes are: something is cut off, or added"

static void test_faults(void)
{
	static const struct {
		const char *hash, *fault;
	} rows[] = {
		{ "", "its scheme is not {CRYPT}, {BLF-CRYPT} or {SHA512-CRYPT}" },
		{ "{PLAIN}secret", "its scheme is not {CRYPT}, {BLF-CRYPT} or {SHA512-CRYPT}" },
		{ "{CRYPT}", "its method is not yescrypt ($y$), bcrypt ($2b$) or sha512 ($6$)" },
		{ "{CRYPT}*", "its method is not yescrypt ($y$), bcrypt ($2b$) or sha512 ($6$)" },
		{ "{CRYPT}abJnggxhB/yWI",
		  "its method is not yescrypt ($y$), bcrypt ($2b$) or sha512 ($6$)" },
		{ "{CRYPT}$1$salt$hash",
		  "its method is not yescrypt ($y$), bcrypt ($2b$) or sha512 ($6$)" },
		{ "{CRYPT}$y$jET$k2XAnEHBqQ1Ct2aMXFKNa/$x", "it costs more than a login may" },
		{ "{CRYPT}$y$jDz$k2XAnEHBqQ1Ct2aMXFKNa/$x", "it costs more than a login may" },
		{ "{CRYPT}$y$jD5.7$LdJMENpBABJJ3hIHjB1Bi.$x", "it costs more than a login may" },
		{ "{CRYPT}$y$", "it costs more than a login may" },
		{ "{CRYPT}$y$j", "it costs more than a login may" },
		{ "{CRYPT}$y$jz", "it costs more than a login may" },
		{ "{CRYPT}$2b$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		  "it costs more than a login may" },
		{ "{CRYPT}$2b$1", "it costs more than a login may" },
		{ "{CRYPT}$6$rounds=10000001$salt$hash", "it costs more than a login may" },
		{ "{CRYPT}$6$rounds=99999999999999999999$salt$hash",
		  "it costs more than a login may" },
		{ "{CRYPT}$6$saltstring$", "it is not a hash that crypt(3) knows" },
		{ "{CRYPT}$6$saltstring$hash", CUT },
		{ "{CRYPT}$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe", CUT },
		{ "{CRYPT}$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW", CUT },
		{ "{CRYPT}$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyO-W", CUT },
		{ "{CRYPT}$y$j9T$k2XAnEHBqQ1Ct2aMXFKNa/$x", CUT },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].hash);
		SUITE_TEXT_EQUAL(password_hash_fault(rows[i].hash), rows[i].fault);
		SUITE_TRUE(!verifies(rows[i].hash, "x"));
	}
	SUITE_TEXT_EQUAL(password_hash_method("{PLAIN}x"), "unknown");
}

/* What we make must be what we take, at any cost that can be configured. */
static void test_costs(void)
{
	static const struct password_cost dear[] = {
		{ PASSWORD_YESCRYPT, 9 },
		{ PASSWORD_SHA512, 400000 },
	};

	for (size_t i = 0; i < SUITE_LEN(dear); i++) {
		struct secret *secret = secret_of("x");
		char made[PASSWORD_HASH_MAX];
		const char *reason;

		SUITE_TRUE(password_hash_make(&dear[i], secret, made, &reason));
		SUITE_TEXT_EQUAL(password_hash_fault(made), NULL);
		secret_free(&secret);
	}
	SUITE_TEXT_EQUAL(password_hash_fault("{CRYPT}$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0Xo"
					     "uQYb4YMJKvyOeW"),
			 NULL);
}

static void test_bcrypt_length(void)
{
	struct secret *secret = secret_new();
	char text[PASSWORD_BCRYPT_MAX + 1], made[PASSWORD_HASH_MAX];
	const char *reason = NULL;

	memset(text, 'x', sizeof(text));
	SUITE_TRUE(secret_set(secret, text, PASSWORD_BCRYPT_MAX));
	SUITE_TRUE(password_hash_make(&cheap[1], secret, made, &reason));
	SUITE_TRUE(secret_set(secret, text, PASSWORD_BCRYPT_MAX + 1));
	SUITE_TRUE(!password_hash_make(&cheap[1], secret, made, &reason));
	SUITE_TEXT_EQUAL(reason, "bcrypt takes no password longer than 72 octets");
	secret_free(&secret);
}

static void *hash_some(void *arg)
{
	const struct password_cost *cost = arg;
	struct secret *secret = secret_new();
	char made[PASSWORD_HASH_MAX];
	const char *reason;
	size_t good = 0;

	secret_set(secret, "of a thread", 11);
	for (int i = 0; i < 5; i++) {
		good += password_hash_make(cost, secret, made, &reason) &&
			password_hash_verify(made, secret);
		password_hash_pretend(cost, secret);
	}
	secret_free(&secret);
	return good == 5 ? arg : NULL;
}

static void test_threads(void)
{
	pthread_t threads[SUITE_LEN(cheap)];
	void *result;

	for (size_t i = 0; i < SUITE_LEN(threads); i++)
		SUITE_INT_EQUAL(pthread_create(&threads[i], NULL, hash_some,
					       (void *)(uintptr_t)&cheap[i]),
				0);
	for (size_t i = 0; i < SUITE_LEN(threads); i++) {
		pthread_join(threads[i], &result);
		SUITE_TRUE(result != NULL);
	}
}

static const struct suite_test tests[] = {
	{ "hashes of others are verified", test_known },
	{ "what is made is verified, and has a salt of its own", test_made },
	{ "a hash that is none, or costs too much, says so and is nobody's", test_faults },
	{ "what may be configured may be verified", test_costs },
	{ "bcrypt is not given what it would cut", test_bcrypt_length },
	{ "threads hash at the same time", test_threads },
};

int main(void)
{
	return suite_run("password-hash", tests, SUITE_LEN(tests));
}
