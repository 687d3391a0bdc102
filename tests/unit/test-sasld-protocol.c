#define _GNU_SOURCE /* memmem(3) */

#include "sasld/protocol.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define HELLO "VERSION\t1\t0\nCPID\t4711\n"
/* As Postfix 3.7 and 3.10 send it. */
#define AUTH                                                                                     \
	"AUTH\t1\tPLAIN\tservice=smtp\tnologin\tlip=198.51.100.7\trip=192.0.2.1\tsecured\tresp=" \
	"AGEAYg==\n"

static struct protocol protocol;
static struct protocol_request request;

static void begin(void)
{
	protocol_fini(&protocol);
	protocol_init(&protocol);
}

static void feed(const char *bytes)
{
	size_t size, len = strlen(bytes);
	char *room = protocol_room(&protocol, &size);

	SUITE_TRUE(size >= len);
	memcpy(room, bytes, len);
	protocol_filled(&protocol, len);
}

/* The first one that is not PROTOCOL_NOTHING. */
static enum protocol_result next(void)
{
	enum protocol_result result;

	do
		result = protocol_next(&protocol, &request);
	while (result == PROTOCOL_REQUEST && request.command == PROTOCOL_NOTHING);
	return result;
}

static void expect_auth(void)
{
	SUITE_INT_EQUAL(next(), PROTOCOL_REQUEST);
	SUITE_INT_EQUAL(request.command, PROTOCOL_AUTH);
	SUITE_INT_EQUAL(request.id, 1);
	SUITE_TEXT_EQUAL(request.mechanism, "PLAIN");
	SUITE_TEXT_EQUAL(request.service, "smtp");
	SUITE_TEXT_EQUAL(request.client_address, "192.0.2.1");
	SUITE_TRUE(request.secured);
	SUITE_TEXT_EQUAL(request.data, "AGEAYg==");
}

static void test_postfix(void)
{
	begin();
	feed(HELLO AUTH "CONT\t2\tabc=\nCONT\t3\t\nCONT\t4\nCANCEL\t5\n");
	expect_auth();
	for (uint32_t i = 2; i < 5; i++) {
		SUITE_INT_EQUAL(next(), PROTOCOL_REQUEST);
		SUITE_INT_EQUAL(request.command, PROTOCOL_CONT);
		SUITE_INT_EQUAL(request.id, i);
		SUITE_TEXT_EQUAL(request.data, i == 2 ? "abc=" : "");
	}
	SUITE_INT_EQUAL(next(), PROTOCOL_REQUEST);
	SUITE_INT_EQUAL(request.command, PROTOCOL_CANCEL);
	SUITE_INT_EQUAL(next(), PROTOCOL_MORE);
	SUITE_TRUE(!protocol_in_request(&protocol));
}

static void test_pieces(void)
{
	const char *text = HELLO AUTH;
	char piece[2] = "";

	begin();
	for (; text[1]; text++) {
		piece[0] = *text;
		feed(piece);
		SUITE_INT_EQUAL(next(), PROTOCOL_MORE);
	}
	feed(text);
	expect_auth();
}

static void test_parameters(void)
{
	begin();
	feed(HELLO "AUTH\t7\tLOGIN\n"
		   "AUTH\t8\tx\tsecured=tls\ttls_protocol=TLSv1.3\tresp=\n"
		   "AUTH\t9\tx\tunsecured\trip=2001:db8::1\tresp\n");
	SUITE_INT_EQUAL(next(), PROTOCOL_REQUEST);
	SUITE_TRUE(!request.secured && !request.data);
	SUITE_TEXT_EQUAL(request.client_address, "");
	SUITE_INT_EQUAL(next(), PROTOCOL_REQUEST);
	SUITE_TRUE(request.secured);
	SUITE_TEXT_EQUAL(request.tls_protocol, "TLSv1.3");
	SUITE_TEXT_EQUAL(request.data, "");
	SUITE_INT_EQUAL(next(), PROTOCOL_REQUEST);
	SUITE_TRUE(!request.secured && !request.data);
	SUITE_TEXT_EQUAL(request.client_address, "2001:db8::1");
}

