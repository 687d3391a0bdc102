#include "base/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static void test_made(void)
{
	struct secret *one = secret_new(), *other = secret_new();

	SUITE_TRUE(password_make(PASSWORD_MADE_LENGTH, one));
	SUITE_TRUE(password_make(PASSWORD_MADE_LENGTH, other));
	SUITE_INT_EQUAL(secret_length(one), PASSWORD_MADE_LENGTH);
	SUITE_INT_EQUAL(strspn(secret_text(one), PASSWORD_ALPHABET), PASSWORD_MADE_LENGTH);
	SUITE_TRUE(!secret_equal(one, other));
	SUITE_TRUE(password_make(PASSWORD_MADE_MIN, one));
	SUITE_TRUE(!password_make(PASSWORD_MADE_MIN - 1, one));
	SUITE_TRUE(!password_make(SECRET_MAX + 1, one));
	secret_free(&one);
	secret_free(&other);
}

/* Bits of the shortest one: 2^90 <= n^16. */
static void test_bits(void)
{
	static const char alphabet[] = PASSWORD_ALPHABET;
	double n = (double)strlen(alphabet), words = 1;

	for (int i = 0; i < PASSWORD_MADE_MIN; i++)
		words *= n;
	SUITE_TRUE(words > 1237940039285380274899124224.0);
	SUITE_TRUE(strpbrk(alphabet, "0Oo1Iil") == NULL);
	for (size_t i = 0; alphabet[i]; i++)
		SUITE_TRUE(strchr(alphabet, alphabet[i]) == alphabet + i);
}

/* 55 characters, 110,000 draws: 2,000 of each are expected, with a deviation of 44;
 * eight of them happen once in 10^13 runs. With octet % 55 the first 36 would
 * have 2,148. */
static void test_bias(void)
{
	static const char alphabet[] = PASSWORD_ALPHABET;
	struct secret *secret = secret_new();
	int seen[256] = { 0 };

	for (int i = 0; i < 220; i++) {
		SUITE_TRUE(password_make(500, secret));
		for (const char *p = secret_text(secret); *p; p++)
			seen[(unsigned char)*p]++;
	}
	for (const char *p = alphabet; *p; p++) {
		suite_row("%c: %d", *p, seen[(unsigned char)*p]);
		SUITE_TRUE(seen[(unsigned char)*p] > 2000 - 8 * 44);
		SUITE_TRUE(seen[(unsigned char)*p] < 2000 + 8 * 44);
	}
	secret_free(&secret);
}

static bool is_good(const char *text, const struct password_rules *rules, char error[300])
{
	struct secret *secret = secret_new();
	bool good;

	*error = '\0';
	SUITE_TRUE(secret_set(secret, text, strlen(text)));
	good = password_is_good(secret, rules, error, 300);
	SUITE_TRUE(good == (*error == '\0'));
	secret_free(&secret);
	return good;
}

static void test_good(void)
{
	static const char *const rows[] = {
		"correct horse battery",
		"x7Kq2mPw9LzT",
		"Tr0ub4dor&3 x",
		"my 1234 favourite things",
		"a\"b'c\\d{e}f%g<h>",
	};
	const struct password_rules rules = { "rose@example.com", 12, NULL };
	char error[300];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i]);
		SUITE_TRUE(is_good(rows[i], &rules, error));
		SUITE_TEXT_EQUAL(error, "");
	}
}

static void test_bad(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "it has 0 characters" },
		{ "x7Kq2mPw9Lz", "it has 11 characters; it needs at least 12" },
		{ "x7Kq2mPw9Lz\xc3\xa9", "it has other characters than printable ASCII" },
		{ "x7Kq2mPw9Lz\t1", "it has other characters than printable ASCII" },
		{ " x7Kq2mPw9LzT", "it begins or ends with a space" },
		{ "x7Kq2mPw9LzT ", "it begins or ends with a space" },
		{ "aaaaaaaaaaaaaaaa", "it has fewer than 5 different characters" },
		{ "abababcdcdcdabab", "it has fewer than 5 different characters" },
		{ "abcdefghijklmnop", "without repetitions and sequences" },
		{ "1234567890qwertz", "without repetitions and sequences" },
		{ "QwErTyUiOp123456", "without repetitions and sequences" },
		{ "passpasspasspass1", "it has fewer than 5" },
		{ "k9fKk9fKk9fKk9fKk9fK", "it has fewer than 5" },
		{ "xrose@example.comx", "the login, or a part of it, is in it" },
		{ "my name is ROSE ok", "the login, or a part of it, is in it" },
		{ "Example!2026!x7Kq", "the login, or a part of it, is in it" },
	};
	const struct password_rules rules = { "rose@example.com", 12, NULL };
	char error[300];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].text);
		SUITE_TRUE(!is_good(rows[i].text, &rules, error));
		suite_row("%s: %s", rows[i].text, error);
		SUITE_TRUE(strncmp(error, rows[i].why, strlen(rows[i].why)) == 0);
		if (rows[i].text[0])
			SUITE_TRUE(strstr(error, rows[i].text) == NULL);
	}
}

/* ".com" has three letters: nobody need avoid them. */
static void test_short_parts(void)
{
	const struct password_rules rules = { "ann.lee@x.com", 12, NULL };
	char error[300];

	SUITE_TRUE(is_good("comfort Ann zeal", &rules, error));
	SUITE_TRUE(!is_good("z9ann.lee@x.comq", &rules, error));
}

static void test_list(void)
{
	char path[] = "/tmp/sendward-test-XXXXXX", error[300], expected[200];
	const struct password_rules rules = { "rose", 12, path };
	int fd = mkstemp(path);
	static const char list[] = "letmein\r\nHippopotamus\n\ncorrect horse battery";

	SUITE_TRUE(fd >= 0);
	SUITE_INT_EQUAL(write(fd, list, strlen(list)), (long long)strlen(list));
	close(fd);
	snprintf(expected, sizeof(expected), "it is in the list of known passwords %s", path);
	SUITE_TRUE(!is_good("hippopotamus", &rules, error));
	SUITE_TEXT_EQUAL(error, expected);
	SUITE_TRUE(!is_good("99hippopotamus2026!", &rules, error));
	SUITE_TRUE(!is_good("correct horse battery", &rules, error));
	SUITE_TRUE(is_good("two hippopotamus", &rules, error));
	unlink(path);
	SUITE_TRUE(!is_good("two hippopotamus", &rules, error));
	SUITE_TRUE(strstr(error, "cannot be read: No such file") != NULL);
}

static const struct suite_test tests[] = {
	{ "a password is made of the alphabet, and another each time", test_made },
	{ "the shortest one has 90 bits, and nothing looks alike", test_bits },
	{ "every character is as likely as the others", test_bias },
	{ "a good password is taken", test_good },
	{ "a bad one is not, and the reason does not show it", test_bad },
	{ "only longer parts of the login count", test_short_parts },
	{ "a password of the list is not taken, whatever is around it", test_list },
};

int main(void)
{
	return suite_run("password", tests, SUITE_LEN(tests));
}
