/*
 * Mixed scripts: labels, local parts and words whose letters come from writing
 * systems that nobody writes together, like the Cyrillic "a" in a Latin
 * "paypal".
 *
 * Mixed is what is not even "Moderately Restrictive" in UTS 39 section 5.2.
 * Fine are: one script; Latin with Han, Hiragana and Katakana, or with Han and
 * Bopomofo, or with Han and Hangul; Latin with one other script of UAX 31's
 * table 5 (recommended scripts) that is not Cyrillic or Greek. What is in script
 * Common or Inherited counts for nothing, nor what this version of the Unicode
 * tables does not know. A character that several scripts share
 * (Script_Extensions) has its one script here.
 *
 * In a local part, characters that Unicode has for compatibility only (fullwidth
 * letters) are told like a script; in domains IDNA does not have them.
 *
 * It is reported and refuses nothing: there are honest reasons, and whole words
 * of one script that look like another's (an "apple" all in Cyrillic, UTS 39
 * section 4, whole-script confusables) are out of its scope.
 */
#ifndef SENDWARD_MIXED_SCRIPT_H
#define SENDWARD_MIXED_SCRIPT_H

#include <stdbool.h>

#include "base/address.h"

/* Octets of a finding, cut between characters when there is more to say. */
#define MIXED_SCRIPT_MAX 200

/* The first label of the domain, as U-labels, that is mixed, else the local
 * part: "domain label ... (Latin, Cyrillic)". False, with an empty out:
 * neither is. */
bool mixed_script_in_address(const struct address *address, char out[MIXED_SCRIPT_MAX]);

/* The first word of UTF-8 text that is mixed: "word ... (Latin, Greek)". Words
 * end at blanks, symbols and punctuation but apostrophes. */
bool mixed_script_in_words(const char *text, char out[MIXED_SCRIPT_MAX]);

#endif
