#include "base/header_text.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static void test_unfolding(void)
{
	static const struct {
		const char *value;
		const char *text;
		const char *reason;
	} rows[] = {
		{ "", "", NULL },
		{ "a b", "a b", NULL },
		{ "a\tb", "a\tb", NULL },
		{ "a\n b", "a b", NULL },
		{ "a\r\n\tb", "a\tb", NULL },
		{ "\n a", " a", NULL },
		{ "a \n  b\n c", "a   b c", NULL },
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
		  "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", NULL },
		{ "a\nb", NULL, "a line break that is not folding" },
		{ "a\n", NULL, "a line break that is not folding" },
		{ "a\r\n", NULL, "a line break that is not folding" },
		{ "a\n ", NULL, "a folded line that is blank" },
		{ "a\n \r\n b", NULL, "a folded line that is blank" },
		{ "a\rb", NULL, "a bare carriage return" },
		{ "a\r\r\n b", NULL, "a bare carriage return" },
		{ "a\x1b", NULL, "a control character" },
		{ "a\x80", NULL, "not UTF-8" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		size_t len = strlen(rows[i].value);
		char *out = malloc(len + 1);

		suite_row("%zu: %s", i, rows[i].value);
		SUITE_TEXT_EQUAL(header_text_unfold(rows[i].value, len, 6, out), rows[i].reason);
		if (rows[i].text)
			SUITE_TEXT_EQUAL(out, rows[i].text);
		free(out);
	}
}

#define TURN "\xe2\x80\xae"
#define TURN_END "\xe2\x80\xac"

static void test_turned(void)
{
	static const struct {
		const char *text, *turned;
	} rows[] = {
		{ "", NULL },
		{ "abc" TURN_END, NULL },
		{ TURN, TURN },
		{ "ab" TURN "cde", "ab" TURN "edc" },
		{ TURN "abc" TURN_END "def", TURN "cba" TURN_END "def" },
		{ TURN "ab" TURN_END "cd" TURN "ef", TURN "ba" TURN_END "cd" TURN "fe" },
		{ TURN "a\xc3\xa4\xe2\x82\xac", TURN "\xe2\x82\xac\xc3\xa4" "a" },
		{ TURN "\x80\x80", TURN "\x80\x80" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char *turned = header_text_turned(rows[i].text);

		suite_row("%zu: %s", i, rows[i].text);
		SUITE_TEXT_EQUAL(turned, rows[i].turned);
		free(turned);
	}
}

static void test_plain(void)
{
	static const struct {
		const char *text;
		const char *plain;
	} rows[] = {
		{ "", "" },
		{ "a b\tc", "a b c" },
		{ "\xc2\xab"
		  "a\xc2\xbb",
		  " a " },
		{ "a\xc2\xad"
		  "b\xe2\x80\x8b"
		  "c\xef\xb8\x8f",
		  "abc" },
		{ "a\xef\xbc\xa0"
		  "b\xef\xb9\xab"
		  "c\xef\xbc\x8e"
		  "d\xe3\x80\x82"
		  "e",
		  "a@b@c.d.e" },
		{ "\xe2\x80\x98"
		  "a\xe2\x80\x99",
		  " a " },
		{ "\xc3\xa4\xf0\x9f\x91\xa9", "\xc3\xa4\xf0\x9f\x91\xa9" },
		{ "a\xff"
		  "b",
		  "a b" }, /* not UTF-8 after all */
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[64];

		strcpy(text, rows[i].text);
		header_text_make_plain(text);
		SUITE_TEXT_EQUAL(text, rows[i].plain);
	}
}

static void test_next_address(void)
{
	static const struct {
		const char *text;
		const char *found[3];
	} rows[] = {
		{ "", { NULL } },
		{ "@", { NULL } },
		{ "a@b", { NULL } },
		{ "a@b.example", { "a@b.example" } },
		{ "see a@b.example, or <c.d+e@f.example>.", { "a@b.example", "c.d+e@f.example" } },
		{ "mailto:a@b.example", { "a@b.example" } },
		{ "a@b.example...", { "a@b.example" } },
		{ "a@.example", { NULL } },
		{ "a@b.", { NULL } },
		{ "a@b@c.example", { "b@c.example" } },
		{ "a @b.example", { NULL } },
		{ "a@ b.example", { NULL } },
		{ "a@[192.0.2.1]x", { "a@[192.0.2.1]" } },
		{ "a@[192.0.2.1", { NULL } },
		{ "''a@b.example'", { "a@b.example" } },
		{ "'@b.example", { NULL } },
		{ "a@b.example/c@d.example", { "a@b.example", "/c@d.example" } },
		{ "\xc3\xa4@\xc3\xbc.example", { "\xc3\xa4@\xc3\xbc.example" } },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *rest = rows[i].text;
		char found[32];

		suite_row("%s", rows[i].text);
		for (size_t k = 0; rows[i].found[k]; k++) {
			SUITE_TRUE(header_text_next_address(&rest, found, sizeof(found)));
			SUITE_TEXT_EQUAL(found, rows[i].found[k]);
		}
		SUITE_TRUE(!header_text_next_address(&rest, found, sizeof(found)));
	}
}

static void test_holds_address(void)
{
	SUITE_TRUE(header_text_holds_address("alice+ <boss@bank.example>"));
	SUITE_TRUE(header_text_holds_address("boss\xef\xbc\xa0" "bank.example"));
	SUITE_TRUE(!header_text_holds_address("Abc@def"));
	SUITE_TRUE(!header_text_holds_address("a\"b(c)<d>,e;f:g"));
}

static void test_cut(void)
{
	const char *rest = "somebody@example.com";
	char found[5];

	SUITE_TRUE(header_text_next_address(&rest, found, sizeof(found)));
	SUITE_TEXT_EQUAL(found, "some");
	SUITE_TEXT_EQUAL(rest, "");
	rest = "so\xf0\x9f\x91\xa9@example.com";
	SUITE_TRUE(header_text_next_address(&rest, found, sizeof(found)));
	SUITE_TEXT_EQUAL(found, "so");
}

static const struct suite_test tests[] = {
	{ "a value is unfolded, and what breaks it otherwise is refused", test_unfolding },
	{ "a text becomes plain for the eye's sake", test_plain },
	{ "what a direction override turns round is read as it is shown", test_turned },
	{ "what people take for an address is found in a text", test_next_address },
	{ "an address within a text is found", test_holds_address },
	{ "a long find is cut", test_cut },
};

int main(void)
{
	return suite_run("header-text", tests, SUITE_LEN(tests));
}
