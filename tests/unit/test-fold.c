#include "base/fold.h"

#include <string.h>

#include "tests/unit/suite.h"

static void test_texts(void)
{
	static const struct {
		const char *text, *folded;
	} rows[] = {
		{ "", "" },
		{ "alice", "alice" },
		{ "ALICE@Example.COM", "alice@example.com" },
		{ "[\\]^_`{|}~ 09", "[\\]^_`{|}~ 09" },
		{ "B\xc3\x84R", "b\xc3\xa4r" },
		{ "\xce\xa3\xce\x9f\xce\xa6\xce\x99\xce\x91", "\xcf\x83\xce\xbf\xcf\x86\xce\xb9\xce\xb1" },
		/* One letter never becomes two, nor one of ASCII: capital sharp s, dotted
		 * capital I, Kelvin sign. */
		{ "STRA\xe1\xba\x9e"
		  "E",
		  "stra\xc3\x9f"
		  "e" },
		{ "\xc4\xb0STANBUL", "\xc4\xb0stanbul" },
		{ "\xe2\x84\xaa"
		  "ELVIN",
		  "\xe2\x84\xaa"
		  "elvin" },
		/* Longer than its capital: U+023A and U+2C65. */
		{ "\xc8\xba", "\xe2\xb1\xa5" },
		/* Not UTF-8: each octet by itself. */
		{ "A\xff"
		  "B\xc3",
		  "a\xff"
		  "b\xc3" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char folded[64], again[64];

		suite_row("%s", rows[i].text);
		SUITE_TRUE(fold_text(rows[i].text, folded, sizeof(folded)));
		SUITE_TEXT_EQUAL(folded, rows[i].folded);
		SUITE_TRUE(fold_text(folded, again, sizeof(again)));
		SUITE_TEXT_EQUAL(again, folded);
	}
}

static void test_room(void)
{
	char folded[4];

	SUITE_TRUE(fold_text("ABC", folded, sizeof(folded)));
	SUITE_TRUE(!fold_text("ABCD", folded, sizeof(folded)));
	SUITE_TRUE(fold_text("\xc8\xba", folded, 4));
	SUITE_TRUE(!fold_text("\xc8\xba", folded, 3));
}

static const struct suite_test tests[] = {
	{ "upper and lower case are the same, letter by letter", test_texts },
	{ "a folded text that does not fit is told", test_room },
};

int main(void)
{
	return suite_run("fold", tests, SUITE_LEN(tests));
}
