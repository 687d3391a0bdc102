#include "base/quota.h"

#include "tests/unit/suite.h"

static void test_texts(void)
{
	static const struct {
		const char *text;
		enum quota_unit unit;
		int64_t limit;
		int32_t window_s;
		const char *canonical;
	} rows[] = {
		{ "200 recipients / 1h", QUOTA_RECIPIENTS, 200, 3600, "200 recipients / 1h" },
		{ "1000 recipients / 1d", QUOTA_RECIPIENTS, 1000, 86400, "1000 recipients / 1d" },
		{ "1k recipients / 24h", QUOTA_RECIPIENTS, 1000, 86400, "1000 recipients / 1d" },
		{ "500M bytes / 1d", QUOTA_BYTES, 500000000, 86400, "500M bytes / 1d" },
		{ "500Mbytes/1d", QUOTA_BYTES, 500000000, 86400, "500M bytes / 1d" },
		{ "2Gi bytes/7d", QUOTA_BYTES, INT64_C(2147483648), 604800, "2Gi bytes / 7d" },
		{ "500recipients/1h", QUOTA_RECIPIENTS, 500, 3600, "500 recipients / 1h" },
		{ "1 message / 1m", QUOTA_MESSAGES, 1, 60, "1 messages / 1m" },
		{ "1 recipient / 1s", QUOTA_RECIPIENTS, 1, 1, "1 recipients / 1s" },
		{ "1 byte / 1s", QUOTA_BYTES, 1, 1, "1 bytes / 1s" },
		{ "0 messages / 1h", QUOTA_MESSAGES, 0, 3600, "0 messages / 1h" },
		{ "unlimited messages / 1d", QUOTA_MESSAGES, QUOTA_UNLIMITED, 86400,
		  "unlimited messages / 1d" },
		{ "unlimitedbytes/1d", QUOTA_BYTES, QUOTA_UNLIMITED, 86400,
		  "unlimited bytes / 1d" },
		{ " 10  messages\t/  1h30m ", QUOTA_MESSAGES, 10, 5400, "10 messages / 90m" },
		{ "10 messages / 1h 30m", QUOTA_MESSAGES, 10, 5400, "10 messages / 90m" },
		{ "10 messages / 2w", QUOTA_MESSAGES, 10, 1209600, "10 messages / 14d" },
		{ "10 messages / 31d", QUOTA_MESSAGES, 10, 2678400, "10 messages / 31d" },
		{ "10 messages / 2000ms", QUOTA_MESSAGES, 10, 2, "10 messages / 2s" },
		{ "10 messages / 1w", QUOTA_MESSAGES, 10, 604800, "10 messages / 7d" },
		{ "9007199254740991 messages / 2678399s", QUOTA_MESSAGES, INT64_C(9007199254740991),
		  2678399, "9007199254740991 messages / 2678399s" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		char text[QUOTA_TEXT_MAX];
		struct quota quota, again;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(quota_parse(rows[i].text, &quota, &reason));
		SUITE_TEXT_EQUAL(reason, NULL);
		SUITE_INT_EQUAL(quota.unit, rows[i].unit);
		SUITE_INT_EQUAL(quota.limit, rows[i].limit);
		SUITE_INT_EQUAL(quota.window_s, rows[i].window_s);
		quota_format(&quota, text);
		SUITE_TEXT_EQUAL(text, rows[i].canonical);
		SUITE_TRUE(quota_parse(text, &again, &reason));
		SUITE_INT_EQUAL(again.unit, quota.unit);
		SUITE_INT_EQUAL(again.limit, quota.limit);
		SUITE_INT_EQUAL(again.window_s, quota.window_s);
	}
}

static void test_calendar(void)
{
	static const struct {
		const char *text;
		enum calendar calendar;
		const char *zone, *canonical;
	} rows[] = {
		{ "1000 recipients / day in Europe/Zurich", CALENDAR_DAY, "Europe/Zurich",
		  "1000 recipients / day in Europe/Zurich" },
		{ "1k recipients/month", CALENDAR_MONTH, "UTC", "1000 recipients / month in UTC" },
		{ "1000 recipients / hour", CALENDAR_HOUR, "UTC", "1000 recipients / hour in UTC" },
		{ " 1k  recipients\t/ \tweek  in\tAsia/Kathmandu ", CALENDAR_WEEK, "Asia/Kathmandu",
		  "1000 recipients / week in Asia/Kathmandu" },
		{ "1000 recipients / day in UTC", CALENDAR_DAY, "UTC",
		  "1000 recipients / day in UTC" },
		{ "1000 recipients / month in America/Argentina/Buenos_Aires", CALENDAR_MONTH,
		  "America/Argentina/Buenos_Aires",
		  "1000 recipients / month in America/Argentina/Buenos_Aires" },
		{ "1000 recipients / month in Etc/GMT+5", CALENDAR_MONTH, "Etc/GMT+5",
		  "1000 recipients / month in Etc/GMT+5" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		char text[QUOTA_TEXT_MAX];
		struct quota quota, again;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(quota_parse(rows[i].text, &quota, &reason));
		SUITE_TEXT_EQUAL(reason, NULL);
		SUITE_INT_EQUAL(quota.kind, QUOTA_CALENDAR);
		SUITE_INT_EQUAL(quota.limit, 1000);
		SUITE_INT_EQUAL(quota.calendar, rows[i].calendar);
		SUITE_TEXT_EQUAL(quota.zone, rows[i].zone);
		SUITE_INT_EQUAL(quota.window_s, calendar_longest_s(rows[i].calendar));
		quota_format(&quota, text);
		SUITE_TEXT_EQUAL(text, rows[i].canonical);
		SUITE_TRUE(quota_parse(text, &again, &reason));
		SUITE_TRUE(quota_same_counter(&quota, &again));
		SUITE_INT_EQUAL(again.limit, quota.limit);
	}
}

static void test_same_counter(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "1 messages / 1h", "unlimited messages / 60m", true },
		{ "1 messages / 1h", "1 recipients / 1h", false },
		{ "1 messages / 1h", "1 messages / 61m", false },
		{ "1 messages / 1h", "1 messages / hour", false },
		{ "1 messages / 26h", "1 messages / day", false },
		{ "1 messages / day", "2 messages / day in UTC", true },
		{ "1 messages / day", "1 messages / week", false },
		{ "1 messages / day", "1 messages / day in Europe/Zurich", false },
		{ "1 bytes / day in Europe/Zurich", "2 bytes/day in  Europe/Zurich", true },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = NULL;
		struct quota a, b;

		suite_row("%s, %s", rows[i].a, rows[i].b);
		SUITE_TRUE(quota_parse(rows[i].a, &a, &reason));
		SUITE_TRUE(quota_parse(rows[i].b, &b, &reason));
		SUITE_INT_EQUAL(quota_same_counter(&a, &b), rows[i].same);
		SUITE_INT_EQUAL(quota_same_counter(&b, &a), rows[i].same);
	}
}

