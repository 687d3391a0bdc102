#include "policy/wiring.h"

#include "base/log.h"

void wiring_undecided(const char *state, bool unknown)
{
	if (unknown)
		log_once(
			LEVEL_WARNING, "unknown protocol_state",
			"asked at protocol_state \"%.32s\", which is not known: the answer is DUNNO",
			state);
	else
		log_once(LEVEL_WARNING, state,
			 "asked at %s, where no login or no message is known yet: the answer is "
			 "always DUNNO; checks are made at MAIL, RCPT, DATA and END-OF-MESSAGE",
			 state);
}

void wiring_passed(struct wiring *w, enum charge_by charge)
{
	if (w->passed <= WIRING_MESSAGES)
		w->passed++;
	if (w->passed < WIRING_MESSAGES || w->ended > 0 || charge != CHARGE_POLICYD)
		return;
	log_once(LEVEL_WARNING, "never asked at END-OF-MESSAGE",
		 "%d messages passed at RCPT or DATA and none was seen at END-OF-MESSAGE: quotas "
		 "are tested but never charged; in main.cf set smtpd_end_of_data_restrictions = "
		 "check_policy_service ... (the same service as in the other restrictions)",
		 WIRING_MESSAGES);
}

void wiring_ended(struct wiring *w)
{
	if (w->ended <= WIRING_MESSAGES)
		w->ended++;
	if (w->ended < WIRING_MESSAGES || w->passed > 0)
		return;
	log_once(LEVEL_DEBUG, "never asked at RCPT",
		 "%d messages were seen at END-OF-MESSAGE and none at RCPT or DATA: each is "
		 "received whole before it can be refused",
		 WIRING_MESSAGES);
}

static bool has_free_recipients(const struct config *config)
{
	for (size_t i = 0; i < config->n_plans; i++)
		if (config->plans[i].n_free_recipients > 0)
			return true;
	for (size_t i = 0; i < config->n_domains; i++)
		if (config->domains[i].set[PLAN_FREE_RECIPIENTS] &&
		    config->domains[i].values.n_free_recipients > 0)
			return true;
	return false;
}

void wiring_unseen(struct wiring *w, const struct config *config)
{
	if (w->looked_at == config)
		return;
	w->looked_at = config;
	if (!has_free_recipients(config))
		return;
	log_once(LEVEL_WARNING, "free_recipients without RCPT",
		 "a message was seen at END-OF-MESSAGE that had not been seen at RCPT: which of its "
		 "recipients are free (free_recipients) is not known, and all of them count; in "
		 "main.cf set smtpd_recipient_restrictions = ... check_policy_service ... (the "
		 "same service as in smtpd_end_of_data_restrictions)");
}

void wiring_configured(const struct config *config)
{
	size_t i;

	if (config->milter_configured)
		return;
	for (i = 0; i < config->n_plans; i++) {
		if (config->plans[i].modes[CHECK_HEADER_FROM] == MODE_OFF)
			continue;
		log_once(LEVEL_WARNING, "header_from without milter",
			 "check header_from of plan %s is not made: Postfix shows the header to a "
			 "milter only, and no milter is configured",
			 config->plans[i].name);
		return;
	}
}
