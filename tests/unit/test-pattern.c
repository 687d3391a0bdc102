#include "base/pattern.h"

#include <string.h>

#include "tests/unit/suite.h"

static const struct pattern_rules plus = { .delimiters = "+" };

static struct pattern parsed(const char *text)
{
	const char *reason = NULL;
	struct pattern pattern = { 0 };

	SUITE_TRUE(pattern_parse(text, &pattern, &reason));
	SUITE_TEXT_EQUAL(reason, NULL);
	return pattern;
}

static struct address address(const char *text)
{
	struct address addr = { .local = "" };
	const char *reason;

	SUITE_INT_EQUAL(address_parse(text, ADDRESS_INTERNAL, &addr, &reason), ADDRESS_OK);
	return addr;
}

struct cover_row {
	const char *pattern;
	const char *address;
	bool covers;
};

static void expect_covers(const struct cover_row *rows, size_t n, const char *login,
			  const struct pattern_rules *rules)
{
	for (size_t i = 0; i < n; i++) {
		struct pattern pattern;
		struct address addr;

		suite_row("%s, delimiters %s: %s", rows[i].pattern, rules->delimiters,
			  rows[i].address);
		pattern = parsed(rows[i].pattern);
		addr = address(rows[i].address);
		SUITE_INT_EQUAL(pattern_covers(&pattern, &addr, login, rules), rows[i].covers);
	}
}

static void test_exact(void)
{
	static const struct cover_row rows[] = {
		{ "alice@example.com", "alice@example.com", true },
		{ "alice@example.com", "ALICE@Example.COM", true },
		{ "alice@example.com", "alice+work@example.com", true },
		{ "alice@example.com", "Alice+a+b@example.com", true },
		{ "alice@example.com", "alice+@example.com", true },
		{ "alice@example.com", "alice-work@example.com", false },
		{ "alice@example.com", "alicework@example.com", false },
		{ "alice@example.com", "alic@example.com", false },
		{ "alice@example.com", "+alice@example.com", false },
		{ "alice@example.com", "bob+alice@example.com", false },
		{ "alice@example.com", "alice@mail.example.com", false },
		{ "alice@example.com", "alice@example.org", false },
		{ "alice@example.com", "alice+x@example.org", false },
		{ "alice+work@example.com", "alice@example.com", false },
		{ "alice+work@example.com", "alice+work@example.com", true },
		{ "alice+work@example.com", "alice+work+x@example.com", true },
		{ "alice+work@example.com", "alice+home@example.com", false },
		{ "b\xc3\xa4r@example.com", "B\xc3\x84R+x@example.com", true },
	};

	expect_covers(rows, SUITE_LEN(rows), "nobody", &plus);
}

static void test_delimiters(void)
{
	static const struct pattern_rules none = { .delimiters = "" };
	static const struct pattern_rules both = { .delimiters = "+-" };
	static const struct cover_row without[] = {
		{ "alice@example.com", "alice@example.com", true },
		{ "alice@example.com", "alice+work@example.com", false },
		{ "alice+*@example.com", "alice+work@example.com", true },
	};
	/* The exceptions are Postfix's split_addr(3). */
	static const struct cover_row with[] = {
		{ "alice@example.com", "alice+work@example.com", true },
		{ "alice@example.com", "alice-work@example.com", true },
		{ "alice@example.com", "alice-a+b@example.com", true },
		{ "alice-a@example.com", "alice-a+b@example.com", true },
		{ "owner@example.com", "owner-list@example.com", false },
		{ "list@example.com", "list-request@example.com", false },
		{ "list@example.com", "list-requests@example.com", true },
		{ "mailer@example.com", "MAILER-DAEMON@example.com", false },
		{ "double@example.com", "double-bounce@example.com", false },
		{ "double@example.com", "double-bounces@example.com", true },
		{ "owner-list@example.com", "owner-list@example.com", true },
		{ "owner-*@example.com", "owner-list@example.com", true },
	};

	expect_covers(without, SUITE_LEN(without), "nobody", &none);
	expect_covers(with, SUITE_LEN(with), "nobody", &both);
}

static void test_case(void)
{
	static const struct pattern_rules exact = { .delimiters = "+",
						    .local_case_sensitive = true };
	static const struct cover_row rows[] = {
		{ "Alice@example.com", "Alice@EXAMPLE.com", true },
		{ "Alice@example.com", "alice@example.com", false },
		{ "Alice@example.com", "Alice+X@example.com", true },
		{ "Alice@example.com", "alice+X@example.com", false },
		{ "Alice+*@example.com", "alice+x@example.com", false },
		{ "%login", "alice@example.com", false },
		{ "%login", "Alice@example.com", true },
	};

	expect_covers(rows, SUITE_LEN(rows), "Alice@example.com", &exact);
}

