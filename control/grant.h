/*
 * Giving a login the sender patterns that are wanted for it: what that adds to
 * its account's list, and what it takes away.
 */
#ifndef SENDWARD_CONTROL_GRANT_H
#define SENDWARD_CONTROL_GRANT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "engine/account.h"

struct grant {
	const char *login;
	char *const *wanted; /* canonical patterns, sorted, none twice; borrowed */
	size_t n_wanted;
	bool replace; /* they are to be the whole list */
};

/* Arrays of texts, owned. */
struct grant_result {
	json_t *add, *remove; /* against what is in force */
	size_t unchanged;     /* of the wanted: nothing has to be done for them */
	bool changed;	      /* the account's own list */
	json_t *after;	      /* that list, when changed; else NULL */
};

/* account may be NULL: there is none. What the login owns anyway is not
 * added: its own address where %login says so and, unless it is to be
 * replaced, what another pattern covers. */
void grant_work_out(const struct config *config, const struct grant *grant,
		    const struct account *account, int64_t now_s, struct grant_result *out);
void grant_fini(struct grant_result *result);

#endif
