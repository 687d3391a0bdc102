#include "base/header_address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

/* Where a case comes from:
 *
 *	5322 A.1.2	an example of that RFC and appendix or section
 *	6854, 6532, 2047, 7103	likewise
 *	VU#244112, VU#517845	CERT/CC vulnerability notes
 *	CVE-...
 *	Mailsploit	the display tricks published in 2017
 *	CK		"Composition Kills", USENIX Security 2020
 *	milterfrom #7	that project's issue, from FIELD.md
 *	field		what is seen in real mail
 *	own		thought of here
 */

/* "a@b c@d": the addresses in order, with the local parts quoted where needed. */
static const char *addresses_text(const struct originators *o)
{
	static char text[HEADER_ADDRESSES_MAX * ADDRESS_TEXT_MAX];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < o->n; i++) {
		char address[ADDRESS_TEXT_MAX];

		address_format(&o->items[i].address, address);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "",
					address);
	}
	return text;
}

static struct originators read_from(const char *value)
{
	struct originators o;

	originators_init(&o);
	originators_add(&o, "From", value, strlen(value));
	originators_end(&o);
	return o;
}

struct accepted_row {
	const char *source;
	const char *value;
	const char *addresses;
};

static const struct accepted_row accepted[] = {
	{ "5322 A.1.1", "John Doe <jdoe@machine.example>", "jdoe@machine.example" },
	{ "5322 A.1.2", "\"Joe Q. Public\" <john.q.public@example.com>",
	  "john.q.public@example.com" },
	{ "5322 A.1.2", "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
	  "mary@x.test jdoe@example.org one@y.test" },
	{ "5322 A.1.2", "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
	  "boss@nil.test sysservices@example.net" },
	{ "5322 A.1.3, 6854 4", "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
	  "c@a.test joe@where.test jdoe@one.test" },
	{ "5322 A.6.1, obsolete with one reading", "Joe Q. Public <john.q.public@example.com>",
	  "john.q.public@example.com" },
	{ "field", "Example Inc. <info@example.com>", "info@example.com" },
	{ "field", "Wait... <info@example.com>", "info@example.com" },
	{ "6854 1, milterfrom PR #10", "Managing Partners:ben@example.com,carol@example.com;",
	  "ben@example.com carol@example.com" },
	{ "6854, comments and blanks", "G (x) : a@example.com (y) , b@example.com (z) ; (w)",
	  "a@example.com b@example.com" },
	{ "6854, a group in a list", "a@example.com, G: b@example.com;, c@example.com",
	  "a@example.com b@example.com c@example.com" },
	{ "own", "alice@example.com", "alice@example.com" },
	{ "own", "<alice@example.com>", "alice@example.com" },
	{ "own", "   alice@example.com\t ", "alice@example.com" },
	{ "own", "Alice@EXAMPLE.com", "Alice@example.com" },
	{ "DESIGN 7", "\"rose\"@example.com", "rose@example.com" },
	{ "3696 3", "\"Fred Bloggs\"@example.com", "\"Fred Bloggs\"@example.com" },
	{ "own, a quoted @", "<\"a@b\"@example.com>", "\"a@b\"@example.com" },
	{ "own, quoted specials", "\"a\\\"b(c)<d>,e;f:g\"@example.com",
	  "\"a\\\"b(c)<d>,e;f:g\"@example.com" },
	{ "822, a name in a comment", "alice@example.com (Alice)", "alice@example.com" },
	{ "own", "(Alice) alice@example.com", "alice@example.com" },
	{ "5322 3.2.2, nested", "alice@example.com (a (b (c)) \\) d)", "alice@example.com" },
	{ "own", "Alice (x) Example (y) <alice@example.com> (z)", "alice@example.com" },
	{ "own, specials in a comment", "alice@example.com (<x>, y; \"z)", "alice@example.com" },
	{ "field, blanks within brackets", "Alice < alice@example.com >", "alice@example.com" },
	{ "field, no blank before the bracket", "Alice<alice@example.com>", "alice@example.com" },
	{ "field", "\"Alice\"<alice@example.com>", "alice@example.com" },
	{ "field, an empty name", "\"\" <alice@example.com>", "alice@example.com" },
	{ "2047 8", "=?US-ASCII?Q?Keith_Moore?= <moore@cs.example.edu>", "moore@cs.example.edu" },
	{ "2047 8", "=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.example.be>",
	  "PIRARD@vm1.example.be" },
	{ "2047 8, in a comment", "nathaniel@example.com (=?iso-8859-8?b?7eXs+SDv4SDs6Pho?=)",
	  "nathaniel@example.com" },
	{ "field, ISO-2022-JP shifts with ESC",
	  "=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?= <test@example.jp>", "test@example.jp" },
	{ "5322 2.2.3, LF as Postfix gives it", "\n Alice\n  <alice@example.com>",
	  "alice@example.com" },
	{ "5322 2.2.3, CRLF", "Alice\r\n\t<alice@example.com>,\r\n bob@example.com",
	  "alice@example.com bob@example.com" },
	{ "own, a fold in a quoted name", "\"Alice\n Example\" <alice@example.com>",
	  "alice@example.com" },
	{ "6532 3.2",
	  "B\xc3\xa4r <b\xc3\xa4r@b\xc3\xbc"
	  "cher.example>",
	  "b\xc3\xa4r@xn--bcher-kva.example" },
	{ "5891", "alice@xn--bcher-kva.example", "alice@xn--bcher-kva.example" },
	{ "own, mixed case A-label", "alice@XN--BCHER-KVA.example", "alice@xn--bcher-kva.example" },
	{ "field, an emoji domain", "alice@xn--i-7iq.example", "alice@xn--i-7iq.example" },
	{ "5321 4.1.3", "alice@[192.0.2.1]", "alice@[192.0.2.1]" },
	{ "5321 4.1.3", "Alice <alice@[IPv6:2001:db8::1]>", "alice@[ipv6:2001:db8::1]" },
	{ "own, single quotes are letters", "'Alice' <o'brien@example.com>",
	  "o'brien@example.com" },
	{ "own, every atext", "!#$%&'*+-/?=^_`{|}~@example.com",
	  "!#$%&'*+-/?=^_`{|}~@example.com" },
	{ "own, the same twice", "a@example.com, a@example.com", "a@example.com a@example.com" },
};

