#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "engine/decision.h"
#include "policy/stage.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

static struct policy_request in;
static struct transaction transaction;
static struct stage_question asked;
static const struct request *const out = &asked.request;
static const char *why;

static void set(enum attribute attribute, const char *text)
{
	in.values[attribute] = (struct attribute_value){ text, strlen(text), true };
}

static void set_alice(const char *state)
{
	static const struct attribute_value none = { "", 0, false };
	int i;

	for (i = 0; i < ATTRIBUTES; i++)
		in.values[i] = none;
	set(ATTRIBUTE_REQUEST, "smtpd_access_policy");
	set(ATTRIBUTE_PROTOCOL_STATE, state);
	set(ATTRIBUTE_CLIENT_ADDRESS, "192.0.2.1");
	set(ATTRIBUTE_SENDER, "alice@example.org");
	set(ATTRIBUTE_RECIPIENT, "r1@example.net");
	set(ATTRIBUTE_RECIPIENT_COUNT, "3");
	set(ATTRIBUTE_QUEUE_ID, "0BFF7A7A009");
	set(ATTRIBUTE_INSTANCE, "1153.6b006db0.8cdf9.0");
	set(ATTRIBUTE_SIZE, "12345");
	set(ATTRIBUTE_SASL_USERNAME, "alice");
}

static enum stage_task map(enum charge_by charge)
{
	const struct config config = { .charge = charge, .credential_separator = "+" };

	return stage_map(&in, &config, NULL, &transaction, &asked, &why);
}

static void test_states(void)
{
	static const struct {
		const char *state;
		enum stage_task task;
		enum stage stage;
		int recipients;
	} rows[] = {
		{ "CONNECT", STAGE_UNDECIDED, 0, 0 },
		{ "EHLO", STAGE_UNDECIDED, 0, 0 },
		{ "HELO", STAGE_UNDECIDED, 0, 0 },
		{ "VRFY", STAGE_UNDECIDED, 0, 0 },
		{ "ETRN", STAGE_UNDECIDED, 0, 0 },
		{ "", STAGE_UNKNOWN, 0, 0 },
		{ "rcpt", STAGE_UNKNOWN, 0, 0 },
		{ "BDAT", STAGE_UNKNOWN, 0, 0 },
		{ "MAIL", STAGE_DECIDE, STAGE_MAIL, 0 },
		{ "RCPT", STAGE_DECIDE, STAGE_RCPT, 1 },
		{ "DATA", STAGE_DECIDE, STAGE_DATA, 3 },
		{ "END-OF-MESSAGE", STAGE_DECIDE, STAGE_END_OF_MESSAGE, 3 },
	};
	size_t i;

	transaction_init(&transaction);
	for (i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].state);
		set_alice(rows[i].state);
		SUITE_INT_EQUAL(map(CHARGE_POLICYD), rows[i].task);
		if (rows[i].task != STAGE_DECIDE)
			continue;
		SUITE_INT_EQUAL(out->stage, rows[i].stage);
		SUITE_INT_EQUAL(out->recipients, rows[i].recipients);
		SUITE_INT_EQUAL(out->final, rows[i].stage == STAGE_END_OF_MESSAGE);
		SUITE_TEXT_EQUAL(out->login, "alice");
		SUITE_TEXT_EQUAL(out->sender, "alice@example.org");
		SUITE_INT_EQUAL(out->sender_form, ADDRESS_INTERNAL);
		SUITE_TEXT_EQUAL(out->client_address, "192.0.2.1");
		SUITE_TEXT_EQUAL(out->queue_id, "0BFF7A7A009");
		SUITE_INT_EQUAL(out->size_bytes, 12345);
		SUITE_TRUE(out->originators == NULL);
		SUITE_TEXT_EQUAL(out->recipient,
				 rows[i].stage == STAGE_RCPT ? "r1@example.net" : "");
		SUITE_INT_EQUAL(out->free_recipients, 0);
	}
	transaction_fini(&transaction);
}

