#include <stdio.h>

#include "engine/checks.h"

static enum finding_result ask_tls(const struct gate_input *in, struct finding *f)
{
	enum tls_requirement wanted = in->effective->require_tls;

	if (tls_satisfies(in->request->tls, wanted))
		return FINDING_PASS;
	finding_by_plan(f, in->effective, PLAN_REQUIRE_TLS);
	snprintf(f->rule, sizeof(f->rule), "require_tls = %s, and the session has %s",
		 tls_requirement_name(wanted), tls_version_text(in->request->tls));
	return finding_refuse(f, REPLY_REQUIRE_TLS);
}

/* whose: the list's owner. */
static enum finding_result ask_list(const struct gate_input *in, const struct network *list,
				    size_t n, const char *whose, struct finding *f)
{
	struct ip client;
	bool admitted;
	int rule;

	if (n == 0)
		return FINDING_PASS;
	if (!ip_parse(in->request->client_address, &client)) {
		snprintf(f->rule, sizeof(f->rule), "client address is not known");
		return FINDING_UNKNOWN;
	}
	admitted = network_list_admits(list, n, &client, &rule);
	if (rule >= 0 && (!admitted || in->request->explained))
		network_format(&list[rule], f->rule);
	else if (rule < 0 && !admitted)
		snprintf(f->rule, sizeof(f->rule), "not in any network of the %s", whose);
	return admitted ? FINDING_PASS : finding_refuse(f, REPLY_NETWORKS);
}

/* The TLS of the session, the networks of the login and those of the credential: all
 * three must allow it. */
enum finding_result check_networks(const struct gate_input *in, struct finding *f)
{
	const struct effective *e = in->effective;
	enum finding_result result = ask_tls(in, f);

	if (result != FINDING_PASS)
		return result;
	finding_by_plan(f, e, PLAN_NETWORKS);
	result = ask_list(in, e->networks, e->n_networks, "login", f);
	if (result != FINDING_PASS || e->n_credential_networks == 0)
		return result;
	f->origin = "credential";
	f->line = 0;
	f->rule[0] = '\0';
	return ask_list(in, e->credential_networks, e->n_credential_networks, "credential", f);
}
