#define _XOPEN_SOURCE 700 /* strptime() */

#include "base/calendar.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/suite.h"

#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)

/* "2024-03-31 00:00:00", UTC. */
static int64_t utc(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);

	if (!rest || *rest)
		abort();
	return timegm(&tm);
}

static const char *show(int64_t time_s)
{
	static char texts[4][32];
	static unsigned next;
	char *text = texts[next++ % 4];
	time_t time = (time_t)time_s;
	struct tm tm;

	gmtime_r(&time, &tm);
	strftime(text, sizeof(texts[0]), "%Y-%m-%d %H:%M:%S", &tm);
	return text;
}

/* What happens to the clocks, and the periods of moments around it. UTC. */
static const struct {
	const char *zone;
	enum calendar calendar;
	const char *now, *start, *end;
} known[] = {
	{ "UTC", CALENDAR_HOUR, "2026-01-01 00:00:00", "2026-01-01 00:00:00",
	  "2026-01-01 01:00:00" },
	{ "UTC", CALENDAR_HOUR, "2026-01-01 00:59:59", "2026-01-01 00:00:00",
	  "2026-01-01 01:00:00" },
	{ "UTC", CALENDAR_DAY, "2026-01-01 23:59:59", "2026-01-01 00:00:00",
	  "2026-01-02 00:00:00" },
	/* a week begins on Monday, also across the year's end */
	{ "UTC", CALENDAR_WEEK, "2026-11-22 23:59:59", "2026-11-16 00:00:00",
	  "2026-11-23 00:00:00" },
	{ "UTC", CALENDAR_WEEK, "2026-11-23 00:00:00", "2026-11-23 00:00:00",
	  "2026-11-30 00:00:00" },
	{ "UTC", CALENDAR_WEEK, "2027-01-01 12:00:00", "2026-12-28 00:00:00",
	  "2027-01-04 00:00:00" },
	/* months of all lengths */
	{ "UTC", CALENDAR_MONTH, "2026-01-31 23:59:59", "2026-01-01 00:00:00",
	  "2026-02-01 00:00:00" },
	{ "UTC", CALENDAR_MONTH, "2026-02-28 12:00:00", "2026-02-01 00:00:00",
	  "2026-03-01 00:00:00" },
	{ "UTC", CALENDAR_MONTH, "2028-02-29 12:00:00", "2028-02-01 00:00:00",
	  "2028-03-01 00:00:00" },
	{ "UTC", CALENDAR_MONTH, "2000-02-29 00:00:00", "2000-02-01 00:00:00",
	  "2000-03-01 00:00:00" },
	{ "UTC", CALENDAR_MONTH, "2026-04-30 23:59:59", "2026-04-01 00:00:00",
	  "2026-05-01 00:00:00" },
	{ "UTC", CALENDAR_MONTH, "2026-12-31 23:59:59", "2026-12-01 00:00:00",
	  "2027-01-01 00:00:00" },
	/* hour forward: a day of 23 hours, its week and month */
	{ "Europe/Zurich", CALENDAR_DAY, "2026-03-29 12:00:00", "2026-03-28 23:00:00",
	  "2026-03-29 22:00:00" },
	{ "Europe/Zurich", CALENDAR_WEEK, "2026-03-29 12:00:00", "2026-03-22 23:00:00",
	  "2026-03-29 22:00:00" },
	{ "Europe/Zurich", CALENDAR_MONTH, "2026-03-29 12:00:00", "2026-02-28 23:00:00",
	  "2026-03-31 22:00:00" },
	/* hour back: a day of 25 hours, and the hour that comes twice is two */
	{ "Europe/Zurich", CALENDAR_DAY, "2026-10-25 12:00:00", "2026-10-24 22:00:00",
	  "2026-10-25 23:00:00" },
	{ "Europe/Zurich", CALENDAR_HOUR, "2026-10-25 00:30:00", "2026-10-25 00:00:00",
	  "2026-10-25 01:00:00" },
	{ "Europe/Zurich", CALENDAR_HOUR, "2026-10-25 01:30:00", "2026-10-25 01:00:00",
	  "2026-10-25 02:00:00" },
	{ "Europe/Zurich", CALENDAR_MONTH, "2026-10-25 12:00:00", "2026-09-30 22:00:00",
	  "2026-10-31 23:00:00" },
	/* 1:00 becomes 0:00: midnight comes twice, the first counts */
	{ "America/Havana", CALENDAR_DAY, "2024-11-03 04:30:00", "2024-11-03 04:00:00",
	  "2024-11-04 05:00:00" },
	{ "America/Havana", CALENDAR_DAY, "2024-11-03 05:30:00", "2024-11-03 04:00:00",
	  "2024-11-04 05:00:00" },
	{ "America/Havana", CALENDAR_DAY, "2024-11-03 03:59:59", "2024-11-02 04:00:00",
	  "2024-11-03 04:00:00" },
	/* 0:00 becomes 1:00: no midnight */
	{ "America/Havana", CALENDAR_DAY, "2024-03-10 05:00:00", "2024-03-10 05:00:00",
	  "2024-03-11 04:00:00" },
	{ "America/Sao_Paulo", CALENDAR_DAY, "2018-11-04 03:00:00", "2018-11-04 03:00:00",
	  "2018-11-05 02:00:00" },
	{ "America/Sao_Paulo", CALENDAR_DAY, "2018-11-04 02:59:59", "2018-11-03 03:00:00",
	  "2018-11-04 03:00:00" },
	{ "Asia/Beirut", CALENDAR_DAY, "2024-03-30 22:00:00", "2024-03-30 22:00:00",
	  "2024-03-31 21:00:00" },
	/* 0:00 becomes 23:00 of the day before */
	{ "America/Sao_Paulo", CALENDAR_DAY, "2019-02-17 02:30:00", "2019-02-16 02:00:00",
	  "2019-02-17 03:00:00" },
	{ "Asia/Beirut", CALENDAR_DAY, "2024-10-26 21:30:00", "2024-10-25 21:00:00",
	  "2024-10-26 22:00:00" },
	/* 0:01 becomes 23:01 of the day before: midnight comes twice, and the
	 * moments between belong to the day that has begun */
	{ "America/St_Johns", CALENDAR_DAY, "2010-11-07 02:30:30", "2010-11-07 02:30:00",
	  "2010-11-08 03:30:00" },
	{ "America/St_Johns", CALENDAR_DAY, "2010-11-07 03:00:00", "2010-11-07 02:30:00",
	  "2010-11-08 03:30:00" },
	{ "America/St_Johns", CALENDAR_DAY, "2010-11-07 02:29:59", "2010-11-06 02:30:00",
	  "2010-11-07 02:30:00" },
	/* 30 December 2011 does not exist */
	{ "Pacific/Apia", CALENDAR_DAY, "2011-12-30 09:59:59", "2011-12-29 10:00:00",
	  "2011-12-30 10:00:00" },
	{ "Pacific/Apia", CALENDAR_DAY, "2011-12-30 10:00:00", "2011-12-30 10:00:00",
	  "2011-12-31 10:00:00" },
	{ "Pacific/Apia", CALENDAR_WEEK, "2011-12-30 10:00:00", "2011-12-26 10:00:00",
	  "2012-01-01 10:00:00" },
	{ "Pacific/Apia", CALENDAR_MONTH, "2011-12-30 10:00:00", "2011-12-01 10:00:00",
	  "2011-12-31 10:00:00" },
	/* half an hour */
	{ "Australia/Lord_Howe", CALENDAR_DAY, "2026-04-05 00:00:00", "2026-04-04 13:00:00",
	  "2026-04-05 13:30:00" },
	{ "Australia/Lord_Howe", CALENDAR_HOUR, "2026-04-04 14:59:59", "2026-04-04 14:00:00",
	  "2026-04-04 15:00:00" },
	{ "Australia/Lord_Howe", CALENDAR_HOUR, "2026-04-04 15:00:00", "2026-04-04 15:00:00",
	  "2026-04-04 15:30:00" },
	{ "Australia/Lord_Howe", CALENDAR_HOUR, "2026-10-03 15:29:59", "2026-10-03 14:30:00",
	  "2026-10-03 15:30:00" },
	{ "Australia/Lord_Howe", CALENDAR_HOUR, "2026-10-03 15:30:00", "2026-10-03 15:30:00",
	  "2026-10-03 16:00:00" },
	/* hours of zones that are not whole ones from UTC */
	{ "Asia/Kolkata", CALENDAR_HOUR, "2026-01-01 00:29:59", "2025-12-31 23:30:00",
	  "2026-01-01 00:30:00" },
	{ "Asia/Kathmandu", CALENDAR_DAY, "2026-01-01 00:00:00", "2025-12-31 18:15:00",
	  "2026-01-01 18:15:00" },
	/* two hours back */
	{ "Antarctica/Troll", CALENDAR_DAY, "2026-10-25 12:00:00", "2026-10-24 22:00:00",
	  "2026-10-26 00:00:00" },
};

