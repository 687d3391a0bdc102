#include "sasld/door.h"

#include <stdio.h>

#include "engine/effective.h"

struct look {
	const struct door_request *request;
	const struct effective *effective;
};

/* Each answers whether it lets in. */

static bool is_not_blocked(const struct look *l)
{
	return l->effective->state != ACCOUNT_BLOCKED || !l->request->config->sasld.blocked_refused;
}

static bool is_not_revoked(const struct look *l)
{
	return l->effective->credential_state != CREDENTIAL_REVOKED;
}

static bool credential_is_not_blocked(const struct look *l)
{
	return l->effective->credential_state != CREDENTIAL_BLOCKED;
}

static bool is_not_expired(const struct look *l)
{
	return l->effective->credential_state != CREDENTIAL_EXPIRED;
}

/* Without a known address: only where there are no networks. */
static bool admits(const struct network *networks, size_t n, const struct ip *client)
{
	return n == 0 || (client && network_list_admits(networks, n, client, NULL));
}

static bool is_from_networks(const struct look *l)
{
	const struct effective *e = l->effective;

	return (e->plan->modes[CHECK_NETWORKS] != MODE_ENFORCE ||
		admits(e->networks, e->n_networks, l->request->client)) &&
	       admits(e->credential_networks, e->n_credential_networks, l->request->client);
}

/* Which TLS it is, Postfix tells per message only. */
static bool is_secured_enough(const struct look *l)
{
	return l->effective->require_tls == REQUIRE_NO_TLS || l->request->secured;
}

static const struct {
	bool (*lets_in)(const struct look *look);
	const char *why, *text; /* NULL: sasld.blocked_text */
} checks[] = {
	{ is_not_blocked, "blocked", NULL },
	{ is_not_revoked, "revoked", "This credential has been revoked" },
	{ credential_is_not_blocked, "credential", "This credential is blocked" },
	{ is_not_expired, "expired", "The password has expired" },
	{ is_from_networks, "networks", "Not from this network" },
	{ is_secured_enough, "tls", "Encryption is required: start TLS before you log in" },
};

void door_decide(const struct door_request *request, struct door_verdict *out)
{
	struct effective effective;
	struct look look = { .request = request, .effective = &effective };

	effective_resolve(request->config, request->account, request->login, request->now_s,
			  &effective);
	effective_credential(request->account, request->credential, request->now_s, &effective);
	*out = (struct door_verdict){ .open = true, .why = "" };
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i].lets_in(&look))
			continue;
		out->open = false;
		out->why = checks[i].why;
		snprintf(out->text, sizeof(out->text), "%s",
			 checks[i].text ? checks[i].text : request->config->sasld.blocked_text);
		return;
	}
}
