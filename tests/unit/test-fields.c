#include "base/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/unit/suite.h"

static const struct {
	const char *value;
	size_t len; /* 0: that of the string */
	const char *written;
} values[] = {
	{ "alice@example.org", 0, "alice@example.org" },
	{ "user+tag@dom.example", 0, "user+tag@dom.example" },
	{ "a%b{c}", 0, "a%b{c}" },
	{ "", 0, "-" },
	{ "-", 0, "\"-\"" },
	{ "--", 0, "--" },
	{ "two words", 0, "\"two words\"" },
	{ "a=b", 0, "\"a=b\"" },
	{ "DOM\\user", 0, "\"DOM\\\\user\"" },
	{ "say \"hi\"", 0, "\"say \\\"hi\\\"\"" },
	{ "x\ny", 0, "\"x\\x0Ay\"" },
	{ "x\r\nMay 1 forged: line", 0, "\"x\\x0D\\x0AMay 1 forged: line\"" },
	{ "\x1b[2J", 0, "\"\\x1B[2J\"" },
	{ "tab\there", 0, "\"tab\\x09here\"" },
	{ "del\x7f", 0, "\"del\\x7F\"" },
	{ "nul\0inside", 10, "\"nul\\x00inside\"" },
	{ "ros\xc3\xa9@example.org", 0, "\"ros\xc3\xa9@example.org\"" },
	{ "\xff\xfe", 0, "\"\\xFF\\xFE\"" },
	{ "\xc3", 0, "\"\\xC3\"" },
	{ "csi \xc2\x9b", 0, "\"csi \\xC2\\x9B\"" },
	{ "\xe2\x80\xae"
	  "evil",
	  0,
	  "\"\\xE2\\x80\\xAE"
	  "evil\"" },
	{ "\xe2\x80\xa8", 0, "\"\\xE2\\x80\\xA8\"" },
};

static void test_values(void)
{
	char out[FIELDS_TEXT_MAX];
	size_t i, len;

	for (i = 0; i < SUITE_LEN(values); i++) {
		suite_row("row %zu", i);
		len = values[i].len ? values[i].len : strlen(values[i].value);
		SUITE_INT_EQUAL(fields_quote(values[i].value, len, out), strlen(values[i].written));
		SUITE_TEXT_EQUAL(out, values[i].written);
	}
}

/* Whatever the octet, the written value has no space, line end or bare quote
 * outside its quotes and is printable throughout. */
static void test_every_octet(void)
{
	char out[FIELDS_TEXT_MAX], value[3] = { 'a', 0, 'b' };
	size_t len, i;
	int octet;

	for (octet = 0; octet < 256; octet++) {
		suite_row("octet 0x%02x", (unsigned)octet);
		value[1] = (char)octet;
		len = fields_quote(value, 3, out);
		for (i = 0; i < len; i++)
			SUITE_TRUE(out[i] >= ' ' && out[i] < 0x7f);
		if (out[0] != '"')
			SUITE_TRUE(!memchr(out, ' ', len) && !memchr(out, '=', len));
	}
}

static void test_line(void)
{
	struct fields fields;

	fields_init(&fields, FIELDS_LINE_MAX);
	SUITE_TEXT_EQUAL(fields.line, "");
	fields_add(&fields, "login", "alice b");
	fields_add(&fields, "qid", NULL);
	fields_add_name(&fields, "check", "-");
	fields_add_int(&fields, "us", -5);
	SUITE_TEXT_EQUAL(fields.line, "login=\"alice b\" qid=- check=- us=-5");
	SUITE_INT_EQUAL(fields.len, strlen(fields.line));
}

