#include <stdio.h>

#include "engine/checks.h"

/* By account there is one; a login without one has no credentials. */
static enum finding_result ask_credential(const struct gate_input *in, struct finding *f)
{
	static const struct {
		const char *what;
		enum reply reply;
	} faults[] = {
		[CREDENTIAL_REVOKED] = { "revoked", REPLY_CREDENTIAL_REVOKED },
		[CREDENTIAL_BLOCKED] = { "blocked", REPLY_CREDENTIAL_BLOCKED },
		[CREDENTIAL_EXPIRED] = { "expired", REPLY_CREDENTIAL_EXPIRED },
	};
	enum credential_state state = in->effective->credential_state;

	if (state == CREDENTIAL_GOOD)
		return FINDING_PASS;
	f->origin = "credential";
	snprintf(f->rule, sizeof(f->rule), "credential %s: %s",
		 request_credential_shown(in->request), faults[state].what);
	return finding_refuse(f, faults[state].reply);
}

enum finding_result check_state(const struct gate_input *in, struct finding *f)
{
	bool blocked;

	if (in->account_unknown) {
		snprintf(f->rule, sizeof(f->rule), "account not known");
		return FINDING_PASS;
	}
	if (!in->account && !in->config->unknown_login_allowed) {
		snprintf(f->rule, sizeof(f->rule), "unknown_login = refuse");
		finding_by_setting(f, in->config, "unknown_login");
		return finding_refuse(f, REPLY_UNKNOWN_LOGIN);
	}
	if (!in->account)
		return ask_credential(in, f);
	blocked = in->effective->state == ACCOUNT_BLOCKED;
	f->origin = "account";
	if (blocked || in->request->explained)
		snprintf(f->rule, sizeof(f->rule), "%s",
			 account_state_name(in->effective->state));
	return blocked ? finding_refuse(f, REPLY_STATE) : ask_credential(in, f);
}
