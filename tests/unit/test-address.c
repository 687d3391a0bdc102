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

struct refused_row {
	enum address_form form;
	const char *text;
	const char *reason;
};

static void expect_refused(const struct refused_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct address address = { .local = "kept" };
		const char *reason = NULL;

		suite_row("form %d: %s", rows[i].form, rows[i].text);
		SUITE_INT_EQUAL(address_parse(rows[i].text, rows[i].form, &address, &reason),
				ADDRESS_BAD);
		SUITE_TEXT_EQUAL(reason, rows[i].reason);
		SUITE_TEXT_EQUAL(address.local, "kept");
	}
}

static void test_bad_local_parts(void)
{
#define NEEDS_QUOTES "a character in the local part that needs quotes"
#define DOT "a dot in the local part that needs quotes"
#define EMPTY_LOCAL "local part is empty"
#define INVISIBLE "a control or invisible character in the local part"
	static const struct refused_row rows[] = {
		{ INTERNAL, "@example.com", EMPTY_LOCAL },
		{ SMTP, "<@example.com>", EMPTY_LOCAL },
		{ HEADER, "@example.com", DOT },
		{ SMTP, "<\"\"@example.com>", EMPTY_LOCAL },
		{ HEADER, "\"\"@example.com", EMPTY_LOCAL },
		{ HEADER, "a..b@example.org", DOT },
		{ HEADER, ".a@example.org", DOT },
		{ HEADER, "a.@example.org", DOT },
		{ SMTP, "<a b@example.org>", NEEDS_QUOTES },
		{ SMTP, "< alice@example.org>", NEEDS_QUOTES },
		{ HEADER, "alice @example.org", NEEDS_QUOTES },
		{ HEADER, "a(comment)@example.org", NEEDS_QUOTES },
		{ HEADER, "a,b@example.org", NEEDS_QUOTES },
		{ HEADER, "a\\ b@example.org", NEEDS_QUOTES },
		{ HEADER, "<alice@example.org", NEEDS_QUOTES },
		{ HEADER, "a\"b\"@example.org", NEEDS_QUOTES },
		{ HEADER, "\"a\".b@example.org", "text behind a quoted local part" },
		{ HEADER, "\"a\" @example.org", "text behind a quoted local part" },
		{ HEADER, "\"a@example.org", "unbalanced quote" },
		{ HEADER, "\"a\\\"@example.org", "unbalanced quote" },
		{ HEADER, "\"", "unbalanced quote" },
		{ INTERNAL, "a\x01@example.org", INVISIBLE }, /* Postfix lets it pass */
		{ INTERNAL, "a\tb@example.org", INVISIBLE },
		{ INTERNAL, "a\x7f@example.org", INVISIBLE },
		{ INTERNAL, "a\xcd\x8f@example.org", INVISIBLE },
		{ SMTP, "<a\xc2\xa0@example.org>", INVISIBLE },
		{ HEADER, "a\xef\xb8\x8f" "b@example.org", INVISIBLE },
		{ SMTP, "<\"a\nb\"@example.org>", INVISIBLE },
		{ HEADER, "\"a\\\r\"@example.org", INVISIBLE },
		{ INTERNAL,
		  "a\xc2\x85"
		  "b@example.org",
		  INVISIBLE }, /* U+0085 */
		{ HEADER,
		  "a\xe2\x80\x8b"
		  "b@example.org",
		  INVISIBLE }, /* U+200B */
		{ HEADER,
		  "a\xe2\x80\xae"
		  "b@example.org",
		  INVISIBLE }, /* U+202E */
		{ HEADER, "a\xff@example.org", "not UTF-8" },
		{ INTERNAL, "a\xc3@example.org", "not UTF-8" },
		{ SMTP, "a\xc0\xaf@example.org", "not UTF-8" }, /* overlong */
		{ HEADER, X64 "x@example.com", "local part is longer than 64 octets" },
		{ INTERNAL, X64 "x@example.com", "local part is longer than 64 octets" },
		{ SMTP, "\"" X64 "x\"@example.com", "local part is longer than 64 octets" },
		/* 63 octets; U+0958 becomes two characters in NFC, 126 octets. */
		{ HEADER,
		  "\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98"
		  "\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98"
		  "\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98\xe0\xa5\x98"
		  "@example.com",
		  "local part is longer than 64 octets" },
	};

	expect_refused(rows, SUITE_LEN(rows));
}

