/*
 * A header From that the login may not use, put right: what check header_from
 * in mode rewrite makes of a message that it would refuse otherwise.
 *
 * Every From is taken out and kept in an X-Original-From field, and one From
 * with the login's main address stands in. Sender, Resent-From, Resent-Sender
 * and a Reply-To that is looked at are taken out and kept alike when they have not
 * exactly one reading, name a foreign address, or show one in a display name
 * where that is refused; sound and own ones stay. Fields of these X-Original
 * names that the message brought with it are removed when we write one of that
 * name: what is there afterwards is ours.
 *
 * The engine says what is to be done; milter/rewrite.h does it.
 */
#ifndef SENDWARD_REWRITE_H
#define SENDWARD_REWRITE_H

#include <stdbool.h>

#include "engine/effective.h"
#include "engine/request.h"

struct rewrite {
	unsigned fields; /* to take out: a bit (1 << originator) each; 0: nothing is to be done */
	char address[ADDRESS_TEXT_MAX];	    /* the login's main address */
	char display[DISPLAY_NAME_MAX + 1]; /* beside it; "" for none */
	unsigned seen[ORIGINATORS];	    /* as in struct originators */
	unsigned copies[ORIGINATORS];
};

/* The main address of a login: itself when it is an address it owns, else the
 * first single address in its list of senders that it owns. False: it has
 * none, and out is empty. */
bool rewrite_main_address(const struct config *config, const struct effective *effective,
			  const char *login, char out[ADDRESS_TEXT_MAX]);

/* What to do with the header of a request that has one and is not to pass as
 * it is. Returns NULL, or a static text that says why it cannot be done; then
 * out->address is empty when that is because there is none. */
const char *rewrite_plan(const struct config *config, const struct effective *effective,
			 const struct request *request, struct rewrite *out);

#endif
