/*
 * What is in force for a login: account, else plan, else plan default, else
 * built-in; each value with its origin. Borrows from both of its sources.
 */
#ifndef SENDWARD_EFFECTIVE_H
#define SENDWARD_EFFECTIVE_H

#include "base/config.h"
#include "engine/account.h"

struct effective {
	const struct plan *plan;
	bool plan_missing; /* the account names a plan that is not configured */
	enum account_state state;
	const struct quota *quotas;
	size_t n_quotas;
	const struct pattern *senders;
	size_t n_senders;
	const struct network *networks;
	size_t n_networks;
	int64_t max_recipients; /* 0: no cap */
	int64_t max_size_bytes; /* 0: no cap */
	const char *origins[PLAN_SETTINGS]; /* "account", "plan students", ... */
};

/* account may be NULL: no account. */
void effective_resolve(const struct config *config, const struct account *account, int64_t now_s,
		       struct effective *out);

#endif
