#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static bool read_from(const char *bytes, size_t len, struct secret *out, char error[200])
{
	int ends[2];
	bool ok;

	*error = '\0';
	SUITE_INT_EQUAL(pipe(ends), 0);
	SUITE_INT_EQUAL(write(ends[1], bytes, len), (long long)len);
	close(ends[1]);
	ok = secret_read_line(ends[0], out, error, 200);
	close(ends[0]);
	return ok;
}

static void test_lines(void)
{
	static const struct {
		const char *bytes, *secret;
	} rows[] = {
		{ "correct horse\n", "correct horse" },
		{ "correct horse", "correct horse" },
		{ "correct horse\r\n", "correct horse" },
		{ " a \n", " a " },
		{ "one\ntwo\n", "one" },
	};
	struct secret *secret = secret_new();
	char error[200];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].bytes);
		SUITE_TRUE(read_from(rows[i].bytes, strlen(rows[i].bytes), secret, error));
		SUITE_TEXT_EQUAL(secret_text(secret), rows[i].secret);
		SUITE_INT_EQUAL(secret_length(secret), strlen(rows[i].secret));
	}
	secret_free(&secret);
}

static void test_bad_lines(void)
{
	struct secret *secret = secret_new();
	char error[200], text[SECRET_MAX + 2];

	SUITE_TRUE(!read_from("", 0, secret, error));
	SUITE_TEXT_EQUAL(error, "it is empty");
	SUITE_TRUE(!read_from("\n", 1, secret, error));
	SUITE_TEXT_EQUAL(error, "it is empty");
	SUITE_TRUE(!read_from("a\0b\n", 4, secret, error));
	SUITE_TEXT_EQUAL(error, "it has a NUL octet");
	memset(text, 'x', sizeof(text));
	SUITE_TRUE(!read_from(text, SECRET_MAX + 1, secret, error));
	SUITE_TEXT_EQUAL(error, "it is longer than 511 octets");
	SUITE_INT_EQUAL(secret_length(secret), 0);
	SUITE_TRUE(read_from(text, SECRET_MAX, secret, error));
	SUITE_TRUE(!secret_read_line(-1, secret, error, sizeof(error)));
	SUITE_TEXT_EQUAL(error, "it cannot be read: Bad file descriptor");
	secret_free(&secret);
}

static void test_equal(void)
{
	struct secret *a = secret_new(), *b = secret_new();

	SUITE_TRUE(secret_equal(a, b));
	SUITE_TRUE(secret_set(a, "one", 3));
	SUITE_TRUE(!secret_equal(a, b));
	/* What was there before is gone. */
	SUITE_TRUE(secret_set(b, "longer", 6));
	SUITE_TRUE(secret_set(b, "one", 3));
	SUITE_TRUE(secret_equal(a, b));
	SUITE_TRUE(secret_set(b, "onf", 3));
	SUITE_TRUE(!secret_equal(a, b));
	SUITE_TRUE(!secret_set(b, "o\0e", 3));
	SUITE_INT_EQUAL(secret_length(b), 0);
	secret_free(&a);
	secret_free(&b);
	secret_free(&b);
}

static const struct suite_test tests[] = {
	{ "a secret is the first line of its file", test_lines },
	{ "what cannot be a secret says why, without saying it", test_bad_lines },
	{ "secrets are equal when all of them is", test_equal },
};

int main(void)
{
	return suite_run("secret", tests, SUITE_LEN(tests));
}