static void test_known(void)
{
	for (size_t i = 0; i < SUITE_LEN(known); i++) {
		int64_t start, end;

		suite_row("%s %s %s", known[i].zone, calendar_name(known[i].calendar),
			  known[i].now);
		calendar_period(known[i].calendar, known[i].zone, utc(known[i].now), &start, &end);
		SUITE_TEXT_EQUAL(show(start), known[i].start);
		SUITE_TEXT_EQUAL(show(end), known[i].end);
	}
}

/* --- against the C library's clocks ---------------------------------------- */

static const char *const zones[] = {
	"UTC",
	"Africa/Casablanca", /* daylight saving time is the standard there */
	"America/Asuncion",
	"America/Havana",
	"America/New_York",
	"America/Sao_Paulo",
	"America/St_Johns",
	"Antarctica/Troll",
	"Asia/Beirut",
	"Asia/Kathmandu",
	"Asia/Tehran",
	"Australia/Lord_Howe",
	"Europe/Dublin",
	"Europe/Zurich",
	"Pacific/Apia",
	"Pacific/Chatham",
};

static struct tm local(int64_t time_s)
{
	time_t time = (time_t)time_s;
	struct tm tm;

	localtime_r(&time, &tm);
	return tm;
}

static long date(int64_t time_s)
{
	struct tm tm = local(time_s);

	return (tm.tm_year + 1900L) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static bool clocks_change(int64_t time_s)
{
	return local(time_s).tm_gmtoff != local(time_s - 1).tm_gmtoff;
}

/* The local clock shows what a period begins with, or has just skipped it. */
static bool is_beginning(enum calendar calendar, int64_t time_s)
{
	struct tm tm = local(time_s);

	if (clocks_change(time_s))
		return calendar == CALENDAR_HOUR || date(time_s) > date(time_s - 1);
	return tm.tm_min == 0 && tm.tm_sec == 0 && (calendar == CALENDAR_HOUR || tm.tm_hour == 0) &&
	       (calendar != CALENDAR_WEEK || tm.tm_wday == 1) &&
	       (calendar != CALENDAR_MONTH || tm.tm_mday == 1);
}

static void probe(const char *zone, enum calendar calendar, int64_t now_s)
{
	int64_t start, end, before, after;

	suite_row("%s %s %s", zone, calendar_name(calendar), show(now_s));
	calendar_period(calendar, zone, now_s, &start, &end);
	SUITE_TRUE(start <= now_s && now_s < end);
	SUITE_TRUE(end - start <= calendar_longest_s(calendar));
	SUITE_TRUE(is_beginning(calendar, start));
	calendar_period(calendar, zone, end, &after, &before);
	SUITE_INT_EQUAL(after, end);
	calendar_period(calendar, zone, start - 1, &after, &before);
	SUITE_INT_EQUAL(before, start);
	if (calendar == CALENDAR_DAY)
		SUITE_TRUE(date(now_s) <= date(start) && date(start) > date(start - 1));
}

static void probe_all(const char *zone, int64_t now_s)
{
	for (size_t i = 0; i < CALENDARS; i++)
		probe(zone, (enum calendar)i, now_s);
}

/* The moment between the two at which the clocks change. */
static int64_t find_change(int64_t from, int64_t to)
{
	long offset = local(from).tm_gmtoff;

	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (local(middle).tm_gmtoff == offset)
			from = middle;
		else
			to = middle;
	}
	return to;
}