static void test_accepted(void)
{
	for (size_t i = 0; i < SUITE_LEN(accepted); i++) {
		struct originators o = read_from(accepted[i].value);

		suite_row("%s: %s", accepted[i].source, accepted[i].value);
		SUITE_TEXT_EQUAL(o.fault, "");
		SUITE_TEXT_EQUAL(addresses_text(&o), accepted[i].addresses);
	}
}

struct refused_row {
	const char *source;
	const char *value;
	const char *fault;
};

#define NO_DOMAIN "From: an address without a domain"
#define INSIDE "From: a blank or comment inside an address"
#define BEHIND "From: text behind an address, or a character that needs quotes"
#define NOT_NAME "From: text before an angle bracket that is no display name"
#define TWO_AT "From: more than one \"@\""
#define EMPTY_ELEMENT "From: an empty element in the list"
#define ANGLE "From: unbalanced angle bracket"
#define QUOTE "From: unbalanced quote"
#define COMMENT "From: unbalanced comment"
#define ENCODED "From: an encoded word in an address"
#define HIDDEN "From: an encoded word with a control character"
#define SEMICOLON "From: \";\" outside of a group"

static const struct refused_row refused[] = {
	/* nothing there */
	{ "own", "", "From: no address" },
	{ "own", " ", "From: no address" },
	{ "own", "(alice@example.com)", "From: no address" },
	{ "milterfrom #7", "<>", "From: an empty address \"<>\"" },
	{ "own", "Alice <>", "From: an empty address \"<>\"" },
	{ "own", "Alice < >", "From: an empty address \"<>\"" },
	{ "6854 4", "Nightly Monitor Robot:;", "From: an empty group" },
	{ "5322 A.1.3", "Undisclosed recipients:;", "From: an empty group" },
	{ "own", "G:(a@example.com);", "From: an empty group" },
	{ "5322 4.4, obsolete", "a@example.com, , b@example.com", EMPTY_ELEMENT },
	{ "7103 7.1.5", "a@example.com,", EMPTY_ELEMENT },
	{ "own", ",a@example.com", EMPTY_ELEMENT },
	{ "own", "G:a@example.com,;", EMPTY_ELEMENT },
	/* no domain, or a bad one */
	{ "7103 7.1.7", "alice", NO_DOMAIN },
	{ "own", "Alice Example", NO_DOMAIN },
	{ "POSTFIX 2, not qualified", "Alice <alice>", NO_DOMAIN },
	{ "own", "\"alice@example.com\"", NO_DOMAIN },
	{ "7103 7.1.5, an unquoted comma", "Example, Alice <alice@example.com>", NO_DOMAIN },
	{ "own", "alice@", "From: domain is empty" },
	{ "DESIGN 7", "alice@example.com.", "From: the domain ends in a dot" },
	{ "DESIGN 7", "<alice@example.com.>", "From: the domain ends in a dot" },
	{ "own", "@example.com", "From: local part is empty" },
	{ "own", "\"\"@example.com", "From: local part is empty" },
	{ "own", "alice@example..com", "From: not a domain name" },
	{ "own", "alice@[192.0.2.1", "From: unbalanced square bracket" },
	{ "own", "alice@[192.0.2.1][192.0.2.2]", BEHIND },
	{ "own",
	  "alice@xn--bcher-kva\xef\xbc\x8e"
	  "example",
	  "From: not an internationalised domain name (IDNA 2008)" },
	{ "5890 2.3.2.1, an A-label of U+00C0, a capital", "alice@xn--exa.example",
	  "From: read differently by different programs" },
	{ "5890 2.3.2.1, an A-label of U+0080", "alice@xn--a.example",
	  "From: read differently by different programs" },
	/* several addresses that look like one */
	{ "VU#517845", "alice@example.com bob@example.com",
	  "From: text behind an address, or a character that needs quotes" },
	{ "VU#517845", "<alice@example.com><bob@example.com>", NOT_NAME },
	{ "VU#517845", "alice@example.com <bob@example.com>", NOT_NAME },
	{ "VU#517845", "<alice@example.com> bob@example.com", BEHIND },
	{ "7103 7.1.5", "<alice@example.com, bob@example.com>", ANGLE },
	{ "field, as Outlook separates", "alice@example.com; bob@example.com", SEMICOLON },
	{ "own", "alice@example.com;", SEMICOLON },
	{ "CVE-2019-16056", "alice@evil.example@example.com", TWO_AT },
	{ "own", "<alice@evil.example@example.com>", TWO_AT },
	{ "CVE-2023-27043", "alice@example.org)bob@example.com", COMMENT },
	{ "CVE-2023-27043", "alice@example.org]bob@example.com", BEHIND },
	{ "CVE-2023-27043", "alice@example.org\"bob@example.com", BEHIND },
	{ "CVE-2023-27043", "alice@example.org<bob@example.com>", NOT_NAME },
	{ "own", "Alice <alice@example.com> (x) Bob", BEHIND },
	{ "own", "Alice <alice@example.com>\"Bob\"", BEHIND },
	{ "own", "Alice bob@example.com", "From: text before an address without angle brackets" },
	{ "own", "\"Alice\" bob@example.com",
	  "From: text before an address without angle brackets" },
	/* routes and obsolete forms */
	{ "5322 A.6.1", "Joe <@node.test:mary@example.net>", "From: a source route" },
	{ "CK", "<@evil.example,@example.org:alice@example.com>", "From: a source route" },
	{ "own", "@a.example:alice@example.com", "From: local part is empty" },
	{ "5322 A.6.3", "jdoe@test   . example", BEHIND },
	{ "5322 A.6.3", "John Doe <jdoe@machine(comment).  example>", INSIDE },
	{ "5322 4.4, obsolete", "\"a\".b@example.com", "From: text behind a quoted local part" },
	{ "5322 4.4, obsolete", "a.\"b\"@example.com",
	  "From: a character in the local part that needs quotes" },
	{ "5322 A.5", "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", INSIDE },
	{ "CK", "alice(x)@example.com", INSIDE },
	{ "CK", "alice@(x)example.com", INSIDE },
	{ "CK", "<alice@example.com(x)>", INSIDE },
	{ "own", "alice @example.com", INSIDE },
	{ "own", "alice@ example.com", INSIDE },
	{ "own", "<alice @example.com>", INSIDE },
	{ "own, a fold", "alice@\n example.com", INSIDE },
	{ "own", "<(x)alice@example.com>", INSIDE },
	{ "own", ".Alice <alice@example.com>", "From: a dot that begins a word of a display name" },
	{ "own", "alice..b@example.com", "From: a dot in the local part that needs quotes" },
	{ "own", "alice.@example.com", "From: a dot in the local part that needs quotes" },
	/* brackets, quotes and comments */
	{ "7103 7.1.2", "<<alice@example.com>>", ANGLE },
	{ "7103 7.1.3", "<alice@example.com", ANGLE },
	{ "7103 7.1.3", "alice@example.com>", ANGLE },
	{ "own", "Alice <alice@example.com>>", ANGLE },
	{ "own", "Alice >alice@example.com<", ANGLE },
	{ "7103 7.1.6", "\"Alice <alice@example.com>", QUOTE },
	{ "own", "\"Alice\\\" <alice@example.com>", QUOTE },
	{ "own", "\"\\", QUOTE },
	{ "own", "Alice\" <alice@example.com>", QUOTE },
	{ "7103 7.1.4", "alice@example.com (Alice", COMMENT },
	{ "7103 7.1.4", "alice@example.com (Al(ice)", COMMENT },
	{ "7103 7.1.4", "alice@example.com Alice)", BEHIND },
	{ "own", "(alice@example.com", COMMENT },
	{ "own", "alice@example.com (\\", COMMENT },
	{ "own", "(((((((((x))))))))) alice@example.com", "From: comments nested too deeply" },
	{ "own", "Alice [x] <alice@example.com>", BEHIND },
	{ "own", "Alice \\ <alice@example.com>", BEHIND },
	/* groups */
	{ "own", "G: a@example.com", "From: a group without \";\"" },
	{ "own", "G: a@example.com; b@example.com", BEHIND },
	{ "own", "G: H: a@example.com;;", "From: a group inside a group" },
	{ "own", ": a@example.com;", "From: a group without a name" },
	{ "own", "G:: a@example.com;", "From: a group inside a group" },
	{ "own", "a@example.com: b@example.com;", BEHIND },
	/* encoded words that play the address */
	{ "Mailsploit",
	  "=?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3Y=?==?utf-8?Q?=00?=@mailsploit.example", HIDDEN },
	{ "Mailsploit", "=?utf-8?q?potus=40whitehouse.gov=0A?=@mailsploit.example", HIDDEN },
	{ "Mailsploit", "=?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3Y=?=@mailsploit.example", ENCODED },
	{ "own", "<=?utf-8?q?bob=40evil.example?=@example.com>", ENCODED },
	{ "own", "<\"=?utf-8?q?bob?=\"@example.com>", ENCODED },
	{ "own, cut short", "=?utf-8?q?bob@example.com", ENCODED },
	{ "own, what might begin one", "a=?b@example.com", ENCODED },
	{ "CK", "bob@=?utf-8?q?evil.example?=", ENCODED },
	{ "nullmailer #79", "=?utf-8?q?Alice_=3Calice=40example.com=3E?=", NO_DOMAIN },
	{ "CK", "<=?utf-8?b?YWxpY2VAZXhhbXBsZS5jb20=?=>", NO_DOMAIN },
	{ "own", "=?utf-8?q?Alice=0D=0ABcc:_x?= <alice@example.com>", HIDDEN },
	{ "own", "=?utf-8?b?QWxpY2UA?= <alice@example.com>", HIDDEN },
	{ "own, not where RFC 2047 has it", "\"=?utf-8?q?Alice=00?=\" <alice@example.com>",
	  HIDDEN },
	{ "own", "=?utf-8?q?Alice=1B?= <alice@example.com>", HIDDEN },
	/* characters */
	{ "milterfrom 1.0.3", "Alice\x01 <alice@example.com>", "From: a control character" },
	{ "own", "Alice\x7f <alice@example.com>", "From: a control character" },
	{ "own, U+0085", "Alice\xc2\x85 <alice@example.com>", "From: a control character" },
	{ "own, U+2028", "Alice\xe2\x80\xa8 <alice@example.com>", "From: a control character" },
	{ "own", "Alice\v<alice@example.com>", "From: a control character" },
	{ "CK", "alice@example.com\rbob@example.com", "From: a bare carriage return" },
	{ "own", "alice@example.com\r", "From: a bare carriage return" },
	{ "own", "alice@example.com\nFrom: bob@example.com",
	  "From: a line break that is not folding" },
	{ "own", "alice@example.com\r\nBcc: x@example.com",
	  "From: a line break that is not folding" },
	{ "own", "alice@example.com\n", "From: a line break that is not folding" },
	{ "5322 4.2, obsolete", "Alice\n \n <alice@example.com>",
	  "From: a folded line that is blank" },
	{ "own", "alice@example.com\n\t", "From: a folded line that is blank" },
	{ "own, Latin-1", "B\xe4r <alice@example.com>", "From: not UTF-8" },
	{ "own, overlong", "\xc1\x80 <alice@example.com>", "From: not UTF-8" },
	{ "own, cut short", "Alice <alice@example.com> \xc3", "From: not UTF-8" },
	{ "own, U+200B", "al\xe2\x80\x8bice@example.com",
	  "From: a control or invisible character in the local part" },
	{ "own, a fold in a quoted local part", "\"al\n\tice\"@example.com",
	  "From: a control or invisible character in the local part" },
};

