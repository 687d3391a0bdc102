/* The conversation with a mail server, packet by packet. */
#include "milter/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/protocol.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

static struct talk talk;
static struct config *config;
static bool identities; /* there are some */
static struct packets out;
static struct request question;

/* The words that were written: "y550 5.7.1 no" or "c", with spaces between. */
static char said[512];

static void read_said(void)
{
	size_t used = 0, size;
	struct packet packet;

	said[0] = '\0';
	while (used < out.len &&
	       packet_read(out.bytes + used, out.len - used, &packet, &size) == PACKET_WHOLE) {
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%c%.*s",
			 used ? " " : "", packet.command, (int)packet.len, packet.data);
		used += size;
	}
	SUITE_INT_EQUAL((long long)used, (long long)out.len);
	packets_fini(&out);
}

static enum heard hear(char command, const char *data, size_t len)
{
	const struct packet packet = { command, data, len };
	const struct talk_setting setting = { config, identities, NULL };
	enum heard heard = talk_hear(&talk, &setting, &packet, &out, &question);

	read_said();
	return heard;
}
#define HEAR(command, data) hear(command, data, sizeof(data) - 1)

/* As Postfix offers, or with steps of its own. */
static void begin(const char *settings, const char *steps)
{
	char offer[12] = "\0\0\0\6\0\0\1\xff";

	memcpy(offer + 8, steps, 4);
	config = fixture_config(settings);
	talk = (struct talk){ 0 };
	SUITE_INT_EQUAL(hear('O', offer, sizeof(offer)), HEARD_ON);
	SUITE_INT_EQUAL(said[0], 'O');
}
#define POSTFIX "\0\x1f\xff\xff"
#define WAITING "\0\x10\0\0"

static void end(void)
{
	talk_fini(&talk);
	packets_fini(&out);
	config_unref(&config);
}

static void answer(enum action action, const char *code)
{
	struct answer answer = { .action = action, .xcode = "5.7.1", .text = "no" };

	snprintf(answer.code, sizeof(answer.code), "%s", code);
	SUITE_TRUE(talk_answer(&talk, &question, &answer, &out));
	read_said();
}

#define CONNECT         \
	"host\0004\1\2" \
	"192.0.2.7\0"
#define ALICE "M{auth_authen}\0alice\0{tls_version}\0TLSv1.3\0"

