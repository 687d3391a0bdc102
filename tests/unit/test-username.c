#include "base/username.h"

#include <string.h>

#include "tests/unit/suite.h"

static void test_split(void)
{
	static const struct {
		const char *text, *separator, *login, *credential;
	} rows[] = {
		{ "alice", "+", "alice", "" },
		{ "alice+printer", "+", "alice", "printer" },
		{ "alice@example.com+printer", "+", "alice@example.com", "printer" },
		{ "alice+a+b", "+", "alice+a", "b" },
		{ "alice++b", "+", "alice+", "b" },
		{ "alice+x@example.com", "+", "alice+x@example.com", "" },
		{ "alice+", "+", "alice+", "" },
		{ "+printer", "+", "+printer", "" },
		{ "", "+", "", "" },
		{ "alice+Printer", "+", "alice+Printer", "" },
		{ "alice+-a", "+", "alice+-a", "" },
		{ "alice+_a", "+", "alice+_a", "" },
		{ "alice+0-_z", "+", "alice", "0-_z" },
		{ "alice+a b", "+", "alice+a b", "" },
		{ "alice+01234567890123456789012345678901a", "+",
		  "alice+01234567890123456789012345678901a", "" },
		{ "alice+01234567890123456789012345678901", "+", "alice",
		  "01234567890123456789012345678901" },
		{ "alice+printer", "", "alice+printer", "" },
		{ "alice::printer", "::", "alice", "printer" },
		{ "alice:::printer", "::", "alice:", "printer" },
		{ "alice:printer", "::", "alice:printer", "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct username name;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(username_split(rows[i].text, rows[i].separator, &name));
		SUITE_TEXT_EQUAL(name.login, rows[i].login);
		SUITE_TEXT_EQUAL(name.credential, rows[i].credential);
	}
}

static void test_length(void)
{
	char text[LOGIN_MAX + 2], joined[LOGIN_MAX + 1];
	struct username name;

	memset(text, 'a', sizeof(text));
	text[LOGIN_MAX] = '\0';
	SUITE_TRUE(username_split(text, "+", &name));
	SUITE_TEXT_EQUAL(name.login, text);
	SUITE_TRUE(username_join(text, "+", "", joined));
	SUITE_TRUE(!username_join(text, "+", "b", joined));
	text[LOGIN_MAX] = 'a';
	text[LOGIN_MAX + 1] = '\0';
	SUITE_TRUE(!username_split(text, "+", &name));
}

static void test_join(void)
{
	char text[LOGIN_MAX + 1];

	SUITE_TRUE(username_join("alice", "+", "printer", text));
	SUITE_TEXT_EQUAL(text, "alice+printer");
	SUITE_TRUE(username_join("alice", "", "", text));
	SUITE_TEXT_EQUAL(text, "alice");
	SUITE_TRUE(!username_join("alice", "", "printer", text));
}

static void test_separators(void)
{
	static const char *const good[] = { "", "+", "::", "+/=" };
	static const char *const bad[] = { "++++", "a", "-", "_", "@", ".", " ", "{", "\\", "\"" };

	for (size_t i = 0; i < SUITE_LEN(good); i++)
		SUITE_TRUE(username_separator_is_valid(good[i]));
	for (size_t i = 0; i < SUITE_LEN(bad); i++)
		SUITE_TRUE(!username_separator_is_valid(bad[i]));
}

static const struct suite_test tests[] = {
	{ "a username is a login and perhaps a credential's name", test_split },
	{ "a username that is too long is none", test_length },
	{ "what was joined splits again", test_join },
	{ "a separator is in no address and in no name", test_separators },
};

int main(void)
{
	return suite_run("username", tests, SUITE_LEN(tests));
}
