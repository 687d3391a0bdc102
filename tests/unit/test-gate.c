#include "engine/gate.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define ROSE "rose@example.org"
#define EOM STAGE_END_OF_MESSAGE

static struct finding findings[CHECKS];

struct subject {
	const char *config; /* text */
	const char *json;   /* the account, NULL: none */
	bool unknown;	    /* nothing is known of the login */
	struct request request;
};

static void run(const struct subject *s)
{
	struct config *config = fixture_config(s->config ? s->config : "");
	struct account *account = s->json ? fixture_account(s->json) : NULL;
	struct request request = s->request;
	struct effective e;
	const struct gate_input in = { .config = config,
				       .account = account,
				       .account_unknown = s->unknown,
				       .effective = &e,
				       .request = &request };

	request.login = ROSE;
	request.explained = true;
	if (!request.client_address)
		request.client_address = "192.0.2.1";
	if (!request.sender)
		request.sender = ROSE;
	request.queue_id = "";
	effective_resolve(config, account, "rose@example.net", FIXTURE_NOW_S, &e);
	for (int i = 0; i < CHECKS; i++)
		finding_init(&findings[i], MODE_OFF);
	gate_run(&in, findings);
	/* What a finding borrows lives no longer than this. */
	for (int i = 0; i < CHECKS; i++)
		if (findings[i].origin && strncmp(findings[i].origin, "plan ", 5) == 0)
			findings[i].origin = "plan";
	account_unref(&account);
	config_unref(&config);
}

struct row {
	struct subject subject;
	enum finding_result result;
	enum reply reply; /* when it refuses */
	const char *rule, *origin;
};

#define CONFIG(text) .subject.config = (text)
#define ACCOUNT(text) .subject.json = (text)
#define REQUEST .subject.request
#define PASS(rule_, origin_) .result = FINDING_PASS, .rule = (rule_), .origin = (origin_)
#define REFUSE(reply_, rule_, origin_) \
	.result = FINDING_REFUSE, .reply = (reply_), .rule = (rule_), .origin = (origin_)

static void check_row(enum check check, const struct row *row)
{
	const struct finding *f = &findings[check];
	bool refused = row->result == FINDING_REFUSE;

	suite_row("%s, %s", row->subject.config ? row->subject.config : "no configuration",
		  row->subject.json ? row->subject.json : "no account");
	run(&row->subject);
	SUITE_INT_EQUAL(f->result, row->result);
	if (refused)
		SUITE_INT_EQUAL(f->reply, row->reply);
	if (refused)
		SUITE_INT_EQUAL(f->action, reply_default(row->reply)->code[0] == '4' ?
						   ACTION_DEFER :
						   ACTION_REFUSE);
	SUITE_TEXT_EQUAL(f->rule, row->rule);
	SUITE_TEXT_EQUAL(f->origin, row->origin);
}

