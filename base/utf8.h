/*
 * UTF-8 (RFC 3629), as far as texts for logs and replies need it.
 */
#ifndef SENDWARD_UTF8_H
#define SENDWARD_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The octets of the well-formed sequence at the start of text, 1 to 4, with
 * its code point; 0 when there is none (also for len 0). */
size_t utf8_sequence(const char *text, size_t len, uint32_t *code_point);

/* Controls (C0, DEL, C1), line and paragraph separators, and what changes the
 * direction of text or does not show: nothing to let through to a terminal. */
bool utf8_is_control(uint32_t code_point);

#endif
