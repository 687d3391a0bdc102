#include "base/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define TEN "1234567890"
#define PATH_100 "/234567890" TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *text, *canonical;
	enum endpoint_kind kind;
	const char *name; /* path or host */
	uint16_t port;
} good[] = {
	{ "unix:/run/redis.sock", "unix:/run/redis.sock", ENDPOINT_UNIX, "/run/redis.sock", 0 },
	{ "unix:/with space:and=more", "unix:/with space:and=more", ENDPOINT_UNIX,
	  "/with space:and=more", 0 },
	{ "unix:" PATH_100 "1234567", "unix:" PATH_100 "1234567", ENDPOINT_UNIX, PATH_100 "1234567",
	  0 },
	{ "inet:127.0.0.1:6379", "inet:127.0.0.1:6379", ENDPOINT_INET, "127.0.0.1", 6379 },
	{ "inet:redis_1.example.org:1", "inet:redis_1.example.org:1", ENDPOINT_INET,
	  "redis_1.example.org", 1 },
	{ "inet:localhost:65535", "inet:localhost:65535", ENDPOINT_INET, "localhost", 65535 },
	{ "inet:[::1]:10031", "inet:[::1]:10031", ENDPOINT_INET, "::1", 10031 },
	{ "inet:[2001:DB8:0:0:0:0:0:1]:25", "inet:[2001:db8::1]:25", ENDPOINT_INET, "2001:db8::1",
	  25 },
	{ "tls:redis.example.org:6380", "tls:redis.example.org:6380", ENDPOINT_TLS,
	  "redis.example.org", 6380 },
	{ "tls:[::]:06380", "tls:[::]:6380", ENDPOINT_TLS, "::", 6380 },
};

static void test_good(void)
{
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint endpoint, again;
	const char *reason;
	size_t i;

	for (i = 0; i < SUITE_LEN(good); i++) {
		suite_row("%s", good[i].text);
		reason = "";
		SUITE_TRUE(endpoint_parse(good[i].text, &endpoint, &reason));
		SUITE_TEXT_EQUAL(reason, "");
		SUITE_INT_EQUAL(endpoint.kind, good[i].kind);
		SUITE_TEXT_EQUAL(endpoint.kind == ENDPOINT_UNIX ? endpoint.path : endpoint.host,
				 good[i].name);
		SUITE_INT_EQUAL(endpoint.port, good[i].port);
		endpoint_format(&endpoint, text);
		SUITE_TEXT_EQUAL(text, good[i].canonical);
		SUITE_TRUE(endpoint_parse(text, &again, &reason));
		SUITE_TRUE(endpoint_equal(&endpoint, &again));
	}
}

static const struct {
	const char *text, *reason;
} bad[] = {
	{ "", "must be unix:/path, inet:host:port or tls:host:port" },
	{ "/run/redis.sock", "must be unix:/path, inet:host:port or tls:host:port" },
	{ "127.0.0.1:6379", "must be unix:/path, inet:host:port or tls:host:port" },
	{ "UNIX:/x", "must be unix:/path, inet:host:port or tls:host:port" },
	{ "unix:", "a unix socket needs an absolute path: unix:/path" },
	{ "unix:private/x", "a unix socket needs an absolute path: unix:/path" },
	{ "unix:/run/", "the path of a unix socket may not end with a slash" },
	{ "unix:" PATH_100 "12345678", "the path of a unix socket is at most 107 bytes long" },
	{ "inet:", "a port is missing: host:port" },
	{ "inet:6379", "a port is missing: host:port" },
	{ "inet::6379", "the host is missing" },
	{ "inet:host:", "the port must be a number from 1 to 65535" },
	{ "inet:host:0", "the port must be a number from 1 to 65535" },
	{ "inet:host:65536", "the port must be a number from 1 to 65535" },
	{ "inet:host:100000", "the port must be a number from 1 to 65535" },
	{ "inet:host:-1", "the port must be a number from 1 to 65535" },
	{ "inet:host:25x", "the port must be a number from 1 to 65535" },
	{ "inet:host: 25", "the port must be a number from 1 to 65535" },
	{ "inet:::1:25", "an IPv6 address needs brackets: [address]:port" },
	{ "inet:[::1]", "a port must follow: [address]:port" },
	{ "inet:[::1:25", "the \"[\" before the IPv6 address is not closed" },
	{ "inet:[127.0.0.1]:25", "not an IPv6 address between the brackets" },
	{ "inet:[]:25", "not an IPv6 address between the brackets" },
	{ "inet:256.1.1.1:25", "not an IPv4 address" },
	{ "inet:127.1:25", "not an IPv4 address" },
	{ "inet:a b:25", "not a host name" },
	{ "inet:-x:25", "not a host name" },
	{ "inet:*:25", "not a host name" },
};