static void test_bad_domains(void)
{
#define NO_NAME "not a domain name"
#define NO_LITERAL "not a domain literal"
#define NO_IDN "not an internationalised domain name (IDNA 2008)"
	static const struct refused_row rows[] = {
		{ INTERNAL, "plain", "no domain" }, /* Postfix does not qualify it */
		{ SMTP, "<plain>", "no domain" },
		{ HEADER, "plain", "no domain" },
		{ HEADER, "\"quoted\"", "no domain" },
		{ INTERNAL, "alice@", "domain is empty" },
		{ HEADER, "alice@example.com.", "the domain ends in a dot" },
		{ INTERNAL, "alice@example.com..", NO_NAME },
		{ INTERNAL, "alice@.", NO_NAME },
		{ HEADER, "alice@.example.com", NO_NAME },
		{ HEADER, "alice@example..com", NO_NAME },
		{ HEADER, "alice@-example.com", NO_NAME },
		{ HEADER, "alice@example-.com", NO_NAME },
		{ HEADER, "alice@exa mple.com", NO_NAME },
		{ HEADER, "alice@example.com>", NO_NAME },
		{ SMTP, "alice@example.com>", NO_NAME },
		{ HEADER, "alice@example.com(comment)", NO_NAME },
		{ HEADER, "alice@=?utf-8?q?example?=.com", NO_NAME },
		{ INTERNAL, "alice@example.com\x01", NO_NAME },
		{ HEADER, "alice@bob@example.com", "more than one \"@\"" },
		{ SMTP, "<alice@bob@example.com>", "more than one \"@\"" },
		{ SMTP, "<alice@example.com", "unbalanced angle bracket" },
		{ SMTP, "<", "unbalanced angle bracket" },
		{ SMTP, "<@relay.example:alice@example.com>",
		  "a source route" }, /* RFC 5321 app. C */
		{ SMTP, "@a.example,@b.example:alice@example.com", "a source route" },
		{ HEADER, "alice@" LABEL63 "x.com", NO_NAME },
		{ HEADER, "alice@[192.0.2.1", NO_LITERAL },
		{ HEADER, "alice@[192.0.2.1].com", NO_LITERAL },
		{ HEADER, "alice@[192.0.2.256]", NO_LITERAL },
		{ HEADER, "alice@[2001:db8::1]", NO_LITERAL },
		{ HEADER, "alice@[IPv6:192.0.2.1]", NO_LITERAL },
		{ HEADER, "alice@[IPv6:]", NO_LITERAL },
		{ HEADER, "alice@[]", NO_LITERAL },
		{ HEADER, "alice@[", NO_LITERAL },
		{ HEADER, "alice@[x-tag:whatever]", NO_LITERAL },
		{ HEADER, "alice@exa\xffmple.com", "not UTF-8" },
		{ HEADER, "alice@\xe2\x98\x83\xe2\x80\xae.example", NO_IDN },
		/* What UTS 46 would map to "a/c", "@", "_", "e", "." and nothing: U+2100,
		 * U+FF20, U+FF3F, U+FF45, U+3002, U+00AD */
		{ HEADER, "alice@\xe2\x84\x80.example", NO_IDN },
		{ HEADER, "alice@evil.example\xef\xbc\xa0.example.com", NO_IDN },
		{ HEADER, "alice@a\xef\xbc\xbf.example.com", NO_IDN },
		{ HEADER, "alice@\xef\xbd\x85xample.com", NO_IDN },
		{ HEADER, "alice@mail\xe3\x80\x82.example.com", NO_IDN },
		{ HEADER, "alice@example.com\xe3\x80\x82", NO_IDN },
		{ HEADER, "alice@exa\xc2\xadmple.com", NO_IDN },
		{ HEADER, "alice@i\xe2\x9d\xa4.example", NO_IDN }, /* not in IDNA 2008 */
		{ HEADER, "alice@\xc4\xb0.example.com\xef\xbb\xbf", NO_IDN },
		{ HEADER, "alice@" LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 ".x",
		  "domain is longer than 255 octets" },
		{ HEADER, X64 "@" LABEL63 "." LABEL63 "." LABEL63,
		  "address is longer than 254 octets" },
	};

	expect_refused(rows, SUITE_LEN(rows));
}

