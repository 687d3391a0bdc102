#include "base/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "tests/unit/suite.h"

static void test_addresses(void)
{
	static const struct {
		const char *text;
		const char *canonical;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:c000:0201", "192.0.2.1" },
		{ "[192.0.2.1]", "192.0.2.1" }, /* RFC 5321 section 4.1.3 */
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },	    /* RFC 5952 section 4 */
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* RFC 5952 section 4.2.2 */
		{ "IPv6:2001:db8::1", "2001:db8::1" },
		{ "ipv6:2001:db8::1", "2001:db8::1" },
		{ "[IPv6:2001:db8::1]", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "IPv6:::ffff:192.0.2.1", "192.0.2.1" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "fe80::1%eth0", "fe80::1" }, /* RFC 4007 section 11 */
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[IP_TEXT_MAX];
		struct ip ip;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(ip_parse(rows[i].text, &ip));
		ip_format(&ip, text);
		SUITE_TEXT_EQUAL(text, rows[i].canonical);
	}
}

static void test_not_addresses(void)
{
	static const char *const rows[] = {
		"",
		"unknown",
		"192.0.2",
		"192.0.2.1.1",
		"192.0.2.256",
		"192.0.02.1",
		" 192.0.2.1",
		"192.0.2.1 ",
		"0xc0000201",
		"3221225985",
		"192.0.2.1/32",
		"[192.0.2.1",
		"192.0.2.1]",
		"[]",
		"[",
		"IPv6:",
		"IPv6:192.0.2.1",
		"[IPv6:]",
		"2001:db8",
		"2001:db8:::1",
		"2001:db8::12345",
		"1:2:3:4:5:6:7:8:9",
		"2001:db8::1%eth0",
		"192.0.2.1%eth0",
		"fe80::1%",
		"[fe80::1%eth0]",
		"::ffff:192.0.2.256",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct ip ip;

		suite_row("%s", rows[i]);
		SUITE_TRUE(!ip_parse(rows[i], &ip));
	}
}

static void test_sockaddr(void)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un other = { .sun_family = AF_UNIX };
	char text[IP_TEXT_MAX];
	struct ip ip;

	inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
	SUITE_TRUE(ip_from_sockaddr((struct sockaddr *)&v4, &ip));
	ip_format(&ip, text);
	SUITE_TEXT_EQUAL(text, "192.0.2.1");

	inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr);
	SUITE_TRUE(ip_from_sockaddr((struct sockaddr *)&v6, &ip));
	ip_format(&ip, text);
	SUITE_TEXT_EQUAL(text, "192.0.2.1");

	inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
	SUITE_TRUE(ip_from_sockaddr((struct sockaddr *)&v6, &ip));
	ip_format(&ip, text);
	SUITE_TEXT_EQUAL(text, "2001:db8::1");

	SUITE_TRUE(!ip_from_sockaddr((struct sockaddr *)&other, &ip));
}

static void test_networks(void)
{
	static const struct {
		const char *text;
		const char *canonical;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "::ffff:192.0.2.0/120", "192.0.2.0/24" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "!192.0.2.0/24", "!192.0.2.0/24" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "::ffff:0.0.0.0/96", "0.0.0.0/0" },
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "192.0.2.128/25", "192.0.2.128/25" },
		{ "192.0.2.254/31", "192.0.2.254/31" },
		{ "2001:DB8::/32", "2001:db8::/32" },
		{ "[2001:db8::]/32", "2001:db8::/32" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:db8::1/128", "2001:db8::1" },
		{ "!2001:db8::1", "!2001:db8::1" },
		{ "::/0", "::/0" },
		{ "2001:db8:8000::/33", "2001:db8:8000::/33" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		char text[NETWORK_TEXT_MAX];
		struct network net, again;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(network_parse(rows[i].text, &net, &reason));
		SUITE_TEXT_EQUAL(reason, NULL);
		network_format(&net, text);
		SUITE_TEXT_EQUAL(text, rows[i].canonical);
		SUITE_TRUE(network_parse(text, &again, &reason));
		SUITE_TRUE(memcmp(&net.base, &again.base, sizeof(net.base)) == 0);
		SUITE_INT_EQUAL(again.prefix, net.prefix);
		SUITE_INT_EQUAL(again.deny, net.deny);
	}
}

static void test_not_networks(void)
{
#define NO_ADDRESS "not an IPv4 or IPv6 address"
#define PREFIX_V4 "the prefix is not a number from 0 to 32"
#define PREFIX_V6 "the prefix is not a number from 0 to 128"
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{ "", "the address is missing" },
		{ "!", "the address is missing" },
		{ "/24", "the address is missing" },
		{ "!!192.0.2.1", NO_ADDRESS },
		{ "! 192.0.2.1", NO_ADDRESS },
		{ "192.0.2/24", NO_ADDRESS },
		{ "example.com", NO_ADDRESS },
		{ "fe80::1%eth0", NO_ADDRESS },
		{ "192.0.2.0/", PREFIX_V4 },
		{ "192.0.2.0/33", PREFIX_V4 },
		{ "192.0.2.0/-1", PREFIX_V4 },
		{ "192.0.2.0/+8", PREFIX_V4 },
		{ "192.0.2.0/255.255.255.0", PREFIX_V4 },
		{ "192.0.2.0/24 ", PREFIX_V4 },
		{ "192.0.2.0/24/24", PREFIX_V4 },
		{ "192.0.2.0/4294967320", PREFIX_V4 },
		{ "2001:db8::/129", PREFIX_V6 },
		{ "2001:db8::/0032", PREFIX_V6 },
		{ "192.0.2.1/24",
		  "192.0.2.1/24 has bits set behind the prefix: did you mean 192.0.2.0/24?" },
		{ "!2001:db8::1/64",
		  "!2001:db8::1/64 has bits set behind the prefix: did you mean !2001:db8::/64?" },
		{ "::ffff:192.0.2.1/120",
		  "::ffff:192.0.2.1/120 has bits set behind the prefix: did you mean 192.0.2.0/24?" },
		{ "192.0.2.0/0",
		  "192.0.2.0/0 has bits set behind the prefix: did you mean 0.0.0.0/0?" },
		{ "::ffff:192.0.2.0/80",
		  "::ffff:192.0.2.0/80 has bits set behind the prefix: did you mean ::/80?" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct network net = { .prefix = 42 };
		const char *reason = NULL;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(!network_parse(rows[i].text, &net, &reason));
		SUITE_TEXT_EQUAL(reason, rows[i].reason);
		SUITE_INT_EQUAL(net.prefix, 42);
	}
}