static void test_bad(void)
{
	struct endpoint endpoint;
	const char *reason;
	size_t i;

	for (i = 0; i < SUITE_LEN(bad); i++) {
		suite_row("%s", bad[i].text);
		reason = "";
		SUITE_TRUE(!endpoint_parse(bad[i].text, &endpoint, &reason));
		SUITE_TEXT_EQUAL(reason, bad[i].reason);
	}
}

static void test_long_host(void)
{
	struct endpoint endpoint;
	const char *reason;
	char text[400];
	int len;

	for (len = ENDPOINT_HOST_MAX; len <= ENDPOINT_HOST_MAX + 1; len++) {
		snprintf(text, sizeof(text), "inet:%0*d.x:25", len - 2, 0);
		SUITE_INT_EQUAL(endpoint_parse(text, &endpoint, &reason), len <= ENDPOINT_HOST_MAX);
	}
	SUITE_TEXT_EQUAL(reason, "the host name is longer than 255 bytes");
}

static void test_equal(void)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} pairs[] = {
		{ "unix:/a", "unix:/a", true },		{ "unix:/a", "unix:/A", false },
		{ "inet:HOST:1", "inet:host:1", true }, { "inet:host:1", "inet:host:2", false },
		{ "inet:host:1", "tls:host:1", false }, { "inet:[::1]:1", "inet:[0::0:1]:1", true },
		{ "inet:x:1", "unix:/x", false },
	};
	struct endpoint a, b;
	const char *reason;
	size_t i;

	for (i = 0; i < SUITE_LEN(pairs); i++) {
		suite_row("%s %s", pairs[i].a, pairs[i].b);
		SUITE_TRUE(endpoint_parse(pairs[i].a, &a, &reason));
		SUITE_TRUE(endpoint_parse(pairs[i].b, &b, &reason));
		SUITE_INT_EQUAL(endpoint_equal(&a, &b), pairs[i].equal);
	}
}

static void test_exposed(void)
{
	static const struct {
		const char *text;
		bool exposed;
	} rows[] = {
		{ "unix:/a", false },
		{ "inet:127.0.0.1:1", false },
		{ "inet:127.255.255.254:1", false },
		{ "inet:[::1]:1", false },
		{ "inet:[::ffff:127.0.0.1]:1", false },
		{ "inet:LocalHost:1", false },
		{ "inet:0.0.0.0:1", true },
		{ "inet:128.0.0.1:1", true },
		{ "inet:[::]:1", true },
		{ "inet:[fe80::1]:1", true },
		{ "inet:[2001:db8::1]:1", true },
		{ "inet:[::ffff:192.0.2.1]:1", true },
		{ "inet:localhost.example.com:1", true },
	};
	struct endpoint endpoint;
	const char *reason;

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].text);
		SUITE_TRUE(endpoint_parse(rows[i].text, &endpoint, &reason));
		SUITE_INT_EQUAL(endpoint_is_exposed(&endpoint), rows[i].exposed);
	}
}

static const struct suite_test tests[] = {
	{ "an endpoint is read, and written so that it reads the same", test_good },
	{ "what is no endpoint is refused with the reason", test_bad },
	{ "a host name is at most 255 bytes long", test_long_host },
	{ "endpoints are compared by what they mean", test_equal },
	{ "other hosts may reach what is neither a file nor this host's own", test_exposed },
};

int main(void)
{
	return suite_run("endpoint", tests, SUITE_LEN(tests));
}
