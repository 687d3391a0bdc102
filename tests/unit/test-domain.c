#include "base/domain.h"

#include <string.h>

#include "tests/unit/suite.h"

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
	{ "a domain is normalised alone, too", test_domains },
	{ "a domain is recognised in what is shown of it", test_shown },
};

int main(void)
{
	return suite_run("domain", tests, SUITE_LEN(tests));
}
