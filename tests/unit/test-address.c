#include "base/address.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define INTERNAL ADDRESS_INTERNAL
#define SMTP ADDRESS_SMTP
#define HEADER ADDRESS_HEADER

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10
#define X64 X60 "xxxx"
#define LABEL63 X60 "xxx"
/* U+00E4, composed and as "a" with U+0308. */
#define AUML "\xc3\xa4"
#define AUML_NFD "a\xcc\x88"

struct parsed_row {
	enum address_form form;
	const char *text;
	const char *local;
	const char *domain;
};

static void expect_parsed(const struct parsed_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *reason = NULL;
		struct address address;

		memset(&address, 0, sizeof(address));
		suite_row("form %d: %s", rows[i].form, rows[i].text);
		SUITE_INT_EQUAL(address_parse(rows[i].text, rows[i].form, &address, &reason),
				ADDRESS_OK);
		SUITE_TEXT_EQUAL(reason, NULL);
		SUITE_TEXT_EQUAL(address.local, rows[i].local);
		SUITE_TEXT_EQUAL(address.domain, rows[i].domain);
	}
}

static void test_plain(void)
{
	static const struct parsed_row rows[] = {
		{ INTERNAL, "alice@example.com", "alice", "example.com" },
		{ SMTP, "<alice@example.com>", "alice", "example.com" },
		{ SMTP, "alice@example.com", "alice", "example.com" },
		{ HEADER, "alice@example.com", "alice", "example.com" },
		{ HEADER, "Alice@EXAMPLE.Com", "Alice", "example.com" }, /* RFC 5321 section 2.4 */
		{ INTERNAL, "alice@EXAMPLE.org.", "alice",
		  "example.org" },
		{ SMTP, "<alice@EXAMPLE.org.>", "alice", "example.org" },
		{ HEADER, "a.b.c@example.com", "a.b.c", "example.com" },
		{ HEADER, "!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~", "example.com" },
		{ HEADER, "alice@localhost", "alice", "localhost" },
		{ HEADER, "alice@a_b.example.com", "alice", "a_b.example.com" },
		{ HEADER, "alice@3com.example", "alice",
		  "3com.example" }, /* RFC 1123 section 2.1 */
		{ HEADER, "alice@xn--bcher-kva.example", "alice", "xn--bcher-kva.example" },
		/* Postfix's internal form has no source route: what looks like one is a local
		 * part that belongs to nobody's address. */
		{ INTERNAL, "@relay.example:alice@example.com", "@relay.example:alice",
		  "example.com" },
	};

	expect_parsed(rows, SUITE_LEN(rows));
}

static void test_local_parts(void)
{
	static const struct parsed_row rows[] = {
		/* Quotes that are not needed mean nothing. */
		{ SMTP, "<\"rose\"@example.com>", "rose", "example.com" },
		{ HEADER, "\"rose\"@example.com", "rose", "example.com" },
		{ HEADER, "\"r\\o\\s\\e\"@example.com", "rose", "example.com" },
		/* The same address in Postfix's two forms. */
		{ INTERNAL, "a b@example.org", "a b", "example.org" },
		{ SMTP, "<\"a b\"@example.org>", "a b", "example.org" },
		{ INTERNAL, "a@b@example.org", "a@b", "example.org" },
		{ SMTP, "\"a@b\"@example.org", "a@b", "example.org" },
		/* RFC 3696 section 3 */
		{ HEADER, "\"Fred \\\"quota\\\" Bloggs\"@example.com", "Fred \"quota\" Bloggs",
		  "example.com" },
		{ HEADER, "\"Joe.\\\\Blow\"@example.com", "Joe.\\Blow", "example.com" },
		{ HEADER, "customer/department=shipping@example.com",
		  "customer/department=shipping", "example.com" },
		/* Legal in quotes only; Postfix takes them without, from a client. */
		{ INTERNAL, "a..b@example.org", "a..b", "example.org" },
		{ SMTP, "<a..b@example.org>", "a..b", "example.org" },
		{ SMTP, ".a.@example.org", ".a.", "example.org" },
		{ HEADER, "\"a..b\"@example.org", "a..b", "example.org" },
		{ INTERNAL, "\"rose\"@example.com", "\"rose\"", "example.com" },
		{ INTERNAL, "<alice@example.com", "<alice", "example.com" },
		{ HEADER, X64 "@example.com", X64, "example.com" },
		{ HEADER, "\"" X64 "\"@example.com", X64, "example.com" },
		{ HEADER, "\"" X60 "\\x\\x\\x\\x\"@example.com", X64, "example.com" },
	};

	expect_parsed(rows, SUITE_LEN(rows));
}