static void test_wildcards(void)
{
	static const struct cover_row rows[] = {
		{ "*@example.com", "anyone@example.com", true },
		{ "*@example.com", "a b@EXAMPLE.COM", true },
		{ "*@example.com", "alice@mail.example.com", false },
		{ "*@example.com", "alice@example.com.evil.example", false },
		{ "*@example.com", "alice@notexample.com", false },
		{ "*@*.example.com", "alice@mail.example.com", true },
		{ "*@*.example.com", "alice@a.b.example.com", true },
		{ "*@*.example.com", "alice@example.com", false },
		{ "*@*.example.com", "alice@notexample.com", false },
		{ "*@*.example.com", "alice@mail.example.com.evil.example", false },
		{ "*@*.example.com", "alice@[192.0.2.1]", false },
		{ "*@[192.0.2.1]", "alice@[192.0.2.1]", true },
		{ "alice+*@example.com", "alice+x@example.com", true },
		{ "alice+*@example.com", "ALICE+x@example.com", true },
		{ "alice+*@example.com", "alice+x+y@example.com", true },
		{ "alice+*@example.com", "alice@example.com", false },
		{ "alice+*@example.com", "alice-x@example.com", false },
		{ "alice-*@example.com", "alice-x@example.com", true },
		{ "alice+*@example.com", "alice+x@example.org", false },
		{ "alice+*@example.com", "bob+x@example.com", false },
		{ "a+b+*@example.com", "a+b+c@example.com", true },
		{ "a+b+*@example.com", "a+c@example.com", false },
	};

	expect_covers(rows, SUITE_LEN(rows), "nobody", &plus);
}

static void test_login(void)
{
	static const struct cover_row as_address[] = {
		{ "%login", "alice@example.com", true },
		{ "%login", "Alice@EXAMPLE.com", true },
		{ "%login", "alice+x@example.com", true },
		{ "%login", "bob@example.com", false },
	};
	static const struct cover_row as_name[] = {
		{ "%login", "alice@example.com", false },
		{ "%login", "alice@alice", false },
		{ "*@example.com", "alice@example.com", true },
	};
	static const struct cover_row odd[] = {
		{ "%login", "a b@example.com", true },
		{ "%login", "a b+x@example.com", true },
		{ "%login", "a@example.com", false },
	};

	expect_covers(as_address, SUITE_LEN(as_address), "alice@Example.com", &plus);
	expect_covers(as_name, SUITE_LEN(as_name), "alice", &plus);
	expect_covers(as_name, 1, "", &plus);
	expect_covers(as_name, 1, "<>", &plus);
	expect_covers(odd, SUITE_LEN(odd), "a b@example.com", &plus);
}

