#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/protocol.h"
#include "tests/unit/suite.h"

/* As Postfix 3.7.11 and 3.10.13 send them. */
#define ATTRIBUTES_3_7                               \
	"request=smtpd_access_policy\n"              \
	"protocol_state=RCPT\n"                      \
	"protocol_name=ESMTP\n"                      \
	"client_address=192.0.2.1\n"                 \
	"client_name=unknown\n"                      \
	"client_port=34567\n"                        \
	"reverse_client_name=unknown\n"              \
	"server_address=198.51.100.7\n"              \
	"server_port=587\n"                          \
	"helo_name=a=b?c\n"                          \
	"sender=alice@example.org\n"                 \
	"recipient=r=1@example.net\n"                \
	"recipient_count=0\n"                        \
	"queue_id=0BFF7A7A009\n"                     \
	"instance=1153.6b006db0.8cdf9.0\n"           \
	"size=12345\n"                               \
	"etrn_domain=\n"                             \
	"stress=\n"                                  \
	"sasl_method=PLAIN\n"                        \
	"sasl_username=alice@example.org\n"          \
	"sasl_sender=\n"                             \
	"ccert_subject=\n"                           \
	"ccert_issuer=\n"                            \
	"ccert_fingerprint=\n"                       \
	"ccert_pubkey_fingerprint=\n"                \
	"encryption_protocol=TLSv1.3\n"              \
	"encryption_cipher=TLS_AES_256_GCM_SHA384\n" \
	"encryption_keysize=256\n"                   \
	"policy_context=\n"
#define REQUEST_3_7 ATTRIBUTES_3_7 "\n"
#define REQUEST_3_10 ATTRIBUTES_3_7 "compatibility_level=3.6\nmail_version=3.10.13\n\n"

#define MINIMAL "request=smtpd_access_policy\n"

static struct protocol protocol;
static const struct policy_request *request;

static void feed(const char *bytes, size_t len)
{
	size_t size;
	char *room = protocol_room(&protocol, &size);

	SUITE_TRUE(size >= len);
	memcpy(room, bytes, len);
	protocol_filled(&protocol, len);
}

static const char *value(enum attribute attribute)
{
	return request->values[attribute].text;
}

static void expect_alice(void)
{
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_REQUEST), "smtpd_access_policy");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_PROTOCOL_STATE), "RCPT");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_CLIENT_ADDRESS), "192.0.2.1");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_SENDER), "alice@example.org");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_RECIPIENT), "r=1@example.net");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_RECIPIENT_COUNT), "0");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_QUEUE_ID), "0BFF7A7A009");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_INSTANCE), "1153.6b006db0.8cdf9.0");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_SIZE), "12345");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_SASL_USERNAME), "alice@example.org");
}

static void split_everywhere(const char *text)
{
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++) {
		suite_row("split after %zu bytes", i);
		protocol_init(&protocol);
		feed(text, i);
		SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_MORE);
		SUITE_INT_EQUAL(protocol_in_request(&protocol), i > 0);
		feed(text + i, len - i);
		SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
		expect_alice();
		SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_MORE);
		SUITE_TRUE(!protocol_in_request(&protocol));
	}
}

static void test_split_3_7(void)
{
	split_everywhere(REQUEST_3_7);
}

static void test_split_3_10(void)
{
	split_everywhere(REQUEST_3_10);
}

static void test_bytewise(void)
{
	static const char text[] = REQUEST_3_10;
	size_t i;

	protocol_init(&protocol);
	for (i = 0; i + 2 < sizeof(text); i++) {
		feed(text + i, 1);
		SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_MORE);
	}
	feed("\n", 1);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
	expect_alice();
}

static void test_pipelined(void)
{
	int i;

	protocol_init(&protocol);
	feed(REQUEST_3_7 REQUEST_3_10 REQUEST_3_7 "request=smt",
	     3 * strlen(REQUEST_3_7) + strlen("compatibility_level=3.6\nmail_version=3.10.13\n") +
		     strlen("request=smt"));
	for (i = 0; i < 3; i++) {
		SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
		SUITE_TRUE(!protocol_in_request(&protocol));
		expect_alice();
	}
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_MORE);
	SUITE_TRUE(protocol_in_request(&protocol));
	feed("pd_access_policy\nsender=\n\n", strlen("pd_access_policy\nsender=\n\n"));
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_SENDER), "");
	SUITE_TRUE(request->values[ATTRIBUTE_SENDER].given);
	SUITE_TRUE(!request->values[ATTRIBUTE_SASL_USERNAME].given);
}

/* A lent request stays where it is while more comes in. */
static void test_lent_stays(void)
{
	size_t size;

	protocol_init(&protocol);
	feed(REQUEST_3_7, strlen(REQUEST_3_7));
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
	while (protocol_room(&protocol, &size) && size > 0)
		feed("x", 1);
	expect_alice();
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_BAD);
	SUITE_TEXT_EQUAL(protocol_fault(&protocol), "a line is longer than 8192 bytes");
}

static void test_many(void)
{
	int i;

	protocol_init(&protocol);
	for (i = 0; i < 1000; i++) {
		suite_row("request %d", i);
		feed(REQUEST_3_7, strlen(REQUEST_3_7));
		SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
		expect_alice();
		SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_MORE);
	}
}

