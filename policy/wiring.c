#include "policy/wiring.h"

#include <jansson.h>
#include <string.h>

#include "base/log.h"

void wiring_init(struct wiring *w)
{
	memset(w, 0, sizeof(*w));
	w->milter_messages = -1;
}

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
	w->passed++;
	if (w->passed % WIRING_MESSAGES != 0 || w->ended > 0 || charge != CHARGE_POLICYD)
		return;
	log_once(LEVEL_WARNING, "never asked at END-OF-MESSAGE",
		 "%d messages passed at RCPT or DATA and none was seen at END-OF-MESSAGE: quotas "
		 "are tested but never charged; in main.cf set smtpd_end_of_data_restrictions = "
		 "check_policy_service ... (the same service as in the other restrictions)",
		 WIRING_MESSAGES);
}

void wiring_ended(struct wiring *w)
{
	w->ended++;
	if (w->ended % WIRING_MESSAGES != 0 || w->passed > 0)
		return;
	log_once(LEVEL_DEBUG, "never asked at RCPT",
		 "%d messages were seen at END-OF-MESSAGE and none at RCPT or DATA: each is "
		 "received whole before it can be refused",
		 WIRING_MESSAGES);
}

static bool has_recipients(const struct config *config)
{
	for (size_t i = 0; i < config->n_plans; i++)
		if (config->plans[i].n_free_recipients > 0 ||
		    config->plans[i].n_sandbox_recipients > 0)
			return true;
	for (size_t i = 0; i < config->n_domains; i++) {
		const struct domain *domain = &config->domains[i];

		if ((domain->set[PLAN_FREE_RECIPIENTS] && domain->values.n_free_recipients > 0) ||
		    (domain->set[PLAN_SANDBOX_RECIPIENTS] &&
		     domain->values.n_sandbox_recipients > 0))
			return true;
	}
	return false;
}

void wiring_unseen(struct wiring *w, const struct config *config)
{
	if (w->looked_at == config)
		return;
	w->looked_at = config;
	if (!has_recipients(config))
		return;
	log_once(
		LEVEL_WARNING, "lists of recipients without RCPT",
		"a message was seen at END-OF-MESSAGE that had not been seen at RCPT: which of its "
		"recipients are free_recipients or sandbox_recipients is not known, all of them "
		"count and none is reached from the sandbox; in main.cf set "
		"smtpd_recipient_restrictions = ... check_policy_service ... (the same service as "
		"in smtpd_end_of_data_restrictions)");
}

void wiring_no_size(void)
{
	log_once(LEVEL_WARNING, "no size",
		 "asked at END-OF-MESSAGE without the attribute size, which Postfix always gives: "
		 "its bytes are not counted");
}

void wiring_before_queue(enum charge_by charge)
{
	log_once(
		LEVEL_WARNING, "before the queue",
		"END-OF-MESSAGE comes without a queue id, before the queue (smtpd_proxy_filter): a "
		"message cannot be held, discarded or redirected there and is deferred instead, "
		"and a milter sees neither header nor body");
	if (charge == CHARGE_MILTER)
		log_once(
			LEVEL_WARNING, "before the queue, charged by the milter",
			"messages that come before the queue (smtpd_proxy_filter) are not charged: "
			"the milter charges, and is not asked there; set charge = policyd");
}

/* ---- is the milter asked? -------------------------------------------------- */

void wiring_left(struct wiring *w)
{
	w->left++;
}

/* -1 when it does not say. */
static int64_t messages_of(const char *json)
{
	json_t *beat = json_loads(json, 0, NULL);
	json_t *messages = json_object_get(beat, "messages");
	int64_t n = json_is_integer(messages) ? json_integer_value(messages) : -1;

	json_decref(beat);
	return n;
}

/* Messages that the milter should have told of by now and has not. */
static int64_t left_alone(struct wiring *w, int64_t messages)
{
	if (messages != w->milter_messages) {
		w->milter_messages = messages;
		w->left_seen = w->left;
	}
	return w->left_until[0] - w->left_seen;
}

static bool is_asked(struct wiring *w, const char *json)
{
	w->beats_missing = json ? 0 : w->beats_missing + 1;
	if (json)
		return left_alone(w, messages_of(json)) < WIRING_MESSAGES;
	/* One alone may be a store that has just lost everything. */
	return w->beats_missing < 2 || w->left == w->left_seen;
}

void wiring_milter_beat(struct wiring *w, const char *node, const char *json, int64_t now_s)
{
	bool asked = is_asked(w, json);

	memmove(w->left_until, w->left_until + 1, sizeof(w->left_until) - sizeof(w->left_until[0]));
	w->left_until[WIRING_BEATS_BEHIND - 1] = w->left;
	if (asked || (w->complained_s && now_s - w->complained_s < WIRING_COMPLAIN_EVERY_S))
		return;
	w->complained_s = now_s;
	w->left_seen = w->left;
	log_warning("quotas are charged and sandboxes kept by the milter, and no milter of node %s "
		    "is asked: add it to smtpd_milters or set charge = policyd",
		    node);
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
