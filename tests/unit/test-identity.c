#include "engine/identity.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

static struct request request_from(const char *client, const char *cert, const char *context)
{
	return (struct request){
		.client_address = client, .client_cert = cert, .client_key = cert, .context = context
	};
}

static void test_matches(void)
{
	static const struct {
		const char *identity, *client, *cert, *context;
		unsigned rank; /* 0: it does not match */
	} rows[] = {
#define V4 "{\"networks\":[\"192.0.2.0/28\",\"192.0.2.4\",\"!192.0.2.9\"]}"
		{ V4, "192.0.2.1", "", "", 1 << 8 | 124 },
		{ V4, "192.0.2.4", "", "", 1 << 8 | 128 },
		{ V4, "::ffff:192.0.2.4", "", "", 1 << 8 | 128 },
		{ V4, "192.0.2.9", "", "", 0 },
		{ V4, "192.0.2.16", "", "", 0 },
		{ V4, "2001:db8::1", "", "", 0 },
		{ V4, "unknown", "", "", 0 },
		{ V4, "", "", "", 0 },
#undef V4
		{ "{\"networks\":[\"2001:db8::/32\"]}", "2001:db8::1", "", "", 1 << 8 | 32 },
		{ "{\"client_certs\":[\"AB:CD\"]}", "203.0.113.1", "AB:CD", NULL, 1 << 8 },
		{ "{\"client_certs\":[\"AB:CD\"]}", "unknown", "ab:cd", NULL, 1 << 8 },
		{ "{\"client_certs\":[\"ABCD\"]}", "203.0.113.1", "AB:CD", NULL, 1 << 8 },
		{ "{\"client_certs\":[\"AB:CD\"]}", "203.0.113.1", "AB:CE", NULL, 0 },
		{ "{\"client_certs\":[\"AB:CD\"]}", "203.0.113.1", "AB:CD:EF", NULL, 0 },
		{ "{\"client_certs\":[\"AB:CD\"]}", "203.0.113.1", "", NULL, 0 },
		{ "{\"client_certs\":[\"AB:CD\"]}", "203.0.113.1", NULL, NULL, 0 },
		{ "{\"networks\":[\"192.0.2.0/24\"],\"client_certs\":[\"AB\"]}", "192.0.2.1", "AB",
		  NULL, 2 << 8 | 120 },
		{ "{\"networks\":[\"192.0.2.0/24\"],\"client_certs\":[\"AB\"]}", "192.0.2.1", "AC",
		  NULL, 0 },
		{ "{\"networks\":[\"192.0.2.0/24\"],\"client_certs\":[\"AB\"]}", "192.0.3.1", "AB",
		  NULL, 0 },
		{ "{\"networks\":[\"192.0.2.0/24\"],\"contexts\":[\"scan\",\"fax\"]}", "192.0.2.1",
		  "", "fax", 2 << 8 | 120 },
		{ "{\"networks\":[\"192.0.2.0/24\"],\"contexts\":[\"scan\"]}", "192.0.2.1", "",
		  "Scan", 0 },
		{ "{\"networks\":[\"192.0.2.0/24\"],\"contexts\":[\"scan\"]}", "192.0.2.1", "", "", 0 },
		{ "{\"networks\":[\"192.0.2.0/24\"],\"contexts\":[\"scan\"]}", "192.0.2.1", NULL,
		  NULL, 0 },
		/* What lets in everybody does not, unless it is meant. */
		{ "{}", "192.0.2.1", "AB", "scan", 0 },
		{ "{\"contexts\":[\"scan\"]}", "192.0.2.1", "AB", "scan", 0 },
		{ "{\"networks\":[\"0.0.0.0/0\"]}", "192.0.2.1", "", "", 0 },
		{ "{\"networks\":[\"0.0.0.0/0\",\"192.0.2.1\"]}", "192.0.2.1", "", "", 0 },
		{ "{\"networks\":[\"::ffff:0:0/96\"]}", "192.0.2.1", "", "", 0 },
		{ "{\"networks\":[\"128.0.0.0/7\"]}", "128.0.2.1", "", "", 0 },
		{ "{\"networks\":[\"10.0.0.0/8\"]}", "10.1.2.3", "", "", 1 << 8 | 104 },
		{ "{\"networks\":[\"2000::/3\"]}", "2001:db8::1", "", "", 0 },
		{ "{\"networks\":[\"!10.0.0.0/8\"]}", "192.0.2.1", "", "", 0 },
		{ "{\"networks\":[\"0.0.0.0/0\"],\"anyone\":true}", "192.0.2.1", "", "", 1 << 8 | 96 },
		{ "{\"networks\":[\"!10.0.0.0/8\"],\"anyone\":true}", "192.0.2.1", "", "", 1 << 8 },
		{ "{\"anyone\":true}", "192.0.2.1", "", "", 0 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const struct request r =
			request_from(rows[i].client, rows[i].cert, rows[i].context);
		char json[300];
		struct account *account;
		unsigned rank = 0;

		snprintf(json, sizeof(json), "{\"identity\":%s}", rows[i].identity);
		account = fixture_account(json);
		suite_row("%s of %s", rows[i].client, rows[i].identity);
		SUITE_INT_EQUAL(identity_matches(account->identity, &r, &rank), rows[i].rank > 0);
		if (rows[i].rank > 0)
			SUITE_INT_EQUAL(rank, rows[i].rank);
		account_unref(&account);
	}
}

static bool learn(struct identities *t, const char *login, const char *json)
{
	struct account *account = json ? fixture_account(json) : NULL;
	bool learned = identities_learn(t, login, account);

	account_unref(&account);
	return learned;
}

static const char *found(const struct identities *t, const char *client, const char *cert)
{
	const struct request r = request_from(client, cert, "");
	const char *login = "nobody";

	return identities_find(t, &r, &login) ? login : "";
}

static void test_find(void)
{
	struct identities *t = identities_new();

	SUITE_TEXT_EQUAL(found(t, "192.0.2.1", ""), "");
	learn(t, "wide", "{\"identity\":{\"networks\":[\"192.0.2.0/24\"]}}");
	learn(t, "narrow", "{\"identity\":{\"networks\":[\"192.0.2.0/28\"]}}");
	learn(t, "cert", "{\"identity\":{\"networks\":[\"192.0.0.0/16\"],\"client_certs\":[\"AB\"]}}");
	learn(t, "zwilling", "{\"identity\":{\"networks\":[\"192.0.2.0/28\"]}}");
	learn(t, "alice", "{}");
	SUITE_INT_EQUAL(identities_count(t), 4);
	SUITE_TEXT_EQUAL(found(t, "192.0.2.1", ""), "narrow");
	SUITE_TEXT_EQUAL(found(t, "192.0.2.200", ""), "wide");
	SUITE_TEXT_EQUAL(found(t, "192.0.2.1", "AB"), "cert");
	SUITE_TEXT_EQUAL(found(t, "198.51.100.1", "AB"), "");
	learn(t, "narrow", "{\"identity\":{\"networks\":[\"198.51.100.0/24\"]}}");
	SUITE_TEXT_EQUAL(found(t, "192.0.2.1", ""), "zwilling");
	SUITE_TEXT_EQUAL(found(t, "198.51.100.1", "AB"), "narrow");
	learn(t, "zwilling", "{}");
	learn(t, "wide", NULL);
	SUITE_TEXT_EQUAL(found(t, "192.0.2.1", ""), "");
	identities_free(&t);
}

static void test_complete(void)
{
	struct identities *t = identities_new();

	SUITE_TRUE(!identities_complete(t));
	identities_expect(t, "a");
	identities_expect(t, "a");
	identities_expect(t, "b");
	identities_expect(t, "c");
	identities_listed(t);
	SUITE_TRUE(!identities_complete(t));
	SUITE_TEXT_EQUAL(found(t, "192.0.2.1", ""), "");
	learn(t, "a", "{\"identity\":{\"networks\":[\"192.0.2.0/24\"]}}");
	learn(t, "b", NULL);
	SUITE_TRUE(!identities_complete(t));
	identities_give_up(t, "a");
	identities_give_up(t, "c");
	SUITE_TRUE(identities_complete(t));
	SUITE_INT_EQUAL(identities_count(t), 1);
	identities_clear(t);
	SUITE_TRUE(!identities_complete(t));
	identities_free(&t);
}

static void test_bound(void)
{
	struct identities *t = identities_new();
	char login[32];

	for (int i = 0; i <= IDENTITIES_MAX; i++) {
		snprintf(login, sizeof(login), "printer%d", i);
		learn(t, login, "{\"identity\":{\"networks\":[\"192.0.2.0/24\"]}}");
	}
	SUITE_INT_EQUAL(identities_count(t), IDENTITIES_MAX);
	SUITE_TRUE(!learn(t, "rose", "{\"identity\":{\"networks\":[\"192.0.2.0/24\"]}}"));
	SUITE_TRUE(learn(t, "rose", "{}"));
	SUITE_TRUE(learn(t, "printer0", "{\"identity\":{\"networks\":[\"192.0.2.0/28\"]}}"));
	identities_free(&t);
}

static void test_overlap(void)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} rows[] = {
		{ "{\"networks\":[\"192.0.2.0/24\"]}", "{\"networks\":[\"192.0.2.16/28\"]}", true },
		{ "{\"networks\":[\"192.0.2.0/28\"]}", "{\"networks\":[\"192.0.2.16/28\"]}", false },
		{ "{\"networks\":[\"192.0.2.0/28\"]}", "{\"client_certs\":[\"AB\"]}", true },
		{ "{\"client_certs\":[\"AB\"]}", "{\"client_certs\":[\"AC\"]}", false },
		{ "{\"client_certs\":[\"AB\"]}", "{\"client_certs\":[\"AC\",\"ab\"]}", true },
		{ "{\"networks\":[\"192.0.2.0/28\"],\"contexts\":[\"a\"]}",
		  "{\"networks\":[\"192.0.2.0/28\"],\"contexts\":[\"b\"]}", false },
		{ "{\"networks\":[\"10.0.0.0/8\"]}", "{\"networks\":[\"2001:db8::/32\"]}", false },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct account *a, *b;
		char json[200];

		snprintf(json, sizeof(json), "{\"identity\":%s}", rows[i].a);
		a = fixture_account(json);
		snprintf(json, sizeof(json), "{\"identity\":%s}", rows[i].b);
		b = fixture_account(json);
		suite_row("%s %s", rows[i].a, rows[i].b);
		SUITE_INT_EQUAL(identity_overlap(a->identity, b->identity), rows[i].overlap);
		SUITE_INT_EQUAL(identity_overlap(b->identity, a->identity), rows[i].overlap);
		account_unref(&a);
		account_unref(&b);
	}
}

static const struct suite_test tests[] = {
	{ "a session is an identity's when all its criteria are met", test_matches },
	{ "more criteria win, then the longer prefix, then the name", test_find },
	{ "the table tells whether all identities are known", test_complete },
	{ "the table is bounded", test_bound },
	{ "two identities overlap when one session may be both's", test_overlap },
};

int main(void)
{
	return suite_run("identity", tests, SUITE_LEN(tests));
}