static void test_faults(void)
{
	static const char *const rows[] = {
		"AUTH\t1\tPLAIN\n",
		"CONT\t1\tabc\n",
		"VERSION\t2\t0\n",
		"VERSION\n",
		HELLO "AUTH\n",
		HELLO "AUTH\t1\n",
		HELLO "AUTH\tx\tPLAIN\n",
		HELLO "AUTH\t-1\tPLAIN\n",
		HELLO "AUTH\t4294967296\tPLAIN\n",
		HELLO "AUTH\t\tPLAIN\n",
		HELLO "CONT\n",
		HELLO "CANCEL\n",
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i]);
		begin();
		feed(rows[i]);
		SUITE_INT_EQUAL(next(), PROTOCOL_BAD);
		SUITE_TRUE(protocol_fault(&protocol) != NULL);
		SUITE_INT_EQUAL(next(), PROTOCOL_BAD);
	}
}

static void test_long_line(void)
{
	size_t size;
	char *room;

	begin();
	room = protocol_room(&protocol, &size);
	SUITE_INT_EQUAL((long long)size, PROTOCOL_LINE_MAX + 1);
	memset(room, 'x', size);
	protocol_filled(&protocol, size);
	SUITE_INT_EQUAL(next(), PROTOCOL_BAD);
	begin();
	room = protocol_room(&protocol, &size);
	memset(room, 'x', size - 1);
	room[size - 1] = '\n';
	protocol_filled(&protocol, size);
	SUITE_INT_EQUAL(next(), PROTOCOL_MORE);
}

static void test_wiped(void)
{
	begin();
	feed(HELLO AUTH);
	expect_auth();
	SUITE_INT_EQUAL(next(), PROTOCOL_MORE);
	SUITE_TRUE(!memmem(protocol.data, sizeof(protocol.data), "AGEAYg", 6));
	feed("CONT\t1\tsecret");
	protocol_fini(&protocol);
	SUITE_TRUE(!memmem(protocol.data, sizeof(protocol.data), "secret", 6));
}

static void test_answers(void)
{
	char out[PROTOCOL_ANSWER_MAX], big[2 * PROTOCOL_ANSWER_MAX];

	protocol_mech("LOGIN", PROTOCOL_PLAINTEXT, out);
	SUITE_TEXT_EQUAL(out, "MECH\tLOGIN\tplaintext\n");
	protocol_mech("SCRAM-SHA-256", PROTOCOL_DICTIONARY | PROTOCOL_MUTUAL, out);
	SUITE_TEXT_EQUAL(out, "MECH\tSCRAM-SHA-256\tdictionary\tmutual-auth\n");
	protocol_done(12, 3, "c0", out);
	SUITE_TEXT_EQUAL(out, "SPID\t12\nCUID\t3\nCOOKIE\tc0\nDONE\n");
	protocol_continue(5, "", out);
	SUITE_TEXT_EQUAL(out, "CONT\t5\t\n");
	protocol_ok(4294967295U, "a b", out);
	SUITE_TEXT_EQUAL(out, "OK\t4294967295\tuser=a b\n");
	protocol_fail(1, "", "", out);
	SUITE_TEXT_EQUAL(out, "FAIL\t1\n");
	protocol_fail(1, "u", "not\tone\nline", out);
	SUITE_TEXT_EQUAL(out, "FAIL\t1\tuser=u\treason=not one line\n");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	SUITE_INT_EQUAL((long long)protocol_fail(1, "", big, out), PROTOCOL_ANSWER_MAX - 1);
	SUITE_INT_EQUAL(out[PROTOCOL_ANSWER_MAX - 2], '\n');
}

static const struct suite_test tests[] = {
	{ "what Postfix sends is read", test_postfix },
	{ "it does not matter in which pieces it comes", test_pieces },
	{ "parameters may be missing, empty or unknown", test_parameters },
	{ "what is no request is a fault, and stays one", test_faults },
	{ "a line has an end", test_long_line },
	{ "what has been read is wiped", test_wiped },
	{ "an answer is one line, whatever is in it", test_answers },
};

int main(void)
{
	return suite_run("sasld-protocol", tests, SUITE_LEN(tests));
}
