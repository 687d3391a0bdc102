/*
 * The attributes of a policy request in whatever order, some missing, twice or
 * unheard of: what is read of them does not depend on what is expected next.
 */
#include <stdio.h>
#include <string.h>

#include "policy/protocol.h"
#include "tests/unit/suite.h"

/* As Postfix 3.10 sends them. */
static const struct line {
	const char *name, *value;
	int attribute; /* -1: not read */
} lines[] = {
	{ "request", "smtpd_access_policy", ATTRIBUTE_REQUEST },
	{ "protocol_state", "RCPT", ATTRIBUTE_PROTOCOL_STATE },
	{ "protocol_name", "ESMTP", -1 },
	{ "client_address", "192.0.2.1", ATTRIBUTE_CLIENT_ADDRESS },
	{ "client_name", "unknown", -1 },
	{ "client_port", "34567", -1 },
	{ "reverse_client_name", "unknown", -1 },
	{ "server_address", "198.51.100.7", -1 },
	{ "server_port", "587", -1 },
	{ "helo_name", "sender=x", -1 },
	{ "sender", "alice@example.org", ATTRIBUTE_SENDER },
	{ "recipient", "recipient_count=7", ATTRIBUTE_RECIPIENT },
	{ "recipient_count", "0", ATTRIBUTE_RECIPIENT_COUNT },
	{ "queue_id", "0BFF7A7A009", ATTRIBUTE_QUEUE_ID },
	{ "instance", "1153.6b006db0.8cdf9.0", ATTRIBUTE_INSTANCE },
	{ "size", "12345", ATTRIBUTE_SIZE },
	{ "etrn_domain", "", -1 },
	{ "stress", "", -1 },
	{ "sasl_method", "PLAIN", -1 },
	{ "sasl_username", "alice", ATTRIBUTE_SASL_USERNAME },
	{ "sasl_sender", "", -1 },
	{ "ccert_subject", "=", -1 },
	{ "ccert_issuer", "", -1 },
	{ "ccert_fingerprint", "AA:BB", ATTRIBUTE_CCERT_FINGERPRINT },
	{ "ccert_pubkey_fingerprint", "CC:DD", ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT },
	{ "encryption_protocol", "TLSv1.3", ATTRIBUTE_ENCRYPTION_PROTOCOL },
	{ "encryption_cipher", "TLS_AES_256_GCM_SHA384", -1 },
	{ "encryption_keysize", "256", -1 },
	{ "policy_context", "relay", ATTRIBUTE_POLICY_CONTEXT },
	{ "compatibility_level", "3.6", -1 },
	{ "mail_version", "3.10.13", -1 },
};
#define LINES SUITE_LEN(lines)

static struct protocol protocol;
static const struct policy_request *request;

/* A request under construction. */
static char text[8192];
static size_t len;

static void begin(void)
{
	len = 0;
}

static void add(const char *name, const char *value)
{
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s=%s\n", name, value);
}

static void add_line(size_t i)
{
	add(lines[i].name, lines[i].value);
}

static void end(void)
{
	text[len++] = '\n';
	text[len] = '\0';
}

static enum protocol_result feed(const char *bytes, size_t n)
{
	size_t size;
	char *room = protocol_room(&protocol, &size);

	SUITE_TRUE(size >= n);
	memcpy(room, bytes, n);
	protocol_filled(&protocol, n);
	return protocol_next(&protocol, &request);
}

/* All but the line that is missing. */
static void expect_values(size_t missing)
{
	for (size_t i = 0; i < LINES; i++) {
		const struct attribute_value *value;

		if (lines[i].attribute < 0)
			continue;
		value = &request->values[lines[i].attribute];
		SUITE_INT_EQUAL(value->given, i != missing);
		SUITE_TEXT_EQUAL(value->text, i == missing ? "" : lines[i].value);
		SUITE_INT_EQUAL(value->len, strlen(value->text));
	}
}

/* Asked twice on one connection, whole and in two pieces. */
static void expect_request(size_t missing)
{
	size_t half = len / 2;

	protocol_init(&protocol);
	SUITE_INT_EQUAL(feed(text, len), PROTOCOL_REQUEST);
	expect_values(missing);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_MORE);
	SUITE_INT_EQUAL(feed(text, half), PROTOCOL_MORE);
	SUITE_INT_EQUAL(feed(text + half, len - half), PROTOCOL_REQUEST);
	expect_values(missing);
}

static void test_as_sent(void)
{
	begin();
	for (size_t i = 0; i < LINES; i++)
		add_line(i);
	end();
	expect_request(LINES);
}

static void test_swapped(void)
{
	for (size_t a = 0; a < LINES; a++) {
		for (size_t b = a + 1; b < LINES; b++) {
			suite_row("%s and %s", lines[a].name, lines[b].name);
			begin();
			for (size_t i = 0; i < LINES; i++)
				add_line(i == a ? b : i == b ? a : i);
			end();
			expect_request(LINES);
		}
	}
}

