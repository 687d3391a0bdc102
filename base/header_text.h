/*
 * The text of a header field, as far as it must be sound before anybody reads
 * a meaning into it, and what looks like an address in it.
 */
#ifndef SENDWARD_HEADER_TEXT_H
#define SENDWARD_HEADER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Octets of one line of a header, without its line break: RFC 5322 section
 * 2.1.1. Postfix breaks longer ones on delivery, wherever that is. */
#define HEADER_LINE_MAX 998

/* Takes the line breaks of folding (RFC 5322 section 2.2.3) out of a field's
 * value, as a milter gets it: folded with LF or CRLF. used is what precedes it
 * on its line ("From: " is 6). out has room for len + 1 octets and is ended
 * with a NUL. Returns NULL, or a static text that says what no program reads
 * alike: NUL, bare CR or LF, other control characters, what is not UTF-8,
 * lines that are too long or blank. */
const char *header_text_unfold(const char *value, size_t len, size_t used, char *out);

/* Makes UTF-8 text ready for header_text_next_address(), in place: characters
 * that do not show are taken out, fullwidth and small "@" and "." become ASCII,
 * quotation marks and other general punctuation become spaces. */
void header_text_make_plain(char *text);

/* The text as it is shown where a right-to-left override (U+202E, UAX 9) turns a part
 * of it round, up to U+202C or the end: "moc.knab@ssob" is "boss@bank.com" there.
 * Free it; NULL when nothing is turned. */
char *header_text_turned(const char *text);

/* The next thing in *text that people would take for an address, as it stands
 * there; *text is moved behind it. out is cut between characters, at size - 1
 * octets at most. False when there is none. */
bool header_text_next_address(const char **text, char *out, size_t size);

/* Is there such a thing in the text, once it is made plain? */
bool header_text_holds_address(const char *text);

#endif