static void envelope(void)
{
	SUITE_INT_EQUAL(HEAR('C', CONNECT), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('D', ALICE), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('M', "<alice@example.org>\0SIZE=10\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('R', "<r@example.net>\0"), HEARD_ASK);
	SUITE_INT_EQUAL(question.stage, STAGE_RCPT);
	SUITE_TEXT_EQUAL(question.recipient, "<r@example.net>");
}

static void test_message(void)
{
	struct originators *originators;

	begin("", POSTFIX);
	envelope();
	SUITE_TEXT_EQUAL(question.client_address, "192.0.2.7");
	SUITE_INT_EQUAL(question.tls, TLS_1_3);
	SUITE_INT_EQUAL(question.size_bytes, 10);
	SUITE_TRUE(talk_originators(&talk, &question) == NULL);
	answer(ACTION_ACCEPT, "");
	SUITE_TEXT_EQUAL(said, "c");
	SUITE_INT_EQUAL(HEAR('D', "Ri\0004Q1\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('R', "<s@example.net>\0"), HEARD_ASK);
	SUITE_TEXT_EQUAL(question.queue_id, "4Q1");
	SUITE_INT_EQUAL(question.recipients, 2);
	answer(ACTION_REFUSE, "550");
	SUITE_TEXT_EQUAL(said, "y550 5.7.1 no");
	SUITE_INT_EQUAL(HEAR('L', "From\0 alice@example.org\0"), HEARD_ON);
	SUITE_INT_EQUAL(hear('B', NULL, 1000), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('D', "Ei\0004Q1\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('E', ""), HEARD_ASK);
	SUITE_TEXT_EQUAL(said, "");
	SUITE_INT_EQUAL(question.recipients, 1);
	SUITE_INT_EQUAL(question.size_bytes, 1027);
	originators = talk_originators(&talk, &question);
	SUITE_INT_EQUAL((long long)originators->n, 1);
	free(originators);
	answer(ACTION_HOLD, "");
	SUITE_TRUE(strstr(said, "qno") != NULL && said[strlen(said) - 1] == 'c');
	talk_end_message(&talk);
	SUITE_TRUE(!talk_in_message(&talk));
	end();
}

static void test_waiting_server(void)
{
	static const char *const commands = "HTNUL";

	begin("", WAITING);
	SUITE_INT_EQUAL(HEAR('C', CONNECT), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "c");
	SUITE_INT_EQUAL(HEAR('M', "<a@b>\0"), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "c");
	for (const char *c = commands; *c; c++) {
		suite_row("%c", *c);
		SUITE_INT_EQUAL(hear(*c, "a\0b", 4), HEARD_ON);
		SUITE_TEXT_EQUAL(said, "c");
	}
	SUITE_INT_EQUAL(hear('B', NULL, 10), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "c");
	for (const char *c = "ADK"; *c; c++) {
		SUITE_INT_EQUAL(hear(*c, "", 0), HEARD_ON);
		SUITE_TEXT_EQUAL(said, "");
	}
	end();
}

/* Who it is the store may know. */
static void test_identities(void)
{
	identities = true;
	begin("", POSTFIX);
	SUITE_INT_EQUAL(HEAR('M', "<a@b>\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('R', "<r@example.net>\0"), HEARD_ASK);
	SUITE_TEXT_EQUAL(question.login, "");
	end();
	identities = false;
}

static void test_left_alone(void)
{
	begin("", POSTFIX);
	SUITE_INT_EQUAL(HEAR('M', "<a@b>\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('R', "<r@example.net>\0"), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "a");
	SUITE_INT_EQUAL(HEAR('E', ""), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "a");
	envelope();
	SUITE_INT_EQUAL(HEAR('A', ""), HEARD_ON);
	SUITE_TRUE(!talk_in_message(&talk));
	end();
}

/* Postfix' non-SMTP mail has it from MAIL on; libmilter would find it at any command. */
static void test_queue_id(void)
{
	begin("", POSTFIX);
	SUITE_INT_EQUAL(HEAR('D', ALICE "i\0004Q1\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('M', "<a@b>\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('R', "<r@example.net>\0"), HEARD_ASK);
	SUITE_TEXT_EQUAL(question.queue_id, "4Q1");
	SUITE_INT_EQUAL(HEAR('M', "<a@b>\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('R', "<r@example.net>\0"), HEARD_ASK);
	SUITE_TEXT_EQUAL(question.queue_id, "");
	SUITE_INT_EQUAL(HEAR('D', "T{i}\0004Q2\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('D', "E"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('E', ""), HEARD_ASK);
	SUITE_TEXT_EQUAL(question.queue_id, "4Q2");
	end();
}

/* The space after the colon counts where the server keeps it to itself, too. */
static void test_size(void)
{
	begin("", "\0\0\0\0");
	SUITE_INT_EQUAL(HEAR('D', ALICE), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('M', "<a@b>\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('L', "From\0alice@example.org\0"), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "c");
	SUITE_INT_EQUAL(hear('B', NULL, 1000), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('E', ""), HEARD_ASK);
	SUITE_INT_EQUAL(question.size_bytes, 1027);
	end();
}

/* The login belongs to a session; another client's has its own. */
static void test_new_session(void)
{
	begin("", POSTFIX);
	envelope();
	SUITE_INT_EQUAL(HEAR('K', ""), HEARD_ON);
	SUITE_TRUE(!talk_in_message(&talk));
	SUITE_INT_EQUAL(HEAR('C', "host\0004\1\2"
				  "192.0.2.8\0"),
			HEARD_ON);
	SUITE_INT_EQUAL(HEAR('M', "<a@b>\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('R', "<r@example.net>\0"), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "a");
	envelope();
	SUITE_INT_EQUAL(HEAR('Q', ""), HEARD_QUIT);
	end();
}

static void test_disorder(void)
{
	begin("", POSTFIX);
	SUITE_INT_EQUAL(HEAR('E', ""), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "t");
	SUITE_INT_EQUAL(HEAR('R', "<r@example.net>\0"), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "t");
	SUITE_INT_EQUAL(HEAR('L', "From\0 a@b\0"), HEARD_ON);
	SUITE_INT_EQUAL(HEAR('D', "Ei\0004Q1\0"), HEARD_ON);
	envelope();
	SUITE_INT_EQUAL(HEAR('R', ""), HEARD_ON);
	SUITE_TEXT_EQUAL(said, "t");
	end();
}

static void test_nonsense(void)
{
	static const struct {
		char command;
		const char *data;
		size_t len;
	} rows[] = {
		{ '?', "", 0 },		{ 'O', "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff", 12 },
		{ 'C', "", 0 },		{ 'C', "host", 5 },
		{ 'L', "", 0 },		{ 'L', "From", 5 },
		{ 'L', "From\0 a", 7 }, { 'M', "", 0 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		begin("", POSTFIX);
		suite_row("%zu", i);
		SUITE_INT_EQUAL(hear(rows[i].command, rows[i].data, rows[i].len), HEARD_BAD);
		SUITE_TRUE(talk.fault != NULL);
		end();
	}
	config = fixture_config("");
	talk = (struct talk){ 0 };
	SUITE_INT_EQUAL(HEAR('C', CONNECT), HEARD_BAD);
	SUITE_INT_EQUAL(HEAR('Q', ""), HEARD_QUIT);
	SUITE_INT_EQUAL(hear('O', "\0\0\0\2\0\0\0\x3f\0\0\0\x7f", 12), HEARD_QUIT);
	end();
}

/* A verdict that cannot be put into words is none. */
static void test_impossible(void)
{
	const struct answer nowhere = { .action = ACTION_REDIRECT };

	begin("", POSTFIX);
	envelope();
	answer(ACTION_ACCEPT, "");
	SUITE_INT_EQUAL(HEAR('E', ""), HEARD_ASK);
	SUITE_TRUE(!talk_answer(&talk, &question, &nowhere, &out));
	read_said();
	SUITE_TEXT_EQUAL(said, "t");
	end();
}

static const struct suite_test tests[] = {
	{ "a message is asked about at each recipient and at its end", test_message },
	{ "a server that waits everywhere is answered everywhere", test_waiting_server },
	{ "without a login a message is left alone, and the next is looked at", test_left_alone },
	{ "the queue id may come with any command of the message", test_queue_id },
	{ "the size is that of the message, whatever was agreed on", test_size },
	{ "it is asked about when it may be an identity's", test_identities },
	{ "another client's session knows nothing of the one before", test_new_session },
	{ "commands without a message get it deferred", test_disorder },
	{ "what is not the protocol is told apart", test_nonsense },
	{ "a redirection to nowhere defers the message", test_impossible },
};

int main(void)
{
	header_address_init();
	return suite_run("milter-talk", tests, SUITE_LEN(tests));
}
