/* Packets of the milter protocol, and what the protocol makes of them. */
#include "milter/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "milter/protocol.h"
#include "tests/unit/suite.h"

/* ---- packets ------------------------------------------------------------------ */

static void test_read(void)
{
	static const char bytes[] = "\0\0\0\4Hab\0more";
	struct packet packet;
	size_t size, at = 0;

	for (size_t n = 0; n < 8; n++) {
		suite_row("%zu octets", n);
		SUITE_INT_EQUAL(packet_read(bytes, n, &packet, &size), PACKET_MORE);
		SUITE_INT_EQUAL((long long)size, n < PACKET_HEAD ? PACKET_HEAD : 8);
		SUITE_INT_EQUAL(packet.command, n < PACKET_HEAD ? 0 : 'H');
		SUITE_TRUE(packet.data == NULL);
	}
	SUITE_INT_EQUAL(packet_read(bytes, sizeof(bytes), &packet, &size), PACKET_WHOLE);
	SUITE_INT_EQUAL((long long)size, 8);
	SUITE_INT_EQUAL((long long)packet.len, 3);
	SUITE_TEXT_EQUAL(packet_text(&packet, &at), "ab");
	SUITE_TRUE(packet_text(&packet, &at) == NULL);
}

static void test_sizes(void)
{
	static const struct {
		const char *bytes;
		enum packet_result result;
	} rows[] = {
		{ "\0\0\0\0", PACKET_BAD },	    { "\0\0\0\1", PACKET_MORE },
		{ "\0\4\0\1", PACKET_MORE }, /* PACKET_DATA_MAX and the command */
		{ "\0\4\0\2", PACKET_BAD },	    { "\x7f\xff\xff\xff", PACKET_BAD },
		{ "\xff\xff\xff\xff", PACKET_BAD }, { "GET ", PACKET_BAD },
	};
	struct packet packet;
	size_t size;

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%zu", i);
		SUITE_INT_EQUAL(packet_read(rows[i].bytes, 4, &packet, &size), rows[i].result);
	}
}

static void test_texts(void)
{
	const struct packet packet = { .command = 'M', .data = "a\0\0b", .len = 4 };
	size_t at = 0;

	SUITE_TEXT_EQUAL(packet_text(&packet, &at), "a");
	SUITE_TEXT_EQUAL(packet_text(&packet, &at), "");
	SUITE_TRUE(packet_text(&packet, &at) == NULL); /* it has no end */
	SUITE_INT_EQUAL((long long)at, 3);
}

static void test_numbers(void)
{
	const struct packet packet = { .command = 'O', .data = "\0\0\1\2\0\0", .len = 6 };
	const struct packet empty = { .command = 'O', .data = "", .len = 0 };
	size_t at = 0;

	SUITE_INT_EQUAL(packet_number(&packet, &at), 0x102);
	SUITE_INT_EQUAL(packet_number(&packet, &at), 0);
	SUITE_INT_EQUAL((long long)at, 4);
	at = 0;
	SUITE_INT_EQUAL(packet_number(&empty, &at), 0);
}

static struct packets out;

/* Is this what was written? Empties it. */
static void expect(const char *octets, size_t n)
{
	SUITE_INT_EQUAL((long long)out.len, (long long)n);
	SUITE_TRUE(out.len == n && memcmp(out.bytes, octets, n) == 0);
	packets_fini(&out);
}
#define EXPECT(octets) expect(octets, sizeof(octets) - 1)

static void test_write(void)
{
	packets_begin(&out, 'x');
	packets_number(&out, 1);
	packets_text(&out, "ab");
	packets_add(&out, 'c');
	EXPECT("\0\0\0\x08x\0\0\0\1ab\0\0\0\0\1c");
	packets_fini(&out);
}

static void test_write_much(void)
{
	char text[1000];

	memset(text, 't', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 1000; i++) {
		packets_begin(&out, '-');
		packets_text(&out, text);
	}
	packets_end(&out);
	SUITE_INT_EQUAL((long long)out.len, 1000 * (1000 + PACKET_HEAD));
	SUITE_TRUE(memcmp(out.bytes + 999 * 1005, "\0\0\3\xe9-ttt", 8) == 0);
	packets_fini(&out);
	SUITE_TRUE(out.bytes == NULL && out.len == 0);
}

/* ---- the protocol ------------------------------------------------------------- */

#define OFFER(version, actions, steps)                                                 \
	{                                                                              \
		.command = COMMAND_NEGOTIATE, .data = version actions steps, .len = 12 \
	}
#define ALL_ACTIONS "\0\0\x01\xff"
#define ALL_STEPS "\0\x1f\xff\xff"

static void test_negotiation(void)
{
	static const struct packet postfix = OFFER("\0\0\0\6", ALL_ACTIONS, ALL_STEPS);
	static const struct packet newer = OFFER("\0\0\0\7", ALL_ACTIONS, ALL_STEPS);
	static const char agreed[] = "\0\0\0\x39O\0\0\0\6\0\0\1\x3d\0\x1d\x71\x80"
				     "\0\0\0\2{auth_authen} {tls_version}\0\0\0\0\3i\0\0\0\0\5i";
	uint32_t steps;

	SUITE_TRUE(protocol_negotiate(&postfix, &steps, &out));
	SUITE_INT_EQUAL(steps, 0x1d7180);
	expect(agreed, sizeof(agreed));
	SUITE_TRUE(protocol_negotiate(&newer, &steps, &out));
	expect(agreed, sizeof(agreed));
	packets_fini(&out);
}

