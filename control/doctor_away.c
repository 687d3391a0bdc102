/*
 * doctor postfix: how long Postfix waits for us, and what it does when it has waited
 * or we are away.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/doctor_postfix.h"

/* A policy server that hangs is asked twice, each for smtpd_policy_service_timeout. */
#define POLICY_TIMEOUT_LONG_MS 30000

/* ---- times ------------------------------------------------------------------ */

/* As long as an answer may take, with Redis slow: a wait for each scope and one more
 * when the account has changed. */
static int64_t patience_ms(const struct config *config)
{
	return (config_scopes(config) + 1) * config->redis.deadline_ms;
}

/* True when it was said that Postfix does not wait long enough. */
static bool is_short(struct doctor *doctor, const char *setting, const char *value)
{
	const struct config *config = doctor->control->config;
	int64_t ms = postfix_time_ms(value);

	if (ms < 0 || ms > patience_ms(config))
		return false;
	doctor_say(doctor, ms <= config->redis.deadline_ms ? DOCTOR_ERROR : DOCTOR_WARNING,
		   "raise it, or lower redis.deadline",
		   "%s is %s, and an answer may take %" PRId64 " ms (redis.deadline %" PRId64
		   " ms): "
		   "Postfix gives up before",
		   setting, value, patience_ms(config), config->redis.deadline_ms);
	return true;
}

/* ---- actions ---------------------------------------------------------------- */

/* What an action does to mail, by its first word: access(5), and milter_default_action. */
static const struct {
	const char *word;
	const char *effect; /* NULL: the mail comes again later */
} actions[] = {
	{ "accept", "passes unchecked, and uncharged" },
	{ "discard", "is thrown away" },
	{ "dunno", "passes unchecked, and uncharged" },
	{ "hold", "is held" },
	{ "info", "passes unchecked, and uncharged" },
	{ "ok", "passes unchecked, and uncharged" },
	{ "permit", "passes unchecked, and uncharged" },
	{ "quarantine", "is held, uncharged" },
	{ "reject", "is refused for good" },
	{ "warn", "passes unchecked, and uncharged" },
};

static const char *effect_of(const char *action)
{
	size_t len = strcspn(action, " \t");

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strlen(actions[i].word) == len &&
		    strncasecmp(actions[i].word, action, len) == 0)
			return actions[i].effect;
	return action[0] == '5' ? "is refused for good" : NULL;
}

static bool is_rash(struct doctor *doctor, const char *setting, const char *action,
		    const char *better)
{
	const char *effect = effect_of(action);
	char advice[ADVICE_MAX];

	if (!effect)
		return false;
	snprintf(advice, sizeof(advice), "set %s", better);
	doctor_say(doctor, DOCTOR_WARNING, advice,
		   "%s is \"%s\": while the daemon is away, mail %s", setting, action, effect);
	return true;
}

/* ---- the policy service ----------------------------------------------------- */

struct terms {
	const char *timeout, *action, *tries;
};

static struct terms terms_of(const struct asked *asked, const struct asked_policy *policy)
{
	const struct setup_settings *force = &asked->service->force;
	const struct postfix_server *server = &policy->server;

	return (struct terms){
		.timeout = postfix_server_value(server, "timeout",
						setup_value(force, "smtpd_policy_service_timeout")),
		.action = postfix_server_value(server, "default_action",
					       setup_value(force,
							   "smtpd_policy_service_default_action")),
		.tries = postfix_server_value(server, "try_limit",
					      setup_value(force, "smtpd_policy_service_try_limit")),
	};
}

static bool have_terms_been_seen(const struct asked *asked, size_t i)
{
	struct terms mine = terms_of(asked, &asked->policies[i]);

	for (size_t j = 0; j < i; j++) {
		struct terms other = terms_of(asked, &asked->policies[j]);

		if (strcmp(mine.timeout, other.timeout) == 0 &&
		    strcmp(mine.action, other.action) == 0 && strcmp(mine.tries, other.tries) == 0)
			return true;
	}
	return false;
}

static bool look_at_policy(struct doctor *doctor, const struct terms *terms)
{
	bool said = is_short(doctor, "the policy service's timeout", terms->timeout);

	if (postfix_time_ms(terms->timeout) > POLICY_TIMEOUT_LONG_MS) {
		said = true;
		doctor_say(
			doctor, DOCTOR_WARNING,
			"write { unix:..., timeout=5s } behind check_policy_service",
			"the policy service's timeout is %s: one that hangs keeps clients waiting for "
			"twice as long",
			terms->timeout);
	}
	if (strcmp(terms->tries, "1") == 0) {
		said = true;
		doctor_say(
			doctor, DOCTOR_ERROR, "leave it at 2",
			"the policy service's try_limit is 1: after one timeout smtpd fails every "
			"further request");
	}
	return is_rash(doctor, "the policy service's default_action", terms->action,
		       "{ default_action = 451 4.3.0 Try again later }") ||
	       said;
}

/* ---- the milter ------------------------------------------------------------- */

static bool look_at_milter(struct doctor *doctor, const struct asked *asked)
{
	static const struct {
		const char *name, *setting;
	} times[] = {
		{ "command_timeout", "milter_command_timeout" },
		{ "content_timeout", "milter_content_timeout" },
	};
	const struct setup_settings *force = &asked->service->force;
	const struct postfix_server *server = &asked->milters[asked_milter(asked)].server;
	bool said = false;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		said |= is_short(doctor, times[i].setting,
				 postfix_server_value(server, times[i].name,
						      setup_value(force, times[i].setting)));
	return is_rash(doctor, "milter_default_action",
		       postfix_server_value(server, "default_action",
					    setup_value(force, "milter_default_action")),
		       "default_action=tempfail for our milter") ||
	       said;
}

void doctor_away(struct doctor *doctor, const struct asked *asked)
{
	bool said = false, any = false;

	doctor->check = "away";
	for (size_t i = 0; i < asked->n_policies; i++) {
		struct terms terms = terms_of(asked, &asked->policies[i]);

		if (!asked_is_ours(&asked->policies[i]))
			continue;
		if (!have_terms_been_seen(asked, i))
			said |= look_at_policy(doctor, &terms);
		any = true;
	}
	if (asked_milter(asked) < asked->n_milters) {
		said |= look_at_milter(doctor, asked);
		any = true;
	}
	if (any && !said)
		doctor_say(
			doctor, DOCTOR_OK, NULL,
			"mail comes again later while a daemon is away, and none is waited for too "
			"long or too short");
}
