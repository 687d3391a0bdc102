/*
 * Whose counters `usage` and `reset` are about: those of a login, or those
 * that a domain, plan, group or network shares.
 */
#ifndef SENDWARD_CONTROL_TARGET_H
#define SENDWARD_CONTROL_TARGET_H

#include <stdbool.h>

#include "control/control.h"
#include "engine/effective.h"

/* The options that are such, and what they and --quota mean there. */
#define TARGET_OPTIONS OPTION_DOMAIN, OPTION_PLAN, OPTION_GROUP, OPTION_NETWORK
extern const struct meaning target_meanings[];

struct target {
	/* quotas: none for SCOPE_LOGIN, whose account has to be asked. Borrows
	 * from the configuration and the command line. */
	struct effective_scope scope;
	char room[NETWORK_TEXT_MAX + DOMAIN_MAX]; /* for the name */
};

/* False, said, unless there is a LOGIN or exactly one of the options. */
bool target_makes_sense(const struct control *control);

/* The configuration must be loaded. False, said, when it has no such domain,
 * plan, group or network. */
bool target_find(const struct control *control, struct target *target);

/* "rose@example.com", "domain example.com"; in JSON the keys login, or scope
 * and name. */
#define TARGET_TEXT_MAX (LOGIN_MAX + 16)
void target_text(const struct target *target, char out[TARGET_TEXT_MAX]);
void target_json(const struct target *target, json_t *object);

#endif