static void test_too_old(void)
{
	static const struct packet rows[] = {
		OFFER("\0\0\0\2", "\0\0\0\x3f", "\0\0\0\x7f"),
		OFFER("\0\0\0\6", "\0\0\0\xff", ALL_STEPS), /* no lists of macros */
		{ .command = COMMAND_NEGOTIATE, .data = "", .len = 0 },
	};
	uint32_t steps;

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%zu", i);
		SUITE_TRUE(!protocol_negotiate(&rows[i], &steps, &out));
		SUITE_INT_EQUAL((long long)out.len, 0);
	}
}

/* A server that waits for answers where Postfix does not. */
static void test_waits(void)
{
	static const struct packet offer = OFFER("\0\0\0\6", ALL_ACTIONS, "\0\0\0\0");
	uint32_t few, all = 0x1d7180;

	SUITE_TRUE(protocol_negotiate(&offer, &few, &out));
	SUITE_INT_EQUAL(few, 0);
	packets_fini(&out);
	for (const char *c = "CHMTLNB"; *c; c++) {
		suite_row("%c", *c);
		SUITE_TRUE(protocol_waits(few, *c));
		SUITE_TRUE(!protocol_waits(all, *c));
	}
	for (const char *c = "RUE"; *c; c++)
		SUITE_TRUE(protocol_waits(few, *c) && protocol_waits(all, *c));
	for (const char *c = "ADKQ?"; *c; c++)
		SUITE_TRUE(!protocol_waits(few, *c));
}

static void test_macros(void)
{
	static const char data[] = "R{rcpt_addr}\0r@x\0{i}\0004Q\0odd";
	const struct packet packet = { .command = 'D', .data = data, .len = sizeof(data) };
	const struct packet empty = { .command = 'D', .data = "", .len = 0 };

	SUITE_INT_EQUAL(protocol_macros_for(&packet), 'R');
	SUITE_TEXT_EQUAL(protocol_macro(&packet, "{rcpt_addr}"), "r@x");
	SUITE_TEXT_EQUAL(protocol_macro(&packet, "i"), "4Q");
	SUITE_TEXT_EQUAL(protocol_macro(&packet, "odd"), "");
	SUITE_TEXT_EQUAL(protocol_macro(&packet, "r@x"), "");
	SUITE_INT_EQUAL(protocol_macros_for(&empty), 0);
	SUITE_TEXT_EQUAL(protocol_macro(&empty, "i"), "");
}

static void test_client(void)
{
	static const struct {
		const char *data;
		size_t len;
		const char *client; /* NULL: no such packet */
	} rows[] = {
		{ "host\0004\1\2"
		  "192.0.2.7",
		  18, "192.0.2.7" },
		{ "host\0006\1\2"
		  "2001:db8::1",
		  20, "2001:db8::1" },
		{ "host\0006\1\2"
		  "IPv6:2001:db8::1",
		  25, "2001:db8::1" },
		{ "localhost\0L\0\0/a", 15, "unknown" },
		{ "unknown\0U", 9, "unknown" },
		{ "host", 5, NULL },
		{ "host\0004\1\2", 8, NULL },
		{ "host\0004\1\2"
		  "nonsense",
		  17, NULL },
		{ "host\0004\1\2"
		  "192.0.2.7",
		  17, NULL }, /* it has no end */
		{ "", 0, NULL },
	};
	char client[IP_TEXT_MAX];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const struct packet packet = { 'C', rows[i].data, rows[i].len };

		suite_row("%zu", i);
		SUITE_INT_EQUAL(protocol_client(&packet, client), rows[i].client != NULL);
		if (rows[i].client)
			SUITE_TEXT_EQUAL(client, rows[i].client);
	}
}

static void test_changes(void)
{
	protocol_add_header(&out, "X-A", " b");
	EXPECT("\0\0\0\x08hX-A\0 b\0");
	protocol_change_header(&out, "From", 1, " b");
	EXPECT("\0\0\0\x0dm\0\0\0\1From\0 b\0");
	protocol_change_header(&out, "From", 2, NULL);
	EXPECT("\0\0\0\x0bm\0\0\0\2From\0\0");
	protocol_add_recipient(&out, "a@b");
	EXPECT("\0\0\0\5+a@b\0");
	protocol_delete_recipient(&out, "<A@b>");
	EXPECT("\0\0\0\7-<A@b>\0");
	protocol_quarantine(&out, "why");
	EXPECT("\0\0\0\5qwhy\0");
	packets_fini(&out);
}

static void test_reply(void)
{
	char text[REPLY_TEXT_MAX + 1];

	protocol_reply(&out, "550", "5.7.1", "50% no\r\n250 ok");
	EXPECT("\0\0\0\x1by550 5.7.1 50%% no??250 ok\0");
	memset(text, '%', REPLY_TEXT_MAX);
	text[REPLY_TEXT_MAX] = '\0';
	protocol_reply(&out, "450", "4.7.28", text);
	SUITE_INT_EQUAL((long long)out.len, PACKET_HEAD + 11 + 2 * REPLY_TEXT_MAX + 1);
	packets_fini(&out);
}

static const struct suite_test tests[] = {
	{ "a packet is there when its last octet is", test_read },
	{ "a packet has a command, and not more than the limit", test_sizes },
	{ "texts end with NUL, or are none", test_texts },
	{ "a number that is cut off is 0", test_numbers },
	{ "packets are written one after the other", test_write },
	{ "much may be written, and nothing of it is kept", test_write_much },
	{ "what is agreed on is what is needed", test_negotiation },
	{ "a server that cannot do what is needed is not answered", test_too_old },
	{ "where a server waits it is answered", test_waits },
	{ "macros are found by name", test_macros },
	{ "the client is an address, or unknown", test_client },
	{ "changes of a message are written as libmilter does", test_changes },
	{ "a reply is one line, with each percent sign twice", test_reply },
};

int main(void)
{
	return suite_run("milter-packet", tests, SUITE_LEN(tests));
}
