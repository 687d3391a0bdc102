#include "engine/effective.h"

#include <string.h>

#include "base/address.h"

/* ---- one setter for each setting of a plan ------------------------------- */

static void set_quotas(const struct plan *from, struct effective *out)
{
	out->quotas = from->quotas;
	out->n_quotas = from->n_quotas;
}

static void set_senders(const struct plan *from, struct effective *out)
{
	out->senders = from->senders;
	out->n_senders = from->n_senders;
}

static void set_networks(const struct plan *from, struct effective *out)
{
	out->networks = from->networks;
	out->n_networks = from->n_networks;
}

static void set_max_recipients(const struct plan *from, struct effective *out)
{
	out->max_recipients = from->max_recipients;
}

static void set_max_size(const struct plan *from, struct effective *out)
{
	out->max_size_bytes = from->max_size_bytes;
}

static void set_over_quota(const struct plan *from, struct effective *out)
{
	out->over_quota = from->over_quota;
}

static void set_sandbox(const struct plan *from, struct effective *out)
{
	out->sandbox = from->sandbox;
}

static void set_sandbox_redirect(const struct plan *from, struct effective *out)
{
	out->sandbox_redirect = from->sandbox_redirect;
}

static void set_sandbox_recipients(const struct plan *from, struct effective *out)
{
	out->sandbox_recipients = from->sandbox_recipients;
	out->n_sandbox_recipients = from->n_sandbox_recipients;
}

static void set_free_recipients(const struct plan *from, struct effective *out)
{
	out->free_recipients = from->free_recipients;
	out->n_free_recipients = from->n_free_recipients;
}

static void set_over_quota_at_rcpt(const struct plan *from, struct effective *out)
{
	out->over_quota_at_rcpt = from->over_quota_at_rcpt;
}

static void set_ramp(const struct plan *from, struct effective *out)
{
	out->ramp = from->ramp.start > 0 ? &from->ramp : NULL;
}

static void set_require_tls(const struct plan *from, struct effective *out)
{
	out->require_tls = from->require_tls;
}

static void set_must_rotate_after(const struct plan *from, struct effective *out)
{
	out->must_rotate_after_s = from->must_rotate_after_s;
}

static void set_at_expiry(const struct plan *from, struct effective *out)
{
	out->at_expiry = from->at_expiry;
}

static void (*const setters[PLAN_SETTINGS])(const struct plan *from, struct effective *out) = {
	[PLAN_QUOTAS] = set_quotas,
	[PLAN_SENDERS] = set_senders,
	[PLAN_NETWORKS] = set_networks,
	[PLAN_MAX_RECIPIENTS] = set_max_recipients,
	[PLAN_MAX_SIZE] = set_max_size,
	[PLAN_OVER_QUOTA] = set_over_quota,
	[PLAN_SANDBOX] = set_sandbox,
	[PLAN_SANDBOX_REDIRECT] = set_sandbox_redirect,
	[PLAN_SANDBOX_RECIPIENTS] = set_sandbox_recipients,
	[PLAN_FREE_RECIPIENTS] = set_free_recipients,
	[PLAN_OVER_QUOTA_AT_RCPT] = set_over_quota_at_rcpt,
	[PLAN_RAMP] = set_ramp,
	[PLAN_REQUIRE_TLS] = set_require_tls,
	[PLAN_MUST_ROTATE_AFTER] = set_must_rotate_after,
	[PLAN_AT_EXPIRY] = set_at_expiry,
};

static void take_from_plan(const struct plan *plan, struct effective *out)
{
	for (size_t i = 0; i < PLAN_SETTINGS; i++)
		setters[i](plan, out);
	memcpy(out->origins, plan->origins, sizeof(out->origins));
	memcpy(out->lines, plan->lines, sizeof(out->lines));
}

static void take_from_domain(const struct domain *domain, struct effective *out)
{
	for (size_t i = 0; i < PLAN_SETTINGS; i++) {
		if (!domain->set[i])
			continue;
		setters[i](&domain->values, out);
		out->origins[i] = domain->values.origins[i];
		out->lines[i] = domain->values.lines[i];
	}
}

/* What the domain says, it says of this login, too. */
static void spare_mail(const struct domain *domain, struct effective *out)
{
	out->sandbox_spares = out->plan_missing && out->sandbox == SANDBOX_DISCARD &&
			      !(domain && domain->set[PLAN_SANDBOX]);
	if (!out->sandbox_spares)
		return;
	out->sandbox = SANDBOX_HOLD;
	out->origins[PLAN_SANDBOX] = "missing plan";
	out->lines[PLAN_SANDBOX] = 0;
}

static void set_from_account(struct effective *out, enum plan_setting setting)
{
	out->origins[setting] = "account";
	out->lines[setting] = 0;
}

static void take_from_account(const struct account *account, struct effective *out)
{
	if (account->quotas) {
		out->quotas = account->quotas;
		out->n_quotas = account->n_quotas;
		set_from_account(out, PLAN_QUOTAS);
	}
	if (account->senders) {
		out->senders = account->senders;
		out->n_senders = account->n_senders;
		set_from_account(out, PLAN_SENDERS);
	}
	if (account->networks) {
		out->networks = account->networks;
		out->n_networks = account->n_networks;
		set_from_account(out, PLAN_NETWORKS);
	}
	if (account->max_recipients != ACCOUNT_UNSET) {
		out->max_recipients = account->max_recipients;
		set_from_account(out, PLAN_MAX_RECIPIENTS);
	}
	if (account->max_size_bytes != ACCOUNT_UNSET) {
		out->max_size_bytes = account->max_size_bytes;
		set_from_account(out, PLAN_MAX_SIZE);
	}
	if (account->require_tls != ACCOUNT_UNSET) {
		out->require_tls = (enum tls_requirement)account->require_tls;
		set_from_account(out, PLAN_REQUIRE_TLS);
	}
}