static void test_lists(void)
{
	static const struct {
		const char *list[4];
		const char *address;
		bool owns;
		int rule;
	} rows[] = {
		{ { NULL }, "alice@example.com", false, -1 },
		{ { "%login" }, "alice@example.com", true, 0 },
		{ { "%login" }, "bob@example.com", false, -1 },
		{ { "%login", "*@example.com" }, "alice@example.com", true, 0 },
		{ { "%login", "*@example.com" }, "bob@example.com", true, 1 },
		{ { "*@example.com", "!postmaster@example.com" },
		  "postmaster@example.com",
		  false,
		  1 },
		{ { "!postmaster@example.com", "*@example.com" },
		  "postmaster@example.com",
		  false,
		  0 },
		{ { "*@example.com", "!postmaster@example.com" },
		  "Postmaster+x@example.com",
		  false,
		  1 },
		{ { "*@example.com", "!postmaster@example.com" }, "bob@example.com", true, 0 },
		{ { "!postmaster@example.com" }, "bob@example.com", false, -1 },
		{ { "*@*.example.com", "!*@secret.example.com" },
		  "bob@secret.example.com",
		  false,
		  1 },
		{ { "*@*.example.com", "!*@secret.example.com" },
		  "bob@a.secret.example.com",
		  true,
		  0 },
		{ { "!%login", "*@example.com" }, "alice@example.com", false, 0 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct pattern list[4];
		struct address addr;
		size_t n = 0;
		int rule = 42;

		suite_row("row %zu: %s", i, rows[i].address);
		for (; n < SUITE_LEN(list) && rows[i].list[n]; n++)
			list[n] = parsed(rows[i].list[n]);
		addr = address(rows[i].address);
		SUITE_INT_EQUAL(pattern_list_owns(list, n, &addr, "alice@example.com", &plus,
						  &rule),
				rows[i].owns);
		SUITE_INT_EQUAL(rule, rows[i].rule);
		SUITE_INT_EQUAL(pattern_list_owns(list, n, &addr, "alice@example.com", &plus, NULL),
				rows[i].owns);
	}
}

/* What is written and what is asked about are normalised alike. */
static void test_spellings(void)
{
	static const struct cover_row rows[] = {
		/* U-label, A-label, decomposed, capitals */
		{ "*@b\xc3\xbc"
		  "cher.example",
		  "a@XN--BCHER-KVA.example", true },
		{ "*@xn--bcher-kva.example",
		  "a@bu\xcc\x88"
		  "cher.example",
		  true },
		{ "*@xn--bcher-kva.example", "a@bucher.example", false },
		{ "*@*.b\xc3\xbc"
		  "cher.example",
		  "a@mail.xn--bcher-kva.example", true },
		{ "b\xc3\xa4r@example.com",
		  "ba\xcc\x88r@example.com", true },
		{ "b\xc3\xa4r@example.com", "bar@example.com", false },
		/* quotes */
		{ "\"alice\"@example.com", "alice@example.com", true },
		{ "\"a b\"@example.com", "a b@example.com", true },
		{ "\"a b\"@example.com", "a b+x@example.com", true },
		{ "\"a+b\"@example.com", "a@example.com", false },
		/* trailing dot */
		{ "alice@example.com.", "alice@example.com", true },
		{ "*@example.com.", "alice@example.com.", true },
		/* domain literals */
		{ "*@[IPv6:2001:DB8::1]", "alice@[ipv6:2001:db8:0:0:0:0:0:1]", true },
		{ "alice@[192.0.2.1]", "alice+x@[192.0.2.1]", true },
		{ "*@[192.0.2.1]", "alice@[192.0.2.10]", false },
		{ "*@*.example.com", "alice@[IPv6:2001:db8::1]", false },
	};

	expect_covers(rows, SUITE_LEN(rows), "nobody", &plus);
}

/* sales: its domain and the login itself, all but the boss. */
static const struct pattern_rules *with_groups(void)
{
	static struct pattern sales[3];
	static struct pattern_group groups[] = {
		{ .name = "none" },
		{ .name = "sales", .patterns = sales, .n = 3 },
	};
	static const struct pattern_rules rules = {
		.delimiters = "+", .groups = groups, .n_groups = 2
	};

	sales[0] = parsed("*@shop.example.com");
	sales[1] = parsed("!boss@shop.example.com");
	sales[2] = parsed("%login");
	return &rules;
}

static void test_groups(void)
{
	static const struct cover_row rows[] = {
		{ "%group:sales", "anyone@shop.example.com", true },
		{ "%group:sales", "boss@shop.example.com", false },
		{ "%group:sales", "boss+x@shop.example.com", false },
		{ "%group:sales", "alice+x@example.com", true },
		{ "%group:sales", "bob@example.com", false },
		{ "%group:none", "alice@example.com", false },
		{ "%group:Sales", "anyone@shop.example.com", false },
		{ "%group:nowhere", "alice@example.com", false },
	};

	expect_covers(rows, SUITE_LEN(rows), "alice@example.com", with_groups());
}

static void test_lists_of_groups(void)
{
	static const struct {
		const char *list[3];
		const char *address;
		bool owns;
		int rule;
	} rows[] = {
		{ { "%group:sales" }, "a@shop.example.com", true, 0 },
		/* What a group excludes another pattern may own. */
		{ { "%group:sales", "boss@shop.example.com" }, "boss@shop.example.com", true, 1 },
		{ { "*@shop.example.com", "!%group:sales" }, "a@shop.example.com", false, 1 },
		{ { "*@shop.example.com", "!%group:sales" }, "boss@shop.example.com", true, 0 },
		{ { "*@shop.example.com", "!%group:none" }, "a@shop.example.com", true, 0 },
		/* Nobody knows any more what was to be kept from the login. */
		{ { "*@shop.example.com", "!%group:nowhere" }, "a@shop.example.com", false, 1 },
		{ { "%group:nowhere", "%login" }, "alice@example.com", true, 1 },
		{ { "%group:nowhere" }, "alice@example.com", false, -1 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct address addr = address(rows[i].address);
		struct pattern list[3];
		size_t n = 0;
		int rule;

		suite_row("row %zu, %s", i, rows[i].address);
		for (; n < 3 && rows[i].list[n]; n++)
			list[n] = parsed(rows[i].list[n]);
		SUITE_INT_EQUAL(pattern_list_owns(list, n, &addr, "alice@example.com",
						  with_groups(), &rule),
				rows[i].owns);
		SUITE_INT_EQUAL(rule, rows[i].rule);
	}
}

static const struct suite_test tests[] = {
	{ "an own address covers itself and its tagged forms", test_exact },
	{ "the delimiters are the configured ones, as Postfix splits at them", test_delimiters },
	{ "the case of local parts matters when so configured", test_case },
	{ "a wildcard covers what it says and nothing beside it", test_wildcards },
	{ "%login covers the login when it is an address", test_login },
	{ "an exclusion wins, whatever the order of the list", test_lists },
	{ "quotes, case, NFC, A-labels, trailing dots and literals are no difference", test_spellings },
	{ "a group covers what its list owns", test_groups },
	{ "a list names groups, and excludes everything by one that is not there",
	  test_lists_of_groups },
};

int main(void)
{
	return suite_run("pattern", tests, SUITE_LEN(tests));
}
