/* Kinds of settings whose text another module of base/ reads. */
#include <string.h>

#include "base/config.h"
#include "base/setting_kind.h"

/* --- endpoints ------------------------------------------------------------- */

static bool parse_endpoint(const struct setting_reading *r)
{
	return endpoint_parse(r->text, r->out, r->reason);
}

static bool parse_listener(const struct setting_reading *r)
{
	if (!parse_endpoint(r))
		return false;
	if (((const struct endpoint *)r->out)->kind == ENDPOINT_TLS)
		return setting_refuse(r, "a listener is unix:/path or inet:host:port");
	return true;
}

static bool parse_server(const struct setting_reading *r)
{
	if (!parse_endpoint(r))
		return false;
	if (((const struct endpoint *)r->out)->kind == ENDPOINT_UNIX)
		return setting_refuse(r,
				      "one of several servers is inet:host:port or tls:host:port");
	return true;
}

/* --- quotas ---------------------------------------------------------------- */

static bool parse_quota(const struct setting_reading *r)
{
	return quota_parse_kept(r->text, r->arena, r->out, r->reason);
}

static bool parse_null_sender(const struct setting_reading *r)
{
	struct null_sender *rule = r->out;

	*rule = (struct null_sender){ .allowed = strcmp(r->text, "reject") != 0 };
	if (!rule->allowed || strcmp(r->text, "allow") == 0)
		return true;
	if (!strchr(r->text, '/'))
		return setting_refuse(r, "must be allow, reject or a quota such as "
					 "\"10 messages / 1h\"");
	rule->limited = quota_parse(r->text, &rule->quota, r->reason);
	rule->quota.null_sender = true;
	return rule->limited;
}

/* --- senders, networks, replies -------------------------------------------- */

static bool parse_pattern(const struct setting_reading *r)
{
	return pattern_parse(r->text, r->out, r->reason);
}

static bool parse_group_pattern(const struct setting_reading *r)
{
	if (!parse_pattern(r))
		return false;
	if (((const struct pattern *)r->out)->kind == PATTERN_GROUP)
		return setting_refuse(r, "a group of senders has no other group in it");
	return true;
}

/* Its reason does not last. */
static bool parse_network(const struct setting_reading *r)
{
	const char *why;

	return network_parse(r->text, r->out, &why) || setting_refuse_copy(r, why);
}

/* Nor does this one. */
static bool parse_reply(const struct setting_reading *r)
{
	const char *why;

	return reply_parse((enum reply)r->setting->index, r->text, r->out, &why) ||
	       setting_refuse_copy(r, why);
}

/* --- kinds ----------------------------------------------------------------- */

SETTING_KIND(kind_endpoint, struct endpoint, false, parse_endpoint);
SETTING_KIND(kind_listener, struct endpoint, false, parse_listener);
SETTING_KIND(kind_listeners, struct endpoint, true, parse_listener);
SETTING_KIND(kind_servers, struct endpoint, true, parse_server);
SETTING_KIND(kind_quotas, struct quota, true, parse_quota);
SETTING_KIND(kind_null_sender, struct null_sender, false, parse_null_sender);
SETTING_KIND(kind_patterns, struct pattern, true, parse_pattern);
SETTING_KIND(kind_group_patterns, struct pattern, true, parse_group_pattern);
SETTING_KIND(kind_networks, struct network, true, parse_network);
SETTING_KIND(kind_reply, struct reply_line, false, parse_reply);
