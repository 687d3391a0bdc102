#include "base/units.h"

#include "tests/unit/suite.h"

struct number_row {
	const char *text;
	int64_t value;
};

struct refused_row {
	const char *text;
	const char *reason;
};

#define NO_AMOUNT "an amount is a number, such as 200 or 25M"
#define NO_DURATION "a duration is a number with a unit, such as 90s or 1h30m"
#define NEEDS_UNIT "a duration needs a unit (ms, s, m, h, d, w) right behind its number, as in 1h30m"
#define NO_SUCH_UNIT "a duration has no such unit; there are ms, s, m, h, d, w, as in 1h30m"
#define TOO_LARGE "the number is larger than 2^53 - 1"
#define TOO_LONG "the duration is too long"
#define NO_FRACTION "a fraction is not allowed: 1500M instead of 1.5G, 90m instead of 1.5h"
#define AMOUNT_END "a number ends in nothing or in one of k, M, G, T, Ki, Mi, Gi, Ti"
#define SMALLER "the parts of a duration must get smaller, as in 1h30m"

static void expect_amounts(const struct number_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *reason = NULL;
		int64_t value = -1;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(amount_parse(rows[i].text, &value, &reason));
		SUITE_INT_EQUAL(value, rows[i].value);
		SUITE_TEXT_EQUAL(reason, NULL);
	}
}

static void test_amounts(void)
{
	static const struct number_row rows[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "007", 7 },
		{ "25k", 25000 },
		{ "25M", 25000000 },
		{ "2G", 2000000000 },
		{ "3T", INT64_C(3000000000000) },
		{ "0M", 0 },
		{ "9007199254740991", AMOUNT_MAX },
		{ "9007T", INT64_C(9007000000000000) },
	};

	expect_amounts(rows, SUITE_LEN(rows));
}

static void test_binary_amounts(void)
{
	static const struct number_row rows[] = {
		{ "1Ki", 1024 },
		{ "25Mi", 26214400 },
		{ "2Gi", INT64_C(2147483648) },
		{ "1Ti", INT64_C(1099511627776) },
	};

	expect_amounts(rows, SUITE_LEN(rows));
}

static void test_bad_amounts(void)
{
	static const struct refused_row rows[] = {
		{ "", NO_AMOUNT },
		{ "M", NO_AMOUNT },
		{ "-1", "a number cannot be negative" },
		{ "+1", NO_AMOUNT },
		{ " 1", NO_AMOUNT },
		{ "1 ", AMOUNT_END },
		{ "1 M", AMOUNT_END },
		{ "25m", AMOUNT_END },
		{ "25MB", AMOUNT_END },
		{ "25ki", AMOUNT_END },
		{ "0x10", AMOUNT_END },
		{ "1e3", AMOUNT_END },
		{ "1.5G", NO_FRACTION },
		{ "1,5G", NO_FRACTION },
		{ "9007199254740992", TOO_LARGE },
		{ "9223372036854775807", TOO_LARGE },
		{ "9223372036854775808", TOO_LARGE },
		{ "99999999999999999999999999999999999999", TOO_LARGE },
		{ "9008T", TOO_LARGE },
		{ "9007199254740991Ti", TOO_LARGE },
		{ "\xd9\xa3", NO_AMOUNT }, /* ARABIC-INDIC DIGIT THREE */
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		int64_t value = 42;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(!amount_parse(rows[i].text, &value, &reason));
		SUITE_TEXT_EQUAL(reason, rows[i].reason);
		SUITE_INT_EQUAL(value, 42);
	}
}

static void test_durations(void)
{
	static const struct number_row rows[] = {
		{ "0s", 0 },
		{ "250ms", 250 },
		{ "1s", 1000 },
		{ "5m", 300000 },
		{ "24h", 86400000 },
		{ "7d", 604800000 },
		{ "2w", 1209600000 },
		{ "1h30m", 5400000 },
		{ "1h 30m", 5400000 },
		{ "1w2d3h4m5s6ms", 788645006 },
		{ "9007199254740991ms", AMOUNT_MAX },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		int64_t ms = -1;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(duration_parse_ms(rows[i].text, &ms, &reason));
		SUITE_INT_EQUAL(ms, rows[i].value);
		SUITE_TEXT_EQUAL(reason, NULL);
	}
}

