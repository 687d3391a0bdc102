#include "engine/place.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

static const char whole_domain[] = "*", below_domain[] = "*.", without_list[] = "%";

/* The first octets of a local part, folded: lower case, and "?" for each
 * character beyond ASCII. Equal local parts have as many of them
 * (base/address.h), so they are equal here too. */
static void fold(const char *local, size_t len, char out[LOCAL_PART_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bool follows = ((unsigned char)local[i] & 0xc0) == 0x80;

		if (!ascii_is_8bit(local[i]))
			out[n++] = ascii_lower(local[i]);
		else if (!follows)
			out[n++] = '?';
	}
	out[n] = '\0';
}

static void at_domain(const char *domain, const char *local, struct place *out)
{
	memcpy(out->domain, domain, strlen(domain) + 1);
	memcpy(out->local, local, strlen(local) + 1);
}

static void at_group(const char *name, struct place *out)
{
	_Static_assert(NAME_LENGTH_MAX + 7 <= DOMAIN_MAX, "a group has a place");
	snprintf(out->domain, sizeof(out->domain), "%%group:%s", name);
	memcpy(out->local, whole_domain, sizeof(whole_domain));
}

static void at_address(const struct address *address, size_t len, struct place *out)
{
	memcpy(out->domain, address->domain, strlen(address->domain) + 1);
	fold(address->local, len, out->local);
}

bool place_of_pattern(const struct pattern *pattern, const char *login, struct place *out)
{
	struct address own;
	const char *reason;

	if (pattern->exclude)
		return false;
	switch (pattern->kind) {
	case PATTERN_EXACT:
	case PATTERN_TAGGED:
		at_address(&pattern->address, strlen(pattern->address.local), out);
		return true;
	case PATTERN_DOMAIN:
		at_domain(pattern->address.domain, whole_domain, out);
		return true;
	case PATTERN_SUBDOMAINS:
		at_domain(pattern->address.domain, below_domain, out);
		return true;
	case PATTERN_LOGIN:
		if (address_parse(login, ADDRESS_INTERNAL, &own, &reason) != ADDRESS_OK)
			return false;
		at_address(&own, strlen(own.local), out);
		return true;
	case PATTERN_GROUP:
		at_group(pattern->group, out);
		return true;
	}
	return false;
}

/* The local part, and what stands before each character that can be a
 * delimiter. */
static void each_local(const struct address *address, place_each *each, void *arg)
{
	size_t len = strlen(address->local);
	struct place place;

	for (size_t i = 1; i < len; i++) {
		char c = address->local[i];

		if (ascii_is_8bit(c) || ascii_is_letter(c) || ascii_is_digit(c))
			continue;
		at_address(address, i, &place);
		each(&place, arg);
	}
	at_address(address, len, &place);
	each(&place, arg);
}

static void each_group(const struct address *address, const struct pattern_rules *rules,
		       place_each *each, void *arg)
{
	struct place place;

	for (size_t i = 0; i < rules->n_groups; i++) {
		const struct pattern_group *group = &rules->groups[i];

		/* Its %login, if it has one, is found at the login's place. */
		if (!pattern_list_owns(group->patterns, group->n, address, "", rules, NULL))
			continue;
		at_group(group->name, &place);
		each(&place, arg);
	}
}

/* The accounts that leave their senders to a plan: by the plan they name. */
static void at_plan(const char *name, struct place *out)
{
	snprintf(out->domain, sizeof(out->domain), "%%plan:%.*s", NAME_LENGTH_MAX, name);
	memcpy(out->local, whole_domain, sizeof(whole_domain));
}

static bool may_cover(const struct plan *plan, const struct address *address,
		      const struct pattern_rules *rules)
{
	for (size_t i = 0; i < plan->n_senders; i++)
		if (!plan->senders[i].exclude &&
		    pattern_covers(&plan->senders[i], address, "", rules))
			return true;
	return false;
}

static void each_plan(const struct config *config, const struct address *address,
		      const struct pattern_rules *rules, place_each *each, void *arg)
{
	bool unnamed = false;
	struct place place;

	for (size_t i = 0; i < config->n_plans; i++) {
		if (!may_cover(&config->plans[i], address, rules))
			continue;
		unnamed = unnamed || config_plan_serves_unnamed(config, &config->plans[i]);
		at_plan(config->plans[i].name, &place);
		each(&place, arg);
	}
	for (size_t i = 0; i < config->n_domains; i++) {
		if (!config->domains[i].set[PLAN_SENDERS] ||
		    !may_cover(&config->domains[i].values, address, rules))
			continue;
		at_domain(config->domains[i].name, without_list, &place);
		each(&place, arg);
	}
	if (unnamed) {
		at_plan("", &place);
		each(&place, arg);
	}
}

bool place_of_login(const char *login, struct place *out)
{
	static const struct pattern own = { .kind = PATTERN_LOGIN };

	return place_of_pattern(&own, login, out);
}

/* Those of an account that has no senders of its own. */
static void each_inherited(const struct account *account, const struct place *own, place_each *each,
			   void *arg)
{
	struct place place;

	at_plan(account->plan ? account->plan : "", &place);
	each(&place, arg);
	if (!own)
		return;
	at_domain(own->domain, without_list, &place);
	each(&place, arg);
}

const struct place place_of_identities;

void place_of_account(const struct account *account, const char *login, place_each *each, void *arg)
{
	struct place own, place;
	bool has_own = place_of_login(login, &own);

	if (has_own)
		each(&own, arg);
	if (account->identity)
		each(&place_of_identities, arg);
	if (!account->senders)
		each_inherited(account, has_own ? &own : NULL, each, arg);
	for (size_t i = 0; i < account->n_senders; i++)
		if (place_of_pattern(&account->senders[i], login, &place))
			each(&place, arg);
}

void place_of_address(const struct config *config, const struct address *address, place_each *each,
		      void *arg)
{
	const struct pattern_rules rules = config_pattern_rules(config);
	const char *parent = address->domain;
	struct place place;

	each_plan(config, address, &rules, each, arg);
	each_group(address, &rules, each, arg);
	each_local(address, each, arg);
	at_domain(address->domain, whole_domain, &place);
	each(&place, arg);
	if (*parent == '[')
		return;
	while ((parent = strchr(parent, '.')) != NULL) {
		at_domain(++parent, below_domain, &place);
		each(&place, arg);
	}
}