static void test_login_case(void)
{
	struct config config = { .charge = CHARGE_POLICYD, .credential_separator = "" };
	char longest[LOGIN_MAX + 1] = "";

	transaction_init(&transaction);
	set_alice("RCPT");
	set(ATTRIBUTE_SASL_USERNAME, "ALICE@Dom.example");
	SUITE_INT_EQUAL(stage_map(&in, &config, NULL, &transaction, &asked, &why),
			STAGE_DECIDE);
	SUITE_TEXT_EQUAL(out->login, "ALICE@Dom.example");
	config.login_case_insensitive = true;
	SUITE_INT_EQUAL(stage_map(&in, &config, NULL, &transaction, &asked, &why),
			STAGE_DECIDE);
	SUITE_TEXT_EQUAL(out->login, "alice@dom.example");
	/* 254 octets, which become 381. */
	for (size_t i = 0; i < 127; i++)
		memcpy(longest + 2 * i, "\xc8\xba", 2);
	set(ATTRIBUTE_SASL_USERNAME, longest);
	SUITE_INT_EQUAL(stage_map(&in, &config, NULL, &transaction, &asked, &why),
			STAGE_CANNOT);
	SUITE_TEXT_EQUAL(why, "the login is too long");
	transaction_fini(&transaction);
}

static void test_credential(void)
{
	transaction_init(&transaction);
	set_alice("RCPT");
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	SUITE_TEXT_EQUAL(out->credential, "");
	SUITE_INT_EQUAL(out->tls, TLS_NONE);
	set(ATTRIBUTE_SASL_USERNAME, "alice+printer");
	set(ATTRIBUTE_ENCRYPTION_PROTOCOL, "TLSv1.3");
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	SUITE_TEXT_EQUAL(out->login, "alice");
	SUITE_TEXT_EQUAL(out->credential, "printer");
	SUITE_INT_EQUAL(out->tls, TLS_1_3);
	transaction_fini(&transaction);
}

static enum stage_task map_without_login(const char *state, const char *context,
					 const struct identities *identities)
{
	const struct config config = { .charge = CHARGE_MILTER, .credential_separator = "+" };

	set_alice(state);
	set(ATTRIBUTE_SASL_USERNAME, "");
	set(ATTRIBUTE_POLICY_CONTEXT, context);
	return stage_map(&in, &config, identities, &transaction, &asked, &why);
}

static void learn(struct identities *identities, const char *login, const char *json)
{
	struct account *account = fixture_account(json);

	identities_learn(identities, login, account);
	account_unref(&account);
}

static void test_identity(void)
{
	struct identities *identities = identities_new();

	transaction_init(&transaction);
	learn(identities, "printer", "{\"identity\":{\"networks\":[\"192.0.2.0/28\"]}}");
	learn(identities, "scanner",
	      "{\"identity\":{\"networks\":[\"192.0.2.0/24\"],\"contexts\":[\"scan\"]}}");
	SUITE_INT_EQUAL(map_without_login("RCPT", "", identities), STAGE_DECIDE);
	SUITE_TEXT_EQUAL(out->login, "printer");
	SUITE_TRUE(out->by_identity && !transaction.relay);
	SUITE_INT_EQUAL(map_without_login("END-OF-MESSAGE", "", identities), STAGE_DECIDE);
	SUITE_TRUE(!out->final);
	/* The milter cannot see the context. */
	SUITE_INT_EQUAL(map_without_login("END-OF-MESSAGE", "scan", identities), STAGE_DECIDE);
	SUITE_TEXT_EQUAL(out->login, "scanner");
	SUITE_TRUE(out->final);
	set_alice("RCPT");
	SUITE_INT_EQUAL(stage_map(&in, &(const struct config){ .credential_separator = "" },
				  identities, &transaction, &asked, &why),
			STAGE_DECIDE);
	SUITE_TEXT_EQUAL(out->login, "alice");
	SUITE_TRUE(!out->by_identity);
	transaction_fini(&transaction);
	identities_free(&identities);
}

