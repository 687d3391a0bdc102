#include "control/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/network.h"
#include "base/pattern.h"
#include "base/quota.h"
#include "base/units.h"
#include "base/username.h"
#include "control/import_source.h"
#include "control/need.h"
#include "control/text.h"
#include "engine/account.h"
#include "engine/request.h"

/* Ten years; and how long two secrets may be good. */
#define EXPIRY_MAX_MS (3650 * INT64_C(86400000))
#define GRACE_MAX_MS (90 * INT64_C(86400000))

/* MD5 and SHA-512. */
#define FINGERPRINT_OCTETS_MIN 16
#define FINGERPRINT_OCTETS_MAX 64

static bool keep(const char *text, int64_t number, struct value *out)
{
	out->text = memory_strdup(text);
	out->number = number;
	return true;
}

static bool bad(const char *why, const char **reason)
{
	*reason = why;
	return false;
}

bool value_any(const char *text, struct value *out, const char **reason)
{
	(void)reason;
	return keep(text, 0, out);
}

bool value_file(const char *text, struct value *out, const char **reason)
{
	return *text ? keep(text, 0, out) : bad("is empty", reason);
}

/* A login is compared as login_case says; here it stays as it was typed. Unlike
 * what is printed, it may have characters that do not show: whoever can log in
 * must be within reach of `sendward block`. */
static bool text_of(const char *text, size_t min, size_t max, const char *too_long,
		    struct value *out, const char **reason)
{
	size_t len = strlen(text);

	if (len < min)
		return bad("is empty", reason);
	if (len > max)
		return bad(too_long, reason);
	if (!text_is_plain(text, len, reason))
		return false;
	return keep(text, 0, out);
}

bool value_login(const char *text, struct value *out, const char **reason)
{
	_Static_assert(LOGIN_MAX == 255, "the message below names it");
	if (!text_of(text, 1, LOGIN_MAX, "is longer than 255 octets", out, reason))
		return false;
	out->text = need_room(out->text, LOGIN_MAX + 1, 1);
	return true;
}

bool value_note(const char *text, struct value *out, const char **reason)
{
	_Static_assert(NOTE_MAX == 500, "the message below names it");
	return text_of(text, 0, NOTE_MAX, "is longer than 500 octets", out, reason);
}

bool value_name(const char *text, struct value *out, const char **reason)
{
	return text_of(text, 1, NOTE_MAX, "is longer than 500 octets", out, reason);
}

bool value_sender(const char *text, struct value *out, const char **reason)
{
	char canonical[PATTERN_TEXT_MAX];
	struct pattern pattern;

	if (!pattern_parse(text, &pattern, reason))
		return false;
	pattern_format(&pattern, canonical);
	return keep(canonical, 0, out);
}

bool value_network(const char *text, struct value *out, const char **reason)
{
	char canonical[NETWORK_TEXT_MAX];
	struct network network;

	if (!network_parse(text, &network, reason))
		return false;
	network_format(&network, canonical);
	return keep(canonical, 0, out);
}

bool value_quota(const char *text, struct value *out, const char **reason)
{
	char canonical[QUOTA_TEXT_MAX];
	struct quota quota;

	if (!quota_parse(text, &quota, reason))
		return false;
	quota_format(&quota, canonical);
	return keep(canonical, 0, out);
}

bool value_amount(const char *text, struct value *out, const char **reason)
{
	int64_t amount;

	return amount_parse(text, &amount, reason) && keep(text, amount, out);
}

bool value_count(const char *text, struct value *out, const char **reason)
{
	int64_t amount;

	if (!amount_parse(text, &amount, reason))
		return false;
	return amount > 0 ? keep(text, amount, out) : bad("is not 1 or more", reason);
}

bool value_domain(const char *text, struct value *out, const char **reason)
{
	char canonical[DOMAIN_MAX + 1];

	if (!domain_normalise(text, canonical))
		return bad("is not a domain", reason);
	return keep(canonical, 0, out);
}

static bool counter_parse(const char *text, struct quota *out, const char **reason)
{
	char whole[QUOTA_TEXT_MAX];
	int len;

	if (quota_parse(text, out, reason))
		return true;
	len = snprintf(whole, sizeof(whole), "0 %s", text);
	return len < (int)sizeof(whole) && quota_parse(whole, out, reason);
}

bool value_counter_quota(const char *text, struct quota *out, const char **reason)
{
	static const char prefix[] = QUOTA_NULL_SENDER;
	bool null_sender = strncmp(text, prefix, strlen(prefix)) == 0;

	if (!counter_parse(null_sender ? text + strlen(prefix) : text, out, reason))
		return false;
	out->null_sender = null_sender;
	return true;
}

bool value_counter(const char *text, struct value *out, const char **reason)
{
	char canonical[QUOTA_TEXT_MAX], named[QUOTA_TEXT_MAX + sizeof(QUOTA_NULL_SENDER)];
	struct quota quota;
	bool null_sender;

	if (!value_counter_quota(text, &quota, reason))
		return false;
	null_sender = quota.null_sender;
	quota.null_sender = false;
	quota.limit = 0;
	quota_format(&quota, canonical);
	snprintf(named, sizeof(named), "%s%s", null_sender ? QUOTA_NULL_SENDER : "",
		 canonical + strlen("0 "));
	return keep(named, 0, out);
}