static void test_source_routes(void)
{
#define ROUTE "a source route"
	/* RFC 5321 section 4.1.2, A-d-l. Postfix's internal form has none: what looks
	 * like one is a local part that belongs to nobody's address. */
	static const struct refused_row rows[] = {
		{ SMTP, "<@relay.example:alice@example.com>", ROUTE },
		{ SMTP, "@relay.example:alice@example.com", ROUTE },
		{ SMTP, "<@a.example,@b.example:alice@example.com>", ROUTE },
		{ SMTP, "<@[192.0.2.1]:alice@example.com>", ROUTE },
		{ SMTP, "<@relay.example:>", ROUTE },
		{ HEADER, "@relay.example:alice@example.com", "more than one \"@\"" },
		{ HEADER, "<@relay.example:alice@example.com>", "more than one \"@\"" },
	};
	static const struct parsed_row internal[] = {
		{ INTERNAL, "@relay.example:alice@example.com", "@relay.example:alice",
		  "example.com" },
	};

	expect_refused(rows, SUITE_LEN(rows));
	expect_parsed(internal, SUITE_LEN(internal));
}

static void test_empty_local_part(void)
{
	static const struct refused_row rows[] = {
		{ INTERNAL, "@example.com", EMPTY_LOCAL },
		{ SMTP, "<@example.com>", EMPTY_LOCAL },
		{ SMTP, "@example.com", EMPTY_LOCAL },
		{ SMTP, "<\"\"@example.com>", EMPTY_LOCAL },
		{ HEADER, "\"\"@example.com", EMPTY_LOCAL },
		{ HEADER, "@example.com", DOT },
		{ INTERNAL, "@", EMPTY_LOCAL },
		{ SMTP, "<@>", EMPTY_LOCAL },
	};

	expect_refused(rows, SUITE_LEN(rows));
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
	static const struct refused_row refused[] = {
		{ HEADER, "alice@example.com.", "the domain ends in a dot" },
		{ HEADER, "alice@example.com..", "the domain ends in a dot" },
		{ INTERNAL, "alice@example.com..", NO_NAME },
		{ SMTP, "<alice@example.com..>", NO_NAME },
		{ INTERNAL, "alice@.", NO_NAME },
	};

	expect_parsed(dropped, SUITE_LEN(dropped));
	expect_refused(refused, SUITE_LEN(refused));
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
	static const struct refused_row longer[] = {
		{ HEADER, X64 "x@example.com", "local part is longer than 64 octets" },
		{ INTERNAL, X64 "x@example.com", "local part is longer than 64 octets" },
		{ SMTP, "<" X64 "x@example.com>", "local part is longer than 64 octets" },
		{ HEADER, "alice@" LABEL63 "x.com", NO_NAME },
		{ HEADER, "ab@" LABEL63 "." LABEL63 "." LABEL63 "." X60,
		  "address is longer than 254 octets" },
		{ HEADER, "a@" LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 ".x",
		  "domain is longer than 255 octets" },
	};

	expect_parsed(longest, SUITE_LEN(longest));
	expect_refused(longer, SUITE_LEN(longer));
}