static void test_relay_context(void)
{
	static const struct {
		const char *state, *context;
		enum stage_task task;
		bool relay;
	} rows[] = {
		{ "RCPT", "relay", STAGE_DECIDE, true },
		{ "RCPT", "relay:", STAGE_DECIDE, true },
		{ "RCPT", "relay:scan", STAGE_DECIDE, true },
		{ "RCPT", "Relay", STAGE_DECIDE, false },
		{ "RCPT", "relays", STAGE_DECIDE, false },
		{ "RCPT", " relay", STAGE_DECIDE, false },
		{ "RCPT", "", STAGE_DECIDE, false },
		{ "MAIL", "relay", STAGE_DECIDE, false },
		{ "DATA", "relay", STAGE_DECIDE, false },
		{ "END-OF-MESSAGE", "relay", STAGE_DECIDE, false },
		{ "CONNECT", "relay", STAGE_UNDECIDED, false },
	};
	struct identities *identities = identities_new();

	transaction_init(&transaction);
	SUITE_INT_EQUAL(map_without_login("RCPT", "relay", NULL), STAGE_NO_LOGIN);
	SUITE_INT_EQUAL(map_without_login("RCPT", "relay", identities), STAGE_UNSURE);
	SUITE_INT_EQUAL(map_without_login("RCPT", "", identities), STAGE_NO_LOGIN);
	identities_listed(identities);
	SUITE_INT_EQUAL(map_without_login("RCPT", "relay", identities), STAGE_NO_LOGIN);
	learn(identities, "printer", "{\"identity\":{\"networks\":[\"192.0.2.0/28\"]}}");
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s %s", rows[i].state, rows[i].context);
		SUITE_INT_EQUAL(map_without_login(rows[i].state, rows[i].context, identities),
				rows[i].task);
		if (rows[i].task == STAGE_DECIDE)
			SUITE_INT_EQUAL(transaction.relay, rows[i].relay);
	}
	/* The identity is gone in the middle of a message that it began. */
	SUITE_INT_EQUAL(map_without_login("RCPT", "", identities), STAGE_DECIDE);
	transaction.identified = true;
	learn(identities, "printer", "{}");
	SUITE_INT_EQUAL(map_without_login("END-OF-MESSAGE", "", identities), STAGE_DECIDE);
	SUITE_TRUE(out->was_identity && !out->by_identity);
	SUITE_TEXT_EQUAL(out->login, "");
	/* Whoever has logged in is not asked about there. */
	set_alice("RCPT");
	set(ATTRIBUTE_POLICY_CONTEXT, "relay");
	SUITE_INT_EQUAL(stage_map(&in, &(const struct config){ .credential_separator = "" },
				  identities, &transaction, &asked, &why),
			STAGE_NO_LOGIN);
	transaction_fini(&transaction);
	identities_free(&identities);
}

static void test_ok(void)
{
	struct verdict verdict = { .action = ACTION_ACCEPT };
	char text[STAGE_ANSWER_MAX];

	SUITE_TEXT_EQUAL(stage_answer(&verdict, true, text).text, "action=DUNNO\n\n");
	verdict.identified = true;
	SUITE_TEXT_EQUAL(stage_answer(&verdict, false, text).text, "action=DUNNO\n\n");
	SUITE_TEXT_EQUAL(stage_answer(&verdict, true, text).text, "action=OK\n\n");
	verdict.action = ACTION_DEFER;
	memcpy(verdict.code, "451", 4);
	memcpy(verdict.xcode, "4.3.0", 6);
	stage_answer(&verdict, true, text);
	SUITE_TRUE(strncmp(text, "action=451 4.3.0 ", 17) == 0);
}

