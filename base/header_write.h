/*
 * What we write into the header of a message, whatever the text came from: it
 * is one field, of lines that every program takes, with nothing in it that
 * could be read as another field.
 *
 * Values begin with the space behind the colon, as a milter with
 * SMFIP_HDR_LEADSPC has to write them, and are folded with LF (libmilter's
 * smfi_addheader); lines have at most 998 octets (RFC 5322 section 2.1.1).
 */
#ifndef SENDWARD_HEADER_WRITE_H
#define SENDWARD_HEADER_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

/* Octets of a display name, in UTF-8. */
#define DISPLAY_NAME_MAX 160

/* May this text, decoded and in UTF-8, stand as the display name beside an
 * address? Not when it is empty or longer than DISPLAY_NAME_MAX, shows
 * something like an address ("@" in any form), has an encoded word left, a
 * control character or one that does not show, or what a charset could not
 * tell (U+FFFD). */
bool header_write_is_name(const char *text);

/* Room for every mailbox: each octet of a name as "=XX", in encoded words. */
#define HEADER_MAILBOX_MAX (ADDRESS_TEXT_MAX + 5 * DISPLAY_NAME_MAX + 32)

/* " Name <address>" or " address" when name is "". name is one that
 * header_write_is_name() takes; it is quoted (RFC 5322 section 3.2.4), or
 * becomes encoded words (RFC 2047 section 5, UTF-8) when it is not ASCII.
 * address is an addr-spec. */
void header_write_mailbox(const char *name, const char *address, char out[HEADER_MAILBOX_MAX]);

/* Octets of a value that are kept, and room for them with their folds. */
#define HEADER_TEXT_MAX 2000
#define HEADER_TEXT_ROOM (HEADER_TEXT_MAX + HEADER_TEXT_MAX / 32 + 16)

/* Any value as unstructured text (RFC 5322 section 3.6.5): blanks and line
 * breaks between words become one space, or the fold of a line that gets long;
 * controls and what is not UTF-8 become "?". A value longer than
 * HEADER_TEXT_MAX is cut between characters and ends with "...". */
void header_write_text(const char *value, char out[HEADER_TEXT_ROOM]);

#endif
