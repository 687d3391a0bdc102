/*
 * What a value may hold is the corpus' business, tests/header. Here is what a
 * header as a whole cannot show: values in the forms that front ends other than
 * Postfix give, the fields that are looked at, and what is kept of them.
 */
#include "base/header_address.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct originators read_octets(const char *value, size_t len)
{
	struct originators o;

	originators_init(&o);
	originators_add(&o, "From", value, len);
	originators_end(&o);
	return o;
}

static struct originators read_from(const char *value)
{
	return read_octets(value, strlen(value));
}

static void test_folding(void)
{
	static const char *const rows[] = {
		"\n Alice\n  <alice@example.com>",
		"\r\n Alice\r\n\t<alice@example.com>",
		"Alice\n\t<alice@example.com>\r\n (a comment)",
		"Alice <alice@example.com>",
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct originators o = read_from(rows[i]);

		suite_row("%s", rows[i]);
		SUITE_TEXT_EQUAL(o.fault, "");
		SUITE_INT_EQUAL(o.n, 1);
		SUITE_TEXT_EQUAL(o.items[0].address.local, "alice");
		SUITE_TEXT_EQUAL(o.items[0].address.domain, "example.com");
	}
}

static void test_no_folding(void)
{
	static const struct {
		const char *value;
		const char *fault;
	} rows[] = {
		{ "alice@example.com\nFrom: bob@example.com",
		  "From: a line break that is not folding" },
		{ "alice@example.com\r\nBcc: x@example.com",
		  "From: a line break that is not folding" },
		{ "alice@example.com\n", "From: a line break that is not folding" },
		{ "alice@example.com\r\n", "From: a line break that is not folding" },
		{ "alice@example.com\n\t", "From: a folded line that is blank" },
		{ "Alice\n \n <alice@example.com>", "From: a folded line that is blank" },
		{ "Alice\r\r\n <alice@example.com>", "From: a bare carriage return" },
		{ "alice@example.com\r", "From: a bare carriage return" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].value);
		SUITE_TEXT_EQUAL(read_from(rows[i].value).fault, rows[i].fault);
	}
}

static void test_nul(void)
{
	SUITE_TEXT_EQUAL(read_octets("alice@example.com\0, bob@example.com", 34).fault,
			 "From: a NUL");
	SUITE_TEXT_EQUAL(read_octets("alice@example.com\0", 18).fault, "From: a NUL");
	SUITE_TEXT_EQUAL(read_octets("\0", 1).fault, "From: a NUL");
	SUITE_TEXT_EQUAL(read_octets("", 0).fault, "From: no address");
}

static void test_kept(void)
{
	struct originators o;

	originators_init(&o);
	originators_add(&o, "resent-sender", "r@x.example", 11);
	originators_add(&o, "Subject", "s@x.example", 11);
	originators_add(&o, "from", "a@x.example", 11);
	originators_end(&o);
	SUITE_TEXT_EQUAL(o.fault, "");
	SUITE_INT_EQUAL(o.n, 2);
	SUITE_INT_EQUAL(o.items[0].field, ORIGINATOR_RESENT_SENDER);
	SUITE_INT_EQUAL(o.items[1].field, ORIGINATOR_FROM);
	SUITE_INT_EQUAL(o.fields_seen[ORIGINATOR_RESENT_SENDER], 1);
	SUITE_INT_EQUAL(o.fields_seen[ORIGINATOR_FROM], 1);
	SUITE_INT_EQUAL(o.fields_seen[ORIGINATOR_SENDER], 0);
	SUITE_TEXT_EQUAL(originator_name(o.items[0].field), "Resent-Sender");
}