static void test_no_login(void)
{
	static const char *const states[] = { "MAIL", "RCPT", "DATA", "END-OF-MESSAGE" };
	size_t i;

	transaction_init(&transaction);
	for (i = 0; i < SUITE_LEN(states); i++) {
		suite_row("%s", states[i]);
		set_alice(states[i]);
		set(ATTRIBUTE_SASL_USERNAME, "");
		SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_NO_LOGIN);
	}
	transaction_fini(&transaction);
}

static void test_no_login_with_quotas(void)
{
	const struct config config = { .charge = CHARGE_POLICYD,
				       .credential_separator = "",
				       .unauthenticated.n_quotas = 1 };

	transaction_init(&transaction);
	set_alice("END-OF-MESSAGE");
	set(ATTRIBUTE_SASL_USERNAME, "");
	SUITE_INT_EQUAL(stage_map(&in, &config, NULL, &transaction, &asked, &why),
			STAGE_DECIDE);
	SUITE_TEXT_EQUAL(out->login, "");
	SUITE_TRUE(out->final);
	SUITE_INT_EQUAL(out->recipients, 3);
	set(ATTRIBUTE_PROTOCOL_STATE, "CONNECT");
	SUITE_INT_EQUAL(stage_map(&in, &config, NULL, &transaction, &asked, &why),
			STAGE_UNDECIDED);
	transaction_fini(&transaction);
}

static void test_free_recipients(void)
{
	transaction_init(&transaction);
	set_alice("RCPT");
	set(ATTRIBUTE_QUEUE_ID, "");
	map(CHARGE_POLICYD);
	transaction_add(&transaction, asked.recipient, true, false);
	/* Asked again: without itself. */
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->recipients, 1);
	SUITE_INT_EQUAL(out->free_recipients, 0);
	set(ATTRIBUTE_QUEUE_ID, "0BFF7A7A009");
	set(ATTRIBUTE_RECIPIENT, "r2@example.net");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->recipients, 2);
	SUITE_INT_EQUAL(out->free_recipients, 1);
	transaction_add(&transaction, asked.recipient, false, false);
	set(ATTRIBUTE_RECIPIENT_COUNT, "2");
	set(ATTRIBUTE_PROTOCOL_STATE, "DATA");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->free_recipients, 1);
	set(ATTRIBUTE_PROTOCOL_STATE, "END-OF-MESSAGE");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->recipients, 2);
	SUITE_INT_EQUAL(out->free_recipients, 1);
	/* Not seen at RCPT. */
	set(ATTRIBUTE_INSTANCE, "1153.6b006db0.8cdf9.1");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->free_recipients, 0);
	transaction_fini(&transaction);
}

static void test_charged_by_milter(void)
{
	transaction_init(&transaction);
	set_alice("END-OF-MESSAGE");
	SUITE_INT_EQUAL(map(CHARGE_MILTER), STAGE_DECIDE);
	SUITE_TRUE(!out->final);
	transaction_fini(&transaction);
}

static void test_before_queue(void)
{
	transaction_init(&transaction);
	set_alice("END-OF-MESSAGE");
	map(CHARGE_POLICYD);
	SUITE_TRUE(!out->before_queue);
	set(ATTRIBUTE_QUEUE_ID, "");
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	SUITE_TRUE(out->before_queue);
	SUITE_TRUE(out->final);
	SUITE_TEXT_EQUAL(out->queue_id, "1153.6b006db0.8cdf9.0");
	set(ATTRIBUTE_INSTANCE, "");
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_CANNOT);
	SUITE_TRUE(why != NULL);
	/* The first RCPT has no queue id either. */
	set(ATTRIBUTE_PROTOCOL_STATE, "RCPT");
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	SUITE_TRUE(!out->before_queue);
	SUITE_TEXT_EQUAL(out->queue_id, "");
	transaction_fini(&transaction);
}