static void test_full(void)
{
	struct fields fields;

	fields_init(&fields, 12);
	fields_add(&fields, "a", "1");
	fields_add(&fields, "b", "12345");
	SUITE_TEXT_EQUAL(fields.line, "a=1 b=12345");
	fields_init(&fields, 12);
	fields_add(&fields, "a", "1");
	fields_add(&fields, "b", "123456");
	SUITE_TEXT_EQUAL(fields.line, "a=1");
	fields_add_name(&fields, "c", "1");
	fields_add_int(&fields, "d", 1);
	fields_add(&fields, "e", "1");
	SUITE_TEXT_EQUAL(fields.line, "a=1");
	SUITE_INT_EQUAL(fields.len, 3);
	fields_init(&fields, 1);
	fields_add(&fields, "a", "");
	SUITE_TEXT_EQUAL(fields.line, "");
}

/* The longest field there is, behind the longest line: nothing is written behind its room. */
static void test_longest(void)
{
	char key[FIELDS_KEY_MAX + 1], value[FIELDS_VALUE_MAX + 1];
	struct fields fields;

	memset(key, 'k', FIELDS_KEY_MAX);
	key[FIELDS_KEY_MAX] = '\0';
	memset(value, 'v', FIELDS_VALUE_MAX);
	value[FIELDS_VALUE_MAX] = '\0';
	fields_init(&fields, FIELDS_LINE_MAX);
	while (fields.len < FIELDS_LINE_MAX - 5)
		fields_add(&fields, "k", fields.len == 0 ? "vvvv" : "vv");
	fields_add(&fields, "k", "");
	SUITE_INT_EQUAL(fields.len, FIELDS_LINE_MAX - 1);
	fields_add(&fields, key, value);
	SUITE_INT_EQUAL(fields.len, FIELDS_LINE_MAX - 1);
	SUITE_INT_EQUAL(strlen(fields.line), FIELDS_LINE_MAX - 1);
}

/* length octets of 'a', or of another filler. */
static size_t quote_long(const char *unit, size_t count, char out[FIELDS_TEXT_MAX])
{
	static char value[4096];
	size_t len = strlen(unit), i;

	for (i = 0; i < count; i++)
		memcpy(value + i * len, unit, len);
	return fields_quote(value, count * len, out);
}

static void test_long(void)
{
	char out[FIELDS_TEXT_MAX];
	size_t len;

	SUITE_INT_EQUAL(quote_long("a", FIELDS_VALUE_MAX, out), FIELDS_VALUE_MAX);
	SUITE_TRUE(out[0] == 'a');
	SUITE_INT_EQUAL(quote_long("a", FIELDS_VALUE_MAX + 1, out), FIELDS_VALUE_MAX);
	SUITE_TEXT_EQUAL(out + FIELDS_VALUE_MAX - 5, "a...\"");
	SUITE_INT_EQUAL(quote_long(" ", FIELDS_VALUE_MAX - 2, out), FIELDS_VALUE_MAX);
	SUITE_TEXT_EQUAL(out + FIELDS_VALUE_MAX - 3, "  \"");
	len = quote_long("\n", 1000, out);
	SUITE_TRUE(len <= FIELDS_VALUE_MAX);
	SUITE_TEXT_EQUAL(out + len - 8, "\\x0A...\"");
	len = quote_long("\xe2\x82\xac", 1000, out);
	SUITE_TRUE(len <= FIELDS_VALUE_MAX);
	SUITE_TEXT_EQUAL(out + len - 7, "\xe2\x82\xac...\"");
	len = quote_long("\"", 1000, out);
	SUITE_TEXT_EQUAL(out + len - 6, "\\\"...\"");
}

/* One character as the header of base/fields.h has it, whatever stands around it. */
static size_t plain_unit(const char *text, size_t len, char out[17])
{
	uint32_t code_point;
	size_t n = utf8_sequence(text, len, &code_point);

	if (*text == '"' || *text == '\\')
		sprintf(out, "\\%c", *text);
	else if (n > 0 && !utf8_is_control(code_point))
		sprintf(out, "%.*s", (int)n, text);
	else
		for (size_t i = 0; i < (n ? n : 1); i++)
			sprintf(out + 4 * i, "\\x%02X", (unsigned char)text[i]);
	return n ? n : 1;
}