static void test_bad_durations(void)
{
	static const struct refused_row rows[] = {
		{ "", NO_DURATION },
		{ "250", NEEDS_UNIT },
		{ "0", NEEDS_UNIT },
		{ "1h30", NEEDS_UNIT },
		{ "5min", NO_SUCH_UNIT },
		{ "5M", NO_SUCH_UNIT },
		{ "1y", NO_SUCH_UNIT },
		{ "1 h", NEEDS_UNIT },
		{ "h", NO_DURATION },
		{ "1h ", NO_DURATION },
		{ "1h  30m", NO_DURATION },
		{ "-5m", "a number cannot be negative" },
		{ "1.5h", NO_FRACTION },
		{ "30m1h", SMALLER },
		{ "1m1m", SMALLER },
		{ "9007199254740992ms", TOO_LARGE },
		{ "9007199254740991s", TOO_LONG },
		{ "9007199254740991w", TOO_LONG },
		{ "9007199254740s992ms", TOO_LONG },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		int64_t ms = 42;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(!duration_parse_ms(rows[i].text, &ms, &reason));
		SUITE_TEXT_EQUAL(reason, rows[i].reason);
		SUITE_INT_EQUAL(ms, 42);
	}
}

static void test_amount_text(void)
{
	static const struct {
		int64_t amount;
		const char *text;
	} rows[] = {
		{ 0, "0" },	      { 7, "7" },
		{ 100, "100" },	      { 1000, "1k" },
		{ 1024, "1Ki" },      { 25000000, "25M" },
		{ 26214400, "25Mi" }, { 1000001, "1000001" },
		{ 1024000, "1024k" }, { AMOUNT_MAX, "9007199254740991" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[AMOUNT_TEXT_MAX];

		amount_format(rows[i].amount, text);
		SUITE_TEXT_EQUAL(text, rows[i].text);
	}
}

static void test_duration_text(void)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "0s" },
		{ 250, "250ms" },
		{ 1000, "1s" },
		{ 90000, "90s" },
		{ 3600000, "1h" },
		{ 5400000, "90m" },
		{ 86400000, "1d" },
		{ 604800000, "7d" },
		{ 86400001, "86400001ms" },
		{ AMOUNT_MAX, "9007199254740991ms" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[DURATION_TEXT_MAX];

		duration_format(rows[i].ms, text);
		SUITE_TEXT_EQUAL(text, rows[i].text);
	}
}

static void test_human_duration(void)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ -5, "0 s" },
		{ 0, "0 s" },
		{ 1, "1 s" },
		{ 45000, "45 s" },
		{ 44001, "45 s" },
		{ 59001, "1 min" },
		{ 60000, "1 min" },
		{ 60001, "2 min" },
		{ 839000, "14 min" },
		{ 3541000, "1 h" },
		{ 10800000, "3 h" },
		{ 10800001, "3 h 1 min" },
		{ 86340001, "1 d" },
		{ 187200000, "2 d 4 h" },
		{ 187200000 - 3599000, "2 d 4 h" },
		{ 172799999, "2 d" },
		{ INT64_MAX, "106751991167 d 8 h" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char text[DURATION_TEXT_MAX];

		duration_format_human(rows[i].ms, text);
		SUITE_TEXT_EQUAL(text, rows[i].text);
	}
}

static const struct suite_test tests[] = {
	{ "an amount is a number with a power of 1000", test_amounts },
	{ "Ki, Mi, Gi and Ti are powers of 1024", test_binary_amounts },
	{ "an amount that is not exact, too large or misspelt is refused", test_bad_amounts },
	{ "a duration is one number or several, each with its unit", test_durations },
	{ "a duration without a unit, out of order or too long is refused", test_bad_durations },
	{ "an amount is written as the shortest exact text", test_amount_text },
	{ "a duration is written exactly in its largest unit", test_duration_text },
	{ "a duration for people is rounded up", test_human_duration },
};

int main(void)
{
	return suite_run("units", tests, SUITE_LEN(tests));
}