static void test_reversed(void)
{
	begin();
	for (size_t i = LINES; i-- > 0;)
		add_line(i);
	end();
	expect_request(LINES);
	for (size_t i = 1; i < len; i++) {
		suite_row("split after %zu bytes", i);
		protocol_init(&protocol);
		SUITE_INT_EQUAL(feed(text, i), PROTOCOL_MORE);
		SUITE_INT_EQUAL(feed(text + i, len - i), PROTOCOL_REQUEST);
		expect_values(LINES);
	}
}

static void test_missing(void)
{
	for (size_t missing = 1; missing < LINES; missing++) {
		suite_row("without %s", lines[missing].name);
		begin();
		for (size_t i = 0; i < LINES; i++)
			if (i != missing)
				add_line(i);
		end();
		expect_request(missing);
	}
}

/* Anywhere before. */
static void test_twice(void)
{
	for (size_t first = 0; first < LINES; first++) {
		for (size_t twice = first; twice < LINES; twice++) {
			suite_row("%s before %s", lines[twice].name, lines[first].name);
			begin();
			for (size_t i = 0; i < LINES; i++) {
				if (i == first)
					add(lines[twice].name, "the first of two");
				add_line(i);
			}
			end();
			expect_request(LINES);
		}
	}
}

static void test_foreign(void)
{
	/* Such as begin like one of ours, or end like one. */
	static const char *const names[] = {
		"tls_sni",  "size ",	      "siz",
		"sizes",    "xsize",	      "\"size\"",
		"Size",	    "recipient_coun", "quota",
		"request.", "instance_",      "ccert_pubkey_fingerprint_of_a_name_longer_than_any"
	};

	for (size_t at = 0; at < LINES; at++) {
		for (size_t n = 0; n < SUITE_LEN(names); n++) {
			suite_row("%s before %s", names[n], lines[at].name);
			begin();
			for (size_t i = 0; i < LINES; i++) {
				if (i == at)
					add(names[n], "sender=eve");
				add_line(i);
			}
			add(names[n], "");
			end();
			expect_request(LINES);
		}
	}
}

/* What one request says is not the next one's. */
static void test_forgotten(void)
{
	static const char second[] = "request=smtpd_access_policy\nsize=1\n\n";

	begin();
	for (size_t i = 0; i < LINES; i++)
		add_line(i);
	end();
	add("sender", "left over");
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", second);
	protocol_init(&protocol);
	SUITE_INT_EQUAL(feed(text, len), PROTOCOL_REQUEST);
	expect_values(LINES);
	for (int i = 0; i < 2; i++) {
		SUITE_INT_EQUAL(i == 0 ? protocol_next(&protocol, &request) :
					 feed(second, strlen(second)),
				PROTOCOL_REQUEST);
		SUITE_TEXT_EQUAL(request->values[ATTRIBUTE_SIZE].text, "1");
		SUITE_INT_EQUAL(request->values[ATTRIBUTE_SENDER].given, i == 0);
		SUITE_TRUE(!request->values[ATTRIBUTE_SASL_USERNAME].given);
		SUITE_TEXT_EQUAL(request->values[ATTRIBUTE_SASL_USERNAME].text, "");
		SUITE_INT_EQUAL(request->values[ATTRIBUTE_SASL_USERNAME].len, 0);
	}
}

/* A fault is found behind any line, expected or not. */
static void test_faults(void)
{
	static const char *const faults[][2] = {
		{ "size\n", "a line has no \"=\"" },
		{ "=size\n", "an attribute has no name" },
	};

	for (size_t at = 0; at <= LINES; at++) {
		for (size_t f = 0; f < SUITE_LEN(faults); f++) {
			suite_row("before line %zu", at);
			begin();
			for (size_t i = 0; i < at; i++)
				add_line(i);
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", faults[f][0]);
			protocol_init(&protocol);
			SUITE_INT_EQUAL(feed(text, len), PROTOCOL_BAD);
			SUITE_TEXT_EQUAL(protocol_fault(&protocol), faults[f][1]);
		}
	}
}

static void test_nul(void)
{
	begin();
	add_line(0);
	add("sasl_username", "a");
	text[len - 1] = '\0';
	len += (size_t)snprintf(text + len, sizeof(text) - len, "b\n\n");
	protocol_init(&protocol);
	SUITE_INT_EQUAL(feed(text, len), PROTOCOL_REQUEST);
	SUITE_INT_EQUAL(request->values[ATTRIBUTE_SASL_USERNAME].len, 3);
	SUITE_TRUE(request->may_hold_nul);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_MORE);
	begin();
	add_line(0);
	end();
	SUITE_INT_EQUAL(feed(text, len), PROTOCOL_REQUEST);
	SUITE_TRUE(!request->may_hold_nul);
}

static const struct suite_test tests[] = {
	{ "what Postfix sends is read", test_as_sent },
	{ "two attributes may change places", test_swapped },
	{ "the last attribute may come first", test_reversed },
	{ "an attribute may be missing", test_missing },
	{ "of an attribute given twice the last counts", test_twice },
	{ "foreign attributes may stand anywhere", test_foreign },
	{ "a request is not filled up with the last one's attributes", test_forgotten },
	{ "a malformed line is found behind any other", test_faults },
	{ "a NUL byte is told of", test_nul },
};

int main(void)
{
	return suite_run("policy-attributes", tests, SUITE_LEN(tests));
}
