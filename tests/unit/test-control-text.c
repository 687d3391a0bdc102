#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "control/table.h"
#include "control/text.h"
#include "control/value.h"
#include "tests/unit/suite.h"

static void test_plain(void)
{
	static const struct {
		const char *text;
		const char *reason; /* NULL: it is plain */
	} rows[] = {
		{ "", NULL },
		{ "DOM\\user \"x\" {}%", NULL },
		{ "gr\xc3\xbc\xc3\x9f", NULL },
		/* It does not show, but somebody may be called so. */
		{ "a\xe2\x80\x8d"
		  "b",
		  NULL },
		{ "a\nb", "has a control character" },
		{ "a\x7f", "has a control character" },
		{ "\xc2\x85", "has a control character" },
		{ "\xff", "is not UTF-8" },
		{ "\xc3", "is not UTF-8" },
		{ "\xed\xa0\x80", "is not UTF-8" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		bool plain = text_is_plain(rows[i].text, strlen(rows[i].text), &reason);

		suite_row("row %zu", i);
		SUITE_INT_EQUAL(plain, !rows[i].reason);
		SUITE_TEXT_EQUAL(reason, rows[i].reason);
	}
}

static void test_printable(void)
{
	static const struct {
		const char *text, *printable;
	} rows[] = {
		{ "rose@dom.example", "rose@dom.example" },
		{ "DOM\\user", "DOM\\user" },
		{ "a\x1b[2J", "a\\x1B[2J" },
		{ "\xff\xc3\xbc", "\\xFF\xc3\xbc" },
		{ "", "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char *printable = text_printable(rows[i].text);

		suite_row("row %zu", i);
		SUITE_TEXT_EQUAL(printable, rows[i].printable);
		free(printable);
	}
}

static void test_json(void)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "gr\xc3\xbcn", "gr\xc3\xbcn" },
		{ "a\xff\xfe"
		  "b",
		  "a\xef\xbf\xbd\xef\xbf\xbd"
		  "b" },
		{ "\xc3", "\xef\xbf\xbd" },
		{ "", "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		json_t *json = text_json(rows[i].text);

		suite_row("row %zu", i);
		SUITE_TEXT_EQUAL(json_string_value(json), rows[i].json);
		json_decref(json);
	}
}

static void test_amount(void)
{
	static const struct {
		int64_t amount;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1.00k" },
		{ 1049, "1.04k" },
		{ 12345, "12.3k" },
		{ 999999, "999k" },
		{ 25000000, "25.0M" },
		{ AMOUNT_MAX, "9.00P" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[TEXT_AMOUNT_MAX];

		text_amount(rows[i].amount, text);
		SUITE_TEXT_EQUAL(text, rows[i].text);
	}
}

static void test_table(void)
{
	static const char *const rows[][3] = {
		{ "LOGIN", "STATE", "REASON" },
		{ "gr\xc3\xbcn", "allowed", "" },
		{ "a\nb", "", "x" },
	};
	struct table *table = table_new(3);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < SUITE_LEN(rows); i++)
		table_row(table, rows[i]);
	table_print(table, out);
	fclose(out);
	SUITE_TEXT_EQUAL(text, "LOGIN   STATE    REASON\n"
			       "gr\xc3\xbcn    allowed\n"
			       "a\\x0Ab           x\n");
	free(text);
	table_free(&table);
}

static void test_values(void)
{
	static const struct {
		value_check *check;
		const char *text;
		const char *canonical; /* NULL: refused */
		int64_t number;
	} rows[] = {
		{ value_quota, "5messages/1h", "5 messages / 1h", 0 },
		{ value_quota, "5 apples / 1h", NULL, 0 },
		{ value_network, "!192.0.2.0/24", "!192.0.2.0/24", 0 },
		{ value_network, "192.0.2.1/24", NULL, 0 },
		{ value_sender, "*@Example.COM", "*@example.com", 0 },
		{ value_sender, "nobody", NULL, 0 },
		{ value_amount, "25M", "25M", 25000000 },
		{ value_amount, "-1", NULL, 0 },
		{ value_duration, "24h", "24h", 86400000 },
		{ value_duration, "24", NULL, 0 },
		{ value_duration, "10ms", NULL, 0 },
		{ value_client, "::ffff:192.0.2.1", "192.0.2.1", 0 },
		{ value_client, "mx1", NULL, 0 },
		{ value_stage, "rcpt", "RCPT", 1 },
		{ value_stage, "EHLO", NULL, 0 },
		{ value_login, "", NULL, 0 },
		{ value_note, "", "", 0 },
		{ value_name, "", NULL, 0 },
		{ value_setting, "max-size", "max_size", 4 },
		{ value_setting, "max_size", "max_size", 4 },
		{ value_setting, "sandbox", NULL, 0 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct value value = { 0 };
		const char *reason = NULL;
		bool good = rows[i].check(rows[i].text, &value, &reason);

		suite_row("\"%s\"", rows[i].text);
		SUITE_TEXT_EQUAL(value.text, rows[i].canonical);
		SUITE_INT_EQUAL(good, rows[i].canonical != NULL);
		SUITE_INT_EQUAL(value.number, rows[i].number);
		SUITE_TRUE(good || (reason && *reason));
		value_fini(&value);
	}
}

static void test_login_length(void)
{
	char text[258];
	struct value value = { 0 };
	const char *reason = NULL;

	memset(text, 'x', 256);
	text[255] = '\0';
	SUITE_TRUE(value_login(text, &value, &reason));
	value_fini(&value);
	text[255] = 'x';
	text[256] = '\0';
	SUITE_TRUE(!value_login(text, &value, &reason));
	SUITE_TEXT_EQUAL(reason, "is longer than 255 octets");
}

static const struct suite_test tests[] = {
	{ "a text is plain when it is UTF-8 without control characters", test_plain },
	{ "odd octets are printed as \\xHH", test_printable },
	{ "octets that are not UTF-8 are U+FFFD in JSON", test_json },
	{ "an amount is shown with three digits", test_amount },
	{ "a table's columns are aligned by characters, without blanks at the end", test_table },
	{ "a value is made canonical or refused with a reason", test_values },
	{ "a login has at most 255 octets", test_login_length },
};

int main(void)
{
	return suite_run("control-text", tests, SUITE_LEN(tests));
}
