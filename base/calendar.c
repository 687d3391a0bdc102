#include "base/calendar.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *name;
	int32_t longest_s;
} calendars[CALENDARS] = {
	[CALENDAR_HOUR] = { "hour", 3600 },
	/* Antarctica/Troll puts its clocks back by two hours. */
	[CALENDAR_DAY] = { "day", 26 * 3600 },
	[CALENDAR_WEEK] = { "week", 7 * 86400 + 2 * 3600 },
	[CALENDAR_MONTH] = { "month", 31 * 86400 + 2 * 3600 },
};

const char *calendar_name(enum calendar calendar)
{
	return calendars[calendar].name;
}

bool calendar_find(const char *name, enum calendar *out)
{
	for (size_t i = 0; i < CALENDARS; i++) {
		if (strcmp(calendars[i].name, name) == 0) {
			*out = (enum calendar)i;
			return true;
		}
	}
	return false;
}

int32_t calendar_longest_s(enum calendar calendar)
{
	return calendars[calendar].longest_s;
}

/* GLib would also take paths, offsets and POSIX rules. The directories right/
 * and posix/ have every zone once more, the former with leap seconds. */
static bool is_zone_name(const char *zone)
{
	if (strcmp(zone, "UTC") == 0)
		return true;
	if (!strchr(zone, '/') || zone[0] == '/' || strpbrk(zone, ".,:"))
		return false;
	return strncmp(zone, "right/", 6) != 0 && strncmp(zone, "posix/", 6) != 0;
}

/* Reads the zone's file, unless another thread is using it at this moment. */
static GTimeZone *zone_open(const char *zone)
{
	if (!is_zone_name(zone))
		return NULL;
	return g_time_zone_new_identifier(zone);
}

bool zone_known(const char *zone)
{
	GTimeZone *tz = strlen(zone) < ZONE_MAX ? zone_open(zone) : NULL;

	if (tz)
		g_time_zone_unref(tz);
	return tz != NULL;
}

static int64_t offset_at(GTimeZone *tz, int64_t time_s)
{
	return g_time_zone_get_offset(tz,
				      g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, time_s));
}

/* The first moment at which the local clock shows wall_s (seconds since 1970
 * on that clock) or, where it is skipped, the first one after it. */
static int64_t first_moment(GTimeZone *tz, int64_t wall_s)
{
	int64_t first = INT64_MAX;

	for (int summer = 0; summer < 2; summer++) {
		GTimeType type = summer ? G_TIME_TYPE_DAYLIGHT : G_TIME_TYPE_STANDARD;
		gint64 local = wall_s;
		int interval = g_time_zone_adjust_time(tz, type, &local);
		int64_t moment = local - g_time_zone_get_offset(tz, interval);

		first = moment < first ? moment : first;
	}
	return first;
}

/* Where the period begins on the local clock, and the next one. timegm()
 * carries day 32 over into the next month. */
static void wall_clock(enum calendar calendar, int64_t wall_s, int64_t *start, int64_t *end)
{
	time_t wall = (time_t)wall_s;
	struct tm from, to;

	gmtime_r(&wall, &from);
	from.tm_hour = from.tm_min = from.tm_sec = 0;
	if (calendar == CALENDAR_WEEK)
		from.tm_mday -= (from.tm_wday + 6) % 7;
	if (calendar == CALENDAR_MONTH)
		from.tm_mday = 1;
	to = from;
	if (calendar == CALENDAR_MONTH)
		to.tm_mon++;
	else
		to.tm_mday += calendar == CALENDAR_WEEK ? 7 : 1;
	*start = timegm(&from);
	*end = timegm(&to);
}

static int64_t minutes_offset(GTimeZone *tz, int64_t time_s)
{
	return ((offset_at(tz, time_s) % 3600) + 3600) % 3600;
}

/* The first moment behind from at which full hours are no longer where they
 * are at from, or to. */
static int64_t hours_move(GTimeZone *tz, int64_t from, int64_t to)
{
	int64_t minutes = minutes_offset(tz, from), end = to;

	if (minutes_offset(tz, to - 1) == minutes)
		return to;
	while (end - from > 1) {
		int64_t middle = from + (end - from) / 2;

		if (minutes_offset(tz, middle) == minutes)
			from = middle;
		else
			end = middle;
	}
	return end;
}

/* Hours are cut by a change of the clocks that is not a whole number of them
 * (Australia/Lord_Howe: 30 minutes). */
static void hour_in(GTimeZone *tz, int64_t now_s, int64_t *start_s, int64_t *end_s)
{
	int64_t minutes = minutes_offset(tz, now_s);
	int64_t start = now_s - (((now_s + minutes) % 3600) + 3600) % 3600;

	*end_s = hours_move(tz, now_s, start + 3600);
	*start_s = start;
	if (minutes_offset(tz, start) != minutes)
		*start_s = hours_move(tz, start, now_s + 1);
}

static void period_in(enum calendar calendar, GTimeZone *tz, int64_t now_s, int64_t *start_s,
		      int64_t *end_s)
{
	int64_t wall = now_s + offset_at(tz, now_s), start, end;

	if (calendar == CALENDAR_HOUR) {
		hour_in(tz, now_s, start_s, end_s);
		return;
	}
	/* Where clocks go back over midnight, a moment that shows yesterday's
	 * date belongs to the day that has begun. */
	do {
		wall_clock(calendar, wall, &start, &end);
		*start_s = first_moment(tz, start);
		*end_s = first_moment(tz, end);
		wall = end;
	} while (*end_s <= now_s);
}

/* Decisions ask for the same few periods all the time. */
struct known_period {
	enum calendar calendar;
	char zone[ZONE_MAX];
	int64_t start_s, end_s;
};
#define KNOWN_PERIODS 32

static bool matches(const struct known_period *p, enum calendar calendar, const char *zone,
		    int64_t now_s)
{
	return p->calendar == calendar && p->start_s <= now_s && now_s < p->end_s &&
	       strcmp(p->zone, zone) == 0;
}

static void learn(struct known_period *p, enum calendar calendar, const char *zone, int64_t now_s)
{
	GTimeZone *tz = zone_open(zone);

	if (!tz)
		tz = g_time_zone_new_utc();
	p->calendar = calendar;
	snprintf(p->zone, sizeof(p->zone), "%s", zone);
	period_in(calendar, tz, now_s, &p->start_s, &p->end_s);
	g_time_zone_unref(tz);
}

void calendar_period(enum calendar calendar, const char *zone, int64_t now_s, int64_t *start_s,
		     int64_t *end_s)
{
	static _Thread_local struct known_period known[KNOWN_PERIODS];
	static _Thread_local unsigned next;
	struct known_period *p = NULL;

	for (size_t i = 0; i < KNOWN_PERIODS && !p; i++)
		p = matches(&known[i], calendar, zone, now_s) ? &known[i] : NULL;
	if (!p) {
		p = &known[next++ % KNOWN_PERIODS];
		learn(p, calendar, zone, now_s);
	}
	*start_s = p->start_s;
	*end_s = p->end_s;
}
