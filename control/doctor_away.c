/*
 * doctor postfix: how long Postfix waits for us, and what it does when it has waited
 * or we are away.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/doctor_postfix.h"
#include "control/postfix_action.h"

/* A policy server that hangs is asked twice, each for smtpd_policy_service_timeout. */
#define POLICY_TIMEOUT_LONG_MS 30000

/* ---- times ------------------------------------------------------------------ */

/* As long as an answer may take, with Redis slow: a wait for each scope and one more
 * when the account has changed. */
static int64_t patience_ms(const struct config *config)
{
	return (config_scopes(config) + 1) * config->redis.deadline_ms;
}

/* True when it was said that smtpd cannot read it. */
static bool is_unreadable(struct doctor *doctor, const char *setting, const char *value, bool good)
{
	if (!good)
		doctor_say(doctor, DOCTOR_ERROR, "correct it, or take it out",
			   "%s is \"%s\", which smtpd cannot read: it ends when a client connects",
			   setting, value);
	return !good;
}

/* True when it was said that Postfix does not wait long enough. */
static bool is_short(struct doctor *doctor, const char *setting, const char *value)
{
	const struct config *config = doctor->control->config;
	int64_t ms = postfix_time_ms(value);

	if (is_unreadable(doctor, setting, value, ms >= 0))
		return true;
	if (ms > patience_ms(config))
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

/* effect: as postfix_action.h says. True when it is not what should be. */
static bool is_rash(struct doctor *doctor, const char *setting, const char *action,
		    const char *effect, const char *better)
{
	char advice[ADVICE_MAX];

	if (is_unreadable(doctor, setting, action, *action))
		return true;
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
	bool relay;
};

static struct terms terms_of(const struct asked *asked, const struct asked_policy *policy)
{
	const struct setup_settings *force = &asked->service->force;
	const struct postfix_server *server = &policy->server;

	return (struct terms){
		.relay = policy->relay,
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

		if (mine.relay == other.relay && strcmp(mine.timeout, other.timeout) == 0 &&
		    strcmp(mine.action, other.action) == 0 && strcmp(mine.tries, other.tries) == 0)
			return true;
	}
	return false;
}

/* Behind one in a relay context stands what refuses the others: that becomes a refusal for
 * now. */
static const char *effect_of(const struct asked *asked, const struct terms *terms)
{
	static const char later[] = "defer_if_reject";

	if (terms->relay && strncasecmp(terms->action, later, strlen(later)) == 0)
		return NULL;
	return postfix_policy_action(&asked->service->force, terms->action);
}

static bool look_at_policy(struct doctor *doctor, const struct asked *asked,
			   const struct terms *terms)
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
		       effect_of(asked, terms), "{ default_action = 451 4.3.0 Try again later }") ||
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
	const char *action = postfix_server_value(server, "default_action",
						  setup_value(force, "milter_default_action"));
	bool said = false;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		said |= is_short(doctor, times[i].setting,
				 postfix_server_value(server, times[i].name,
						      setup_value(force, times[i].setting)));
	return is_rash(doctor, "milter_default_action", action, postfix_milter_action(action),
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
			said |= look_at_policy(doctor, asked, &terms);
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
