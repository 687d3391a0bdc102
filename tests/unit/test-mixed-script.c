#include "base/mixed_script.h"

#include <string.h>

#include "base/domain.h"
#include "tests/unit/suite.h"

struct row {
	const char *source;
	const char *text;
	const char *mix; /* "" none */
};

static void test_domains(void)
{
	static const struct row rows[] = {
		{ "own", "example.com", "" },
		{ "UTS 39 4, the first example: Latin with a Cyrillic a", "p\xd0\xb0ypal.com",
		  "domain label p\xd0\xb0ypal (Latin, Cyrillic)" },
		{ "Gabrilovich and Gontmakher, The Homograph Attack, 2002: Cyrillic c and o",
		  "mi\xd1\x81r\xd0\xbesoft.com",
		  "domain label mi\xd1\x81r\xd0\xbesoft (Latin, Cyrillic)" },
		{ "the same in A-labels", "xn--mirsoft-cjgz.com",
		  "domain label mi\xd1\x81r\xd0\xbesoft (Latin, Cyrillic)" },
		{ "own: a Greek omicron", "g\xce\xbfogle.com",
		  "domain label g\xce\xbfogle (Latin, Greek)" },
		{ "xudongz.com 2017: all Cyrillic, out of scope", "xn--80ak6aa92e.com", "" },
		{ "UTS 39 4: toys-\xd1\x8f-us, a Cyrillic ya", "toys-\xd1\x8f-us.com",
		  "domain label toys-\xd1\x8f-us (Latin, Cyrillic)" },
		{ "UTS 39 5.2: labels are looked at one by one",
		  "www.\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.com", "" },
		{ "UTS 39 5.2: Latin, Han and both Kana",
		  "xyz\xe6\x97\xa5\xe6\x9c\xac\xe3\x81\xae\xe3\x82\xab.jp", "" },
		{ "UTS 39 5.2: Latin, Han and Hangul", "k\xed\x95\x9c\xe6\xbc\xa2.kr", "" },
		{ "UTS 39 5.2: Latin, Han and Bopomofo", "a\xe6\xbc\xa2\xe3\x84\x85.tw", "" },
		{ "UTS 39 5.2: Hangul with Hiragana is minimally restrictive",
		  "\xed\x95\x9c\xe3\x81\xae.kr",
		  "domain label \xed\x95\x9c\xe3\x81\xae (Hangul, Hiragana)" },
		{ "UTS 39 5.2: Latin and one other recommended script", "abc\xe0\xb8\x81.th", "" },
		{ "UTS 39 5.2: Latin and two of them", "a\xe0\xb8\x81\xd5\xa1.example",
		  "domain label a\xe0\xb8\x81\xd5\xa1 (Latin, Thai, Armenian)" },
		{ "UAX 31 table 7: Tifinagh is of limited use", "a\xe2\xb4\xb0.example",
		  "domain label a\xe2\xb4\xb0 (Latin, Tifinagh)" },
		{ "UTS 39 5.2: Cyrillic and Greek", "\xd0\xb0\xce\xbb.example",
		  "domain label \xd0\xb0\xce\xbb (Cyrillic, Greek)" },
		{ "RFC 5321 4.1.3", "[192.0.2.1]", "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct address address = { .local = "a" };
		char mix[MIXED_SCRIPT_MAX];

		suite_row("%s: %s", rows[i].source, rows[i].text);
		SUITE_TRUE(domain_normalise(rows[i].text, address.domain));
		SUITE_INT_EQUAL(mixed_script_in_address(&address, mix), rows[i].mix[0] != '\0');
		SUITE_TEXT_EQUAL(mix, rows[i].mix);
	}
}

static void test_local_parts(void)
{
	static const struct row rows[] = {
		{ "own", "alice", "" },
		{ "own", "ali\xd1\x81\x65+tag_1",
		  "local part ali\xd1\x81\x65+tag_1 (Latin, Cyrillic)" },
		{ "RFC 6532: one script", "\xce\xb4\xce\xbf\xce\xba\xce\xb9\xce\xbc\xce\xae", "" },
		{ "UTS 39 5.2: digits and signs are Common",
		  "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd.1-2_3", "" },
		{ "own: not assigned, and so nothing", "a\xf0\xaf\xbf\xbe", "" },
		{ "UAX 15: a fullwidth r", "\xef\xbd\x92oot",
		  "local part \xef\xbd\x92oot (compatibility characters)" },
		{ "UAX 15: composed or not is no matter of compatibility", "b\xc3\xa4r", "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct address address = { .domain = "example.com" };
		char mix[MIXED_SCRIPT_MAX];

		suite_row("%s: %s", rows[i].source, rows[i].text);
		strcpy(address.local, rows[i].text);
		SUITE_INT_EQUAL(mixed_script_in_address(&address, mix), rows[i].mix[0] != '\0');
		SUITE_TEXT_EQUAL(mix, rows[i].mix);
	}
}

static void test_words(void)
{
	static const struct row rows[] = {
		{ "own", "", "" },
		{ "own", "Alice Example", "" },
		{ "own: each word has one script", "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd Petrov", "" },
		{ "own: joined by a hyphen", "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0-Maria", "" },
		{ "own: the same after a sign", "Support (P\xd0\xb0yPal)",
		  "word P\xd0\xb0yPal (Latin, Cyrillic)" },
		{ "own: an apostrophe does not divide", "\xd0\x9e'Brien",
		  "word \xd0\x9e'Brien (Cyrillic, Latin)" },
		{ "own: nor does the other", "\xd0\x9e\xe2\x80\x99\x42rien",
		  "word \xd0\x9e\xe2\x80\x99\x42rien (Cyrillic, Latin)" },
		{ "UTS 39 5.2: accents are Inherited or Latin", "Rene\xcc\x81 Jos\xc3\xa9", "" },
		{ "own: Japanese with Latin", "NHK\xe3\x83\x86\xe3\x83\xac\xe3\x83\x93", "" },
		{ "own: emoji are symbols",
		  "\xf0\x9f\x98\x80"
		  "Alice",
		  "" },
		{ "own: what is not UTF-8 divides", "a\xff\xd0\xb0", "" },
	};
	char mix[MIXED_SCRIPT_MAX];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s: %s", rows[i].source, rows[i].text);
		SUITE_INT_EQUAL(mixed_script_in_words(rows[i].text, mix), rows[i].mix[0] != '\0');
		SUITE_TEXT_EQUAL(mix, rows[i].mix);
	}
}

static void test_long(void)
{
	static char text[3001];
	char mix[MIXED_SCRIPT_MAX];

	for (size_t i = 0; i < 3000; i++)
		text[i] = "\xd0\xb0\xce\xbb\xe0\xb8\x81\xd7\x90z\xea\xad\xb0"[i % 14];
	SUITE_TRUE(mixed_script_in_words(text, mix));
	SUITE_TRUE(strlen(mix) < sizeof(mix));
	SUITE_TRUE(strstr(mix, " (Cyrillic, Greek, Thai, Hebrew, Latin)") != NULL);
}

static const struct suite_test tests[] = {
	{ "a domain label that mixes scripts is found, honest ones are not", test_domains },
	{ "so is a local part", test_local_parts },
	{ "so is a word", test_words },
	{ "a long word is cut", test_long },
};

int main(void)
{
	return suite_run("mixed-script", tests, SUITE_LEN(tests));
}
