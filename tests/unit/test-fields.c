#include "base/fields.h"

#include <string.h>

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
	char out[128];

	fields_init(&fields, out, sizeof(out));
	fields_add(&fields, "login", "alice b");
	fields_add(&fields, "qid", NULL);
	fields_add_int(&fields, "us", -5);
	SUITE_TEXT_EQUAL(out, "login=\"alice b\" qid=- us=-5");
	SUITE_INT_EQUAL(fields.len, strlen(out));
	SUITE_TRUE(!fields.cut);
}

static void test_full(void)
{
	struct fields fields;
	char out[12];

	fields_init(&fields, out, sizeof(out));
	fields_add(&fields, "a", "1");
	fields_add(&fields, "b", "12345");
	SUITE_TEXT_EQUAL(out, "a=1 b=12345");
	SUITE_TRUE(!fields.cut);
	fields_init(&fields, out, sizeof(out));
	fields_add(&fields, "a", "1");
	fields_add(&fields, "b", "123456");
	fields_add(&fields, "c", "1");
	SUITE_TEXT_EQUAL(out, "a=1");
	SUITE_TRUE(fields.cut);
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
	{ "a long value is cut between characters and says so", test_long },
	{ "free text keeps everything but controls", test_clean },
};

int main(void)
{
	return suite_run("fields", tests, SUITE_LEN(tests));
}
