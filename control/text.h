/*
 * Texts in and out of the control tool: what may be stored, what is fit to be
 * printed, what goes into JSON.
 */
#ifndef SENDWARD_CONTROL_TEXT_H
#define SENDWARD_CONTROL_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* UTF-8 (RFC 3629) without control characters (C0, DEL, C1). On failure
 * *reason is a static text. */
bool text_is_plain(const char *text, size_t len, const char **reason);

/* The text as a terminal may have it: controls, what does not show and what
 * is not UTF-8 as \xHH. Owned by the caller. */
char *text_printable(const char *text);

/* Columns it takes on a terminal, one for each character. */
size_t text_columns(const char *text);

/* A JSON string; octets that are not UTF-8 become U+FFFD. */
json_t *text_json(const char *text);

/* Local time with its offset, "2026-11-20 18:00:00 +0100". */
#define TEXT_TIME_MAX 40
void text_time(int64_t unix_s, char out[TEXT_TIME_MAX]);

/* "14 min ago"; "-" when then_ms is 0. Both are Unix times. */
#define TEXT_AGO_MAX 40
void text_ago(int64_t then_ms, int64_t now_ms, char out[TEXT_AGO_MAX]);

/* For people, with three digits: 999 -> "999", 1234567 -> "1.23M". */
#define TEXT_AMOUNT_MAX 48
void text_amount(int64_t amount, char out[TEXT_AMOUNT_MAX]);

#endif
