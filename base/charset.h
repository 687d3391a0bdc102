/*
 * Charsets that display names come in, beside UTF-8 and ASCII.
 */
#ifndef SENDWARD_CHARSET_H
#define SENDWARD_CHARSET_H

#include <stddef.h>

/* What iconv_open(3) calls the charset name[0..len); NULL for one that is not in
 * our table. In it are those in which an octet below 0x80 need not be the ASCII
 * character, and those of one octet a character whose letters are taken for
 * others (mixed scripts). */
const char *charset_iconv_name(const char *name, size_t len);

#endif
