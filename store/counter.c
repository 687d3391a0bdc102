#include "store/counter.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const units[QUOTA_UNITS] = {
	[QUOTA_MESSAGES] = "m",
	[QUOTA_RECIPIENTS] = "r",
	[QUOTA_BYTES] = "b",
};

static const char *const calendars[CALENDARS] = {
	[CALENDAR_HOUR] = "h",
	[CALENDAR_DAY] = "d",
	[CALENDAR_WEEK] = "k",
	[CALENDAR_MONTH] = "o",
};

/* The null sender's, apart from them. */
static const char *const null_sender_calendars[CALENDARS] = {
	[CALENDAR_HOUR] = "H",
	[CALENDAR_DAY] = "D",
	[CALENDAR_WEEK] = "K",
	[CALENDAR_MONTH] = "O",
};

const char *counter_kind(const struct quota *quota)
{
	if (quota->kind != QUOTA_CALENDAR)
		return quota->null_sender ? "W" : "w";
	return (quota->null_sender ? null_sender_calendars : calendars)[quota->calendar];
}

const char *counter_unit(enum quota_unit unit)
{
	return units[unit];
}

/* FNV-1a. A login has a handful of zones at most. */
static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261U;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619U;
	return h;
}

uint32_t counter_window(const struct quota *quota)
{
	return quota->kind == QUOTA_CALENDAR ? hash(quota->zone) : (uint32_t)quota->window_s;
}

void counter_name(const struct quota *quota, char out[COUNTER_NAME_MAX])
{
	snprintf(out, COUNTER_NAME_MAX, "%s%s%" PRIu32, counter_kind(quota),
		 counter_unit(quota->unit), counter_window(quota));
}