static void test_contains(void)
{
	static const struct {
		const char *network;
		const char *ip;
		bool inside;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/24", "192.0.1.255", false },
		{ "192.0.2.0/24", "::ffff:192.0.2.7", true },
		{ "::ffff:192.0.2.0/120", "192.0.2.7", true },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "10.0.0.0/9", "10.127.255.255", true },
		{ "10.0.0.0/9", "10.128.0.0", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "192.0.2.1", false },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::", false },
		{ "2001:db8:8000::/33", "2001:db8:7fff::", false },
		{ "2001:db8:8000::/33", "2001:db8:8000::", true },
		{ "2001:db8::1", "2001:db8::1", true },
		{ "2001:db8::1", "2001:db8::2", false },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason;
		struct network net;
		struct ip ip;

		suite_row("%s in %s", rows[i].ip, rows[i].network);
		SUITE_TRUE(network_parse(rows[i].network, &net, &reason));
		SUITE_TRUE(ip_parse(rows[i].ip, &ip));
		SUITE_INT_EQUAL(network_contains(&net, &ip), rows[i].inside);
	}
}

static void test_lists(void)
{
	static const struct {
		const char *list[4];
		const char *ip;
		bool admits;
		int rule;
	} rows[] = {
		{ { NULL }, "192.0.2.1", true, -1 },
		{ { "192.0.2.0/24" }, "192.0.2.1", true, 0 },
		{ { "192.0.2.0/24" }, "198.51.100.1", false, -1 },
		{ { "192.0.2.0/24" }, "2001:db8::1", false, -1 },
		{ { "2001:db8::/32", "192.0.2.0/24" }, "::ffff:192.0.2.1", true, 1 },
		{ { "!192.0.2.0/24" }, "192.0.2.1", false, 0 },
		{ { "!192.0.2.0/24" }, "198.51.100.1", true, -1 },
		{ { "192.0.2.0/24", "!192.0.2.7" }, "192.0.2.7", false, 1 },
		{ { "192.0.2.7", "!192.0.2.0/24" }, "192.0.2.7", false, 1 },
		{ { "192.0.2.0/24", "!192.0.2.7" }, "192.0.2.8", true, 0 },
		{ { "192.0.2.0/24", "!192.0.2.7" }, "198.51.100.1", false, -1 },
		{ { "!0.0.0.0/0", "!::/0" }, "198.51.100.1", false, 0 },
		{ { "!0.0.0.0/0", "!::/0" }, "2001:db8::1", false, 1 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct network list[4];
		const char *reason;
		struct ip ip;
		size_t n = 0;
		int rule = 42;

		suite_row("row %zu: %s", i, rows[i].ip);
		while (n < SUITE_LEN(list) && rows[i].list[n]) {
			SUITE_TRUE(network_parse(rows[i].list[n], &list[n], &reason));
			n++;
		}
		SUITE_TRUE(ip_parse(rows[i].ip, &ip));
		SUITE_INT_EQUAL(network_list_admits(list, n, &ip, &rule), rows[i].admits);
		SUITE_INT_EQUAL(rule, rows[i].rule);
		SUITE_INT_EQUAL(network_list_admits(list, n, &ip, NULL), rows[i].admits);
	}
}

/* Each text of four numbers: with and without leading zeros, too large, too many. */
static void test_as_inet_pton(void)
{
	static const char *const numbers[] = { "",    "0",   "00",  "9",    "09",  "99",
					       "010", "255", "256", "0255", "999", "4294967297" };
	const size_t n = SUITE_LEN(numbers);

	for (size_t i = 0; i < n * n * n; i++) {
		struct in_addr wanted;
		char text[64];
		struct ip ip;
		bool good;

		snprintf(text, sizeof(text), "%s.7.%s.%s", numbers[i % n], numbers[i / n % n],
			 numbers[i / n / n]);
		suite_row("%s", text);
		good = inet_pton(AF_INET, text, &wanted) == 1;
		SUITE_TRUE(ip_parse(text, &ip) == good);
		SUITE_TRUE(!good || memcmp(ip.octets + 12, &wanted, sizeof(wanted)) == 0);
	}
}

static const struct suite_test tests[] = {
	{ "an address is read in every form Postfix writes, and IPv4-mapped is IPv4",
	  test_addresses },
	{ "any other text is not an address", test_not_addresses },
	{ "an IPv4 address is what inet_pton() takes for one", test_as_inet_pton },
	{ "a socket address is the same client as its text", test_sockaddr },
	{ "a network is read, and its canonical text is read as the same network", test_networks },
	{ "a network that is misspelt or has host bits is refused with the reason",
	  test_not_networks },
	{ "a network holds exactly the addresses of its prefix and family", test_contains },
	{ "a deny entry wins, then an allow entry must match where there is one", test_lists },
};

int main(void)
{
	return suite_run("network", tests, SUITE_LEN(tests));
}