static void test_refused(void)
{
#define NO_UNIT "unit is missing: messages, recipients or bytes"
#define NO_WINDOW "window is missing: write AMOUNT UNIT / WINDOW"
#define NO_DURATION "a duration is a number with a unit, such as 90s or 1h30m"
#define NO_CALENDAR "window is a duration, such as 1h, or hour, day, week or month"
#define SHAPE_CALENDAR "a calendar window is written as in \"day in Europe/Zurich\""
#define NO_ZONE "not a time zone of the system's database, such as Europe/Zurich or UTC"
#define SHAPE "write AMOUNT UNIT / WINDOW; the unit is messages, recipients or bytes"
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{ "", NO_UNIT },
		{ "/", NO_UNIT },
		{ "500 / 1h", NO_UNIT },
		{ "500M / 1h", NO_UNIT },
		{ "unlimited / 1h", NO_UNIT },
		{ "500 mails / 1h", SHAPE },
		{ "500 Messages / 1h", SHAPE },
		{ "500 messages per 1h", SHAPE },
		{ "messages 500 / 1h", SHAPE },
		{ "messages / 1h", "amount is missing" },
		{ "-1 messages / 1h", "a number cannot be negative" },
		{ "1.5G bytes / 1h",
		  "a fraction is not allowed: 1500M instead of 1.5G, 90m instead of 1.5h" },
		{ "many messages / 1h", "an amount is a number, such as 200 or 25M" },
		{ "9008T bytes / 1h", "the number is larger than 2^53 - 1" },
		{ "500 messages", NO_WINDOW },
		{ "500 messages /", NO_WINDOW },
		{ "500 messages / ", NO_WINDOW },
		{ "500 messages / 60", "a duration needs a unit (ms, s, m, h, d, w) right behind its number, as in 1h30m" },
		{ "500 messages / hours", NO_CALENDAR },
		{ "500 messages / 1h / 2h", NO_DURATION },
		{ "500 messages / year", NO_CALENDAR },
		{ "500 messages / Day", NO_CALENDAR },
		{ "500 messages / dayin UTC", NO_CALENDAR },
		{ "500 messages / fortnight", NO_CALENDAR },
		{ "500 messages / day UTC", SHAPE_CALENDAR },
		{ "500 messages / day at UTC", SHAPE_CALENDAR },
		{ "500 messages / day in", SHAPE_CALENDAR },
		{ "500 messages / 1d in UTC",
		  "a duration is a number with a unit, such as 90s or 1h30m" },
		{ "500 messages / 1 day", "a duration needs a unit (ms, s, m, h, d, w) right behind its number, as in 1h30m" },
		{ "500 messages / day in Mars/Olympus", NO_ZONE },
		{ "500 messages / day in CET", NO_ZONE },
		{ "500 messages / day in utc", NO_ZONE },
		{ "500 messages / day in +01:00", NO_ZONE },
		{ "500 messages / day in ../../etc/passwd", NO_ZONE },
		{ "500 messages / day in Europe/Zurich UTC", NO_ZONE },
		{ "500 messages / day in Europe/Zurichzurichzurichzurichzurichzurich", NO_ZONE },
		{ "500 messages / 0s", "window is shorter than 1 second" },
		{ "500 messages / 999ms", "window is shorter than 1 second" },
		{ "500 messages / 1500ms", "window is not a whole number of seconds" },
		{ "500 messages / 32d", "window is longer than 31 days" },
		{ "500 messages / 31d1s", "window is longer than 31 days" },
		{ "500 messages / 1000000000000w", "the duration is too long" },
		{ "0000000000000000000000000000000000000000000000000000000000000000001 messages / 1h",
		  "the text before \"/\" is too long" },
		{ "1 messages / 0000000000000000000000000000000000000000000000000000000000000000001h",
		  "the text behind \"/\" is too long" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct quota quota = { .limit = 42 };
		const char *reason = NULL;

		suite_row("%s", rows[i].text);
		SUITE_TRUE(!quota_parse(rows[i].text, &quota, &reason));
		SUITE_TEXT_EQUAL(reason, rows[i].reason);
		SUITE_INT_EQUAL(quota.limit, 42);
	}
}

