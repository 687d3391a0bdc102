#include "base/utf8.h"

#include <string.h>

#include "tests/unit/suite.h"

static const struct {
	const char *name;
	const char *text;
	size_t octets; /* expected */
	uint32_t code_point;
} sequences[] = {
	{ "ASCII", "a", 1, 'a' },
	{ "two octets", "\xc3\xa9", 2, 0xe9 },
	{ "three octets", "\xe2\x82\xac", 3, 0x20ac },
	{ "four octets", "\xf0\x9f\x98\x80", 4, 0x1f600 },
	{ "the last code point", "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	{ "beyond the last", "\xf4\x90\x80\x80", 0, 0 },
	{ "continuation alone", "\x80", 0, 0 },
	{ "cut after one octet", "\xe2\x82", 0, 0 },
	{ "overlong slash", "\xc0\xaf", 0, 0 },
	{ "overlong, three octets", "\xe0\x80\xaf", 0, 0 },
	{ "surrogate", "\xed\xa0\x80", 0, 0 },
	{ "0xFF", "\xff", 0, 0 },
	{ "second octet is ASCII", "\xc3(", 0, 0 },
	{ "empty", "", 0, 0 },
};

static void test_sequences(void)
{
	uint32_t code_point;
	size_t i;

	for (i = 0; i < SUITE_LEN(sequences); i++) {
		suite_row("%s", sequences[i].name);
		code_point = 0;
		SUITE_INT_EQUAL(utf8_sequence(sequences[i].text, strlen(sequences[i].text),
					      &code_point),
				sequences[i].octets);
		SUITE_INT_EQUAL(code_point, sequences[i].code_point);
	}
}

static void test_length(void)
{
	uint32_t code_point;

	SUITE_INT_EQUAL(utf8_sequence("\xe2\x82\xac", 2, &code_point), 0);
	SUITE_INT_EQUAL(utf8_sequence("\0", 1, &code_point), 1);
}

static void test_controls(void)
{
	static const uint32_t controls[] = { 0,	     '\n',   0x1b,   0x7f,   0x85,
					     0x200b, 0x2028, 0x202e, 0x2066, 0xfeff };
	static const uint32_t others[] = { ' ', '~', 0xa0, 0xe9, 0x20ac, 0x1f600 };
	size_t i;

	for (i = 0; i < SUITE_LEN(controls); i++) {
		suite_row("U+%04X", (unsigned)controls[i]);
		SUITE_TRUE(utf8_is_control(controls[i]));
	}
	for (i = 0; i < SUITE_LEN(others); i++) {
		suite_row("U+%04X", (unsigned)others[i]);
		SUITE_TRUE(!utf8_is_control(others[i]));
	}
}

static const struct suite_test tests[] = {
	{ "a sequence has one length and one code point, or is none", test_sequences },
	{ "a sequence does not reach beyond the length", test_length },
	{ "controls, separators and direction marks are told apart", test_controls },
};

int main(void)
{
	return suite_run("utf8", tests, SUITE_LEN(tests));
}