static void test_token(void)
{
	char first[MESSAGE_TOKEN_LENGTH + 1];

	transaction_init(&transaction);
	set_alice("END-OF-MESSAGE");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(strlen(out->token), MESSAGE_TOKEN_LENGTH);
	SUITE_INT_EQUAL(out->token[0], 'p');
	SUITE_INT_EQUAL(strspn(out->token + 1, "0123456789abcdef"), MESSAGE_TOKEN_LENGTH - 1);
	strcpy(first, out->token);
	/* A request that only tests has none. */
	map(CHARGE_MILTER);
	SUITE_TRUE(out->token == NULL);
	set(ATTRIBUTE_PROTOCOL_STATE, "DATA");
	map(CHARGE_POLICYD);
	SUITE_TRUE(out->token == NULL);
	set(ATTRIBUTE_PROTOCOL_STATE, "END-OF-MESSAGE");
	map(CHARGE_POLICYD);
	SUITE_TEXT_EQUAL(out->token, first);
	set(ATTRIBUTE_INSTANCE, "1153.6b006db0.8cdf9.1");
	map(CHARGE_POLICYD);
	SUITE_TRUE(strcmp(out->token, first) != 0);
	set(ATTRIBUTE_INSTANCE, "");
	map(CHARGE_POLICYD);
	SUITE_TRUE(out->token == NULL);
	transaction_fini(&transaction);
	/* On another connection, or in another process. */
	transaction_init(&transaction);
	set_alice("END-OF-MESSAGE");
	map(CHARGE_POLICYD);
	SUITE_TEXT_EQUAL(out->token, first);
	transaction_fini(&transaction);
}

static void test_recipients(void)
{
	transaction_init(&transaction);
	set_alice("RCPT");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->recipients, 1);
	/* Not passed: the next one is the first again. */
	set(ATTRIBUTE_RECIPIENT, "r2@example.net");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->recipients, 1);
	transaction_add(&transaction, asked.recipient, false, false);
	/* Asked again by another restriction list. */
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->recipients, 1);
	set(ATTRIBUTE_RECIPIENT, "r3@example.net");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->recipients, 2);
	transaction_add(&transaction, asked.recipient, false, false);
	set(ATTRIBUTE_INSTANCE, "1153.6b006db0.8cdf9.1");
	map(CHARGE_POLICYD);
	SUITE_INT_EQUAL(out->recipients, 1);
	transaction_fini(&transaction);
}

static void test_numbers(void)
{
	static const struct {
		const char *state, *count, *size;
		const char *why; /* NULL: fine */
		int64_t size_bytes;
	} rows[] = {
		{ "RCPT", "", "", NULL, 0 },
		{ "MAIL", "x", "0", NULL, 0 },
		{ "DATA", "1", "", NULL, 0 },
		{ "DATA", "", "1", "recipient_count is not a number", 0 },
		{ "DATA", "-1", "1", "recipient_count is not a number", 0 },
		{ "DATA", "1 ", "1", "recipient_count is not a number", 0 },
		{ "RCPT", "0", "99999999999999999999", "size is not a number", 0 },
		{ "RCPT", "0", "9007199254740992", "size is not a number", 0 },
		{ "RCPT", "0", "9007199254740991", NULL, AMOUNT_MAX },
		{ "RCPT", "0", "1k", "size is not a number", 0 },
		{ "END-OF-MESSAGE", "1", "", "size is not a number", 0 },
		{ "END-OF-MESSAGE", "", "1", "recipient_count is not a number", 0 },
		{ "END-OF-MESSAGE", "1", "0001", NULL, 1 },
	};
	size_t i;

	transaction_init(&transaction);
	for (i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s count=%s size=%s", rows[i].state, rows[i].count, rows[i].size);
		set_alice(rows[i].state);
		set(ATTRIBUTE_RECIPIENT_COUNT, rows[i].count);
		set(ATTRIBUTE_SIZE, rows[i].size);
		SUITE_INT_EQUAL(map(CHARGE_POLICYD), rows[i].why ? STAGE_CANNOT : STAGE_DECIDE);
		SUITE_TEXT_EQUAL(why, rows[i].why);
		if (!rows[i].why)
			SUITE_INT_EQUAL(out->size_bytes, rows[i].size_bytes);
	}
	transaction_fini(&transaction);
}

