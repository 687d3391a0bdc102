/*
 * How the counter of a quota is named in store/take.lua: kind, unit, window.
 */
#ifndef SENDWARD_COUNTER_H
#define SENDWARD_COUNTER_H

#include <stdint.h>

#include "base/quota.h"

/* "w", or the letter of a calendar period; of the null sender's the capital
 * letter. */
const char *counter_kind(const struct quota *quota);

/* "m", "r", "b". */
const char *counter_unit(enum quota_unit unit);

/* Seconds of a rolling window; for a calendar period 32 bits that stand for
 * its time zone. */
uint32_t counter_window(const struct quota *quota);

/* The three together: "wm3600". */
#define COUNTER_NAME_MAX 16
void counter_name(const struct quota *quota, char out[COUNTER_NAME_MAX]);

#endif
