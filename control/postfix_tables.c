#define _GNU_SOURCE
#include "control/postfix_tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "control/alias.h"

/* ---- reading ---------------------------------------------------------------- */

static bool read_maps(struct postfix_tables *tables, enum option_id option, struct map *map)
{
	const struct control *control = tables->control;

	for (size_t i = 0; i < control->n_given; i++)
		if (control->given[i].option == option &&
		    !map_read(map, control->given[i].text, &tables->remarks))
			return false;
	return true;
}

static void add_login(struct postfix_tables *tables, const char *text, struct origin origin)
{
	struct value login = { 0 };
	const char *reason;

	if (control_take_login(tables->control->config, text, &login, &reason))
		owners_get(tables->owners, login.text);
	else
		remarks_add(&tables->remarks, REMARK_FAULT, origin, text, "%s", reason);
	value_fini(&login);
}

/* One login a line; comments and empty lines. */
static bool read_logins(struct postfix_tables *tables, const char *name)
{
	FILE *file = fopen(name, "re");
	struct origin origin = { .file = name };
	size_t room = 0;
	char *line = NULL;
	bool ok;

	errno = file ? 0 : errno;
	while (file && getline(&line, &room, file) >= 0) {
		origin.line++;
		line[strcspn(line, "\r\n")] = '\0';
		if (*line && *line != '#')
			add_login(tables, line, origin);
		errno = 0;
	}
	ok = file && !ferror(file);
	if (!ok)
		control_refuse("%s: %s", name, strerror(errno));
	free(line);
	if (file)
		fclose(file);
	return ok;
}

bool postfix_tables_read_logins(struct postfix_tables *tables)
{
	const struct control *control = tables->control;

	for (size_t i = 0; i < control->n_given; i++)
		if (control->given[i].option == OPTION_LOGINS &&
		    !read_logins(tables, control->given[i].text))
			return false;
	return true;
}

bool postfix_tables_read(struct control *control, struct postfix_tables *out)
{
	const struct value *domain = control_value(control, OPTION_DOMAIN);
	const char *delimiters = control->config->recipient_delimiter;

	*out = (struct postfix_tables){
		.control = control,
		.domain = domain ? domain->text : NULL,
		.owners = owners_new(),
	};
	remarks_init(&out->remarks, control->json);
	out->login_map = map_new(MAP_LOGINS, out->domain, delimiters);
	out->alias_map = map_new(MAP_ALIASES, out->domain, delimiters);
	return read_maps(out, OPTION_LOGIN_MAPS, out->login_map) &&
	       read_maps(out, OPTION_ALIAS_MAPS, out->alias_map);
}

void postfix_tables_fini(struct postfix_tables *tables)
{
	map_free(&tables->login_map);
	map_free(&tables->alias_map);
	owners_free(&tables->owners);
	remarks_fini(&tables->remarks);
}

/* ---- inverting --------------------------------------------------------------- */

/* The pattern that covers what the key of a table does. */
static void pattern_of(const struct address *address, char out[PATTERN_TEXT_MAX])
{
	struct pattern pattern = {
		.kind = address->local[0] ? PATTERN_EXACT : PATTERN_DOMAIN,
		.address = *address,
	};

	pattern_format(&pattern, out);
}

static void invert_logins(struct postfix_tables *tables)
{
	char pattern[PATTERN_TEXT_MAX];
	struct value login;
	const char *reason;

	for (size_t i = 0; i < map_count(tables->login_map); i++) {
		const struct map_entry *entry = map_at(tables->login_map, i);

		pattern_of(&entry->address, pattern);
		for (size_t j = 0; j < entry->n_values; j++) {
			login = (struct value){ 0 };
			if (control_take_login(tables->control->config, entry->values[j], &login, &reason))
				owner_want(owners_get(tables->owners, login.text), pattern);
			else
				remarks_add(&tables->remarks, REMARK_FAULT, entry->origin, pattern,
					    "login \"%s\" %s", entry->values[j], reason);
			value_fini(&login);
		}
	}
}

