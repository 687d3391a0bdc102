/* What the milter keeps of a session and its message. */
#include "milter/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

static const struct username alice = { .login = "alice" };

static struct message *message_of(const char *sender, const char *parameter)
{
	struct message *message = message_new(&alice, sender);

	message_add_parameter(message, parameter);
	return message;
}

static void add_header(struct message *message, const char *name, const char *value)
{
	message_add_header(message, name, value, strlen(value));
}

static void test_sender(void)
{
	static const struct {
		const char *typed, *kept;
	} rows[] = {
		{ "<alice@example.org>", "alice@example.org" },
		{ "alice@example.org", "alice@example.org" },
		{ "<>", "" },
		{ "", "" },
		{ "<", "<" },
		{ "<\"a>b\"@example.org>", "\"a>b\"@example.org" },
		{ "<@relay.example:alice@example.org>", "@relay.example:alice@example.org" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct message *message = message_of(rows[i].typed, "BODY=8BITMIME");

		suite_row("%s", rows[i].typed);
		SUITE_TEXT_EQUAL(message->sender, rows[i].kept);
		message_free(&message);
		SUITE_TRUE(message == NULL);
	}
}

static void test_announced_size(void)
{
	static const struct {
		const char *parameter;
		int64_t size;
	} rows[] = {
		{ "SIZE=1000", 1000 },
		{ "size=1000", 1000 },
		{ "SIZE=", 0 },
		{ "SIZE=-1", 0 },
		{ "SIZE=12x", 0 },
		{ "SIZES=12", 0 },
		{ "SIZE=99999999999999999999", AMOUNT_MAX },
		{ "BODY=8BITMIME", 0 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct message *message = message_of("<a@b.example>", rows[i].parameter);

		suite_row("%s", rows[i].parameter);
		SUITE_INT_EQUAL(message->announced_bytes, rows[i].size);
		message_free(&message);
	}
}

static void test_parameters(void)
{
	struct message *message = message_new(&alice, "");

	SUITE_TEXT_EQUAL(message->sender, "");
	SUITE_INT_EQUAL(message->announced_bytes, 0);
	message_add_parameter(message, "BODY=8BITMIME");
	message_add_parameter(message, "SIZE=5");
	message_add_parameter(message, "SIZE=6");
	SUITE_INT_EQUAL(message->announced_bytes, 5);
	message_free(&message);
}

static void test_queue_id(void)
{
	struct message *message = message_of("<a@b.example>", "");
	char too_long[QUEUE_ID_MAX + 2];

	message_set_queue_id(message, NULL);
	message_set_queue_id(message, "");
	SUITE_TEXT_EQUAL(message->queue_id, "");
	message_set_queue_id(message, "4XyZ");
	SUITE_TEXT_EQUAL(message->queue_id, "4XyZ");
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	message_set_queue_id(message, too_long);
	SUITE_TEXT_EQUAL(message->queue_id, "4XyZ");
	message_free(&message);
}

static bool join(const char *recipient, bool listed, void *arg)
{
	char *joined = arg;

	strcat(joined, recipient);
	strcat(joined, listed ? "!" : ";");
	return strcmp(recipient, "stop") != 0;
}

static void test_recipients(void)
{
	struct message *message = message_of("<a@b.example>", "");
	char joined[256] = "";

	SUITE_TRUE(message_each_recipient(message, join, joined));
	SUITE_TEXT_EQUAL(joined, "");
	SUITE_TRUE(message_add_recipient(message, "<Up@EXAMPLE.NET>", false, false));
	SUITE_TRUE(message_add_recipient(message, "bare@example.net", false, true));
	SUITE_TRUE(message_add_recipient(message, "<Up@EXAMPLE.NET>", false, false));
	SUITE_INT_EQUAL(message->n_recipients, 3);
	SUITE_TRUE(message_each_recipient(message, join, joined));
	SUITE_TEXT_EQUAL(joined, "<Up@EXAMPLE.NET>;bare@example.net!<Up@EXAMPLE.NET>;");
	SUITE_TRUE(message_add_recipient(message, "stop", false, false));
	SUITE_TRUE(message_add_recipient(message, "never", false, false));
	joined[0] = '\0';
	SUITE_TRUE(!message_each_recipient(message, join, joined));
	SUITE_TRUE(strstr(joined, "never") == NULL);
	message_free(&message);
}

static void test_recipients_stay(void)
{
	static const struct {
		const char *text;
		bool stays;
	} rows[] = {
		{ "<a@b.example>", false },
		{ "a@b.example", false },
		{ "<\"a b\"@b.example.>", false },
		{ "<@r.example:a@b.example>", true },
		{ "<group:a@b.example;>", true },
		{ "<,a@b.example>", true },
		{ "<a@b.example;>", true },
		{ "<<a@b.example>>", true },
		{ "<A <a@b.example>>", true },
		{ "<a@b.example>>", true },
		{ "<\"a:b\"@b.example>", true },
		{ "<a@b.example(>", true },
		{ "<a@b.example (c)>", true },
		{ "<a@[192.0.2.1>", true },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct message *message = message_of("<a@b.example>", "");

		suite_row("%s", rows[i].text);
		message_add_recipient(message, rows[i].text, false, false);
		message_add_recipient(message, "<other@b.example>", false, false);
		SUITE_INT_EQUAL(message->recipients_stay, rows[i].stays);
		message_free(&message);
	}
}

static void test_many_recipients(void)
{
	struct message *message = message_of("<a@b.example>", "");

	for (int i = 0; i < RECIPIENTS_MAX; i++) {
		char text[32];

		snprintf(text, sizeof(text), "<r%d@example.net>", i);
		if (!message_add_recipient(message, text, false, false))
			SUITE_TRUE(!"room");
	}
	SUITE_TRUE(message_full(message, "<one@more.example>"));
	SUITE_TRUE(!message_add_recipient(message, "<one@more.example>", false, false));
	SUITE_INT_EQUAL(message->n_recipients, RECIPIENTS_MAX);
	message_free(&message);
}

static void test_long_recipients(void)
{
	struct message *message = message_of("<a@b.example>", "");
	const size_t size = 100000;
	char *text = memory_alloc(size);

	memset(text, 'r', size - 1);
	text[size - 1] = '\0';
	while (!message_full(message, text))
		SUITE_TRUE(message_add_recipient(message, text, false, false));
	SUITE_TRUE(!message_add_recipient(message, text, false, false));
	SUITE_INT_EQUAL(message->n_recipients, RECIPIENT_OCTETS_MAX / size);
	SUITE_TRUE(message_add_recipient(message, "<short@example.net>", false, false));
	free(text);
	message_free(&message);
}

/* What the client sent is the last line of each row, as one text. */
static void test_size(void)
{
	struct message *message = message_of("<a@b.example>", "SIZE=7");

	SUITE_INT_EQUAL(message_size(message), (int64_t)strlen("\r\n"));
	add_header(message, "From", " alice@example.org");
	add_header(message, "Subject", "no space,\n\tfolded\n twice");
	add_header(message, "X-Empty", "");
	message_add_body(message, strlen("one\r\n"));
	message_add_body(message, strlen("\r\n"));
	SUITE_INT_EQUAL(message_size(message),
			(int64_t)strlen("From: alice@example.org\r\n"
					"Subject:no space,\r\n\tfolded\r\n twice\r\n"
					"X-Empty:\r\n"
					"\r\n"
					"one\r\n"
					"\r\n"));
	message_free(&message);
}

static void test_originators(void)
{
	struct message *message = message_of("<a@b.example>", "");
	struct originators *originators;

	add_header(message, "Subject", " of no interest");
	SUITE_TRUE(message->originators == NULL);
	add_header(message, "from", " Alice <alice@example.org>");
	add_header(message, "Sender", " bob@example.org");
	originators = message_take_originators(message);
	SUITE_TRUE(message->originators == NULL);
	SUITE_TEXT_EQUAL(originators->fault, "");
	SUITE_INT_EQUAL((long long)originators->n, 2);
	SUITE_TEXT_EQUAL(originators->items[0].address.local, "alice");
	SUITE_INT_EQUAL(originators->items[1].field, ORIGINATOR_SENDER);
	free(originators);
	message_free(&message);
}

static void test_no_originators(void)
{
	struct message *message = message_of("<a@b.example>", "");
	struct originators *originators = message_take_originators(message);

	SUITE_INT_EQUAL((long long)originators->n, 0);
	SUITE_TRUE(originators->fault[0] != '\0');
	free(originators);
	message_free(&message);
}

static void test_no_login(void)
{
	struct message *message = message_new(&(struct username){ .login = "" }, "");

	add_header(message, "From", " alice@example.org");
	SUITE_TRUE(message->originators == NULL);
	SUITE_TRUE(message_take_originators(message) == NULL);
	SUITE_INT_EQUAL(message_size(message), 27);
	message_free(&message);
}

static const char charged_here[] = "milter { listen = \"unix:/nowhere/milter\" }\n";
static const char charged_there[] = "charge = policyd\n"
				    "milter { listen = \"unix:/nowhere/milter\" }\n";

static void test_request(void)
{
	struct session *session = session_new(fixture_config(charged_here), "192.0.2.7");
	struct request request;

	session->message = message_of("<alice@example.org>", "SIZE=1000");
	message_add_recipient(session->message, "<r1@example.net>", false, false);
	message_add_recipient(session->message, "<r2@example.net>", true, true);
	request = message_request(session, STAGE_RCPT, "<r3@example.net>");
	SUITE_INT_EQUAL(request.stage, STAGE_RCPT);
	SUITE_TRUE(!request.final);
	SUITE_TEXT_EQUAL(request.queue_id, "");
	SUITE_TEXT_EQUAL(request.login, "alice");
	SUITE_TEXT_EQUAL(request.client_address, "192.0.2.7");
	SUITE_TEXT_EQUAL(request.sender, "alice@example.org");
	SUITE_INT_EQUAL(request.recipients, 3);
	SUITE_INT_EQUAL(request.free_recipients, 1);
	SUITE_INT_EQUAL(request.listed_recipients, 1);
	SUITE_TEXT_EQUAL(request.recipient, "<r3@example.net>");
	SUITE_INT_EQUAL(request.size_bytes, 1000);
	SUITE_TRUE(request.originators == NULL);
	message_set_queue_id(session->message, "4XyZ");
	message_add_body(session->message, 98);
	request = message_request(session, STAGE_END_OF_MESSAGE, "");
	SUITE_TRUE(request.final);
	SUITE_INT_EQUAL(request.recipients, 2);
	SUITE_INT_EQUAL(request.free_recipients, 1);
	SUITE_INT_EQUAL(request.listed_recipients, 1);
	SUITE_TEXT_EQUAL(request.queue_id, "4XyZ");
	SUITE_INT_EQUAL(request.size_bytes, 100);
	session_free(&session);
	SUITE_TRUE(session == NULL);
}

static void test_token(void)
{
	struct session *session = session_new(fixture_config(charged_here), NULL);
	char first[MESSAGE_TOKEN_LENGTH + 1];

	message_tokens_init();
	session->message = message_of("<alice@example.org>", "");
	strcpy(first, message_request(session, STAGE_MAIL, "").token);
	SUITE_INT_EQUAL(strlen(first), MESSAGE_TOKEN_LENGTH);
	SUITE_INT_EQUAL(first[0], 'm');
	SUITE_TEXT_EQUAL(message_request(session, STAGE_END_OF_MESSAGE, "").token, first);
	message_free(&session->message);
	session->message = message_of("<alice@example.org>", "");
	SUITE_TRUE(strcmp(message_request(session, STAGE_MAIL, "").token, first) != 0);
	session_free(&session);
}

static void test_not_final(void)
{
	struct session *session = session_new(fixture_config(charged_there), NULL);
	struct request request;

	session->message = message_of("<alice@example.org>", "");
	request = message_request(session, STAGE_END_OF_MESSAGE, "");
	SUITE_TRUE(!request.final && request.charged_before);
	SUITE_TRUE(!message_request(session, STAGE_RCPT, "a@b.example").charged_before);
	SUITE_TEXT_EQUAL(request.client_address, "unknown");
	session_free(&session);
}

static void test_login(void)
{
	struct session *session = session_new(fixture_config(charged_here), NULL);

	session_set_login(session, "alice", TLS_NONE);
	session_set_login(session, "alice", TLS_NONE);
	SUITE_TEXT_EQUAL(session->login, "alice");
	session_set_login(session, "", TLS_NONE);
	SUITE_TEXT_EQUAL(session->login, "");
	session_free(&session);
}

static const struct suite_test tests[] = {
	{ "a session has the login that was said last", test_login },
	{ "without a login no header field is looked at", test_no_login },
	{ "the sender loses only its outer angle brackets", test_sender },
	{ "SIZE= is a decimal number or nothing", test_announced_size },
	{ "MAIL may have several parameters, of which the first SIZE= counts", test_parameters },
	{ "a queue id is kept when it is one", test_queue_id },
	{ "recipients keep their spelling, their order and their duplicates", test_recipients },
	{ "what Postfix would not find again is known by its spelling", test_recipients_stay },
	{ "recipients are limited in number", test_many_recipients },
	{ "recipients are limited in octets", test_long_recipients },
	{ "the size counts every octet of header, empty line and body", test_size },
	{ "originator fields are read as they come", test_originators },
	{ "a header without From is said to be one", test_no_originators },
	{ "each message has a token of its own", test_token },
	{ "a request says what is known at its stage", test_request },
	{ "the end of the message is not final when policyd charges", test_not_final },
};

int main(void)
{
	header_address_init();
	return suite_run("milter-message", tests, SUITE_LEN(tests));
}