/* The gate asks whose it is (tests/header); here it is only found. */
static void test_display(void)
{
	struct originators o;

	SUITE_INT_EQUAL(read_from("\"a@x.example\" <a@x.example>").n_shown, 0);
	SUITE_INT_EQUAL(read_from("Alice <a@x.example>").n_shown, 0);
	o = read_from("\"b@x.example\" <a@x.example>, b@x.example");
	SUITE_INT_EQUAL(o.n_shown, 1);
	SUITE_TEXT_EQUAL(o.shown[0].text, "b@x.example");
	SUITE_INT_EQUAL(o.shown[0].field, ORIGINATOR_FROM);
	o = read_from("\"b@x.example c@x.example b@x.example\" (c@x.example) <a@x.example>");
	SUITE_INT_EQUAL(o.n_shown, 2);
	SUITE_TEXT_EQUAL(o.shown[1].text, "c@x.example");
}

static void test_many_in_display(void)
{
	struct originators o =
		read_from("\"1@d.example 2@d.example 3@d.example 4@d.example 5@d.example\" "
			  "(6@d.example 7@d.example 8@d.example) <a@x.example>");

	SUITE_INT_EQUAL(o.n_shown, SHOWN_ADDRESSES_MAX - 1);
	SUITE_TEXT_EQUAL(o.shown[o.n_shown - 1].text, "8@d.example");
	o = read_from("\"1@d.example 2@d.example 3@d.example 4@d.example 5@d.example\" (6@d.example "
		      "7@d.example 8@d.example 9@d.example 10@d.example) <a@x.example>");
	SUITE_INT_EQUAL(o.n_shown, SHOWN_ADDRESSES_MAX);
	SUITE_TEXT_EQUAL(o.shown[o.n_shown - 1].text, "more than 8 addresses");
}

static void test_wanted(void)
{
	static const char *const wanted[] = {
		"From",	   "FROM",     "sender",	  "Resent-From",       "resent-SENDER",
		"From \t", "Reply-To", "X-Original-From", "x-original-sender", "X-Original-Reply-To"
	};
	static const char *const others[] = { "",      " ",	 "Fro",	      "Froms",	 "From:",
					      " From", "X-From", "Resent-To", "Sender-X" };

	for (size_t i = 0; i < SUITE_LEN(wanted); i++) {
		suite_row("%s", wanted[i]);
		SUITE_TRUE(originators_wants(wanted[i]));
	}
	for (size_t i = 0; i < SUITE_LEN(others); i++) {
		suite_row("%s", others[i]);
		SUITE_TRUE(!originators_wants(others[i]));
	}
}

static void test_reply_to(void)
{
	struct originators o;

	for (int wanted = 0; wanted < 2; wanted++) {
		originators_init(&o);
		if (wanted)
			originators_want_reply_to(&o);
		originators_add(&o, "From", "a@x.example", 11);
		originators_add(&o, "Reply-To", "<<", 2);
		originators_add(&o, "X-Original-Reply-To", "b", 1);
		originators_end(&o);
		SUITE_INT_EQUAL(o.fault[0] != '\0', wanted);
		SUITE_INT_EQUAL(o.faulty[ORIGINATOR_REPLY_TO], wanted);
		SUITE_INT_EQUAL(o.fields_seen[ORIGINATOR_REPLY_TO], wanted);
		SUITE_INT_EQUAL(o.copies_seen[ORIGINATOR_REPLY_TO], wanted);
	}
}

static const struct suite_test tests[] = {
	{ "Reply-To is looked at when it is asked for", test_reply_to },
	{ "folding is taken out, with LF and with CRLF", test_folding },
	{ "a line break that is not folding is refused", test_no_folding },
	{ "a NUL is refused wherever it stands", test_nul },
	{ "every address is kept with its field", test_kept },
	{ "an address in a display name is found when it is not the one beside it", test_display },
	{ "addresses in display names beyond the limit are not lost sight of",
	  test_many_in_display },
	{ "only originator fields are looked at", test_wanted },
};

int main(void)
{
	header_address_init();
	return suite_run("header-address", tests, SUITE_LEN(tests));
}
