/*
 * doctor postfix: what stands in braces behind a server, "{ unix:path, timeout=5s }". A
 * name that smtpd does not know, or a value it cannot read, ends it when a client
 * connects (seen with 3.7).
 */
#include <stdlib.h>
#include <string.h>

#include "control/doctor_postfix.h"

/* Of some the value is looked at in doctor_away.c, with the setting's of that name. */
enum attribute_kind { ATTRIBUTE_ANY, ATTRIBUTE_FILLED, ATTRIBUTE_NUMBER, ATTRIBUTE_TIME };

/* SMTPD_POLICY_README, MILTER_README: with "smtpd_policy_service_" or "milter_" before them
 * they are settings. Letters are small. */
static const struct {
	enum setup_part part;
	const char *name;
	enum attribute_kind kind;
} attributes[] = {
	{ PART_POLICYD, "default_action", ATTRIBUTE_ANY },
	{ PART_POLICYD, "max_idle", ATTRIBUTE_TIME },
	{ PART_POLICYD, "max_ttl", ATTRIBUTE_TIME },
	{ PART_POLICYD, "policy_context", ATTRIBUTE_ANY },
	{ PART_POLICYD, "request_limit", ATTRIBUTE_NUMBER },
	{ PART_POLICYD, "retry_delay", ATTRIBUTE_TIME },
	{ PART_POLICYD, "timeout", ATTRIBUTE_ANY },
	{ PART_POLICYD, "try_limit", ATTRIBUTE_NUMBER },
	{ PART_MILTER, "command_timeout", ATTRIBUTE_ANY },
	{ PART_MILTER, "connect_timeout", ATTRIBUTE_TIME },
	{ PART_MILTER, "content_timeout", ATTRIBUTE_ANY },
	{ PART_MILTER, "default_action", ATTRIBUTE_ANY },
	{ PART_MILTER, "protocol", ATTRIBUTE_FILLED },
};

#define N_ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static bool is_readable(enum attribute_kind kind, const char *value)
{
	switch (kind) {
	case ATTRIBUTE_ANY:
		return true;
	case ATTRIBUTE_FILLED:
		return *value;
	case ATTRIBUTE_NUMBER:
		return *value && value[strspn(value, "0123456789")] == '\0';
	case ATTRIBUTE_TIME:
		return postfix_time_ms(value) >= 0;
	}
	abort();
}

static void look_at_one(struct doctor *doctor, const char *setting,
			const struct postfix_server *server, enum setup_part part, size_t which)
{
	const char *name = server->attributes[which].name, *value = server->attributes[which].value;
	size_t i = 0;

	while (i < N_ATTRIBUTES &&
	       (attributes[i].part != part || strcmp(attributes[i].name, name) != 0))
		i++;
	if (i == N_ATTRIBUTES)
		doctor_say(doctor, DOCTOR_ERROR, "take it out, or spell it as postconf(5) does",
			   "%s has \"%s\" behind %s, which smtpd does not know: it ends when a "
			   "client connects",
			   setting, name, server->endpoint);
	else if (!is_readable(attributes[i].kind, value))
		doctor_say(doctor, DOCTOR_ERROR, "correct it, or take it out",
			   "%s has %s = \"%s\" behind %s, which smtpd cannot read: it ends when a "
			   "client connects",
			   setting, name, value, server->endpoint);
}

void doctor_attributes(struct doctor *doctor, const char *setting,
		       const struct postfix_server *server, enum setup_part part)
{
	if (server->stray)
		doctor_say(doctor, DOCTOR_ERROR,
			   "write name=value without blanks, or { name = value }",
			   "%s has \"%s\" behind %s, which is no name=value: smtpd ends when a "
			   "client connects",
			   setting, server->stray, server->endpoint);
	for (size_t i = 0; i < server->n; i++)
		look_at_one(doctor, setting, server, part, i);
}
