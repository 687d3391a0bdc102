#include "base/encoded_word.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static void test_encoded_words(void)
{
	static const struct {
		const char *text;
		bool bad;
	} rows[] = {
		{ "no encoded word", false },
		{ "=?utf-8?q?Alice_B=C3=A4r?=", false },
		{ "=?utf-8?Q?a=09b?=", false },
		{ "=?utf-8?b?QWxpY2U=?=", false },
		{ "=?utf-8?q?a=?=", false },
		{ "=?utf-8?q?a=0?=", false },
		{ "=?utf-8?q?a=zz?=", false },
		{ "=?utf-8?x?=00?=", false }, /* no such encoding: nobody decodes it */
		{ "=?utf-8?q", false },
		{ "=?", false },
		{ "=?iso-2022-jp?b?GyRCJUYlOSVIGyhC?=", false },
		{ "=?ISO-2022-KR?q?=1B$)C=0E!!=0F?=", false },
		{ "=?utf-8?b?GyRCJUYlOSVIGyhC?=", true },
		{ "=?iso-2022-jp?q?=00?=", true },
		{ "=?utf-8?q?a=00b?=", true },
		{ "=?utf-8?q?a=0ab?=", true },
		{ "=?utf-8?q?a=7Fb?=", true },
		{ "=?utf-8*en?q?a=0Db?=", true }, /* RFC 2231 section 5 */
		{ "=?utf-8?B?AA==?=", true },
		{ "=?utf-8?B?A A\t=?=", true },
		{ "=?x?q?ok?= =?utf-8?q?a=00b?=", true },
		{ "=?x?q?ok?==?utf-8?q?=00?=", true },
		{ "=?=?utf-8?q?=00?=", true },
		{ "x=?utf-8?q?=00", false }, /* does not end */
		{ "(=?utf-8?q?=00?=)", true },
		{ "=?utf-16?b?AGEAYg==?=", true }, /* NULs in any program but one */
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].text);
		SUITE_TEXT_EQUAL(encoded_words_check(rows[i].text),
				 rows[i].bad ? "an encoded word with a control character" : NULL);
	}
}

static void test_decoding(void)
{
	static const struct {
		const char *text;
		const char *decoded;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		/* RFC 2047 section 8 */
		{ "(=?ISO-8859-1?Q?a?=)", "(a)" },
		{ "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
		{ "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)" },
		{ "(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)" },
		{ "(=?ISO-8859-1?Q?a_b?=)", "(a b)" },
		{ "(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)" },
		{ "=?utf-8?q?=C3=A4=c3=a4?=", "\xc3\xa4\xc3\xa4" },
		{ "=?utf-8?b?w6Q=?=x", "\xc3\xa4x" },
		{ "=?utf-8?b?w6Q?=", "\xc3\xa4" }, /* without its padding */
		{ "=?utf-8?b?w 6-Q=?=", "\xc3\xa4" },
		{ "=?utf-8*de?q?a?=", "a" },
		{ "=?utf-8?q?a?b?=", "a?b" }, /* RFC 2047 has it end at the first "?" */
		{ "=?utf-8?q?=4?=", "=4" },
		{ "=?utf-8?q?"
		  "?=",
		  "" },
		{ "=?utf-8?q?a", "=?utf-8?q?a" },
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "a=?b?c?=?utf-8?q?d?=", "a=?b?c?d" },
		/* beyond ASCII and not known here */
		{ "=?x-nobody?q?Andr=E9?=", "Andr\xef\xbf\xbd" },
		/* in one octet a character */
		{ "=?iso-8859-1?q?Andr=E9?=", "Andr\xc3\xa9" },
		{ "=?Windows-1252*fr?q?=80?=", "\xe2\x82\xac" },
		{ "=?koi8-r?q?=C1?=", "\xd0\xb0" },
		{ "=?iso-8859-7?q?=EF?=", "\xce\xbf" },
		{ "=?windows-1253?q?=D2?=", "\xef\xbf\xbd" },
		{ "=?utf-8?q?=C3(?=", "\xef\xbf\xbd(" },
		/* where ASCII is not what it seems */
		{ "=?utf-7?q?a+AEA-b?=", "a@b" },
		{ "=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=", "\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88" },
		{ "=?Shift_JIS?q?=83@?=", "\xe3\x82\xa1" },
		{ "=?ibm037?q?=81|?=", "a@" },
		{ "=?utf-16be?q?=FF=20=FF=41?=", "\xef\xbc\xa0\xef\xbd\x81" },
		{ "=?gbk?q?a=81?=", "a\xef\xbf\xbd" },
		{ "=?big5?q?=88=62=88=66?=", "\xc3\x8a\xcc\x84\xc3\x8a" }, /* one held back */
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char *decoded = encoded_words_decode(rows[i].text);

		suite_row("%s", rows[i].text);
		SUITE_TEXT_EQUAL(decoded, rows[i].decoded);
		free(decoded);
	}
}

