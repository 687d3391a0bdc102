#include "engine/effective.h"

static void take_from_plan(const struct plan *plan, struct effective *out)
{
	out->plan = plan;
	out->quotas = plan->quotas;
	out->n_quotas = plan->n_quotas;
	out->senders = plan->senders;
	out->n_senders = plan->n_senders;
	out->networks = plan->networks;
	out->n_networks = plan->n_networks;
	out->max_recipients = plan->max_recipients;
	out->max_size_bytes = plan->max_size_bytes;
	for (size_t i = 0; i < PLAN_SETTINGS; i++)
		out->origins[i] = plan->origins[i];
}

static void take_from_account(const struct account *account, struct effective *out)
{
	static const char origin[] = "account";

	if (account->quotas) {
		out->quotas = account->quotas;
		out->n_quotas = account->n_quotas;
		out->origins[PLAN_QUOTAS] = origin;
	}
	if (account->senders) {
		out->senders = account->senders;
		out->n_senders = account->n_senders;
		out->origins[PLAN_SENDERS] = origin;
	}
	if (account->networks) {
		out->networks = account->networks;
		out->n_networks = account->n_networks;
		out->origins[PLAN_NETWORKS] = origin;
	}
	if (account->max_recipients != ACCOUNT_UNSET) {
		out->max_recipients = account->max_recipients;
		out->origins[PLAN_MAX_RECIPIENTS] = origin;
	}
	if (account->max_size_bytes != ACCOUNT_UNSET) {
		out->max_size_bytes = account->max_size_bytes;
		out->origins[PLAN_MAX_SIZE] = origin;
	}
}

void effective_resolve(const struct config *config, const struct account *account, int64_t now_s,
		       struct effective *out)
{
	const struct plan *plan = &config->plans[0];

	out->plan_missing = false;
	out->state = ACCOUNT_ALLOWED;
	if (account && account->plan) {
		const struct plan *named = config_plan(config, account->plan);

		out->plan_missing = !named;
		plan = named ? named : plan;
	}
	take_from_plan(plan, out);
	if (account) {
		out->state = account_state_at(account, now_s);
		take_from_account(account, out);
	}
}
