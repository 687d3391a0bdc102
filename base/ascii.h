/*
 * ASCII characters, whatever the locale says and whatever the sign of char:
 * octets from 0x80 on belong to no class and are their own lower case.
 */
#ifndef SENDWARD_ASCII_H
#define SENDWARD_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A space or a tab: WSP of RFC 5234. */
static inline bool ascii_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* 0x00 to 0x1f and 0x7f. */
static inline bool ascii_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static inline bool ascii_is_8bit(char c)
{
	return (unsigned char)c >= 0x80;
}

/* What an atom consists of: atext of RFC 5322 section 3.2.3, with the UTF-8 of RFC 6532
 * section 3.2. */
static inline bool ascii_is_atext(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || ascii_is_8bit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static inline bool ascii_has_8bit(const char *text, size_t len)
{
	uint64_t eight;

	for (; len >= sizeof(eight); text += sizeof(eight), len -= sizeof(eight)) {
		memcpy(&eight, text, sizeof(eight));
		if (eight & UINT64_C(0x8080808080808080))
			return true;
	}
	for (size_t i = 0; i < len; i++)
		if (ascii_is_8bit(text[i]))
			return true;
	return false;
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The first n octets of a and b, upper and lower case being the same. */
static inline bool ascii_equal_nocase(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

#endif
