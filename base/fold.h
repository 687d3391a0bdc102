/*
 * Upper and lower case of UTF-8 texts made the same, for local parts and logins.
 *
 * Letters are folded one by one to their lower case (Unicode's simple mapping):
 * a letter beyond ASCII never becomes one within (the dotted capital I is no
 * "i", the Kelvin sign no "k") and never two (the sharp s is no "ss").
 */
#ifndef SENDWARD_FOLD_H
#define SENDWARD_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at text, len octets of which are left, folded; returns its
 * octets as it stands there, 0 when it is not UTF-8. */
size_t fold_read(const char *text, size_t len, uint32_t *out);

/* The text folded; octets that are not UTF-8 stay as they are. False when it
 * does not fit into size octets with its NUL: a small letter may be longer than
 * its capital. */
bool fold_text(const char *text, char *out, size_t size);

#endif
