/*
 * What is in force for a login: account, else domain, else plan, else plan
 * default, else built-in; each value with its origin. Borrows from the account
 * and the configuration.
 */
#ifndef SENDWARD_EFFECTIVE_H
#define SENDWARD_EFFECTIVE_H

#include "base/config.h"
#include "engine/account.h"
#include "engine/take.h"

/* What is known of the credential that the client authenticated with. */
enum credential_state {
	CREDENTIAL_GOOD,
	CREDENTIAL_REVOKED, /* the account does not have it */
	CREDENTIAL_BLOCKED,
	CREDENTIAL_EXPIRED,
};

/* Quotas that the login shares with others. */
struct effective_scope {
	enum take_scope scope;
	const char *name;
	const struct quota *quotas;
	size_t n_quotas;
	int line; /* of the quotas; base/config.h, LINES */
};

struct effective {
	const struct plan *plan;
	bool plan_missing; /* the account names a plan that is not configured */
	enum account_state state;
	const struct quota *quotas;
	size_t n_quotas;
	const struct pattern *senders;
	size_t n_senders;
	/* Whose list of senders the account's own replaces, the domain's or the
	 * plan's; NULL: the account has none. */
	const struct plan *replaced_senders;
	const struct network *networks;
	size_t n_networks;
	int64_t max_recipients; /* 0: no cap */
	int64_t max_size_bytes; /* 0: no cap */
	enum over_quota over_quota;
	enum sandbox_kind sandbox;
	/* The plan is missing, and sandbox = discard of plan default is hold meanwhile: nobody
	 * has said that this login's mail may be thrown away. */
	bool sandbox_spares;
	const char *sandbox_redirect; /* NULL when unset */
	const struct pattern *sandbox_recipients;
	size_t n_sandbox_recipients;
	const struct pattern *free_recipients;
	size_t n_free_recipients;
	enum over_quota_at_rcpt over_quota_at_rcpt;
	const struct ramp *ramp; /* NULL: none */
	int64_t must_rotate_after_s; /* 0: no limit */
	enum at_expiry at_expiry;
	const struct quota *null_sender; /* for mail from <> alone; NULL: none */
	struct effective_scope scopes[TAKE_SCOPES]; /* in the order in which they are asked */
	size_t n_scopes;
	enum tls_requirement require_tls;
	/* The networks of the credential, beside those of the account. */
	enum credential_state credential_state;
	const struct network *credential_networks;
	size_t n_credential_networks;
	/* "account", "domain example.com", "plan students", "missing plan", ... */
	const char *origins[PLAN_SETTINGS];
	int lines[PLAN_SETTINGS]; /* base/config.h, LINES; 0 for "account", "missing plan" */
};

/* account may be NULL: no account. now_s (Unix time) ends what has an end. */
void effective_resolve(const struct config *config, const struct account *account,
		       const char *login, int64_t now_s, struct effective *out);

/* Adds what is in force for a credential of the account, name as in struct request,
 * after effective_resolve(), which is about the main one without networks and end. */
void effective_credential(const struct account *account, const char *name, int64_t now_s,
			  struct effective *out);

/* For a session without a login: only the quotas of its client network, name
 * (borrowed). */
void effective_without_login(const struct config *config, const char *network,
			     struct effective *out);

#endif