static void test_state(void)
{
	static const struct row rows[] = {
		{ PASS("", NULL) },
		{ ACCOUNT("{}"), PASS("allowed", "account") },
		{ ACCOUNT("{\"state\":\"sandboxed\"}"), PASS("sandboxed", "account") },
		{ ACCOUNT("{\"state\":\"blocked\"}"), REFUSE(REPLY_STATE, "blocked", "account") },
		{ ACCOUNT("{\"state\":\"blocked\",\"until\":1700000000}"),
		  PASS("allowed", "account") },
		{ CONFIG("unknown_login = refuse"),
		  REFUSE(REPLY_UNKNOWN_LOGIN, "unknown_login = refuse", "configuration") },
		{ CONFIG("unknown_login = refuse"), ACCOUNT("{}"), PASS("allowed", "account") },
		{ CONFIG("unknown_login = refuse"), .subject.unknown = true,
		  PASS("account not known", NULL) },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		check_row(CHECK_STATE, &rows[i]);
}

static void test_networks(void)
{
#define NETS(list) CONFIG("plan default { networks = { " list " } }")
#define CLIENT(text) REQUEST.client_address = (text)
	static const struct row rows[] = {
		{ PASS("", "built-in") },
		{ NETS("\"192.0.2.0/24\""), PASS("192.0.2.0/24", "plan") },
		{ NETS("\"192.0.2.0/24\""), CLIENT("::ffff:192.0.2.1"),
		  PASS("192.0.2.0/24", "plan") },
		{ NETS("\"198.51.100.0/24\""),
		  REFUSE(REPLY_NETWORKS, "not in any network of the login", "plan") },
		{ NETS("\"!192.0.2.1\""), REFUSE(REPLY_NETWORKS, "!192.0.2.1", "plan") },
		{ NETS("\"!192.0.2.9\""), PASS("", "plan") },
		{ NETS("\"192.0.2.0/24\""), ACCOUNT("{\"networks\":[]}"), CLIENT("203.0.113.5"),
		  PASS("", "account") },
		{ NETS("\"192.0.2.0/24\""), ACCOUNT("{\"networks\":[\"2001:db8::/32\"]}"),
		  CLIENT("2001:db8::9"), PASS("2001:db8::/32", "account") },
		{ NETS("\"192.0.2.0/24\""), CLIENT("unknown"), .result = FINDING_UNKNOWN,
		  .rule = "client address is not known", .origin = "plan" },
		{ CLIENT(""), PASS("", "built-in") },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		check_row(CHECK_NETWORKS, &rows[i]);
}

static void test_envelope_sender(void)
{
#define SENDER(text) REQUEST.sender = (text)
#define DOMAIN ACCOUNT("{\"senders\":[\"*@example.com\"]}")
#define FOREIGN(address, list) address " is not covered by %login (" list ")"
	static const struct row rows[] = {
		{ PASS("%login", "built-in") },
		{ SENDER("boss@example.com"),
		  REFUSE(REPLY_ENVELOPE_SENDER, FOREIGN("boss@example.com", "built-in"),
			 "built-in") },
		{ DOMAIN, SENDER("boss@example.com"), PASS("*@example.com", "account") },
		{ DOMAIN, SENDER("boss@example.net"),
		  REFUSE(REPLY_ENVELOPE_SENDER,
			 "boss@example.net is none of the 2 patterns of account and built-in",
			 "account") },
		{ SENDER(""), PASS("null_sender = allow", "configuration") },
		{ CONFIG("null_sender = \"5 messages / 1h\""), SENDER(""),
		  PASS("null_sender = 5 messages / 1h", "configuration") },
		{ CONFIG("null_sender = reject"), SENDER(""),
		  REFUSE(REPLY_NULL_SENDER, "null_sender = reject", "configuration") },
		{ SENDER("<" ROSE ">"), REQUEST.sender_form = ADDRESS_SMTP,
		  PASS("%login", "built-in") },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		check_row(CHECK_ENVELOPE_SENDER, &rows[i]);
	run(&(struct subject){ .request.sender = "@" });
	SUITE_INT_EQUAL(findings[CHECK_ENVELOPE_SENDER].result, FINDING_REFUSE);
	SUITE_TRUE(findings[CHECK_ENVELOPE_SENDER].rule[0] != '\0');
}

static struct originators originators_of(const char *from, const char *sender)
{
	static const struct originators none;
	struct originators o = none;

	if (from)
		o.items[o.n++] = (struct header_address){ ORIGINATOR_FROM, fixture_address(from) };
	if (sender)
		o.items[o.n++] =
			(struct header_address){ ORIGINATOR_SENDER, fixture_address(sender) };
	return o;
}

static void test_header_from(void)
{
	static const struct {
		const char *config, *from, *sender, *fault, *display;
		enum finding_result result;
		enum reply reply;
		const char *rule, *origin;
	} rows[] = {
		{ "", ROSE, NULL, "", "", FINDING_PASS, 0, "%login", "built-in" },
		{ "", ROSE, ROSE, "", "", FINDING_PASS, 0, "%login", "built-in" },
		{ "", "boss@example.com", NULL, "", "", FINDING_REFUSE, REPLY_HEADER_FROM,
		  FOREIGN("From: boss@example.com", "built-in"), "built-in" },
		{ "", ROSE, "boss@example.com", "", "", FINDING_REFUSE, REPLY_HEADER_FROM,
		  FOREIGN("Sender: boss@example.com", "built-in"), "built-in" },
		{ "", ROSE, NULL, "two From fields", "", FINDING_REFUSE, REPLY_HEADER_FAULT,
		  "two From fields", "message" },
		{ "", ROSE, NULL, "", "boss@bank.example", FINDING_PASS, 0,
		  "display name shows boss@bank.example", "message" },
		/* another address of the login's own */
		{ "display_name_address = reject", ROSE, NULL, "", "rose+x@example.org",
		  FINDING_PASS, 0, "%login", "built-in" },
		{ "display_name_address = reject", ROSE, NULL, "", "boss@bank.example",
		  FINDING_REFUSE, REPLY_HEADER_FAULT, "display name shows boss@bank.example",
		  "message" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const struct finding *f = &findings[CHECK_HEADER_FROM];
		struct originators o = originators_of(rows[i].from, rows[i].sender);

		suite_row("row %zu", i);
		strcpy(o.fault, rows[i].fault);
		if (rows[i].display[0])
			strcpy(o.shown[o.n_shown++].text, rows[i].display);
		run(&(struct subject){ .config = rows[i].config,
				       .request = { .stage = EOM, .originators = &o } });
		SUITE_INT_EQUAL(f->result, rows[i].result);
		if (rows[i].result == FINDING_REFUSE)
			SUITE_INT_EQUAL(f->reply, rows[i].reply);
		SUITE_TEXT_EQUAL(f->rule, rows[i].rule);
		SUITE_TEXT_EQUAL(f->origin, rows[i].origin);
	}
}

static void test_header_not_seen(void)
{
	struct originators foreign = originators_of("boss@example.com", NULL);

	run(&(struct subject){ .request = { .stage = EOM } });
	SUITE_INT_EQUAL(findings[CHECK_HEADER_FROM].result, FINDING_SKIPPED);
	run(&(struct subject){ .request = { .stage = STAGE_DATA, .originators = &foreign } });
	SUITE_INT_EQUAL(findings[CHECK_HEADER_FROM].result, FINDING_SKIPPED);
}

static void test_caps(void)
{
#define CAPS CONFIG("plan default { max_recipients = 3 max_size = 1000 }")
#define MESSAGE(r, b) REQUEST.recipients = (r), REQUEST.size_bytes = (b)
	static const struct row rows[] = {
		{ MESSAGE(1000000, INT64_C(1) << 40), PASS("", NULL) },
		{ CAPS, MESSAGE(3, 1000), PASS("", NULL) },
		{ CAPS, MESSAGE(4, 0), REFUSE(REPLY_CAP_RECIPIENTS, "max_recipients = 3", "plan") },
		{ CAPS, MESSAGE(0, 1001), REFUSE(REPLY_CAP_SIZE, "max_size = 1000", "plan") },
		{ CAPS, MESSAGE(4, 1001),
		  REFUSE(REPLY_CAP_RECIPIENTS, "max_recipients = 3", "plan") },
		{ CAPS, ACCOUNT("{\"max_recipients\":0}"), MESSAGE(4, 0), PASS("", NULL) },
		{ CAPS, ACCOUNT("{\"max_size\":5}"), MESSAGE(1, 6),
		  REFUSE(REPLY_CAP_SIZE, "max_size = 5", "account") },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		check_row(CHECK_CAPS, &rows[i]);
	SUITE_INT_EQUAL(findings[CHECK_CAPS].asked, 6);
	SUITE_INT_EQUAL(findings[CHECK_CAPS].limit, 5);
}

static void test_unknown_account(void)
{
	static const char strict[] = "null_sender = reject\n"
				     "plan default { networks = { \"198.51.100.0/24\" } "
				     "max_recipients = 1 }";
	struct originators foreign = originators_of("boss@example.com", NULL);
	const struct subject subject = { .config = strict,
					 .unknown = true,
					 .request = { .stage = EOM,
						      .sender = "boss@example.com",
						      .recipients = 2,
						      .originators = &foreign } };

	run(&subject);
	SUITE_INT_EQUAL(findings[CHECK_STATE].result, FINDING_PASS);
	for (int i = CHECK_NETWORKS; i <= CHECK_CAPS; i++) {
		suite_row("%s", check_name((enum check)i));
		SUITE_INT_EQUAL(findings[i].result, FINDING_UNKNOWN);
		SUITE_INT_EQUAL(findings[i].action, ACTION_DEFER);
	}
	SUITE_INT_EQUAL(gate_decisive(findings), CHECK_NETWORKS);
}

static void test_off(void)
{
	static const char off[] =
		"plan default { checks { state = off networks = off envelope_sender = off "
		"header_from = off caps = off } networks = { \"198.51.100.0/24\" } "
		"max_recipients = 1 }";
	struct originators foreign = originators_of("boss@example.com", NULL);

	run(&(struct subject){ .config = off,
			       .json = "{\"state\":\"blocked\"}",
			       .request = { .stage = EOM,
					    .sender = "boss@example.com",
					    .recipients = 2,
					    .originators = &foreign } });
	for (int i = 0; i < CHECKS; i++) {
		suite_row("%s", check_name((enum check)i));
		SUITE_INT_EQUAL(findings[i].result, FINDING_SKIPPED);
	}
	SUITE_INT_EQUAL(gate_decisive(findings), -1);
}

static void test_decisive(void)
{
	static const struct {
		const char *modes;
		int decisive;
	} rows[] = {
		{ "", CHECK_STATE },
		{ "state = monitor", CHECK_NETWORKS },
		{ "state = off networks = monitor", CHECK_ENVELOPE_SENDER },
		{ "state = off networks = off envelope_sender = monitor", CHECK_CAPS },
		{ "state = off networks = off envelope_sender = off caps = monitor", -1 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[400];

		suite_row("%s", rows[i].modes);
		snprintf(text, sizeof(text),
			 "plan default { checks { %s } networks = { \"198.51.100.0/24\" } "
			 "max_recipients = 1 }",
			 rows[i].modes);
		run(&(struct subject){
			.config = text,
			.json = "{\"state\":\"blocked\"}",
			.request = { .sender = "boss@example.com", .recipients = 2 } });
		SUITE_INT_EQUAL(gate_decisive(findings), rows[i].decisive);
	}
}

static void test_lines(void)
{
	/* Behind the fixture's own line. */
	static const char text[] = "null_sender = reject\nunknown_login = refuse\n"
				   "plan default {\n senders = { \"*@example.com\" }\n"
				   " networks = { \"198.51.100.0/24\" }\n max_size = 1\n}";

	run(&(struct subject){ .config = text, .request = { .sender = "", .size_bytes = 2 } });
	SUITE_INT_EQUAL(findings[CHECK_STATE].line, 3);
	SUITE_INT_EQUAL(findings[CHECK_NETWORKS].line, 6);
	SUITE_INT_EQUAL(findings[CHECK_ENVELOPE_SENDER].line, 2);
	SUITE_INT_EQUAL(findings[CHECK_CAPS].line, 7);
	run(&(struct subject){ .config = text, .json = "{}" });
	SUITE_INT_EQUAL(findings[CHECK_STATE].line, 0);
	SUITE_INT_EQUAL(findings[CHECK_ENVELOPE_SENDER].line, 5);
	run(&(struct subject){ .config = text, .json = "{\"senders\":[]}" });
	SUITE_INT_EQUAL(findings[CHECK_ENVELOPE_SENDER].line, 0);
}

static const struct suite_test tests[] = {
	{ "check 1: a blocked login is refused, until its block ends", test_state },
	{ "check 2: a client outside the login's networks is refused", test_networks },
	{ "check 3: an envelope sender the login does not own is refused", test_envelope_sender },
	{ "check 4: a header address the login does not own is refused", test_header_from },
	{ "check 4 is not made before the header is complete", test_header_not_seen },
	{ "check 5: more recipients or octets than the caps are refused", test_caps },
	{ "what would be refused of a login nobody knows cannot be told", test_unknown_account },
	{ "a check that is off is not made", test_off },
	{ "the first enforced check that refuses decides", test_decisive },
	{ "a rule of the configuration is told with its line", test_lines },
};

int main(void)
{
	return suite_run("gate", tests, SUITE_LEN(tests));
}
