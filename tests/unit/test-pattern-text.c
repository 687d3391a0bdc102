#include "base/pattern.h"

#include <string.h>

#include "tests/unit/suite.h"

static struct pattern parsed(const char *text)
{
	const char *reason = NULL;
	struct pattern pattern = { 0 };

	SUITE_TRUE(pattern_parse(text, &pattern, &reason));
	SUITE_TEXT_EQUAL(reason, NULL);
	return pattern;
}

static void test_texts(void)
{
	static const struct {
		const char *text;
		enum pattern_kind kind;
		bool exclude;
		const char *canonical;
	} rows[] = {
		{ "alice@example.com", PATTERN_EXACT, false, "alice@example.com" },
		{ "Alice@EXAMPLE.com.", PATTERN_EXACT, false, "Alice@example.com" },
		{ "<alice@example.com>", PATTERN_EXACT, false, "alice@example.com" },
		{ "\"a b\"@example.com", PATTERN_EXACT, false, "\"a b\"@example.com" },
		{ "\"rose\"@example.com", PATTERN_EXACT, false, "rose@example.com" },
		{ "alice+work@example.com", PATTERN_EXACT, false, "alice+work@example.com" },
		{ "%me@example.com", PATTERN_EXACT, false, "%me@example.com" },
		{ "alice@b\xc3\xbc"
		  "cher.example",
		  PATTERN_EXACT, false, "alice@xn--bcher-kva.example" },
		{ "alice@[192.0.2.1]", PATTERN_EXACT, false, "alice@[192.0.2.1]" },
		{ "*@example.com", PATTERN_DOMAIN, false, "*@example.com" },
		{ "@example.com", PATTERN_DOMAIN, false, "*@example.com" },
		{ "*@[192.0.2.1]", PATTERN_DOMAIN, false, "*@[192.0.2.1]" },
		{ "*@*.example.com", PATTERN_SUBDOMAINS, false, "*@*.example.com" },
		{ "*@*.B\xc3\x9c"
		  "CHER.example",
		  PATTERN_SUBDOMAINS, false, "*@*.xn--bcher-kva.example" },
		{ "alice+*@example.com", PATTERN_TAGGED, false, "alice+*@example.com" },
		{ "alice-*@EXAMPLE.com", PATTERN_TAGGED, false, "alice-*@example.com" },
		{ "a+b+*@example.com", PATTERN_TAGGED, false, "a+b+*@example.com" },
		{ "\"a b\"+*@example.com", PATTERN_TAGGED, false, "\"a b\"+*@example.com" },
		{ "\"%login\"@example.com", PATTERN_EXACT, false, "\"%login\"@example.com" },
		{ "%login", PATTERN_LOGIN, false, "%login" },
		{ "!%login", PATTERN_LOGIN, true, "!%login" },
		{ "%group:Sales-2._x", PATTERN_GROUP, false, "%group:Sales-2._x" },
		{ "!%group:sales", PATTERN_GROUP, true, "!%group:sales" },
		{ "!alice@example.com", PATTERN_EXACT, true, "!alice@example.com" },
		{ "!*@example.com", PATTERN_DOMAIN, true, "!*@example.com" },
		{ "!*@*.example.com", PATTERN_SUBDOMAINS, true, "!*@*.example.com" },
		{ "!alice+*@example.com", PATTERN_TAGGED, true, "!alice+*@example.com" },
		/* A local part may itself begin with "!". */
		{ "\"!bob\"@example.com", PATTERN_EXACT, false, "\"!bob\"@example.com" },
		{ "!!bob@example.com", PATTERN_EXACT, true, "!\"!bob\"@example.com" },
		{ "\"!bob\"+*@example.com", PATTERN_TAGGED, false, "\"!bob\"+*@example.com" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct pattern pattern, again;
		char text[PATTERN_TEXT_MAX];

		suite_row("%s", rows[i].text);
		pattern = parsed(rows[i].text);
		SUITE_INT_EQUAL(pattern.kind, rows[i].kind);
		SUITE_INT_EQUAL(pattern.exclude, rows[i].exclude);
		pattern_format(&pattern, text);
		SUITE_TEXT_EQUAL(text, rows[i].canonical);
		again = parsed(text);
		SUITE_INT_EQUAL(again.kind, pattern.kind);
		SUITE_INT_EQUAL(again.exclude, pattern.exclude);
		SUITE_INT_EQUAL(again.delimiter, pattern.delimiter);
		SUITE_TEXT_EQUAL(again.address.local, pattern.address.local);
		SUITE_TEXT_EQUAL(again.address.domain, pattern.address.domain);
	}
}

static void test_refused(void)
{
#define STAR \
	"\"*\" stands only before \"@\" or \"@*.\", or behind a delimiter: *@d, *@*.d, user+*@d"
#define ONLY "the only placeholders are %login and %group:NAME"
#define NO_NAME "the name of a group is 1 to 64 letters, digits, \".\", \"-\" or \"_\""
#define NAME64 "n123456789n123456789n123456789n123456789n123456789n123456789n123"
#define NO_DOMAIN "what follows \"@\" is not a domain name"
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{ "", "the pattern is empty" },
		{ "!", "the pattern is empty" },
		{ "alice", "no domain" },
		{ "example.com", "no domain" },
		{ "alice@", "domain is empty" },
		{ "alice smith@example.com", "a character in the local part that needs quotes" },
		{ " alice@example.com", "a character in the local part that needs quotes" },
		{ "! alice@example.com", "a character in the local part that needs quotes" },
		{ "alice@exam ple.com", "not a domain name" },
		{ "alice@bob@example.com", "more than one \"@\"" },
		{ "<>", "the null sender has its own setting, null_sender" },
		{ "@", NO_DOMAIN },
		{ "*@", NO_DOMAIN },
		{ "@.example.com", NO_DOMAIN },
		{ "*@*.", NO_DOMAIN },
		{ "*@.example.com", NO_DOMAIN },
		{ "*@*.[192.0.2.1]", "a domain literal has no subdomains" },
		{ "*", STAR },
		{ "*@*", STAR },
		{ "*@*example.com", STAR },
		{ "*@mail.*.example.com", STAR },
		{ "*@*.*.example.com", STAR },
		{ "@*.example.com", STAR },
		{ "alice@*", STAR },
		{ "alice@*.example.com", STAR },
		{ "alice*@example.com", STAR },
		{ "*alice@example.com", STAR },
		{ "al*ce@example.com", STAR },
		{ "+*@example.com", STAR },
		{ "alice+*x@example.com", STAR },
		{ "alice+**@example.com", STAR },
		{ "alice+*@*.example.com", STAR },
		{ "alice+*@*", STAR },
		{ "\"*\"@example.com", STAR },
		{ "\"alice+*\"@example.com", STAR },
		{ "alice \xc2\xa7*@example.com", STAR },
		{ "alice+*", STAR },
		{ "%user", ONLY },
		{ "%login+*@example.com", "%login stands alone, without a domain" },
		{ "%login@example.com", "%login stands alone, without a domain" },
		{ "%Login", ONLY },
		{ "%group", ONLY },
		{ "%Group:sales", ONLY },
		{ "%group:", NO_NAME },
		{ "%group:sales team", NO_NAME },
		{ "%group:sales@example.com", NO_NAME },
		{ "%group:*", NO_NAME },
		{ "!%group:", NO_NAME },
		{ "%group:" NAME64 "4", NO_NAME },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct pattern pattern = { .delimiter = 'k' };
		const char *reason = NULL;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(!pattern_parse(rows[i].text, &pattern, &reason));
		SUITE_TEXT_EQUAL(reason, rows[i].reason);
		SUITE_INT_EQUAL(pattern.delimiter, 'k');
	}
}

static void test_longest(void)
{
	struct pattern pattern = { .kind = PATTERN_TAGGED, .exclude = true, .delimiter = '+' };
	char text[PATTERN_TEXT_MAX];

	memset(pattern.address.local, '"', LOCAL_PART_MAX);
	memset(pattern.address.domain, 'd', DOMAIN_MAX);
	pattern_format(&pattern, text);
	SUITE_INT_EQUAL(strlen(text), 1 + 2 * LOCAL_PART_MAX + 2 + 2 + 1 + DOMAIN_MAX);
}

static const struct suite_test tests[] = {
	{ "a pattern is read, and its canonical text is read as the same pattern", test_texts },
	{ "a text that is not a pattern is refused with the reason", test_refused },
	{ "the longest text fits", test_longest },
};

int main(void)
{
	return suite_run("pattern-text", tests, SUITE_LEN(tests));
}
