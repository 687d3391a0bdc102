/*
 * To which logins mail of an address is delivered, by virtual_alias_maps
 * (virtual(5)): what an alias leads to is looked up again.
 */
#ifndef SENDWARD_CONTROL_ALIAS_H
#define SENDWARD_CONTROL_ALIAS_H

#include "base/config.h"
#include "control/map.h"
#include "control/owners.h"

/* Addresses that one address may lead to: Postfix's defaults of
 * virtual_alias_expansion_limit and, deeper than these cannot be,
 * virtual_alias_recursion_limit. */
#define ALIAS_EXPANSION_MAX 1000

struct alias {
	const struct config *config;
	const struct map *map;
	const char *domain; /* of targets that have none; NULL: such are only logins */
	struct owners *owners;
	bool target_is_login; /* each address that is no alias itself is a login */
	size_t mark;	      /* 0 */
};

/* Calls each() once with every login that mail of the address reaches. A loop,
 * or an alias that Postfix would not expand, is a remark and false. */
bool alias_logins(struct alias *alias, const struct address *address, struct origin origin,
		    void (*each)(struct owner *owner, void *arg), void *arg,
		    struct remarks *remarks);

#endif
