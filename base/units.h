/*
 * Amounts, sizes and durations as people write them.
 *
 * Amounts: k M G T are powers of 1000, Ki Mi Gi Ti of 1024 ("25M", "2Gi").
 * Durations: ms s m h d w, the unit is never optional ("250ms", "24h", "7d");
 * several may follow each other ("1h30m").
 *
 * On failure the functions return false and point *reason at a static text.
 */
#ifndef SENDWARD_UNITS_H
#define SENDWARD_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* Counters and amounts stay below 2^53 so that they survive Lua's numbers. */
#define AMOUNT_MAX INT64_C(9007199254740991)

bool amount_parse(const char *text, int64_t *out, const char **reason);
bool duration_parse_ms(const char *text, int64_t *out_ms, const char **reason);

#define AMOUNT_TEXT_MAX 24
#define DURATION_TEXT_MAX 32

/* The shortest exact text: 25000000 -> "25M", 1000001 -> "1000001". */
void amount_format(int64_t amount, char out[AMOUNT_TEXT_MAX]);

/* Exact: 3600000 -> "1h", 5400000 -> "90m", 86400000 -> "1d", 250 -> "250ms". */
void duration_format(int64_t ms, char out[DURATION_TEXT_MAX]);

/* For people, rounded up: "45 s", "14 min", "3 h", "2 d 4 h". */
void duration_format_human(int64_t ms, char out[DURATION_TEXT_MAX]);

#endif
