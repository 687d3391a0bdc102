#include "base/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static void test_table(void)
{
	/* Codes that operators and programs rely on. */
	static const struct {
		enum reply reply;
		const char *name, *code, *xcode;
	} rows[] = {
		{ REPLY_STATE, "state", "550", "5.7.1" },
		{ REPLY_UNKNOWN_LOGIN, "unknown_login", "550", "5.7.1" },
		{ REPLY_CREDENTIAL_REVOKED, "credential_revoked", "550", "5.7.1" },
		{ REPLY_CREDENTIAL_BLOCKED, "credential_blocked", "550", "5.7.1" },
		{ REPLY_CREDENTIAL_EXPIRED, "credential_expired", "550", "5.7.1" },
		{ REPLY_REQUIRE_TLS, "require_tls", "530", "5.7.0" },
		{ REPLY_NETWORKS, "networks", "550", "5.7.1" },
		{ REPLY_ENVELOPE_SENDER, "envelope_sender", "553", "5.7.1" },
		{ REPLY_SENDER_FAULT, "sender_fault", "553", "5.7.1" },
		{ REPLY_NULL_SENDER, "null_sender", "553", "5.7.1" },
		{ REPLY_HEADER_FROM, "header_from", "550", "5.7.1" },
		{ REPLY_HEADER_FAULT, "header_fault", "550", "5.7.1" },
		{ REPLY_HEADER_NO_REWRITE, "header_no_rewrite", "550", "5.7.1" },
		{ REPLY_CAP_RECIPIENTS, "max_recipients", "452", "4.5.3" },
		{ REPLY_CAP_SIZE, "max_size", "552", "5.3.4" },
		{ REPLY_QUOTAS, "quotas", "450", "4.7.28" },
		{ REPLY_QUOTAS_REJECT, "quotas_reject", "550", "5.7.28" },
		{ REPLY_QUOTAS_NEVER, "quotas_never", "450", "4.7.28" },
		{ REPLY_QUOTAS_NEVER_REJECT, "quotas_never_reject", "550", "5.7.28" },
		{ REPLY_QUOTAS_RCPT, "quotas_rcpt", "452", "4.5.3" },
		{ REPLY_CANNOT_TELL, "cannot_tell", "451", "4.3.0" },
	};

	SUITE_INT_EQUAL(SUITE_LEN(rows), REPLIES);
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const struct reply_line *line = reply_default(rows[i].reply);
		struct reply_line again;
		const char *reason = NULL;
		enum reply found;

		suite_row("%s", rows[i].name);
		SUITE_TEXT_EQUAL(reply_name(rows[i].reply), rows[i].name);
		SUITE_TRUE(reply_find(rows[i].name, &found));
		SUITE_INT_EQUAL(found, rows[i].reply);
		SUITE_TEXT_EQUAL(line->code, rows[i].code);
		SUITE_TEXT_EQUAL(line->xcode, rows[i].xcode);
		SUITE_TRUE(reply_parse(rows[i].reply, line->text, &again, &reason));
		SUITE_TEXT_EQUAL(again.text, line->text);
	}
}

static void test_other_names(void)
{
	static const char *const names[] = { "", "States", "quota", "quotas " };
	enum reply found;

	for (size_t i = 0; i < SUITE_LEN(names); i++)
		SUITE_TRUE(!reply_find(names[i], &found));
}