/* The value as the header of base/fields.h has it, put together without haste. */
static void plain_quote(const char *value, size_t len, char out[FIELDS_TEXT_MAX])
{
	char whole[4 * 1024] = "\"", unit[17];
	size_t at = 0, fits = 1;
	bool quoted = len > FIELDS_VALUE_MAX || (len == 1 && *value == '-');

	for (size_t i = 0; i < len; i++)
		quoted |= value[i] <= ' ' || value[i] >= 0x7f || strchr("\"\\=", value[i]);
	while (at < len) {
		at += plain_unit(value + at, len - at, unit);
		strcat(whole, unit);
		if (strlen(whole) + 4 <= FIELDS_VALUE_MAX)
			fits = strlen(whole);
	}
	if (strlen(whole) + 1 > FIELDS_VALUE_MAX)
		strcpy(whole + fits, "...");
	strcat(whole, "\"");
	if (len == 0)
		strcpy(out, "-");
	else if (quoted)
		strcpy(out, whole);
	else
		sprintf(out, "%.*s", (int)len, value);
}

/* The same numbers in each run. */
static unsigned next_random(unsigned below)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % below;
}

/* Of some kinds of octets; nearly all of a value are of one kind. */
static size_t some_value(char out[1024])
{
	static const char *const kinds[] = { "a",
					     "Z9@.",
					     "-",
					     " ",
					     "=",
					     "\"\\",
					     "\n\x1b\x7f",
					     "\xc3\xa9\xff",
					     "\xe2\x82\xac",
					     "\xe2\x80\xae" };
	size_t usual = next_random(SUITE_LEN(kinds)), odd = next_random(SUITE_LEN(kinds));
	size_t wanted = next_random(40) + (next_random(4) ? 0 : 490);
	size_t len = 0;

	while (len < wanted) {
		const char *kind = kinds[next_random(30) ? usual : odd];
		size_t n = strlen(kind);

		memcpy(out + len, kind, n);
		len += n;
	}
	return wanted;
}

static void test_as_told(void)
{
	char value[1024], out[FIELDS_TEXT_MAX], wanted[FIELDS_TEXT_MAX];

	for (int i = 0; i < 20000; i++) {
		size_t len = some_value(value);

		suite_row("value %d", i);
		plain_quote(value, len, wanted);
		SUITE_INT_EQUAL(fields_quote(value, len, out), strlen(wanted));
		SUITE_TEXT_EQUAL(out, wanted);
	}
}

static void test_clean(void)
{
	char out[64], small[8];

	fields_clean("a \"b\" = \\ c", 11, out, sizeof(out));
	SUITE_TEXT_EQUAL(out, "a \"b\" = \\ c");
	fields_clean("line\nline", 9, out, sizeof(out));
	SUITE_TEXT_EQUAL(out, "line\\x0Aline");
	SUITE_INT_EQUAL(fields_clean("abcdef\n", 7, small, sizeof(small)), 6);
	SUITE_TEXT_EQUAL(small, "abcdef");
	fields_clean("abcdef\xc3\xa9", 8, small, sizeof(small));
	SUITE_TEXT_EQUAL(small, "abcdef");
}

static const struct suite_test tests[] = {
	{ "a value with odd octets is quoted and escaped", test_values },
	{ "no octet can end a value or a line", test_every_octet },
	{ "fields are separated by one space, an empty one is a dash", test_line },
	{ "a field that does not fit is left out whole, with all after it", test_full },
	{ "no field is longer than the room behind the longest line", test_longest },
	{ "a long value is cut between characters and says so", test_long },
	{ "any value is written as the header says", test_as_told },
	{ "free text keeps everything but controls", test_clean },
};

int main(void)
{
	return suite_run("fields", tests, SUITE_LEN(tests));
}
