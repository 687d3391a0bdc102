/*
 * doctor postfix: is our policy service asked, at which stages, and who charges?
 */
#include <stdio.h>
#include <string.h>

#include "control/doctor_postfix.h"

static const char *context_of(const struct asked_policy *policy)
{
	return postfix_server_value(&policy->server, "policy_context", "");
}

/* ---- one check_policy_service ----------------------------------------------- */

/* What a relay context is for has not logged in. */
static bool is_meant_to_be_behind(const struct asked *asked, const struct asked_policy *policy)
{
	return strcmp(policy->ender, "permit_sasl_authenticated") == 0 &&
	       (policy->relay || !setup_is_submission(asked->service));
}

static void look_before(struct doctor *doctor, const struct asked *asked,
			const struct asked_policy *policy)
{
	bool ended = policy->ender && !is_meant_to_be_behind(asked, policy);
	const char *before = ended ? policy->ender : policy->skipper;
	char advice[ADVICE_MAX];

	if (!before)
		return;
	snprintf(advice, sizeof(advice), "put check_policy_service before %s", before);
	doctor_say(doctor, ended ? DOCTOR_ERROR : DOCTOR_WARNING, advice,
		   "%s has %s before check_policy_service %s, which is %s",
		   asked_list_name(policy->list), before, policy->server.endpoint,
		   ended ? "never asked" : "not asked about these clients");
}

static void look_at_mention(struct doctor *doctor, const struct asked *asked,
			    const struct asked_policy *policy)
{
	const char *list = asked_list_name(policy->list);
	const char *state = asked_state(asked, policy->list);

	if (doctor_wrong_target(doctor, asked, list, policy->server.endpoint, &policy->target,
				PART_POLICYD))
		return;
	if (policy->instead[0]) {
		doctor_say(doctor, DOCTOR_ERROR, "write check_policy_service before it",
			   "%s has \"%s\" before %s: Postfix does not ask us there, and may refuse "
			   "all mail for what it cannot read",
			   list, policy->instead, policy->server.endpoint);
		return;
	}
	doctor_attributes(doctor, list, &policy->server, PART_POLICYD);
	if (policy->unbraced[0])
		doctor_say(
			doctor, DOCTOR_ERROR, "put braces around both, { unix:..., timeout=5s }",
			"%s has \"%s\" behind %s without braces around both: Postfix takes it for "
			"a restriction that it does not know, and defers all mail that comes so far",
			list, policy->unbraced, policy->server.endpoint);
	if (policy->warn_only)
		doctor_say(
			doctor, DOCTOR_ERROR,
			"take warn_if_reject out; sendward.conf has checks = monitor",
			"%s has warn_if_reject before check_policy_service %s: what is refused is "
			"accepted",
			list, policy->server.endpoint);
	look_before(doctor, asked, policy);
	if (strcmp(state, "CONNECT") == 0 || strcmp(state, "EHLO") == 0)
		doctor_say(
			doctor, DOCTOR_WARNING,
			"name it in smtpd_recipient_restrictions, smtpd_data_restrictions and "
			"smtpd_end_of_data_restrictions instead",
			"%s is gone through at %s (smtpd_delay_reject = no), before there is a login: "
			"nothing is decided there",
			list, state);
}

/* ---- all of them ------------------------------------------------------------ */

/* Listed more than once, Postfix asks the same more than once for each recipient. */
static void look_at_repeats(struct doctor *doctor, const struct asked *asked)
{
	size_t n = 0;

	for (size_t i = 0; i < asked->n_policies; i++) {
		const struct asked_policy *policy = &asked->policies[i];

		n += asked_is_ours(policy) && !*context_of(policy) &&
		     strcmp(asked_state(asked, policy->list), "RCPT") == 0;
	}
	if (n > 1)
		doctor_say(doctor, DOCTOR_WARNING,
			   "once is enough, in smtpd_recipient_restrictions",
			   "the policy service is asked %zu times for each recipient", n);
}

/* "RCPT, DATA"; "" when logins are not asked about. */
static void states_of(const struct asked *asked, char *out, size_t size)
{
	const char *last = "";
	size_t used = 0;

	out[0] = '\0';
	for (enum asked_list list = 0; list < ASKED_LISTS; list++) {
		const char *state = asked_state(asked, list);

		if (!asked_in(asked, list) || strcmp(state, last) == 0)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", state);
		last = state;
	}
}

static void say_not_asked(struct doctor *doctor, const struct asked *asked)
{
	const struct config *config = doctor->control->config;
	bool charges = config_charge_by(config) == CHARGE_POLICYD;
	char advice[ADVICE_MAX], name[ENDPOINT_TEXT_MAX];

	endpoint_format(&config->policyd_listen[0], name);
	doctor_advise(
		asked,
		"put check_policy_service %s at the beginning of smtpd_recipient_restrictions, "
		"smtpd_data_restrictions and smtpd_end_of_data_restrictions",
		&config->policyd_listen[0], advice);
	doctor_say(doctor, charges ? DOCTOR_ERROR : DOCTOR_WARNING, advice,
		   "no list of restrictions asks policyd.listen %s%s", name,
		   charges ? ": nothing is checked, and nothing charged" : "");
}

/* Where logins should be asked about, be it well or badly done. */
static bool is_mentioned(const struct asked *asked)
{
	for (size_t i = 0; i < asked->n_policies; i++)
		if (!asked->policies[i].relay)
			return true;
	return false;
}

void doctor_policy(struct doctor *doctor, const struct asked *asked)
{
	char states[128];

	doctor->check = "policy";
	for (size_t i = 0; i < asked->n_policies; i++)
		look_at_mention(doctor, asked, &asked->policies[i]);
	look_at_repeats(doctor, asked);
	states_of(asked, states, sizeof(states));
	if (states[0])
		doctor_say(doctor, DOCTOR_OK, NULL, "the policy service is asked at %s", states);
	else if (!is_mentioned(asked) && doctor->control->config->n_policyd_listen > 0 &&
		 setup_is_submission(asked->service))
		say_not_asked(doctor, asked);
}

/* ---- charging --------------------------------------------------------------- */

static void look_at_end(struct doctor *doctor, const struct asked *asked, const char *states)
{
	char advice[ADVICE_MAX];

	doctor_advise(asked, "set smtpd_end_of_data_restrictions = check_policy_service %s",
		      &doctor->control->config->policyd_listen[0], advice);
	if (!asked_in(asked, LIST_END_OF_DATA))
		doctor_say(doctor, DOCTOR_ERROR, advice,
			   "nothing is charged: the policy service is asked at %s, and charges at "
			   "END-OF-MESSAGE",
			   states);
	else if (*setup_value(&asked->service->force, "smtpd_proxy_filter"))
		doctor_say(
			doctor, DOCTOR_WARNING, "let no plan hold, discard or redirect",
			"smtpd_proxy_filter is set: END-OF-MESSAGE comes before the queue, where "
			"Postfix cannot hold, discard or redirect: such mail is deferred");
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "the policy daemon charges");
}

void doctor_charging(struct doctor *doctor, const struct asked *asked)
{
	bool by_milter = config_charge_by(doctor->control->config) == CHARGE_MILTER;
	char states[128];

	doctor->check = "charging";
	states_of(asked, states, sizeof(states));
	if (!setup_is_submission(asked->service))
		return;
	/* What keeps either from being asked has been said. */
	if (by_milter && asked_by_milter(asked))
		doctor_say(doctor, DOCTOR_OK, NULL, "the milter charges");
	else if (!by_milter && states[0])
		look_at_end(doctor, asked, states);
}
