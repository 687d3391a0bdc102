/*
 * Which addresses a login owns, and which rule says so.
 *
 * An account's own list of senders replaces the domain's or plan's, with one
 * exception that everybody expects: where that lists %login, the login goes on to
 * own its own address unless the account's list excludes it, a group of
 * senders that is not configured among them (base/pattern.h).
 *
 * Patterns are asked one after the other: the exclusions of the list in force,
 * then its other patterns, then that %login. The first that covers the address
 * decides, and no other is asked.
 */
#ifndef SENDWARD_OWNERSHIP_H
#define SENDWARD_OWNERSHIP_H

#include "engine/effective.h"

struct ownership {
	bool owned;
	const struct pattern *rule; /* that decided; NULL: none covers it */
	const char *origin;	    /* of the rule, or of the list searched */
	int line;		    /* of that list; base/config.h, LINES */
	size_t tried;		    /* patterns asked, the rule among them */
	const struct pattern *last; /* of these; NULL: there is none */
	bool missing;		    /* that names a group that is not configured */
	/* Origin of the plan's %login when that was asked beside the list. */
	const char *beside;
};

/* That exception: the %login that holds beside the account's list, with its
 * origin in replaced_senders->origins[PLAN_SENDERS] and its line in ->lines; NULL
 * where none does. */
const struct pattern *ownership_beside(const struct effective *effective);

void ownership_of(const struct config *config, const struct effective *effective, const char *login,
		  const struct address *address, struct ownership *out);

/* One pattern that was asked. Behind a group of senders come its patterns, as
 * the group asks them. */
struct ownership_try {
	const struct pattern *pattern;
	bool covers;	    /* "!" put aside; true: it decides */
	bool missing;	    /* it names a group that is not configured */
	const char *group;  /* it is in the list of that group; NULL: in none */
	const char *origin; /* of the list with the pattern, or with the group */
	int line;	    /* of that list, or of the group */
};

typedef void ownership_visit(const struct ownership_try *tried, void *arg);

/* ownership_of(), with every pattern shown as it is asked. */
void ownership_trace(const struct config *config, const struct effective *effective,
		     const char *login, const struct address *address, ownership_visit *visit,
		     void *arg, struct ownership *out);

/* How many patterns there are to ask, the plan's %login among them. */
size_t ownership_patterns(const struct effective *effective);

/* Why, in one line: "From: a@b.example is none of the 3 patterns of account",
 * "a@b.example is excluded by !*@b.example (plan staff)". field may be NULL.
 * Cut at size - 1. */
void ownership_describe(const struct ownership *ownership, const char *field,
			const struct address *address, char *out, size_t size);

/* "From: a@b.example", or only the address when field is NULL. */
#define OWNERSHIP_SUBJECT_MAX 280
void ownership_subject(const char *field, const struct address *address,
		       char out[OWNERSHIP_SUBJECT_MAX]);

#endif
