/*
 * Mail addresses, normalised for comparison.
 *
 * Domain: lower case A-labels (RFC 5891, libidn2). Local part: unquoted
 * ("\"rose\"@d" is "rose@d"), NFC (RFC 6532 section 3.1), case kept.
 * A plain value: nothing to free.
 */
#ifndef SENDWARD_ADDRESS_H
#define SENDWARD_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"
#include "base/limits.h"

struct address {
	char local[LOCAL_PART_MAX + 1];
	char domain[DOMAIN_MAX + 1];
};

/* "local@domain", the local part quoted where RFC 5321 needs it. */
#define ADDRESS_TEXT_MAX (2 * LOCAL_PART_MAX + 2 + 1 + DOMAIN_MAX + 1)

enum address_form {
	/* Postfix's unquoted internal form, as the policy protocol carries it:
	 * "a b@example.org", the last "@" separates, a trailing dot of the
	 * domain is allowed and dropped. */
	ADDRESS_INTERNAL,
	/* An RFC 5321 path as a milter gets it from MAIL FROM: "<...>" or bare,
	 * quoted local part; source routes are refused. */
	ADDRESS_SMTP,
	/* An addr-spec of a header field, RFC 5322 section 3.4.1, without
	 * comments or folding (the header parser has taken those away); a
	 * trailing dot is refused. */
	ADDRESS_HEADER,
};

enum address_result {
	ADDRESS_OK,
	ADDRESS_NULL, /* the null reverse-path, "" or "<>" */
	ADDRESS_BAD,
};

/* On ADDRESS_BAD *reason points to a static text ("local part is longer than
 * 64 octets"), and out is undefined. */
enum address_result address_parse(const char *text, enum address_form form, struct address *out,
				  const char **reason);

/* "" or "<>": what address_parse() calls ADDRESS_NULL. */
bool address_is_null(const char *text);

void address_format(const struct address *addr, char out[ADDRESS_TEXT_MAX]);

/* Case of the local part: RFC 5321 section 2.4 leaves it to the receiver.
 * base/fold.h says which letters are the same. */
bool address_equal(const struct address *a, const struct address *b, bool local_case_sensitive);

/* The same for local parts (or what stands before their "+") of an address. */
bool local_part_equal(const char *a, size_t a_len, const char *b, size_t b_len,
		      bool case_sensitive);

#endif
