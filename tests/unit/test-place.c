#include "engine/place.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define LOGIN "rose@example.org"

static const struct pattern group_patterns[] = {
	{ .kind = PATTERN_DOMAIN, .address = { .domain = "team.example" } },
	{ .kind = PATTERN_EXACT,
	  .exclude = true,
	  .address = { .local = "boss", .domain = "team.example" } },
};
static const struct pattern_group groups[] = {
	{ .name = "team", .patterns = group_patterns, .n = SUITE_LEN(group_patterns) },
};
static const struct pattern_rules rules = { .delimiters = "+-=", .groups = groups, .n_groups = 1 };

static void test_patterns(void)
{
	static const struct {
		const char *pattern, *login, *place; /* NULL: none */
	} rows[] = {
		{ "Rose@Example.ORG", LOGIN, "rose@example.org" },
		{ "rose+*@example.org", LOGIN, "rose@example.org" },
		{ "Gr\xc3\xbcn@example.org", LOGIN, "gr?n@example.org" },
		{ "*@example.org", LOGIN, "*@example.org" },
		{ "*@*.example.org", LOGIN, "*.@example.org" },
		{ "%login", "Rose@Example.ORG", "rose@example.org" },
		{ "%login", "rose", NULL },
		{ "%group:team", LOGIN, "*@%group:team" },
		{ "!rose@example.org", LOGIN, NULL },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[512] = "";
		struct pattern pattern;
		struct place place;
		const char *reason;
		bool found;

		suite_row("%s", rows[i].pattern);
		SUITE_TRUE(pattern_parse(rows[i].pattern, &pattern, &reason));
		found = place_of_pattern(&pattern, rows[i].login, &place);
		if (found)
			snprintf(text, sizeof(text), "%s@%s", place.local, place.domain);
		SUITE_TEXT_EQUAL(found ? text : NULL, rows[i].place);
	}
}

struct visited {
	char text[1024];
	size_t n;
};

static void visit(const struct place *place, void *arg)
{
	struct visited *v = arg;
	size_t len = strlen(v->text);

	v->n++;
	snprintf(v->text + len, sizeof(v->text) - len, "%s%s@%s", len ? " " : "", place->local,
		 place->domain);
}

static void test_addresses(void)
{
	static const struct {
		const char *address, *places;
	} rows[] = {
		{ "Rose@example.org", "rose@example.org *@example.org *.@org" },
		{ "rose+a-b@mail.example.org",
		  "rose@mail.example.org rose+a@mail.example.org rose+a-b@mail.example.org "
		  "*@mail.example.org *.@example.org *.@org" },
		{ "x@team.example",
		  "*@%group:team x@team.example *@team.example *.@example" },
		{ "boss@team.example", "boss@team.example *@team.example *.@example" },
		{ "rose@[192.0.2.1]", "rose@[192.0.2.1] *@[192.0.2.1]" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct address address = fixture_address(rows[i].address);
		struct visited v = { .n = 0 };

		suite_row("%s", rows[i].address);
		place_of_address(&address, &rules, visit, &v);
		SUITE_TEXT_EQUAL(v.text, rows[i].places);
	}
}

/* One of the address's places is the pattern's. */
static void look(const struct place *place, void *arg)
{
	struct place *wanted = arg;

	if (strcmp(place->local, wanted->local) == 0 && strcmp(place->domain, wanted->domain) == 0)
		wanted->domain[0] = '\0';
}

static void test_found(void)
{
	static const struct {
		const char *pattern, *address;
	} rows[] = {
		{ "rose@example.org", "ROSE@example.org" },
		{ "rose@example.org", "rose+tag@example.org" },
		{ "rose+a@example.org", "rose+a+b@example.org" },
		{ "rose@example.org", "rose+@example.org" },
		{ "rose=*@example.org", "rose=x+y@example.org" },
		{ "gr\xc3\xbcn@example.org", "GR\xc3\x9cN+x@example.org" },
		{ "*@example.org", "any@example.org" },
		{ "*@*.example.org", "any@a.b.example.org" },
		{ "%login", "rose+tag@example.org" },
		{ "%group:team", "x@team.example" },
	};
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct address address = fixture_address(rows[i].address);
		struct pattern pattern;
		struct place place;
		const char *reason;

		suite_row("%s, %s", rows[i].pattern, rows[i].address);
		SUITE_TRUE(pattern_parse(rows[i].pattern, &pattern, &reason));
		SUITE_TRUE(pattern_covers(&pattern, &address, LOGIN, &rules));
		SUITE_TRUE(place_of_pattern(&pattern, LOGIN, &place));
		place_of_address(&address, &rules, look, &place);
		SUITE_TEXT_EQUAL(place.domain, "");
	}
}

static void test_many(void)
{
	struct address address;
	struct visited v = { .n = 0 };

	memset(&address, 0, sizeof(address));
	memset(address.local, '+', LOCAL_PART_MAX);
	for (size_t i = 0; i < DOMAIN_MAX; i++)
		address.domain[i] = i % 2 ? '.' : 'a';
	place_of_address(&address, &rules, visit, &v);
	SUITE_TRUE(v.n <= PLACES_MAX);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a pattern has one place, an exclusion none", test_patterns },
		{ "an address has a place for each cut, its domain and those above",
		  test_addresses },
		{ "who covers an address is found at one of its places", test_found },
		{ "there are no more places than PLACES_MAX", test_many },
	};

	return suite_run("place", tests, SUITE_LEN(tests));
}