bool value_removed_quota(const char *text, struct value *out, const char **reason)
{
	return value_quota(text, out, reason) || value_counter(text, out, reason);
}

bool value_duration(const char *text, struct value *out, const char **reason)
{
	int64_t ms;

	if (!duration_parse_ms(text, &ms, reason))
		return false;
	if (ms < 1000)
		return bad("is shorter than 1s", reason);
	return keep(text, ms, out);
}

static bool time_up_to(const char *text, int64_t max_ms, const char *too_long, struct value *out,
		       const char **reason)
{
	if (!value_duration(text, out, reason))
		return false;
	if (out->number <= max_ms)
		return true;
	value_fini(out);
	return bad(too_long, reason);
}

bool value_expiry(const char *text, struct value *out, const char **reason)
{
	if (strcmp(text, "never") == 0)
		return keep(text, 0, out);
	return time_up_to(text, EXPIRY_MAX_MS, "is longer than 3650d", out, reason);
}

bool value_grace(const char *text, struct value *out, const char **reason)
{
	return time_up_to(text, GRACE_MAX_MS, "is longer than 90d", out, reason);
}

bool value_client(const char *text, struct value *out, const char **reason)
{
	char canonical[IP_TEXT_MAX];
	struct ip ip;

	if (!ip_parse(text, &ip))
		return bad("is not an IP address", reason);
	ip_format(&ip, canonical);
	return keep(canonical, 0, out);
}

bool value_stage(const char *text, struct value *out, const char **reason)
{
	for (int stage = 0; stage < STAGES; stage++)
		if (strcasecmp(text, stage_name(stage)) == 0)
			return keep(stage_name(stage), stage, out);
	return bad("is not MAIL, RCPT, DATA or END-OF-MESSAGE", reason);
}

bool value_require_tls(const char *text, struct value *out, const char **reason)
{
	enum tls_requirement requirement;

	if (!tls_requirement_parse(text, &requirement))
		return bad("is not no, yes, 1.2 or 1.3", reason);
	return keep(text, requirement, out);
}

bool value_tls(const char *text, struct value *out, const char **reason)
{
	enum tls_version version;

	if (!tls_version_parse(text, &version))
		return bad("is not none, other, 1.0, 1.1, 1.2 or 1.3", reason);
	return keep(text, version, out);
}

/* As Postfix gives it: upper case, with colons. */
bool value_fingerprint(const char *text, struct value *out, const char **reason)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	char canonical[FINGERPRINT_MAX + 1];
	size_t digits = 0, len = 0;

	for (; *text; text++) {
		if (*text == ':' && digits % 2 == 0 && digits > 0)
			continue;
		if (!strchr(hex, *text) || digits == 2 * FINGERPRINT_OCTETS_MAX)
			return bad("is not a fingerprint in hexadecimal", reason);
		if (digits > 0 && digits % 2 == 0)
			canonical[len++] = ':';
		canonical[len++] = *text >= 'a' ? (char)(*text - 'a' + 'A') : *text;
		digits++;
	}
	canonical[len] = '\0';
	if (digits % 2 != 0 || digits < 2 * FINGERPRINT_OCTETS_MIN)
		return bad("is not a whole fingerprint of MD5 to SHA-512", reason);
	return keep(canonical, 0, out);
}

bool value_context(const char *text, struct value *out, const char **reason)
{
	if (!text_of(text, 1, CONTEXT_MAX, "is longer than 255 octets", out, reason))
		return false;
	if (strcmp(text, "relay") != 0 && strncmp(text, "relay:", 6) != 0 && !strpbrk(text, " ,{}"))
		return true;
	value_fini(out);
	return bad("is not a policy_context to tell clients by: without spaces, commas and braces, "
		   "and not \"relay\", which asks whether Postfix may relay",
		   reason);
}

bool value_import_format(const char *text, struct value *out, const char **reason)
{
	enum import_format format;

	if (!import_format_parse(text, &format))
		return bad("is not json, csv or passwd", reason);
	return keep(text, format, out);
}

bool value_credential(const char *text, struct value *out, const char **reason)
{
	if (strcmp(text, "main") == 0)
		return keep("", 0, out);
	if (!username_credential_is_valid(text))
		return bad("is not a credential's name: a-z, 0-9, _ and -, at most 32", reason);
	return keep(text, 0, out);
}

/* Option names are written with "-", settings with "_"; both are taken. */
static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(*a == '-' && *b == '_'))
			return false;
	return *a == *b;
}

bool value_setting(const char *text, struct value *out, const char **reason)
{
	static const enum plan_setting settings[] = {
		PLAN_QUOTAS,	     PLAN_SENDERS,  PLAN_NETWORKS,
		PLAN_MAX_RECIPIENTS, PLAN_MAX_SIZE, PLAN_REQUIRE_TLS,
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (same_name(text, plan_setting_name(settings[i])))
			return keep(plan_setting_name(settings[i]), settings[i], out);
	if (strcmp(text, "plan") == 0)
		return keep(text, VALUE_PLAN, out);
	if (strcmp(text, "group") == 0)
		return keep(text, VALUE_GROUP, out);
	return bad(
		"is not senders, networks, quotas, max-recipients, max-size, require-tls, plan or "
		"group",
		reason);
}

void value_fini(struct value *value)
{
	free(value->text);
	value->text = NULL;
}
