/*
 * Which addresses a login owns, and which rule says so.
 *
 * An account's own list of senders replaces the plan's, with one exception
 * that everybody expects: where the plan lists %login, the login goes on to
 * own its own address unless the account's list excludes it.
 */
#ifndef SENDWARD_OWNERSHIP_H
#define SENDWARD_OWNERSHIP_H

#include "engine/effective.h"

struct ownership {
	bool owned;
	const struct pattern *rule; /* that decided; NULL: none covers it */
	const char *origin;	    /* of the rule, or of the list searched */
	int line;		    /* of that list; base/config.h, LINES */
};

/* That exception: the plan's %login where it holds beside the account's list,
 * with its origin in plan->origins[PLAN_SENDERS] and its line in plan->lines; NULL where it does not. */
const struct pattern *ownership_beside(const struct effective *effective);

void ownership_of(const struct config *config, const struct effective *effective, const char *login,
		  const struct address *address, struct ownership *out);

#endif