static void leave_out(enum attribute attribute)
{
	in.values[attribute] = (struct attribute_value){ "", 0, false };
}

static void test_left_out(void)
{
	transaction_init(&transaction);
	set_alice("END-OF-MESSAGE");
	leave_out(ATTRIBUTE_SIZE);
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	SUITE_INT_EQUAL(out->size_bytes, 0);
	leave_out(ATTRIBUTE_RECIPIENT_COUNT);
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_CANNOT);
	SUITE_TEXT_EQUAL(why, "recipient_count is missing");
	transaction_fini(&transaction);
}

/* What is charged has a key: a queue id that cannot be one of it, or the instance. */
static void test_odd_queue_ids(void)
{
	static const char none[] = "neither queue_id nor instance tells which message it is";
	const struct config config = { .node = "mx1" };
	char key[MESSAGE_KEY_MAX + 1], id[QUEUE_ID_MAX + 2];

	memset(id, 'A', sizeof(id));
	id[QUEUE_ID_MAX + 1] = '\0';
	transaction_init(&transaction);
	set_alice("END-OF-MESSAGE");
	set(ATTRIBUTE_QUEUE_ID, id);
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	SUITE_TRUE(decision_message_key(&config, out, key));
	SUITE_TRUE(strncmp(key, "mx1/p", 5) == 0);
	set(ATTRIBUTE_QUEUE_ID, "4Q#1");
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	SUITE_TRUE(decision_message_key(&config, out, key));
	SUITE_TRUE(strncmp(key, "mx1/p", 5) == 0);
	/* The milter charges it. */
	SUITE_INT_EQUAL(map(CHARGE_MILTER), STAGE_DECIDE);
	set(ATTRIBUTE_INSTANCE, "");
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_CANNOT);
	SUITE_TEXT_EQUAL(why, none);
	set(ATTRIBUTE_QUEUE_ID, id + 1);
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	SUITE_TRUE(decision_message_key(&config, out, key));
	SUITE_TRUE(strncmp(key, "mx1/AAA", 7) == 0);
	set(ATTRIBUTE_QUEUE_ID, id);
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_CANNOT);
	transaction_fini(&transaction);
}

static void test_odd_logins(void)
{
	static const struct attribute_value nul = { "alice\0x", 7, true };
	char login[LOGIN_MAX + 2];

	memset(login, 'x', sizeof(login));
	transaction_init(&transaction);
	set_alice("RCPT");
	login[LOGIN_MAX] = '\0';
	set(ATTRIBUTE_SASL_USERNAME, login);
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_DECIDE);
	login[LOGIN_MAX] = 'x';
	login[LOGIN_MAX + 1] = '\0';
	set(ATTRIBUTE_SASL_USERNAME, login);
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_CANNOT);
	SUITE_TEXT_EQUAL(why, "the login is too long");
	in.values[ATTRIBUTE_SASL_USERNAME] = nul;
	in.may_hold_nul = true;
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_CANNOT);
	SUITE_TEXT_EQUAL(why, "the login has a NUL byte");
	set(ATTRIBUTE_SASL_USERNAME, "alice");
	in.values[ATTRIBUTE_SENDER] = nul;
	SUITE_INT_EQUAL(map(CHARGE_POLICYD), STAGE_CANNOT);
	SUITE_TEXT_EQUAL(why, "sender has a NUL byte");
	in.may_hold_nul = false;
	transaction_fini(&transaction);
}