static void probe_around(const char *zone, int64_t change)
{
	static const int64_t distances[] = {
		-DAY, -HOUR - 1, -HOUR, -1801, -1800, -61,	-1,   0,
		1,    59,	 60,	1799,  1800,  HOUR - 1, HOUR, 2 * HOUR,
	};

	for (size_t i = 0; i < SUITE_LEN(distances); i++)
		probe_all(zone, change + distances[i]);
}

static void test_without_gap(void)
{
	const int64_t step = 3 * DAY + 12347;
	int64_t until = utc("2030-01-01 00:00:00");

	for (size_t i = 0; i < SUITE_LEN(zones); i++) {
		/* GLib reads a zone's file once while somebody holds it. */
		GTimeZone *held = g_time_zone_new_identifier(zones[i]);

		setenv("TZ", zones[i], 1);
		tzset();
		for (int64_t t = utc("2010-01-01 00:00:00"); t < until; t += step) {
			if (local(t).tm_gmtoff != local(t - step).tm_gmtoff)
				probe_around(zones[i], find_change(t - step, t));
			else
				probe_all(zones[i], t);
		}
		g_time_zone_unref(held);
	}
	unsetenv("TZ");
	tzset();
}

/* --- names ----------------------------------------------------------------- */

static void test_zones(void)
{
	static const struct {
		const char *name;
		bool known;
	} rows[] = {
		{ "UTC", true },
		{ "Etc/UTC", true },
		{ "Europe/Zurich", true },
		{ "America/Argentina/Buenos_Aires", true },
		{ "", false },
		{ "utc", false },
		{ "Z", false },
		{ "Europe", false },
		{ "Europe/", false },
		{ "Europe/Zuerich", false },
		{ "America/Argentina", false },
		{ "+01:00", false },
		{ "CET-1CEST,M3.5.0/2,M10.5.0/3", false },
		{ "/etc/localtime", false },
		{ "/usr/share/zoneinfo/Europe/Zurich", false },
		{ "Europe/../Europe/Zurich", false },
		{ "../zoneinfo/Europe/Zurich", false },
		{ "Europe/Zurich ", false },
		{ "right/Europe/Zurich", false },
		{ "posix/Europe/Zurich", false },
		{ "Europe/Zurichzurichzurichzurichzurichzurich", false },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].name);
		SUITE_INT_EQUAL(zone_known(rows[i].name), rows[i].known);
	}
}

static void test_names(void)
{
	static const char *const names[CALENDARS] = { "hour", "day", "week", "month" };
	enum calendar found = CALENDAR_WEEK;

	for (size_t i = 0; i < CALENDARS; i++) {
		SUITE_TEXT_EQUAL(calendar_name((enum calendar)i), names[i]);
		SUITE_TRUE(calendar_find(names[i], &found));
		SUITE_INT_EQUAL(found, i);
	}
	SUITE_TRUE(!calendar_find("year", &found) && !calendar_find("Day", &found) &&
		   !calendar_find("days", &found) && !calendar_find("", &found));
	SUITE_INT_EQUAL(found, CALENDAR_MONTH);
}

static const struct suite_test tests[] = {
	{ "a period begins and ends where the local clock says, whatever the clocks do",
	  test_known },
	{ "periods follow each other without a gap and begin as the C library's clock says",
	  test_without_gap },
	{ "a zone is a name of the database and no path, offset or rule", test_zones },
	{ "a calendar always has its name", test_names },
};

int main(void)
{
	return suite_run("calendar", tests, SUITE_LEN(tests));
}