static void test_values(void)
{
	static const char text[] = "size=1\n" MINIMAL "sender=a=b=c\nSENDER=x\nsender =x\n"
				   "recipient= \x01\t\xff \nsasl_username=a\0b\nsize=2\n"
				   "unheard_of=1\nsize\0x=3\n\n";

	protocol_init(&protocol);
	feed(text, sizeof(text) - 1);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_SENDER), "a=b=c");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_RECIPIENT), " \x01\t\xff ");
	SUITE_TEXT_EQUAL(value(ATTRIBUTE_SIZE), "2");
	SUITE_INT_EQUAL(request->values[ATTRIBUTE_SASL_USERNAME].len, 3);
	SUITE_TRUE(memcmp(value(ATTRIBUTE_SASL_USERNAME), "a\0b", 4) == 0);
}

static void expect_bad(const char *text, size_t len, const char *fault)
{
	size_t half = len / 2;

	suite_row("%.40s...", text);
	protocol_init(&protocol);
	feed(text, half);
	protocol_next(&protocol, &request);
	feed(text + half, len - half);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_BAD);
	SUITE_TEXT_EQUAL(protocol_fault(&protocol), fault);
	/* For good. */
	feed("\n" MINIMAL "\n", strlen(MINIMAL) + 2);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_BAD);
}

static void test_malformed(void)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{ "\n", "there is no request attribute" },
		{ "sender=a\n\n", "there is no request attribute" },
		{ "request=\n\n", "the request is not smtpd_access_policy" },
		{ "request=junk\n\n", "the request is not smtpd_access_policy" },
		{ "request=smtpd_access_policy2\n\n", "the request is not smtpd_access_policy" },
		{ "GET / HTTP/1.0\n", "a line has no \"=\"" },
		{ MINIMAL "sender\n\n", "a line has no \"=\"" },
		{ MINIMAL "\r\n", "a line has no \"=\"" },
		{ MINIMAL "=value\n\n", "an attribute has no name" },
	};
	size_t i;

	for (i = 0; i < SUITE_LEN(rows); i++)
		expect_bad(rows[i].text, strlen(rows[i].text), rows[i].fault);
}

/* A line of len bytes without its LF. */
static size_t put_line(char *at, const char *name, size_t len)
{
	size_t start = (size_t)sprintf(at, "%s=", name);

	memset(at + start, 'x', len - start);
	at[len] = '\n';
	return len + 1;
}

static void test_line_limit(void)
{
	static char text[3 * PROTOCOL_LINE_MAX];
	size_t len, n = (size_t)sprintf(text, "%s", MINIMAL);

	len = n + put_line(text + n, "sender", PROTOCOL_LINE_MAX);
	text[len++] = '\n';
	protocol_init(&protocol);
	feed(text, len);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
	SUITE_INT_EQUAL(request->values[ATTRIBUTE_SENDER].len, PROTOCOL_LINE_MAX - 7);
	len = n + put_line(text + n, "sender", PROTOCOL_LINE_MAX + 1);
	text[len++] = '\n';
	expect_bad(text, len, "a line is longer than 8192 bytes");
	/* Also before its end has come. */
	expect_bad(text, len - 2, "a line is longer than 8192 bytes");
}

static void test_attribute_limit(void)
{
	static char text[PROTOCOL_REQUEST_MAX];
	size_t len = (size_t)sprintf(text, "%s", MINIMAL);
	int i;

	for (i = 1; i < PROTOCOL_ATTRIBUTES_MAX; i++)
		len += (size_t)sprintf(text + len, "a%d=\n", i);
	protocol_init(&protocol);
	feed(text, len);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_MORE);
	feed("\n", 1);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
	len += (size_t)sprintf(text + len, "one_more=\n\n");
	expect_bad(text, len, "more than 200 attributes");
}

static void test_request_limit(void)
{
	static char text[PROTOCOL_REQUEST_MAX + 16];
	size_t len = (size_t)sprintf(text, "%s", MINIMAL), rest;

	while ((rest = PROTOCOL_REQUEST_MAX - 1 - len) > 4096)
		len += put_line(text + len, "sender", 4000);
	len += put_line(text + len, "sender", rest - 1);
	text[len++] = '\n';
	SUITE_INT_EQUAL(len, PROTOCOL_REQUEST_MAX);
	protocol_init(&protocol);
	feed(text, len);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_REQUEST);
	text[len - 1] = 'y';
	protocol_init(&protocol);
	feed(text, len);
	SUITE_INT_EQUAL(protocol_next(&protocol, &request), PROTOCOL_BAD);
	SUITE_TEXT_EQUAL(protocol_fault(&protocol), "the request is longer than 32768 bytes");
}

static const struct suite_test tests[] = {
	{ "a request of Postfix 3.7 may be split after any byte", test_split_3_7 },
	{ "a request of Postfix 3.10 may be split after any byte", test_split_3_10 },
	{ "a request may come byte by byte", test_bytewise },
	{ "several requests may come in one read", test_pipelined },
	{ "a lent request stays where it is", test_lent_stays },
	{ "a connection may ask for ever", test_many },
	{ "a value may hold anything but a line end", test_values },
	{ "what is not a request is refused with a reason", test_malformed },
	{ "a line has a limit", test_line_limit },
	{ "the number of attributes has a limit", test_attribute_limit },
	{ "a request has a limit", test_request_limit },
};

int main(void)
{
	return suite_run("policy-protocol", tests, SUITE_LEN(tests));
}