static void test_international(void)
{
	static const struct parsed_row rows[] = {
		{ HEADER, "b" AUML "r@example.com", "b" AUML "r", "example.com" },
		{ HEADER, "b" AUML_NFD "r@example.com", "b" AUML "r", "example.com" },
		{ INTERNAL, "b" AUML_NFD "r@example.com", "b" AUML "r", "example.com" },
		{ SMTP, "<\"b" AUML_NFD "r\"@example.com>", "b" AUML "r", "example.com" },
		/* The U-label, also with a decomposed letter and in capitals */
		{ HEADER,
		  "alice@b\xc3\xbc"
		  "cher.example",
		  "alice", "xn--bcher-kva.example" },
		{ HEADER,
		  "alice@bu\xcc\x88"
		  "cher.example",
		  "alice", "xn--bcher-kva.example" },
		{ HEADER,
		  "alice@B\xc3\x9c"
		  "CHER.example",
		  "alice", "xn--bcher-kva.example" },
		/* RFC 5894 section 7.2: the sharp s is kept. */
		{ HEADER,
		  "alice@stra\xc3\x9f"
		  "e.example",
		  "alice", "xn--strae-oqa.example" },
		{ SMTP,
		  "<alice@b\xc3\xbc"
		  "cher.example.>",
		  "alice", "xn--bcher-kva.example" },
	};

	expect_parsed(rows, SUITE_LEN(rows));
}

static void test_literals(void)
{
	static const struct parsed_row rows[] = {
		{ HEADER, "alice@[192.0.2.1]", "alice", "[192.0.2.1]" },
		{ SMTP, "<alice@[IPv6:2001:DB8::1]>", "alice", "[ipv6:2001:db8::1]" },
		{ INTERNAL, "alice@[ipv6:2001:db8:0:0:0:0:0:1]", "alice", "[ipv6:2001:db8::1]" },
	};

	expect_parsed(rows, SUITE_LEN(rows));
}

static void test_null(void)
{
	static const char *const texts[] = { "", "<>" };

	for (size_t i = 0; i < SUITE_LEN(texts); i++) {
		for (int form = INTERNAL; form <= (int)HEADER; form++) {
			struct address address;
			const char *reason;

			suite_row("form %d: %s", form, texts[i]);
			SUITE_INT_EQUAL(address_parse(texts[i], (enum address_form)form, &address,
						      &reason),
					ADDRESS_NULL);
		}
	}
}

static void test_trailing_dots(void)
{
	/* The domain of the policy protocol is as it was typed. */
	static const struct parsed_row dropped[] = {
		{ INTERNAL, "alice@example.com.", "alice", "example.com" },
		{ SMTP, "<alice@EXAMPLE.com.>", "alice", "example.com" },
		{ SMTP, "alice@b\xc3\xbc"
			"cher.example.",
		  "alice", "xn--bcher-kva.example" },
	};

	expect_parsed(dropped, SUITE_LEN(dropped));
}

/* Local part, label, domain and address: RFC 5321 section 4.5.3.1, RFC 1035
 * section 2.3.4. */
static void test_limits(void)
{
	static const struct parsed_row longest[] = {
		{ HEADER, X64 "@example.com", X64, "example.com" },
		{ INTERNAL, X64 "@example.com", X64, "example.com" },
		{ SMTP, "<" X64 "@" LABEL63 ".com>", X64, LABEL63 ".com" },
		{ HEADER, "a@" LABEL63 "." LABEL63 "." LABEL63 "." X60, "a",
		  LABEL63 "." LABEL63 "." LABEL63 "." X60 },
	};

	expect_parsed(longest, SUITE_LEN(longest));
}

static void test_longest(void)
{
	/* 64 + 1 + 189 = 254 octets: RFC 3696 erratum 1690 */
	static const char domain[] = LABEL63 "." LABEL63 "." X60 "x";
	char text[300], again[ADDRESS_TEXT_MAX];
	struct address address;
	const char *reason;

	snprintf(text, sizeof(text), "%s@%s", X64, domain);
	SUITE_INT_EQUAL(strlen(text), 254);
	SUITE_INT_EQUAL(address_parse(text, HEADER, &address, &reason), ADDRESS_OK);
	address_format(&address, again);
	SUITE_TEXT_EQUAL(again, text);
	text[254] = 'x';
	text[255] = '\0';
	SUITE_INT_EQUAL(address_parse(text, HEADER, &address, &reason), ADDRESS_BAD);
}