static void test_parse(void)
{
	static const struct {
		enum reply reply;
		const char *text, *code, *xcode, *rest;
	} rows[] = {
		{ REPLY_STATE, "go away", "550", "5.7.1", "go away" },
		{ REPLY_STATE, "554 5.7.0 go away", "554", "5.7.0", "go away" },
		{ REPLY_STATE, "550 5.700.100 x", "550", "5.700.100", "x" },
		{ REPLY_QUOTAS, "452 4.2.2 %{used} of %{limit}", "452", "4.2.2",
		  "%{used} of %{limit}" },
		{ REPLY_QUOTAS, "100% is 100%%", "450", "4.7.28", "100% is 100%%" },
		{ REPLY_QUOTAS, "% {used}", "450", "4.7.28", "% {used}" },
		{ REPLY_QUOTAS, "5000 too many", "450", "4.7.28", "5000 too many" },
		{ REPLY_QUOTAS, "45 too many", "450", "4.7.28", "45 too many" },
		{ REPLY_STATE,
		  "%{login} %{sender} %{client} %{rule} %{quota} %{used} %{limit} %{asked} "
		  "%{retry} %{reason} %{address}",
		  "550", "5.7.1",
		  "%{login} %{sender} %{client} %{rule} %{quota} %{used} %{limit} %{asked} "
		  "%{retry} %{reason} %{address}" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		struct reply_line line;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(reply_parse(rows[i].reply, rows[i].text, &line, &reason));
		SUITE_TEXT_EQUAL(line.code, rows[i].code);
		SUITE_TEXT_EQUAL(line.xcode, rows[i].xcode);
		SUITE_TEXT_EQUAL(line.text, rows[i].rest);
	}
}

static void test_refused(void)
{
	static const struct {
		enum reply reply;
		const char *text, *reason; /* its beginning */
	} rows[] = {
		{ REPLY_STATE, "", "a reply text cannot be empty" },
		{ REPLY_STATE, "550 5.7.1 ", "a reply text cannot be empty" },
		{ REPLY_STATE, "550 go away", "after the reply code comes an enhanced" },
		{ REPLY_STATE, "550 5.7.1", "after the reply code comes an enhanced" },
		{ REPLY_STATE, "550 5.7 x", "after the reply code comes an enhanced" },
		{ REPLY_STATE, "550 5.7.1.1 x", "after the reply code comes an enhanced" },
		{ REPLY_STATE, "550 5..1 x", "after the reply code comes an enhanced" },
		{ REPLY_STATE, "550 .7.1 x", "after the reply code comes an enhanced" },
		{ REPLY_STATE, "550 5.7. x", "after the reply code comes an enhanced" },
		{ REPLY_STATE, "550 5.7.1234 x", "after the reply code comes an enhanced" },
		{ REPLY_STATE, "250 2.0.0 welcome", "a reply code is 4xx or 5xx" },
		{ REPLY_STATE, "354 3.0.0 go on", "a reply code is 4xx or 5xx" },
		{ REPLY_QUOTAS, "421 4.7.0 bye", "reply codes 421 and 521 would close" },
		{ REPLY_STATE, "521 5.7.0 bye", "reply codes 421 and 521 would close" },
		{ REPLY_STATE, "550 4.7.1 x", "the reply code and the enhanced status code" },
		{ REPLY_STATE, "550 55.7.1 x", "the reply code and the enhanced status code" },
		{ REPLY_STATE, "450 4.7.1 x", "a reply that defers cannot be made one" },
		{ REPLY_QUOTAS, "550 5.7.28 x", "a reply that defers cannot be made one" },
		{ REPLY_STATE, "two\nlines", "a reply text is printable ASCII" },
		{ REPLY_STATE, "tab\there", "a reply text is printable ASCII" },
		{ REPLY_STATE, "caf\xc3\xa9", "a reply text is printable ASCII" },
		{ REPLY_STATE, "%{Login}",
		  "unknown name in %{...}: known are login, sender, client, rule, address, quota, "
		  "used, limit, asked, retry, reason" },
		{ REPLY_STATE, "%{}", "unknown name in %{...}" },
		{ REPLY_STATE, "%{login", "unknown name in %{...}" },
		{ REPLY_STATE, "%{log%{login}in}", "unknown name in %{...}" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		struct reply_line line;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(!reply_parse(rows[i].reply, rows[i].text, &line, &reason));
		SUITE_TRUE(reason && !strncmp(reason, rows[i].reason, strlen(rows[i].reason)));
		if (reason && strncmp(reason, rows[i].reason, strlen(rows[i].reason)) != 0)
			SUITE_TEXT_EQUAL(reason, rows[i].reason);
	}
}

static void test_length(void)
{
	char text[REPLY_TEXT_MAX + 2];
	struct reply_line line;
	const char *reason = NULL;

	memset(text, 'x', sizeof(text));
	text[REPLY_TEXT_MAX] = '\0';
	SUITE_TRUE(reply_parse(REPLY_STATE, text, &line, &reason));
	SUITE_TEXT_EQUAL(line.text, text);
	text[REPLY_TEXT_MAX] = 'x';
	text[REPLY_TEXT_MAX + 1] = '\0';
	SUITE_TRUE(!reply_parse(REPLY_STATE, text, &line, &reason));
	SUITE_TEXT_EQUAL(reason, "a reply text is at most 400 octets");
}

static const char *expand(const char *text, const struct reply_values *values, size_t size)
{
	static char kept[REPLY_TEXT_MAX * 4];
	struct reply_line line = { .text = "" };
	char *out = malloc(size);

	snprintf(line.text, sizeof(line.text), "%s", text);
	reply_expand(&line, values, out, size);
	snprintf(kept, sizeof(kept), "%s", out);
	free(out);
	return kept;
}

static void test_expand(void)
{
	static const struct reply_values values = { .login = "rose",
						    .sender = "",
						    .used = "7",
						    .limit = "10",
						    .reason = "a\r\nb\x7f\xffg\xc2\x9b\xc3\xa9",
						    .rule = "%{login}" };
	static const struct {
		const char *text, *expanded;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "%{used}/%{limit}%", "7/10%" },
		{ "%{used}%{limit}", "710" },
		{ "%%{used}", "%7" },
		{ "<%{sender}> %{client}", "<-> -" },
		{ "%{rule}", "%{login}" }, /* values are not expanded again */
		{ "%{reason}", "a??b??g?\xc3\xa9" },
		{ "%{nobody} %{", "%{nobody} %{" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].text);
		SUITE_TEXT_EQUAL(expand(rows[i].text, &values, 200), rows[i].expanded);
	}
}

static void test_cut(void)
{
	static const struct reply_values values = {
		.login = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb9"
	};

	/* Of "aé€🌹b" as much as fits. */
	static const char *const cut[] = {
		"",
		"a",
		"a",
		"a\xc3\xa9",
		"a\xc3\xa9",
		"a\xc3\xa9",
		"a\xc3\xa9\xe2\x82\xac",
		"a\xc3\xa9\xe2\x82\xac",
		"a\xc3\xa9\xe2\x82\xac",
		"a\xc3\xa9\xe2\x82\xac",
		"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb9",
		"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb9"
		"b",
	};

	for (size_t i = 0; i < SUITE_LEN(cut); i++) {
		suite_row("%zu octets", i + 1);
		SUITE_TEXT_EQUAL(expand("a%{login}b", &values, i + 1), cut[i]);
	}
}

static const struct suite_test tests[] = {
	{ "every reply has its name and the code of the design", test_table },
	{ "any other name is not a reply", test_other_names },
	{ "an operator's text may bring its own codes", test_parse },
	{ "a text that would be no good reply is refused with the reason", test_refused },
	{ "a text is as long as its limit and no longer", test_length },
	{ "names become values, once; odd octets become question marks", test_expand },
	{ "what does not fit is cut between characters", test_cut },
};

int main(void)
{
	return suite_run("reply", tests, SUITE_LEN(tests));
}
