#include "base/pattern.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

static const char login_text[] = "%login";
static const char group_text[] = "%group:";
static const char bad_star[] =
	"\"*\" stands only before \"@\" or \"@*.\", or behind a delimiter: *@d, *@*.d, user+*@d";

static bool fail(const char **reason, const char *why)
{
	*reason = why;
	return false;
}

/* --- text -------------------------------------------------------------------- */

/* Does text begin with prefix? Then *rest is what follows. */
static bool starts_with(const char *text, const char *prefix, const char **rest)
{
	size_t len = strlen(prefix);

	if (strncmp(text, prefix, len) != 0)
		return false;
	*rest = text + len;
	return true;
}

static bool domain_parse(const char *text, struct pattern *out, const char **reason)
{
	if (strchr(text, '*'))
		return fail(reason, bad_star);
	if (!domain_normalise(text, out->address.domain))
		return fail(reason, "what follows \"@\" is not a domain name");
	if (out->kind == PATTERN_SUBDOMAINS && out->address.domain[0] == '[')
		return fail(reason, "a domain literal has no subdomains");
	return true;
}

static bool address_pattern_parse(const char *text, struct pattern *out, const char **reason)
{
	const char *rest;

	if (starts_with(text, login_text, &rest) && *rest == '@')
		return fail(reason, "%login stands alone, without a domain");
	switch (address_parse(text, ADDRESS_SMTP, &out->address, reason)) {
	case ADDRESS_OK:
		return true;
	case ADDRESS_NULL:
		return fail(reason, "the null sender has its own setting, null_sender");
	case ADDRESS_BAD:
		break;
	}
	return false;
}

/* What may stand between a user and a tag: any punctuation that can be in
 * Postfix's recipient_delimiter. */
static bool is_delimiter(char c)
{
	return c > ' ' && c < 0x7f && !ascii_is_letter(c) && !ascii_is_digit(c) &&
	       !strchr("\"*@\\<>", c);
}

/* "user+*@domain": the address without what stands between the user and "@",
 * and that delimiter. star is the only "*" of text. */
static bool tagged_parse(const char *text, const char *star, struct pattern *out,
			 const char **reason)
{
	char plain[PATTERN_TEXT_MAX];
	size_t user_len = star > text ? (size_t)(star - text) - 1 : 0;

	if (user_len == 0 || star[1] != '@' || !is_delimiter(star[-1]))
		return fail(reason, bad_star);
	if (strlen(text) >= sizeof(plain))
		return fail(reason, "the pattern is too long");
	out->kind = PATTERN_TAGGED;
	out->delimiter = star[-1];
	memcpy(plain, text, user_len);
	memcpy(plain + user_len, star + 1, strlen(star + 1) + 1);
	return address_pattern_parse(plain, out, reason);
}

static bool group_parse(const char *name, struct pattern *out, const char **reason)
{
	if (!name_is_valid(name))
		return fail(reason, "the name of a group is 1 to 64 letters, digits, \".\", \"-\" "
				    "or \"_\"");
	out->kind = PATTERN_GROUP;
	strcpy(out->group, name);
	return true;
}

static bool body_parse(const char *text, struct pattern *out, const char **reason)
{
	const char *rest, *star;

	if (*text == '\0')
		return fail(reason, "the pattern is empty");
	if (strcmp(text, login_text) == 0) {
		out->kind = PATTERN_LOGIN;
		return true;
	}
	if (starts_with(text, group_text, &rest))
		return group_parse(rest, out, reason);
	if (*text == '%' && !strchr(text, '@'))
		return fail(reason, "the only placeholders are %login and %group:NAME");
	if (starts_with(text, "*@*.", &rest)) {
		out->kind = PATTERN_SUBDOMAINS;
		return domain_parse(rest, out, reason);
	}
	if (starts_with(text, "*@", &rest) || starts_with(text, "@", &rest)) {
		out->kind = PATTERN_DOMAIN;
		return domain_parse(rest, out, reason);
	}
	star = strchr(text, '*');
	if (!star) {
		out->kind = PATTERN_EXACT;
		return address_pattern_parse(text, out, reason);
	}
	if (strchr(star + 1, '*'))
		return fail(reason, bad_star);
	return tagged_parse(text, star, out, reason);
}