/* The logins an alias leads to; there are no more than of addresses. */
struct reached {
	struct owner *owners[ALIAS_EXPANSION_MAX + 1];
	size_t n;
};

static void reach(struct owner *owner, void *arg)
{
	struct reached *reached = arg;

	if (reached->n <= ALIAS_EXPANSION_MAX)
		reached->owners[reached->n++] = owner;
}

static size_t logins_max(const struct postfix_tables *tables)
{
	const struct value *given = control_value(tables->control, OPTION_MAX_LOGINS);

	return given ? (size_t)given->number : POSTFIX_ALIAS_LOGINS;
}

static void invert_alias(struct postfix_tables *tables, struct alias *alias,
			 const struct address *address, struct origin origin)
{
	size_t faults = tables->remarks.faults, max = logins_max(tables);
	char pattern[PATTERN_TEXT_MAX];
	struct reached reached = { .n = 0 };

	pattern_of(address, pattern);
	if (!alias_logins(alias, address, origin, reach, &reached, &tables->remarks))
		return;
	if (reached.n == 0 && tables->remarks.faults == faults)
		remarks_add(&tables->remarks, REMARK_NOTHING, origin, pattern,
			    "leads to no known login");
	if (max > 0 && reached.n > max)
		remarks_add(&tables->remarks, REMARK_FAULT, origin, pattern,
			    "leads to %zu logins, more than %zu; --max-logins changes that",
			    reached.n, max);
	for (size_t i = 0; i < reached.n && (max == 0 || reached.n <= max); i++)
		owner_want(reached.owners[i], pattern);
}

/* The other domain of an entry "@one  @other"; false: it is none such. */
static bool is_domain_alias(const struct map_entry *entry, char other[DOMAIN_MAX + 1])
{
	return entry->address.local[0] == '\0' && entry->values[0][0] == '@' &&
	       domain_normalise(entry->values[0] + 1, other);
}

/* Every address that there is at the other domain is there at this one, unless
 * the table has it by itself. */
static void invert_twin(struct postfix_tables *tables, struct alias *alias, const struct map_entry *entry,
			const struct address *twin)
{
	struct address address = *twin;

	memcpy(address.domain, entry->address.domain, sizeof(address.domain));
	if (address.local[0] && !map_find(tables->alias_map, &address))
		invert_alias(tables, alias, &address, entry->origin);
}

static void invert_domain_alias(struct postfix_tables *tables, struct alias *alias,
				const struct map_entry *entry, const char *other)
{
	size_t n = owners_count(tables->owners);
	struct address address;
	const char *reason;

	for (size_t i = 0; i < map_count(tables->alias_map); i++) {
		const struct map_entry *twin = map_at(tables->alias_map, i);

		if (strcmp(twin->address.domain, other) == 0)
			invert_twin(tables, alias, entry, &twin->address);
	}
	for (size_t i = 0; i < n; i++) {
		const struct owner *owner = owners_at(tables->owners, i);

		if (address_parse(owner->login, ADDRESS_INTERNAL, &address, &reason) == ADDRESS_OK &&
		    strcmp(address.domain, other) == 0 && !map_find(tables->alias_map, &address))
			invert_twin(tables, alias, entry, &address);
	}
}

static void invert_aliases(struct postfix_tables *tables)
{
	struct alias alias = {
		.config = tables->control->config,
		.map = tables->alias_map,
		.domain = tables->domain,
		.owners = tables->owners,
		.target_is_login = control_has(tables->control, OPTION_TARGET_IS_LOGIN),
	};
	char other[DOMAIN_MAX + 1];

	for (size_t i = 0; i < map_count(tables->alias_map); i++) {
		const struct map_entry *entry = map_at(tables->alias_map, i);

		if (is_domain_alias(entry, other))
			invert_domain_alias(tables, &alias, entry, other);
		else
			invert_alias(tables, &alias, &entry->address, entry->origin);
	}
}

void postfix_tables_invert(struct postfix_tables *tables)
{
	invert_logins(tables);
	invert_aliases(tables);
	owners_settle(tables->owners);
}
