/*
 * One quota: AMOUNT UNIT / WINDOW, for instance "500 recipients / 1h".
 *
 * Spaces are optional. AMOUNT is a base/units.h amount or "unlimited" (which
 * still counts); "0 messages / 1h" is legal and means none. WINDOW is a
 * duration of 1s to 31d. A plain value: nothing to free.
 */
#ifndef SENDWARD_QUOTA_H
#define SENDWARD_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum quota_unit { QUOTA_MESSAGES, QUOTA_RECIPIENTS, QUOTA_BYTES };
#define QUOTA_UNITS 3

#define QUOTA_UNLIMITED INT64_C(-1)
#define QUOTA_WINDOW_MIN_S 1
#define QUOTA_WINDOW_MAX_S (31 * 86400)

struct quota {
	enum quota_unit unit;
	int64_t limit; /* in units; QUOTA_UNLIMITED for none */
	int32_t window_s;
};

#define QUOTA_TEXT_MAX 64

/* On failure returns false and points *reason at a static text. */
bool quota_parse(const char *text, struct quota *out, const char **reason);

/* Canonical: "500 recipients / 1h", "unlimited messages / 1d",
 * "500M bytes / 1d". quota_parse() reads it again to the same value. */
void quota_format(const struct quota *quota, char out[QUOTA_TEXT_MAX]);

/* "messages", "recipients", "bytes". */
const char *quota_unit_name(enum quota_unit unit);

#endif
