/*
 * A strict reader of the address list in a header field: RFC 5322 section 3.4
 * with the groups of RFC 6854 and the UTF-8 of RFC 6532.
 *
 * It takes only what every mail program reads alike. Beyond the grammar's
 * errors it refuses what the grammar allows or once allowed, and programs read
 * in different ways: blanks, folds and comments inside an address, source
 * routes, empty list elements, empty groups, encoded words in an address, an
 * address in a quoted local part. One obsolete form has one reading only and is
 * much used, so it is taken: a dot in an unquoted display name ("John Q. Public
 * <john@example.com>").
 */
#ifndef SENDWARD_ADDRESS_LIST_H
#define SENDWARD_ADDRESS_LIST_H

#include <stddef.h>

#include "base/address.h"

/* Comments within comments. */
#define COMMENT_DEPTH_MAX 8

/* Octets of one address as it is written, quotes and U-labels included; more
 * cannot normalise to an address within the limits. */
#define WRITTEN_MAX 1280

/* Called for every mailbox, in order, and for the name of every group (then
 * address is NULL). display holds the words and comments around it, without
 * quotes and parentheses, one space between them; it lives until the call
 * returns. Returns NULL, or a static text that ends the reading. */
typedef const char *address_list_visit(const struct address *address, const char *display,
				       void *arg);

/* text[0..len) is unfolded, valid UTF-8 and has no control characters but tabs
 * (header_text_unfold()). Returns NULL, or a static text that says why the list
 * does not have exactly one reading. */
const char *address_list_read(const char *text, size_t len, address_list_visit *visit, void *arg);

#endif
