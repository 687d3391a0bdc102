/*
 * Calendar periods in a time zone: the clock hour, day, week or month that a
 * moment belongs to.
 *
 * A day begins at local midnight, where a change of the clocks skips midnight
 * at the first moment of the day, and where it repeats midnight at the first
 * of both; so a day has 22 to 26 hours, in most zones 23 to 25. A week begins on
 * Monday (ISO 8601), a month on its first day. An hour begins when the local
 * clock shows full; an hour that the clocks repeat is a period of its own, and
 * so is each part of one that a change by half an hour cuts.
 */
#ifndef SENDWARD_CALENDAR_H
#define SENDWARD_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum calendar { CALENDAR_HOUR, CALENDAR_DAY, CALENDAR_WEEK, CALENDAR_MONTH };
#define CALENDARS 4

/* Octets of a zone's name with its NUL; the longest in use has 32. */
#define ZONE_MAX 40

/* "hour", "day", "week", "month". */
const char *calendar_name(enum calendar calendar);
bool calendar_find(const char *name, enum calendar *out);

/* The longest such a period gets, in seconds: 26 hours for a day. */
int32_t calendar_longest_s(enum calendar calendar);

/* Is it a name of the system's time zone database (tzdata), or "UTC"? */
bool zone_known(const char *zone);

/* The period that the moment (Unix time) belongs to: *start_s <= now_s <
 * *end_s. zone is one that zone_known() knows. Any thread. */
void calendar_period(enum calendar calendar, const char *zone, int64_t now_s, int64_t *start_s,
		     int64_t *end_s);

#endif