static void test_joining(void)
{
	static const struct {
		const char *text;
		const char *decoded;
	} rows[] = {
		{ "=?utf-8?q?a=EF=BC?= =?UTF-8?Q?=A0b?= c", "a\xef\xbc\xa0" "b c" },
		{ "=?utf-8?b?7w==?=\t=?utf-8?b?vKA=?=", "\xef\xbc\xa0" },
		{ "=?utf-8?b?Ym9zc0?= =?utf-8?b?BiYW5rLmNvbQ==?=", "boss@bank.com" },
		{ "=?utf-7?q?a+AE?= =?utf-7?q?A-b?=", "a@b" },
		/* each by itself */
		{ "=?utf-8?q?=EF=BC?= x =?utf-8?q?=A0?=",
		  "\xef\xbf\xbd\xef\xbf\xbd x \xef\xbf\xbd" },
		{ "=?utf-8?q?=EF=BC?= =?utf-8?b?oA==?=",
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "=?koi8-r?q?=C1?= =?utf-8?q?a?=", "\xd0\xb0" "a" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char *decoded = encoded_words_decode_joined(rows[i].text);

		suite_row("%s", rows[i].text);
		SUITE_TEXT_EQUAL(decoded, rows[i].decoded);
		free(decoded);
	}
}

static void test_growth(void)
{
	static const char *const charsets[] = { "utf-8",       "x",	    "utf-7",
						"iso-2022-jp", "shift_jis", "gb18030",
						"big5",	       "ibm037",    "iso-2022-kr",
						"utf-16" };
	char text[4200];

	for (size_t i = 0; i < SUITE_LEN(charsets); i++) {
		for (int octet = 1; octet < 256; octet++) {
			size_t len = (size_t)sprintf(text, "=?%s?q?", charsets[i]);
			char *decoded;

			if (octet == '?')
				continue;
			memset(text + len, octet, 4000);
			strcpy(text + len + 4000, "?=");
			decoded = encoded_words_decode(text);
			SUITE_TRUE(strlen(decoded) <= 16000);
			free(decoded);
		}
	}
}

static void test_mask(void)
{
	char text[] = "a=?utf-8?q?b?= =?=? =";
	char specials[] = "=?utf-8?q?\"<(?= \"=?x?b?y\"?=";

	encoded_words_mask(text);
	SUITE_TEXT_EQUAL(text, "a_____________ =_=_ =");
	encoded_words_mask(specials);
	SUITE_TEXT_EQUAL(specials, "_______________ \"__________");
}

static const struct suite_test tests[] = {
	{ "a control character inside an encoded word is found", test_encoded_words },
	{ "an encoded word is decoded", test_decoding },
	{ "words of one charset are also decoded as one", test_joining },
	{ "whatever the octets are, there is room for their characters", test_growth },
	{ "a masked text has no encoded words and the same length", test_mask },
};

int main(void)
{
	return suite_run("encoded-word", tests, SUITE_LEN(tests));
}
