#include "base/header_write.h"

#include <string.h>

#include "tests/unit/suite.h"

static void test_name(void)
{
	static const struct {
		const char *text;
		bool name;
	} rows[] = {
		{ "Rose", true },
		{ "Rose Q. Public, \"the\" \\ first", true },
		{ "Ros\xc3\xa9 \xe5\xb1\xb1\xe7\x94\xb0", true },
		{ "", false },
		{ "  ", false },
		{ "boss@bank.example", false },
		{ "boss at bank", true },
		{ "boss\xef\xbc\xa0"
		  "bank.example",
		  false },
		{ "bo\xe2\x80\x8bss", false }, /* zero width space */
		{ "\xe2\x80\xaessob", false }, /* right-to-left override */
		{ "=?UTF-8?Q?boss?=", false }, /* encoded twice */
		{ "what\xef\xbf\xbd", false }, /* a charset nobody knows */
		{ "a\tb", false },
		{ "a\nFrom: b", false },
		{ "\xff", false },
	};
	char text[DISPLAY_NAME_MAX + 2];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].text);
		SUITE_INT_EQUAL(header_write_is_name(rows[i].text), rows[i].name);
	}
	memset(text, 'x', sizeof(text));
	text[DISPLAY_NAME_MAX + 1] = '\0';
	SUITE_TRUE(!header_write_is_name(text));
	text[DISPLAY_NAME_MAX] = '\0';
	SUITE_TRUE(header_write_is_name(text));
}

static void test_mailbox(void)
{
	static const struct {
		const char *name, *out;
	} rows[] = {
		{ "", " rose@example.org" },
		{ "Rose", " \"Rose\" <rose@example.org>" },
		{ "a \"b\" \\c", " \"a \\\"b\\\" \\\\c\" <rose@example.org>" },
		{ "Ros\xc3\xa9 B", " =?UTF-8?Q?Ros=C3=A9_B?= <rose@example.org>" },
		{ "\xc3\xa9?=_", " =?UTF-8?Q?=C3=A9=3F=3D=5F?= <rose@example.org>" },
		{ "a name that is as long as the line would be if it was not folded",
		  " \"a name that is as long as the line would be if it was not folded\"\n"
		  " <rose@example.org>" },
	};
	char out[HEADER_MAILBOX_MAX];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		header_write_mailbox(rows[i].name, "rose@example.org", out);
		SUITE_TEXT_EQUAL(out, rows[i].out);
	}
}

/* The octets of the longest line. */
static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		longest = len > longest ? len : longest;
		text += len + (text[len] == '\n');
	}
	return longest;
}

static void test_long_mailbox(void)
{
	char name[DISPLAY_NAME_MAX + 1], address[ADDRESS_TEXT_MAX], out[HEADER_MAILBOX_MAX];

	for (size_t i = 0; i < DISPLAY_NAME_MAX; i++)
		name[i] = "\xf0\x9f\x91\xa9"[i % 4];
	name[DISPLAY_NAME_MAX] = '\0';
	memset(address, 'a', sizeof(address) - 1);
	address[sizeof(address) - 1] = '\0';
	header_write_mailbox(name, address, out);
	SUITE_TRUE(strlen(out) < sizeof(out));
	SUITE_INT_EQUAL(longest_line(out), strlen(address) + 3);
	/* Every word holds whole characters. */
	for (const char *p = out; (p = strstr(p, "=?UTF-8?Q?")); p += 10)
		SUITE_TRUE(strncmp(p + 10, "=F0=9F=91=A9", 12) == 0);
	strcpy(address, "rose@example.org");
	header_write_mailbox(name, address, out);
	SUITE_TRUE(longest_line(out) <= 76);
}

static void test_text(void)
{
	static const struct {
		const char *value, *out;
	} rows[] = {
		{ "", "" },
		{ " Boss <boss@bank.example>", " Boss <boss@bank.example>" },
		{ " a,\r\n\tb,\n  c \n", " a, b, c" },
		{ " a\n\n\nSubject: b", " a Subject: b" },
		{ "\x01\x7f\xff ok \xc3\xa9 \xc2\x85", " ??? ok \xc3\xa9 ?" },
		{ "one two three four five six seven eight nine ten eleven twelve thirteen "
		  "fourteen",
		  " one two three four five six seven eight nine ten eleven twelve thirteen\n"
		  " fourteen" },
	};
	char out[HEADER_TEXT_ROOM];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		header_write_text(rows[i].value, out);
		SUITE_TEXT_EQUAL(out, rows[i].out);
	}
}

static void test_long_text(void)
{
	static char value[5000];
	char out[HEADER_TEXT_ROOM];

	memset(value, 'x', sizeof(value) - 1);
	header_write_text(value, out);
	SUITE_TRUE(longest_line(out) <= 998 - strlen("X-Original-Resent-Sender:"));
	SUITE_TEXT_EQUAL(out + strlen(out) - 4, "x...");
	/* As many folds as there can be. */
	for (size_t i = 0; i < sizeof(value) - 1; i++)
		value[i] = i % 40 == 0 ? ' ' : 'x';
	header_write_text(value, out);
	SUITE_TRUE(strlen(out) < sizeof(out));
	SUITE_TRUE(longest_line(out) <= 76);
	for (size_t i = 0; i < sizeof(value) - 1; i++)
		value[i] = "\xf0\x9f\x91\xa9"[i % 4];
	header_write_text(value, out);
	SUITE_TRUE(strlen(out) < sizeof(out));
	SUITE_TRUE(strchr(out, '?') == NULL);
}

static const struct suite_test tests[] = {
	{ "a name that shows an address or cannot be read is none", test_name },
	{ "a mailbox is quoted, encoded and folded", test_mailbox },
	{ "a long name becomes several encoded words of whole characters", test_long_mailbox },
	{ "any value becomes unstructured text", test_text },
	{ "a long value is folded and cut", test_long_text },
};

int main(void)
{
	return suite_run("header-write", tests, SUITE_LEN(tests));
}