static void test_unit_names(void)
{
	SUITE_TEXT_EQUAL(quota_unit_name(QUOTA_MESSAGES), "messages");
	SUITE_TEXT_EQUAL(quota_unit_name(QUOTA_RECIPIENTS), "recipients");
	SUITE_TEXT_EQUAL(quota_unit_name(QUOTA_BYTES), "bytes");
}

static void test_null_sender(void)
{
	static const char *const texts[] = { "null sender: 9 messages / 1h",
					     "null sender: unlimited bytes / day in UTC",
					     "9 messages / 1h" };

	for (size_t i = 0; i < SUITE_LEN(texts); i++) {
		struct quota quota, bare;
		char text[QUOTA_TEXT_MAX];
		const char *reason;

		suite_row("%s", texts[i]);
		SUITE_TRUE(quota_parse_any(texts[i], &quota, &reason));
		SUITE_INT_EQUAL(quota.null_sender, i < 2);
		quota_format(&quota, text);
		SUITE_TEXT_EQUAL(text, texts[i]);
		SUITE_INT_EQUAL(quota_parse(texts[i], &bare, &reason), i == 2);
		bare = quota;
		bare.null_sender = !quota.null_sender;
		SUITE_TRUE(!quota_same_counter(&quota, &bare));
	}
}

static void test_kept(void)
{
	static const char *const texts[][2] = {
		{ "1k messages / 24h", "1000 messages / 1d" },
		{ "500Mbytes / day", "500M bytes / day in UTC" },
	};
	struct arena *arena = arena_new();
	const char *reason = "";
	struct quota quota;

	for (size_t i = 0; i < SUITE_LEN(texts); i++) {
		suite_row("%s", texts[i][0]);
		SUITE_TRUE(quota_parse_kept(texts[i][0], arena, &quota, &reason));
		SUITE_TEXT_EQUAL(quota.text, texts[i][1]);
		SUITE_TRUE(quota_parse(texts[i][0], &quota, &reason));
		SUITE_TRUE(!quota.text);
	}
	SUITE_TRUE(!quota_parse_kept("9 messages", arena, &quota, &reason));
	SUITE_TEXT_EQUAL(reason, "window is missing: write AMOUNT UNIT / WINDOW");
	arena_free(&arena);
}

static const struct suite_test tests[] = {
	{ "a quota is read, and its canonical text is read as the same quota", test_texts },
	{ "a quota that is kept has its canonical text with it", test_kept },
	{ "a calendar quota is read with its zone, UTC when it names none", test_calendar },
	{ "quotas count in one place when unit, kind and window are the same", test_same_counter },
	{ "a text that is not a quota is refused and the reason names what is wrong",
	  test_refused },
	{ "a unit always has its name", test_unit_names },
	{ "the null sender's quota is read and written with its name, and counts apart",
	  test_null_sender },
};

int main(void)
{
	return suite_run("quota", tests, SUITE_LEN(tests));
}