bool pattern_parse(const char *text, struct pattern *out, const char **reason)
{
	struct pattern pattern = { .exclude = *text == '!' };

	if (!body_parse(text + pattern.exclude, &pattern, reason))
		return false;
	*out = pattern;
	return true;
}

/* The address, with the delimiter and "*" before its "@" where the kind has
 * them. A local part that would be read as an exclusion or as %login is put in
 * quotes; it is a dot-atom, else address_format() has quoted it. */
static void format_address(const struct pattern *pattern, char out[PATTERN_TEXT_MAX - 1])
{
	const char star[] = { pattern->delimiter, '*', '\0' };
	char text[ADDRESS_TEXT_MAX];
	const char *quote = "", *at;

	address_format(&pattern->address, text);
	at = strrchr(text, '@');
	if (*text == '!' || strcmp(pattern->address.local, login_text) == 0)
		quote = "\"";
	snprintf(out, PATTERN_TEXT_MAX - 1, "%s%.*s%s%s%s", quote, (int)(at - text), text, quote,
		 pattern->kind == PATTERN_TAGGED ? star : "", at);
}

void pattern_format(const struct pattern *pattern, char out[PATTERN_TEXT_MAX])
{
	if (pattern->exclude)
		*out++ = '!';
	switch (pattern->kind) {
	case PATTERN_LOGIN:
		memcpy(out, login_text, sizeof(login_text));
		break;
	case PATTERN_DOMAIN:
		snprintf(out, PATTERN_TEXT_MAX - 1, "*@%s", pattern->address.domain);
		break;
	case PATTERN_SUBDOMAINS:
		snprintf(out, PATTERN_TEXT_MAX - 1, "*@*.%s", pattern->address.domain);
		break;
	case PATTERN_GROUP:
		snprintf(out, PATTERN_TEXT_MAX - 1, "%s%s", group_text, pattern->group);
		break;
	case PATTERN_EXACT:
	case PATTERN_TAGGED:
		format_address(pattern, out);
		break;
	}
}

/* --- meaning ----------------------------------------------------------------- */

/* Local parts that Postfix never splits at "-": split_addr(3) and the setting
 * owner_request_special. */
static bool is_never_tagged(const char *local, size_t len)
{
	static const struct {
		const char *text;
		bool at_start, at_end;
	} names[] = {
		{ "mailer-daemon", true, true },
		{ "double-bounce", true, true },
		{ "owner-", true, false },
		{ "-request", false, true },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i].text);

		if (n > len || (names[i].at_start && names[i].at_end && n != len))
			continue;
		if (ascii_equal_nocase(names[i].at_start ? local : local + len - n, names[i].text,
				       n))
			return true;
	}
	return false;
}

/* Is addr, cut at one of its delimiters, the own address? */
static bool covers_tags(const struct address *own, const struct address *addr,
			const char *delimiters, bool case_sensitive)
{
	size_t own_len = strlen(own->local);

	if (strcmp(own->domain, addr->domain) != 0)
		return false;
	for (size_t i = strcspn(addr->local, delimiters); addr->local[i] != '\0';
	     i += 1 + strcspn(addr->local + i + 1, delimiters))
		if (local_part_equal(own->local, own_len, addr->local, i, case_sensitive))
			return true;
	return false;
}

static bool covers_own(const struct address *own, const struct address *addr,
		       const struct pattern_rules *rules)
{
	if (address_equal(own, addr, rules->local_case_sensitive))
		return true;
	if (strchr(rules->delimiters, '-') && is_never_tagged(addr->local, strlen(addr->local)))
		return false;
	return covers_tags(own, addr, rules->delimiters, rules->local_case_sensitive);
}

/* The usual case, without reading it: the parts of an address, as they are, are
 * read as this address. */
static bool is_spelled(const char *login, const struct address *addr)
{
	size_t local_len = strlen(addr->local);

	return strncmp(login, addr->local, local_len) == 0 && login[local_len] == '@' &&
	       strcmp(login + local_len + 1, addr->domain) == 0;
}