/* ---- where it comes from -------------------------------------------------- */

static const struct domain *domain_of(const struct config *config, const char *login)
{
	char name[DOMAIN_MAX + 1];
	const char *at;

	if (config->n_domains == 0)
		return NULL;
	at = strrchr(login, '@');
	return at && domain_normalise(at + 1, name) ? config_domain(config, name) : NULL;
}

static const struct plan *plan_of(const struct config *config, const struct account *account,
				  const struct domain *domain, bool *missing)
{
	const char *name = account ? account->plan : NULL;
	const struct plan *plan;

	if (!name && domain)
		name = domain->plan;
	plan = name ? config_plan(config, name) : &config->plans[0];
	*missing = !plan;
	return plan ? plan : &config->plans[0];
}

static void add_scope(struct effective *out, enum take_scope scope, const char *name,
		      const struct quota *quotas, size_t n, int line)
{
	if (n > 0)
		out->scopes[out->n_scopes++] =
			(struct effective_scope){ scope, name, quotas, n, line };
}

static void find_scopes(const struct config *config, const struct account *account,
			const struct domain *domain, struct effective *out)
{
	const struct account_group *group =
		account && account->group ? config_group(config, account->group) : NULL;

	if (domain)
		add_scope(out, SCOPE_DOMAIN, domain->name, domain->shared_quotas,
			  domain->n_shared_quotas, domain->values.shared_quotas_line);
	add_scope(out, SCOPE_PLAN, out->plan->name, out->plan->shared_quotas,
		  out->plan->n_shared_quotas, out->plan->shared_quotas_line);
	if (group)
		add_scope(out, SCOPE_GROUP, group->name, group->quotas, group->n_quotas,
			  group->quotas_line);
}

static void no_credential(struct effective *out)
{
	out->credential_state = CREDENTIAL_GOOD;
	out->credential_networks = NULL;
	out->n_credential_networks = 0;
}

void effective_resolve(const struct config *config, const struct account *account,
		       const char *login, int64_t now_s, struct effective *out)
{
	const struct domain *domain = domain_of(config, login);

	out->plan = plan_of(config, account, domain, &out->plan_missing);
	out->n_scopes = 0;
	out->state = ACCOUNT_ALLOWED;
	no_credential(out);
	take_from_plan(out->plan, out);
	if (domain)
		take_from_domain(domain, out);
	spare_mail(domain, out);
	out->replaced_senders = NULL;
	if (account && account->senders)
		out->replaced_senders =
			domain && domain->set[PLAN_SENDERS] ? &domain->values : out->plan;
	if (account) {
		out->state = account_state_at(account, now_s);
		take_from_account(account, out);
	}
	out->null_sender = config->null_sender.limited ? &config->null_sender.quota : NULL;
	find_scopes(config, account, domain, out);
}

/* Its own end, or the age of its secret. */
static bool has_expired(const struct account_credential *c, const struct effective *e,
			int64_t now_s)
{
	if (c->expires_s != 0 && now_s >= c->expires_s)
		return true;
	return e->must_rotate_after_s > 0 && c->changed_s > 0 &&
	       now_s - c->changed_s >= e->must_rotate_after_s;
}

static void expire(struct effective *out)
{
	switch (out->at_expiry) {
	case AT_EXPIRY_EVENT:
		break;
	case AT_EXPIRY_SANDBOX:
		if (out->state == ACCOUNT_ALLOWED)
			out->state = ACCOUNT_SANDBOXED;
		break;
	case AT_EXPIRY_REFUSE:
		out->credential_state = CREDENTIAL_EXPIRED;
		break;
	}
}

void effective_credential(const struct account *account, const char *name, int64_t now_s,
			  struct effective *out)
{
	const struct account_credential *c = account ? account_credential(account, name) : NULL;

	no_credential(out);
	if (!c) {
		out->credential_state = *name ? CREDENTIAL_REVOKED : CREDENTIAL_GOOD;
		return;
	}
	out->credential_networks = c->networks;
	out->n_credential_networks = c->n_networks;
	if (c->revoked_s != 0)
		out->credential_state = CREDENTIAL_REVOKED;
	else if (c->blocked)
		out->credential_state = CREDENTIAL_BLOCKED;
	else if (has_expired(c, out, now_s))
		expire(out);
}

void effective_without_login(const struct config *config, const char *network,
			     struct effective *out)
{
	out->plan = &config->plans[0];
	out->plan_missing = false;
	out->n_scopes = 0;
	out->state = ACCOUNT_ALLOWED;
	no_credential(out);
	take_from_plan(out->plan, out);
	out->sandbox_spares = false;
	out->n_quotas = 0;
	out->replaced_senders = NULL;
	out->ramp = NULL;
	out->null_sender = NULL;
	add_scope(out, SCOPE_NETWORK, network, config->unauthenticated.quotas,
		  config->unauthenticated.n_quotas, config->unauthenticated.quotas_line);
}
