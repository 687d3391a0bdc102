/*
 * One quota: AMOUNT UNIT / WINDOW, for instance "500 recipients / 1h".
 *
 * Spaces are optional. AMOUNT is a base/units.h amount or "unlimited" (which
 * still counts); "0 messages / 1h" is legal and means none. WINDOW is a
 * duration of 1s to 31d, rolling, or a calendar period: "hour", "day", "week"
 * or "month", in UTC or "in ZONE", a name of the time zone database
 * ("1000 recipients / day in Europe/Zurich"). A plain value: nothing to free.
 */
#ifndef SENDWARD_QUOTA_H
#define SENDWARD_QUOTA_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/calendar.h"

enum quota_unit { QUOTA_MESSAGES, QUOTA_RECIPIENTS, QUOTA_BYTES };
#define QUOTA_UNITS 3

#define QUOTA_UNLIMITED INT64_C(-1)
#define QUOTA_WINDOW_MIN_S 1
#define QUOTA_WINDOW_MAX_S (31 * 86400)

enum quota_kind { QUOTA_ROLLING, QUOTA_CALENDAR };

struct quota {
	enum quota_unit unit;
	enum quota_kind kind;
	int64_t limit; /* in units; QUOTA_UNLIMITED for none */
	int32_t window_s;	/* QUOTA_CALENDAR: the longest the period gets */
	/* Counts mail from <> only, in a counter apart from the other quotas'. Not
	 * part of what quota_parse() reads. */
	bool null_sender;
	/* What quota_format() makes of it, borrowed from the list that it is in
	 * (quota_parse_kept()), so a copy that outlives that is made by quota_to_keep();
	 * NULL elsewhere. */
	const char *text;
	enum calendar calendar; /* QUOTA_CALENDAR only, as is zone */
	char zone[ZONE_MAX];	/* last: rarely looked at */
};

#define QUOTA_TEXT_MAX 128

/* Stands before the text of such a quota. */
#define QUOTA_NULL_SENDER "null sender: "

/* On failure returns false and points *reason at a static text. */
bool quota_parse(const char *text, struct quota *out, const char **reason);

/* The same for a quota that is shown with each decision: its text is made once and
 * kept in the arena. */
bool quota_parse_kept(const char *text, struct arena *arena, struct quota *out, const char **reason);

/* The same as quota_parse(), and with QUOTA_NULL_SENDER before it the null sender's. */
bool quota_parse_any(const char *text, struct quota *out, const char **reason);

/* Canonical: "500 recipients / 1h", "unlimited messages / 1d",
 * "500M bytes / 1d", "9 messages / day in UTC", "null sender: 9 messages / 1h".
 * quota_parse_any() reads it again to the same value. */
void quota_format(const struct quota *quota, char out[QUOTA_TEXT_MAX]);

/* A copy that may outlive the list that the quota is in: without the text. */
static inline struct quota quota_to_keep(const struct quota *quota)
{
	struct quota copy = *quota;

	copy.text = NULL;
	return copy;
}

/* Do both count in the same place: same unit, kind and window, and both or
 * none mail from <> only? */
static inline bool quota_same_counter(const struct quota *a, const struct quota *b)
{
	if (a->unit != b->unit || a->kind != b->kind || a->null_sender != b->null_sender)
		return false;
	if (a->kind == QUOTA_ROLLING)
		return a->window_s == b->window_s;
	return a->calendar == b->calendar && strcmp(a->zone, b->zone) == 0;
}

/* "messages", "recipients", "bytes". */
const char *quota_unit_name(enum quota_unit unit);

#endif
