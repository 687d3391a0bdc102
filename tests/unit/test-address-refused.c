/*
 * What is no address, and the reason that is told.
 */
#include "base/address.h"

#include "tests/unit/suite.h"

#define INTERNAL ADDRESS_INTERNAL
#define SMTP ADDRESS_SMTP
#define HEADER ADDRESS_HEADER

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10
#define X64 X60 "xxxx"
#define LABEL63 X60 "xxx"

struct refused_row {
	enum address_form form;
	const char *text;
	const char *reason;
};

static void expect_refused(const struct refused_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct address address;
		const char *reason = NULL;

		suite_row("form %d: %s", rows[i].form, rows[i].text);
		SUITE_INT_EQUAL(address_parse(rows[i].text, rows[i].form, &address, &reason),
				ADDRESS_BAD);
		SUITE_TEXT_EQUAL(reason, rows[i].reason);
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
		{ HEADER, "alice@stra\xe1\xba\x9e\x65.example",
		  "a capital sharp s in the domain, which may mean ss" },
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
	/* RFC 5321 section 4.1.2, A-d-l. */
	static const struct refused_row rows[] = {
		{ SMTP, "<@relay.example:alice@example.com>", ROUTE },
		{ SMTP, "@relay.example:alice@example.com", ROUTE },
		{ SMTP, "<@a.example,@b.example:alice@example.com>", ROUTE },
		{ SMTP, "<@[192.0.2.1]:alice@example.com>", ROUTE },
		{ SMTP, "<@relay.example:>", ROUTE },
		{ HEADER, "@relay.example:alice@example.com", "more than one \"@\"" },
		{ HEADER, "<@relay.example:alice@example.com>", "more than one \"@\"" },
	};

	expect_refused(rows, SUITE_LEN(rows));
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
	static const struct refused_row refused[] = {
		{ HEADER, "alice@example.com.", "the domain ends in a dot" },
		{ HEADER, "alice@example.com..", "the domain ends in a dot" },
		{ INTERNAL, "alice@example.com..", NO_NAME },
		{ SMTP, "<alice@example.com..>", NO_NAME },
		{ INTERNAL, "alice@.", NO_NAME },
	};

	expect_refused(refused, SUITE_LEN(refused));
}

/* Local part, label, domain and address: RFC 5321 section 4.5.3.1, RFC 1035
 * section 2.3.4. */
static void test_limits(void)
{
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

static const struct suite_test tests[] = {
	{ "a local part that RFC 5322 or the limits forbid is refused with the reason",
	  test_bad_local_parts },
	{ "a domain that is none is refused with the reason", test_bad_domains },
	{ "a source route is refused", test_source_routes },
	{ "an empty local part is refused", test_empty_local_part },
	{ "a trailing dot is refused in a header, and two of them anywhere", test_trailing_dots },
	{ "local part, label, domain and address are no longer than the RFCs allow", test_limits },
	{ "a comment is no part of an address", test_comments },
};

int main(void)
{
	return suite_run("address-refused", tests, SUITE_LEN(tests));
}
