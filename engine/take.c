#include "engine/take.h"

static const char *const scope_names[TAKE_SCOPES] = {
	[SCOPE_LOGIN] = "login", [SCOPE_DOMAIN] = "domain",   [SCOPE_PLAN] = "plan",
	[SCOPE_GROUP] = "group", [SCOPE_NETWORK] = "network",
};

const char *take_scope_name(enum take_scope scope)
{
	return scope_names[scope];
}
