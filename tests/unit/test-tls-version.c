#include "base/tls_version.h"

#include "tests/unit/suite.h"

static void test_names(void)
{
	static const struct {
		const char *name;
		enum tls_version version;
	} rows[] = {
		{ "", TLS_NONE },	  { "TLSv1.3", TLS_1_3 }, { "TLSv1.2", TLS_1_2 },
		{ "TLSv1.1", TLS_1_1 },	  { "TLSv1", TLS_1_0 },	  { "TLSv1.4", TLS_1_3 },
		{ "TLSv1.0", TLS_OTHER }, { "TLSv2", TLS_OTHER }, { "TLSv1.4x", TLS_OTHER },
		{ "TLSv1.", TLS_OTHER },  { "SSLv3", TLS_OTHER }, { "TLSv1.20", TLS_OTHER },
		{ "QUIC", TLS_OTHER },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].name);
		SUITE_INT_EQUAL(tls_version_of(rows[i].name), rows[i].version);
	}
}

static void test_requirements(void)
{
	static const enum tls_version least[TLS_REQUIREMENTS] = {
		[REQUIRE_NO_TLS] = TLS_NONE,
		[REQUIRE_TLS] = TLS_OTHER,
		[REQUIRE_TLS_1_2] = TLS_1_2,
		[REQUIRE_TLS_1_3] = TLS_1_3,
	};

	for (int v = 0; v < TLS_VERSIONS; v++) {
		enum tls_version again;

		SUITE_TRUE(tls_version_parse(tls_version_name((enum tls_version)v), &again));
		SUITE_INT_EQUAL(again, v);
		for (int r = 0; r < TLS_REQUIREMENTS; r++)
			SUITE_INT_EQUAL(tls_satisfies((enum tls_version)v, (enum tls_requirement)r),
					v >= (int)least[r]);
	}
	for (int r = 0; r < TLS_REQUIREMENTS; r++) {
		enum tls_requirement again;

		SUITE_TRUE(tls_requirement_parse(tls_requirement_name((enum tls_requirement)r),
						 &again));
		SUITE_INT_EQUAL(again, r);
	}
}

static void test_unknown(void)
{
	enum tls_requirement requirement;
	enum tls_version version;

	SUITE_TRUE(!tls_requirement_parse("", &requirement));
	SUITE_TRUE(!tls_requirement_parse("1.1", &requirement));
	SUITE_TRUE(!tls_version_parse("TLSv1.3", &version));
}

static const struct suite_test tests[] = {
	{ "Postfix's names of the protocols are known", test_names },
	{ "a newer version satisfies what an older one does", test_requirements },
	{ "other words are none", test_unknown },
};

int main(void)
{
	return suite_run("tls version", tests, SUITE_LEN(tests));
}