static void test_refused(void)
{
	for (size_t i = 0; i < SUITE_LEN(refused); i++) {
		struct originators o = read_from(refused[i].value);

		suite_row("%s: %s", refused[i].source, refused[i].value);
		SUITE_TEXT_EQUAL(o.fault, refused[i].fault);
	}
}

static void test_nul(void)
{
	static const struct {
		const char *value;
		size_t len;
	} rows[] = {
		/* CK: programs that end the text at the NUL see the first address only. */
		{ "alice@example.com\0, bob@example.com", 34 },
		{ "alice@example.com\0", 18 },
		{ "\0", 1 },
		{ "\"\0\" <alice@example.com>", 23 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct originators o;

		originators_init(&o);
		originators_add(&o, "From", rows[i].value, rows[i].len);
		SUITE_TEXT_EQUAL(o.fault, "From: a NUL");
	}
}

static void test_limits(void)
{
	char *value = malloc(70000);
	struct originators o;
	size_t len = 0;

	/* RFC 5322 section 2.1.1, "From: " included */
	memset(value, 'x', 70000);
	memcpy(value + 992 - 20, " <alice@example.com>", 20);
	value[992] = '\0';
	o = read_from(value);
	SUITE_TEXT_EQUAL(o.fault, "");
	memset(value, 'x', 992);
	memcpy(value + 993 - 20, " <alice@example.com>", 21);
	o = read_from(value);
	SUITE_TEXT_EQUAL(o.fault, "From: a line longer than 998 octets");
	memset(value, 'x', 993);
	memcpy(value + 973, "\n <alice@example.com>", 22);
	o = read_from(value);
	SUITE_TEXT_EQUAL(o.fault, "");

	memset(value, 'x', 70000);
	originators_init(&o);
	originators_add(&o, "From", value, 70000);
	SUITE_TEXT_EQUAL(o.fault, "From: longer than 65536 octets");

	for (int i = 0; i < HEADER_ADDRESSES_MAX; i++)
		len += (size_t)sprintf(value + len, "%sa%d@example.com", i > 0 ? ",\n " : "", i);
	o = read_from(value);
	SUITE_TEXT_EQUAL(o.fault, "");
	SUITE_INT_EQUAL(o.n, HEADER_ADDRESSES_MAX);
	sprintf(value + len, ", b@example.com");
	o = read_from(value);
	SUITE_TEXT_EQUAL(o.fault, "From: too many addresses");
	SUITE_INT_EQUAL(o.n, HEADER_ADDRESSES_MAX);

	memset(value, 'a', 900);
	strcpy(value + 900, "@example.com");
	o = read_from(value);
	SUITE_TEXT_EQUAL(o.fault, "From: local part is longer than 64 octets");
	free(value);
}

struct field {
	const char *name;
	const char *value;
};

static void test_messages(void)
{
	static const struct {
		const char *source;
		struct field fields[5];
		const char *fault;
		const char *addresses;
	} rows[] = {
		{ "own", { { "From", "a@x.example" } }, "", "a@x.example" },
		{ "5322 2.2, case of names", { { "fROM", "a@x.example" } }, "", "a@x.example" },
		{ "5322 4.5, a blank before the colon",
		  { { "From ", "a@x.example" } },
		  "",
		  "a@x.example" },
		{ "POSTFIX 2",
		  { { "From\t", "a@x.example" }, { "From", "b@x.example" } },
		  "two From fields",
		  "a@x.example b@x.example" },
		{ "own, no field at all", { { NULL, NULL } }, "no From field", "" },
		{ "own", { { "Sender", "a@x.example" } }, "no From field", "a@x.example" },
		{ "own",
		  { { "Reply-To", "b@x.example" }, { "X-From", "c@x.example" } },
		  "no From field",
		  "" },
		{ "VU#244112, CK",
		  { { "From", "a@x.example" }, { "From", "b@x.example" } },
		  "two From fields",
		  "a@x.example b@x.example" },
		{ "own, even the same",
		  { { "From", "a@x.example" }, { "FROM", "a@x.example" } },
		  "two From fields",
		  "a@x.example a@x.example" },
		{ "own",
		  { { "From", "a@x.example" },
		    { "From", "b@x.example" },
		    { "From", "c@x.example" } },
		  "3 From fields",
		  "a@x.example b@x.example c@x.example" },
		{ "milterfrom #8 and #11, Sender counts",
		  { { "From", "a@x.example" }, { "Sender", "b@x.example" } },
		  "",
		  "a@x.example b@x.example" },
		{ "5322 3.6",
		  { { "From", "a@x.example" },
		    { "Sender", "a@x.example" },
		    { "Sender", "b@x.example" } },
		  "two Sender fields",
		  "a@x.example a@x.example b@x.example" },
		{ "5322 3.6.2",
		  { { "From", "a@x.example" }, { "Sender", "b@x.example, c@x.example" } },
		  "Sender: more than one address",
		  "a@x.example b@x.example c@x.example" },
		{ "6854 2",
		  { { "From", "a@x.example" }, { "Sender", "G: b@x.example;" } },
		  "",
		  "a@x.example b@x.example" },
		{ "own",
		  { { "From", "a@x.example" }, { "Sender", "" } },
		  "Sender: no address",
		  "a@x.example" },
		{ "5322 3.6.2",
		  { { "From", "a@x.example, b@x.example" }, { "Sender", "a@x.example" } },
		  "",
		  "a@x.example b@x.example a@x.example" },
		{ "5322 A.3",
		  { { "Resent-From", "m@x.example" }, { "From", "a@x.example" } },
		  "",
		  "m@x.example a@x.example" },
		{ "5322 3.6.6, two blocks",
		  { { "Resent-From", "m@x.example" },
		    { "Resent-Sender", "n@x.example" },
		    { "Resent-From", "o@x.example" },
		    { "Resent-Sender", "p@x.example" },
		    { "From", "a@x.example" } },
		  "",
		  "m@x.example n@x.example o@x.example p@x.example a@x.example" },
		{ "own",
		  { { "From", "a@x.example" }, { "Resent-Sender", "b@x.example, c@x.example" } },
		  "Resent-Sender: more than one address",
		  "a@x.example b@x.example c@x.example" },
		{ "own",
		  { { "From", "a@x.example" }, { "RESENT-FROM", "<>" } },
		  "Resent-From: an empty address \"<>\"",
		  "a@x.example" },
		{ "own, the first fault stands",
		  { { "From", "a@x.example." }, { "From", "<>" }, { "Sender", "\"" } },
		  "From: the domain ends in a dot",
		  "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct originators o;

		suite_row("row %zu: %s", i, rows[i].source);
		originators_init(&o);
		for (size_t k = 0; k < 5 && rows[i].fields[k].name; k++)
			originators_add(&o, rows[i].fields[k].name, rows[i].fields[k].value,
					strlen(rows[i].fields[k].value));
		originators_end(&o);
		SUITE_TEXT_EQUAL(o.fault, rows[i].fault);
		SUITE_TEXT_EQUAL(addresses_text(&o), rows[i].addresses);
	}
}

static void test_field_of_item(void)
{
	struct originators o;

	originators_init(&o);
	originators_add(&o, "resent-sender", "r@x.example", 11);
	originators_add(&o, "from", "a@x.example", 11);
	originators_end(&o);
	SUITE_INT_EQUAL(o.n, 2);
	SUITE_INT_EQUAL(o.items[0].field, ORIGINATOR_RESENT_SENDER);
	SUITE_INT_EQUAL(o.items[1].field, ORIGINATOR_FROM);
	SUITE_INT_EQUAL(o.fields_seen[ORIGINATOR_RESENT_SENDER], 1);
	SUITE_INT_EQUAL(o.fields_seen[ORIGINATOR_FROM], 1);
	SUITE_INT_EQUAL(o.fields_seen[ORIGINATOR_SENDER], 0);
	SUITE_TEXT_EQUAL(originator_name(o.items[0].field), "Resent-Sender");
}

static void test_wanted(void)
{
	static const char *const wanted[] = { "From",	     "FROM",	      "sender",
					      "Resent-From", "resent-SENDER", "From \t" };
	static const char *const others[] = {
		"",	 " ",	   "Fro",      "Froms",	    "From:",
		" From", "X-From", "Reply-To", "Resent-To", "Sender-X"
	};

	for (size_t i = 0; i < SUITE_LEN(wanted); i++) {
		suite_row("%s", wanted[i]);
		SUITE_TRUE(originators_wants(wanted[i]));
	}
	for (size_t i = 0; i < SUITE_LEN(others); i++) {
		suite_row("%s", others[i]);
		SUITE_TRUE(!originators_wants(others[i]));
	}
}

static void test_display(void)
{
	static const struct {
		const char *source;
		const char *value;
		const char *display; /* "": nothing foreign */
	} rows[] = {
		{ "own", "Alice <alice@x.example>", "" },
		{ "stalwart #982", "\"ceo@bank.example\" <alice@x.example>", "ceo@bank.example" },
		{ "field", "\"alice@x.example\" <alice@x.example>", "" },
		{ "field", "\"Alice@X.Example\" <alice@x.example>", "" },
		{ "field, Outlook", "\"'alice@x.example'\" <alice@x.example>", "" },
		{ "field", "\"'o'brien@x.example'\" <o'brien@x.example>", "" },
		{ "own", "\"The boss <ceo@bank.example>\" <alice@x.example>", "ceo@bank.example" },
		{ "own", "\"ceo@bank.example, alice@x.example\" <alice@x.example>",
		  "ceo@bank.example" },
		{ "own", "\"alice@x.example ceo@bank.example\" <alice@x.example>",
		  "ceo@bank.example" },
		{ "own, a comment", "alice@x.example (ceo@bank.example)", "ceo@bank.example" },
		{ "own, a comment before", "(ceo@bank.example) alice@x.example",
		  "ceo@bank.example" },
		{ "own, a comment within", "A (ceo@bank.example) B <alice@x.example>",
		  "ceo@bank.example" },
		{ "2047", "=?utf-8?q?ceo=40bank.example?= <alice@x.example>", "ceo@bank.example" },
		{ "2047", "=?utf-8?b?Y2VvQGJhbmsuZXhhbXBsZQ==?= <alice@x.example>",
		  "ceo@bank.example" },
		{ "2047 6.2, in two words",
		  "=?utf-8?q?ceo=40ba?= =?utf-8?q?nk.example?= <alice@x.example>",
		  "ceo@bank.example" },
		{ "field, decoded where it should not be",
		  "\"=?utf-8?q?ceo=40bank.example?=\" <alice@x.example>", "ceo@bank.example" },
		{ "own", "alice@x.example (=?utf-8?q?ceo=40bank.example?=)", "ceo@bank.example" },
		{ "own, UTF-7", "=?utf-7?q?ceo+AEA-bank.example?= <alice@x.example>",
		  "ceo@bank.example" },
		{ "own, EBCDIC", "=?ibm037?b?g4WWfIKBlZJLhaeBlJeThQ==?= <alice@x.example>",
		  "ceo@bank.example" },
		{ "own, a charset nobody knows", "=?x-y?q?ceo=40bank.example?= <alice@x.example>",
		  "ceo@bank.example" },
		{ "field, 0x40 within a character",
		  "=?shift_jis?b?g0CDQC5jb20=?= <alice@x.example>", "" },
		{ "own, U+FF20",
		  "\"ceo\xef\xbc\xa0"
		  "bank.example\" <alice@x.example>",
		  "ceo@bank.example" },
		{ "own, U+FF0E",
		  "\"ceo@bank\xef\xbc\x8e"
		  "example\" <alice@x.example>",
		  "ceo@bank.example" },
		{ "own, U+200B",
		  "\"ceo\xe2\x80\x8b@\xe2\x80\x8b"
		  "bank.example\" <alice@x.example>",
		  "ceo@bank.example" },
		{ "own, curly quotes",
		  "\"\xe2\x80\x9c"
		  "alice@x.example\xe2\x80\x9d\" <alice@x.example>",
		  "" },
		{ "own, the name of a group", "\"ceo@bank.example\": alice@x.example;",
		  "ceo@bank.example" },
		{ "own, behind a group", "G: alice@x.example; (ceo@bank.example)",
		  "ceo@bank.example" },
		{ "own, of the other mailbox", "\"b@x.example\" <a@x.example>, b@x.example",
		  "b@x.example" },
		{ "own", "\"Meet @ noon\" <alice@x.example>", "" },
		{ "own", "Alice (me@work) <alice@x.example>", "" },
		{ "own", "\"@alice\" <alice@x.example>", "" },
		{ "own", "\"Alice @ example.com\" <alice@x.example>", "" },
		{ "own", "\"ceo@[192.0.2.1]\" <alice@x.example>", "ceo@[192.0.2.1]" },
		{ "own", "\"@@@@[[[[\" <alice@x.example>", "" },
		{ "own", "\"a@b@c.example\" <alice@x.example>", "b@c.example" },
		{ "own, IDN",
		  "\"alice@b\xc3\xbc"
		  "cher.example\" <alice@xn--bcher-kva.example>",
		  "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct originators o = read_from(rows[i].value);

		suite_row("%s: %s", rows[i].source, rows[i].value);
		SUITE_TEXT_EQUAL(o.fault, "");
		SUITE_TEXT_EQUAL(o.display_address, rows[i].display);
	}
}

static void test_long_display(void)
{
	char value[1000];
	struct originators o;

	memset(value, 'x', sizeof(value));
	value[0] = '"';
	memcpy(value + 600, "@bank.example\" <a@x.example>", 29);
	o = read_from(value);
	SUITE_TEXT_EQUAL(o.fault, "");
	SUITE_INT_EQUAL(strlen(o.display_address), sizeof(o.display_address) - 1);
}

static const struct suite_test tests[] = {
	{ "a field with exactly one reading is accepted and every address collected",
	  test_accepted },
	{ "a field that programs may read differently is refused with the reason", test_refused },
	{ "a NUL anywhere is refused", test_nul },
	{ "a field has limits to its lines, its octets and its addresses", test_limits },
	{ "a message has one From field and at most one Sender", test_messages },
	{ "every address is kept with its field", test_field_of_item },
	{ "only originator fields are looked at", test_wanted },
	{ "a foreign address in a display name or comment is found", test_display },
	{ "a long foreign address is cut", test_long_display },
};

int main(void)
{
	header_address_init();
	return suite_run("header-address", tests, SUITE_LEN(tests));
}
