/*
 * Places: an index over sender patterns. From an address lead a few places to
 * all accounts that may own it, without a look at any other account.
 *
 * A place says less than a pattern: letters beyond ASCII are all the same
 * there, case and delimiters do not matter. So who is found at a place has to
 * be looked at (engine/ownership.h), and who owns the address is always found,
 * whatever local_part_case and recipient_delimiter say. With one exception: an
 * account that names a plan which is not configured has the senders of plan
 * default, and of these only %login leads to it.
 */
#ifndef SENDWARD_PLACE_H
#define SENDWARD_PLACE_H

#include "engine/effective.h"

/* Places of one address, without those of groups and plans: its local part, cut at each
 * delimiter, its domain and the domains above. */
#define PLACES_MAX (LOCAL_PART_MAX + 1 + DOMAIN_MAX / 2 + 2)

struct place {
	/* Normalised, as in struct address; of a group "%group:NAME", of the
	 * accounts without senders of their own "%plan:NAME", or "%plan:". */
	char domain[DOMAIN_MAX + 1];
	/* Folded; "*": all of it, "*.": all below the domain, "%": the accounts
	 * without senders of their own. */
	char local[LOCAL_PART_MAX + 1];
};

typedef void place_each(const struct place *place, void *arg);

/* Where the pattern of that login is kept. False: nowhere, for an exclusion
 * covers nothing, nor does %login of a login that is no address. */
bool place_of_pattern(const struct pattern *pattern, const char *login, struct place *out);

/* Where a login is kept for %login, wherever that stands. False: nowhere. */
bool place_of_login(const char *login, struct place *out);

/* All places of an account, some of them perhaps twice. They depend on nothing
 * but the account. */
void place_of_account(const struct account *account, const char *login, place_each *each,
		      void *arg);

/* Where the logins of all accounts with an identity are kept (engine/identity.h). */
extern const struct place place_of_identities;

/* Where to look for the owners of the address: at a group's place when the
 * group covers it, at a plan's when that may. */
void place_of_address(const struct config *config, const struct address *address, place_each *each,
		      void *arg);

#endif