/* RFC 5322 section 3.2.2; the header's reader has taken them away before, and in
 * an envelope there are none. */
static void test_comments(void)
{
	static const struct refused_row rows[] = {
		{ HEADER, "alice(work)@example.com", NEEDS_QUOTES },
		{ HEADER, "(work)alice@example.com", NEEDS_QUOTES },
		{ HEADER, "alice@example.com(work)", NO_NAME },
		{ HEADER, "alice@(work)example.com", NO_NAME },
		{ SMTP, "<alice(work)@example.com>", NEEDS_QUOTES },
		{ SMTP, "<alice@example.com(work)>", NO_NAME },
		{ INTERNAL, "alice@example.com(work)", NO_NAME },
	};

	expect_refused(rows, SUITE_LEN(rows));
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

static void test_domains(void)
{
	static const struct {
		const char *text;
		const char *domain; /* NULL: refused */
	} rows[] = {
		{ "Example.COM", "example.com" },
		{ "example.com.", "example.com" },
		{ "b\xc3\xbc"
		  "cher.example.",
		  "xn--bcher-kva.example" },
		{ "[192.0.2.1]", "[192.0.2.1]" },
		{ "", NULL },
		{ ".", NULL },
		{ ".example.com", NULL },
		{ "*.example.com", NULL },
		{ "example.com..", NULL },
		{ "alice@example.com", NULL },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char domain[DOMAIN_MAX + 1] = "kept";

		suite_row("%s", rows[i].text);
		SUITE_INT_EQUAL(domain_normalise(rows[i].text, domain), rows[i].domain != NULL);
		SUITE_TEXT_EQUAL(domain, rows[i].domain ? rows[i].domain : "kept");
	}
}

static void test_shown(void)
{
	static const struct {
		const char *domain, *text;
		bool same;
	} rows[] = {
		{ "example.com", "example.com", true },
		{ "xn--bcher-kva.example",
		  "b\xc3\xbc"
		  "cher.example",
		  true },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example", false },
		{ "xn--i-7iq.example", "i\xe2\x9d\xa4.example", true },
		{ "xn--i-7iq.example", "i.example", false },
		{ "xn--a.example", "\xc2\x80.example", false },
		{ "xn--zzzzzzzzzzzz99.example", "xn--zzzzzzzzzzzz99.example", false },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].domain);
		SUITE_INT_EQUAL(domain_is_shown_as(rows[i].domain, rows[i].text), rows[i].same);
	}
}

static const struct suite_test tests[] = {
	{ "a plain address is read in every form", test_plain },
	{ "a local part is read without its quotes", test_local_parts },
	{ "a local part becomes NFC and a domain A-labels", test_international },
	{ "a domain literal is kept, in its canonical form", test_literals },
	{ "the null reverse-path is no address and no error", test_null },
	{ "a local part that RFC 5322 or the limits forbid is refused with the reason",
	  test_bad_local_parts },
	{ "a domain that is none is refused with the reason", test_bad_domains },
	{ "a source route is refused", test_source_routes },
	{ "an empty local part is refused", test_empty_local_part },
	{ "a trailing dot is dropped in the envelope and refused in a header", test_trailing_dots },
	{ "local part, label, domain and address are as long as the RFCs allow, and no longer",
	  test_limits },
	{ "a comment is no part of an address", test_comments },
	{ "an address has at most 254 octets", test_longest },
	{ "an address is written with quotes where it needs them and read back", test_format },
	{ "the longest text fits", test_longest_text },
	{ "addresses are equal up to case, and case only where it does not matter", test_equal },
	{ "a domain is normalised alone, too", test_domains },
	{ "a domain is recognised in what is shown of it", test_shown },
};

int main(void)
{
	return suite_run("address", tests, SUITE_LEN(tests));
}
