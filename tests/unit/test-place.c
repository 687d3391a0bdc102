#include "engine/place.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define LOGIN "rose@example.org"

static struct config *configured(void)
{
	return fixture_config("recipient_delimiter = \"+-=\"\n"
			      "sender_group team { senders = { \"*@team.example\","
			      " \"!boss@team.example\" } }\n"
			      "plan default { senders = { \"%login\", \"*@all.example\" } }\n"
			      "plan staff { senders = { \"*@staff.example\" } }\n"
			      "plan gold { senders = { \"*@gold.example\" } }\n"
			      "domain \"gilt.example\" { plan = \"gold\" }\n"
			      "domain \"own.example\" { senders = { \"*@shop.example\" } }\n");
}

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
		{ "x@all.example", "*@%plan:default *@%plan: x@all.example *@all.example "
				   "*.@example" },
		{ "x@staff.example", "*@%plan:staff x@staff.example *@staff.example *.@example" },
		{ "x@gold.example", "*@%plan:gold *@%plan: x@gold.example *@gold.example "
				    "*.@example" },
		{ "x@shop.example", "%@own.example x@shop.example *@shop.example *.@example" },
		{ "rose@[192.0.2.1]", "rose@[192.0.2.1] *@[192.0.2.1]" },
	};
	struct config *config = configured();

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct address address = fixture_address(rows[i].address);
		struct visited v = { .n = 0 };

		suite_row("%s", rows[i].address);
		place_of_address(config, &address, visit, &v);
		SUITE_TEXT_EQUAL(v.text, rows[i].places);
	}
	config_unref(&config);
}

static void test_accounts(void)
{
	static const struct {
		const char *login, *json, *places;
	} rows[] = {
		{ "Rose@example.org", "{}",
		  "rose@example.org *@%plan: %@example.org" },
		{ "rose", "{\"plan\":\"staff\"}", "*@%plan:staff" },
		{ "rose@example.org",
		  "{\"plan\":\"staff\",\"senders\":[\"a@b.example\",\"!*@c.example\",\"*@d.example\"]}",
		  "rose@example.org a@b.example *@d.example" },
		{ "rose", "{\"senders\":[]}", "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct account *account = fixture_account(rows[i].json);
		struct visited v = { .n = 0 };

		suite_row("%s %s", rows[i].login, rows[i].json);
		place_of_account(account, rows[i].login, visit, &v);
		SUITE_TEXT_EQUAL(v.text, rows[i].places);
		account_unref(&account);
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
	struct config *config = configured();
	const struct pattern_rules rules = config_pattern_rules(config);
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct address address = fixture_address(rows[i].address);
		struct pattern pattern;
		struct place place;
		const char *reason;

		suite_row("%s, %s", rows[i].pattern, rows[i].address);
		SUITE_TRUE(pattern_parse(rows[i].pattern, &pattern, &reason));
		SUITE_TRUE(pattern_covers(&pattern, &address, LOGIN, &rules));
		SUITE_TRUE(place_of_pattern(&pattern, LOGIN, &place));
		place_of_address(config, &address, look, &place);
		SUITE_TEXT_EQUAL(place.domain, "");
	}
	config_unref(&config);
}

static void test_many(void)
{
	struct config *config = fixture_config("");
	struct address address;
	struct visited v = { .n = 0 };

	memset(&address, 0, sizeof(address));
	memset(address.local, '+', LOCAL_PART_MAX);
	for (size_t i = 0; i < DOMAIN_MAX; i++)
		address.domain[i] = i % 2 ? '.' : 'a';
	place_of_address(config, &address, visit, &v);
	SUITE_TRUE(v.n <= PLACES_MAX);
	config_unref(&config);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a pattern has one place, an exclusion none", test_patterns },
		{ "an account has the places of its patterns, or of its plan", test_accounts },
		{ "an address has a place for each cut, its domain and those above",
		  test_addresses },
		{ "who covers an address is found at one of its places", test_found },
		{ "there are no more places than PLACES_MAX", test_many },
	};

	return suite_run("place", tests, SUITE_LEN(tests));
}