static void test_answers(void)
{
	static const struct {
		enum action action;
		const char *code, *xcode, *text, *answer;
	} rows[] = {
		{ ACTION_ACCEPT, "", "", "", "action=DUNNO\n\n" },
		{ ACTION_REFUSE, "550", "5.7.1", "blocked", "action=550 5.7.1 blocked\n\n" },
		{ ACTION_DEFER, "450", "4.7.28", "quota: 1", "action=450 4.7.28 quota: 1\n\n" },
		{ ACTION_HOLD, "", "", "sandboxed", "action=HOLD sandboxed\n\n" },
		{ ACTION_DISCARD, "", "", "sandboxed", "action=DISCARD sandboxed\n\n" },
		{ ACTION_REDIRECT, "", "", "sandboxed", "action=REDIRECT box@example.com\n\n" },
		{ ACTION_REFUSE, "550", "5.7.1", "a\n\naction=OK\r\x7f",
		  "action=550 5.7.1 a??action=OK??\n\n" },
	};
	char text[STAGE_ANSWER_MAX];
	struct stage_answer said;
	size_t i;

	for (i = 0; i < SUITE_LEN(rows); i++) {
		struct verdict verdict = { .action = rows[i].action,
					   .redirect = "box@example.com" };

		suite_row("row %zu", i);
		strcpy(verdict.code, rows[i].code);
		strcpy(verdict.xcode, rows[i].xcode);
		strcpy(verdict.text, rows[i].text);
		said = stage_answer(&verdict, false, text);
		SUITE_INT_EQUAL(said.len, strlen(rows[i].answer));
		SUITE_TEXT_EQUAL(said.text, rows[i].answer);
	}
}

static void test_long_answer(void)
{
	struct verdict verdict = { .action = ACTION_DEFER, .code = "450", .xcode = "4.7.28" };
	char text[STAGE_ANSWER_MAX];
	size_t len;

	memset(verdict.text, 'x', REPLY_TEXT_MAX);
	len = stage_answer(&verdict, false, text).len;
	SUITE_INT_EQUAL(len, strlen("action=450 4.7.28 \n\n") + REPLY_TEXT_MAX);
	SUITE_TEXT_EQUAL(text + len - 3, "x\n\n");
}

static void test_cannot(void)
{
	struct config config = { 0 };
	char text[STAGE_ANSWER_MAX];

	config.replies[REPLY_CANNOT_TELL] = *reply_default(REPLY_CANNOT_TELL);
	stage_answer_cannot(&config, "alice", text);
	SUITE_TRUE(strncmp(text, "action=451 4.3.0 ", 17) == 0);
	SUITE_TRUE(strstr(text, "alice") != NULL);
	SUITE_TEXT_EQUAL(text + strlen(text) - 2, "\n\n");
}

static const struct suite_test tests[] = {
	{ "a login is folded when its case does not matter", test_login_case },
	{ "a session without a login may be an identity's", test_identity },
	{ "a relay context is one by its exact name, at RCPT, without a login",
	  test_relay_context },
	{ "OK is for an identity that is confirmed, in a relay context", test_ok },
	{ "a username is login and credential, and a session has its TLS", test_credential },
	{ "each protocol_state is decided or passed", test_states },
	{ "a session without a login is passed", test_no_login },
	{ "a session without a login is decided when there are quotas for it",
	  test_no_login_with_quotas },
	{ "END-OF-MESSAGE only tests when the milter charges", test_charged_by_milter },
	{ "END-OF-MESSAGE without a queue id is before the queue", test_before_queue },
	{ "a token tells messages apart, not their requests", test_token },
	{ "at RCPT the recipients that passed are counted, each once", test_recipients },
	{ "free recipients are told from the others, at RCPT without its own",
	  test_free_recipients },
	{ "what is not a number is not guessed", test_numbers },
	{ "a login that cannot be is answered with cannot tell", test_odd_logins },
	{ "the size may be left out, the number of recipients may not", test_left_out },
	{ "a queue id that cannot be part of a key is not, and the message is charged",
	  test_odd_queue_ids },
	{ "each verdict has its action", test_answers },
	{ "the longest reply is said whole", test_long_answer },
	{ "cannot tell is 451 4.3.0", test_cannot },
};

int main(void)
{
	return suite_run("policy-stage", tests, SUITE_LEN(tests));
}