static void test_format(void)
{
	static const struct {
		const char *internal;
		const char *text;
	} rows[] = {
		{ "alice@EXAMPLE.com", "alice@example.com" },
		{ "a.b@example.com", "a.b@example.com" },
		{ "a b@example.com", "\"a b\"@example.com" },
		{ "a..b@example.com", "\"a..b\"@example.com" },
		{ ".a@example.com", "\".a\"@example.com" },
		{ "a@b@example.com", "\"a@b\"@example.com" },
		{ "\"\\@example.com", "\"\\\"\\\\\"@example.com" },
		{ "b" AUML_NFD "r@b\xc3\xbc"
		  "cher.example",
		  "b" AUML "r@xn--bcher-kva.example" },
		{ "alice@[IPv6:2001:db8::1]", "alice@[ipv6:2001:db8::1]" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[ADDRESS_TEXT_MAX];
		struct address address, again;
		const char *reason;

		suite_row("%s", rows[i].internal);
		SUITE_INT_EQUAL(address_parse(rows[i].internal, INTERNAL, &address, &reason),
				ADDRESS_OK);
		address_format(&address, text);
		SUITE_TEXT_EQUAL(text, rows[i].text);
		SUITE_INT_EQUAL(address_parse(text, HEADER, &again, &reason), ADDRESS_OK);
		SUITE_TRUE(address_equal(&address, &again, true));
	}
}

static void test_longest_text(void)
{
	char text[ADDRESS_TEXT_MAX];
	struct address address;

	memset(address.local, '"', LOCAL_PART_MAX);
	address.local[LOCAL_PART_MAX] = '\0';
	memset(address.domain, 'd', DOMAIN_MAX);
	address.domain[DOMAIN_MAX] = '\0';
	address_format(&address, text);
	SUITE_INT_EQUAL(strlen(text), ADDRESS_TEXT_MAX - 1);
}

static void test_equal(void)
{
	static const struct {
		const char *a, *b;
		bool insensitive, sensitive;
	} rows[] = {
		{ "alice@example.com", "alice@example.com", true, true },
		{ "alice@example.com", "alice@EXAMPLE.COM", true, true },
		{ "alice@example.com", "Alice@example.com", true, false },
		{ "alice@example.com", "alicia@example.com", false, false },
		{ "alice@example.com", "alice@example.org", false, false },
		{ "alice@example.com", "alice2@example.com", false, false },
		{ "b" AUML "r@example.com", "b" AUML_NFD "r@example.com", true, true },
		{ "b" AUML "r@example.com", "b\xc3\x84r@example.com", true, false },
		/* One letter never equals two, and no other script's letter ours. */
		{ "strasse@example.com",
		  "stra\xc3\x9f"
		  "e@example.com",
		  false, false },
		{ "istanbul@example.com", "\xc4\xb0stanbul@example.com", false, false },
		{ "sam@example.com",
		  "\xc5\xbf"
		  "am@example.com",
		  false, false },
		{ "alice@example.com", "\xd0\xb0lice@example.com", false, false },
		/* U+212A KELVIN SIGN is "K" in NFC. */
		{ "kelvin@example.com",
		  "\xe2\x84\xaa"
		  "elvin@example.com",
		  true, false },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct address a, b;
		const char *reason;

		suite_row("%s and %s", rows[i].a, rows[i].b);
		SUITE_INT_EQUAL(address_parse(rows[i].a, INTERNAL, &a, &reason), ADDRESS_OK);
		SUITE_INT_EQUAL(address_parse(rows[i].b, INTERNAL, &b, &reason), ADDRESS_OK);
		SUITE_INT_EQUAL(address_equal(&a, &b, false), rows[i].insensitive);
		SUITE_INT_EQUAL(address_equal(&b, &a, false), rows[i].insensitive);
		SUITE_INT_EQUAL(address_equal(&a, &b, true), rows[i].sensitive);
	}
}

static const struct suite_test tests[] = {
	{ "a plain address is read in every form", test_plain },
	{ "a local part is read without its quotes", test_local_parts },
	{ "a local part becomes NFC and a domain A-labels", test_international },
	{ "a domain literal is kept, in its canonical form", test_literals },
	{ "the null reverse-path is no address and no error", test_null },
	{ "a trailing dot is dropped in the envelope", test_trailing_dots },
	{ "local part, label, domain and address are as long as the RFCs allow", test_limits },
	{ "an address has at most 254 octets", test_longest },
	{ "an address is written with quotes where it needs them and read back", test_format },
	{ "the longest text fits", test_longest_text },
	{ "addresses are equal up to case, and case only where it does not matter", test_equal },
};

int main(void)
{
	return suite_run("address", tests, SUITE_LEN(tests));
}
