#include "base/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

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

static bool covers_tagged(const struct pattern *pattern, const struct address *addr,
			  const struct pattern_rules *rules)
{
	const char written[] = { pattern->delimiter, '\0' };

	return covers_tags(&pattern->address, addr, written, rules->local_case_sensitive);
}

bool pattern_covers(const struct pattern *pattern, const struct address *addr, const char *login,
		    const struct pattern_rules *rules)
{
	switch (pattern->kind) {
	case PATTERN_EXACT:
		return covers_own(&pattern->address, addr, rules);
	case PATTERN_TAGGED:
		return covers_tagged(pattern, addr, rules);
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