static bool covers_login(const char *login, const struct address *addr,
			 const struct pattern_rules *rules)
{
	struct address own;
	const char *reason;

	if (is_spelled(login, addr))
		return true;
	return address_parse(login, ADDRESS_INTERNAL, &own, &reason) == ADDRESS_OK &&
	       covers_own(&own, addr, rules);
}

static bool is_subdomain(const char *domain, const char *parent)
{
	size_t len = strlen(domain), parent_len = strlen(parent);

	return len > parent_len + 1 && domain[len - parent_len - 1] == '.' &&
	       strcmp(domain + len - parent_len, parent) == 0;
}

static int compare_name(const void *name, const void *group)
{
	return strcmp(name, ((const struct pattern_group *)group)->name);
}

const struct pattern_group *pattern_group_find(const struct pattern_rules *rules, const char *name)
{
	if (rules->n_groups == 0)
		return NULL;
	return bsearch(name, rules->groups, rules->n_groups, sizeof(*rules->groups), compare_name);
}

bool pattern_group_missing(const struct pattern *pattern, const struct pattern_rules *rules)
{
	return pattern->kind == PATTERN_GROUP && !pattern_group_find(rules, pattern->group);
}

static bool covers_group(const char *name, const struct address *addr, const char *login,
			 const struct pattern_rules *rules)
{
	const struct pattern_group *group = pattern_group_find(rules, name);

	return group && pattern_list_owns(group->patterns, group->n, addr, login, rules, NULL);
}

bool pattern_covers(const struct pattern *pattern, const struct address *addr, const char *login,
		    const struct pattern_rules *rules)
{
	const char written[] = { pattern->delimiter, '\0' };

	switch (pattern->kind) {
	case PATTERN_EXACT:
		return covers_own(&pattern->address, addr, rules);
	case PATTERN_TAGGED:
		return covers_tags(&pattern->address, addr, written, rules->local_case_sensitive);
	case PATTERN_DOMAIN:
		return strcmp(pattern->address.domain, addr->domain) == 0;
	case PATTERN_SUBDOMAINS:
		return is_subdomain(addr->domain, pattern->address.domain);
	case PATTERN_LOGIN:
		return covers_login(login, addr, rules);
	case PATTERN_GROUP:
		return covers_group(pattern->group, addr, login, rules);
	}
	return false;
}

bool pattern_applies(const struct pattern *pattern, const struct address *addr, const char *login,
		     const struct pattern_rules *rules)
{
	return pattern_covers(pattern, addr, login, rules) ||
	       (pattern->exclude && pattern_group_missing(pattern, rules));
}

struct search {
	const struct address *addr;
	const char *login;
	const struct pattern_rules *rules;
	pattern_visit *visit; /* NULL: nobody looks on */
	void *arg;
};

/* The index of the first pattern of that kind that covers the address, or -1. */
static int first_match(const struct search *s, const struct pattern *list, size_t n, bool exclude)
{
	for (size_t i = 0; i < n; i++) {
		bool covers;

		if (list[i].exclude != exclude)
			continue;
		covers = pattern_applies(&list[i], s->addr, s->login, s->rules);
		if (s->visit)
			s->visit(&list[i], covers, s->arg);
		if (covers)
			return (int)i;
	}
	return -1;
}

bool pattern_list_trace(const struct pattern *list, size_t n, const struct address *addr,
			const char *login, const struct pattern_rules *rules, pattern_visit *visit,
			void *arg, int *rule)
{
	const struct search s = { addr, login, rules, visit, arg };
	int excluded = first_match(&s, list, n, true);
	int owned = excluded < 0 ? first_match(&s, list, n, false) : -1;

	if (rule)
		*rule = excluded >= 0 ? excluded : owned;
	return owned >= 0;
}

bool pattern_list_owns(const struct pattern *list, size_t n, const struct address *addr,
		       const char *login, const struct pattern_rules *rules, int *rule)
{
	return pattern_list_trace(list, n, addr, login, rules, NULL, NULL, rule);
}
