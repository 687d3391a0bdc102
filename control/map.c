#define _GNU_SOURCE
#include "control/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/ascii.h"
#include "base/domain.h"
#include "base/memory.h"
#include "control/control.h"
#include "control/map_values.h"
#include "control/need.h"
#include "control/postfix_lines.h"
#include "control/postmap.h"

struct item {
	struct map_entry entry;
	char *key; /* "local@domain" in lower case */
	UT_hash_handle hh;
};

struct map {
	enum map_kind kind;
	const char *domain, *delimiters;
	struct item *by_key;
	struct item **items;
	size_t n, room;
	char **names; /* of the tables; origins borrow them */
	size_t n_names;
};

struct map *map_new(enum map_kind kind, const char *domain, const char *delimiters)
{
	struct map *map = memory_zero(sizeof(*map));

	map->kind = kind;
	map->domain = domain;
	map->delimiters = delimiters;
	return map;
}

void map_free(struct map **map)
{
	struct map *m = *map;

	*map = NULL;
	if (!m)
		return;
	HASH_CLEAR(hh, m->by_key);
	for (size_t i = 0; i < m->n; i++) {
		map_values_free(m->items[i]->entry.values, m->items[i]->entry.n_values);
		free(m->items[i]->key);
		free(m->items[i]);
	}
	for (size_t i = 0; i < m->n_names; i++)
		free(m->names[i]);
	free(m->items);
	free(m->names);
	free(m);
}

/* ---- looking up ---------------------------------------------------------- */

/* Room for "local@domain", unquoted: two addresses that differ only in their
 * quotes are one. */
#define KEY_TEXT_MAX (LOCAL_PART_MAX + 1 + DOMAIN_MAX + 1)

static void key_text(const struct address *address, char out[KEY_TEXT_MAX])
{
	snprintf(out, KEY_TEXT_MAX, "%s@%s", address->local, address->domain);
	for (; *out; out++)
		*out = ascii_lower(*out);
}

static struct item *find(const struct map *map, const struct address *address)
{
	char key[KEY_TEXT_MAX];
	struct item *item;

	key_text(address, key);
	HASH_FIND_STR(map->by_key, key, item);
	return item;
}

const struct map_entry *map_find(const struct map *map, const struct address *address)
{
	const struct item *item = find(map, address);

	return item ? &item->entry : NULL;
}

bool map_without_extension(const struct map *map, const struct address *address,
			   struct address *out)
{
	size_t len = strcspn(address->local, map->delimiters);

	if (len == 0 || address->local[len] == '\0')
		return false;
	*out = *address;
	out->local[len] = '\0';
	return true;
}

const struct map_entry *map_look_up(const struct map *map, const struct address *address)
{
	const struct map_entry *entry = map_find(map, address);
	struct address other;

	if (!entry && map_without_extension(map, address, &other))
		entry = map_find(map, &other);
	if (entry)
		return entry;
	other = *address;
	other.local[0] = '\0';
	return map_find(map, &other);
}

size_t map_count(const struct map *map)
{
	return map->n;
}

const struct map_entry *map_at(const struct map *map, size_t i)
{
	return &map->items[i]->entry;
}

/* ---- reading ------------------------------------------------------------- */

/* A key that is no address: a user of Postfix's own domains, or the line that
 * makes a domain a virtual one. */
static bool read_bare(const struct map *map, const char *key, struct map_entry *entry,
		      enum remark *kind, const char **reason)
{
	char whole[ADDRESS_TEXT_MAX];

	if (map->kind == MAP_ALIASES && strchr(key, '.') && !strchr(entry->values[0], '@')) {
		*kind = REMARK_NOTHING;
		*reason = "says that a domain is a virtual one; it names no address";
		return false;
	}
	*reason = "is a user without a domain; --domain says of which domain";
	if (!map->domain)
		return false;
	entry->bare = true;
	*reason = "is too long for an address";
	return snprintf(whole, sizeof(whole), "%s@%s", key, map->domain) < (int)sizeof(whole) &&
	       address_parse(whole, ADDRESS_SMTP, &entry->address, reason) == ADDRESS_OK;
}

static bool read_key(const struct map *map, const char *key, struct map_entry *entry,
		     enum remark *kind, const char **reason)
{
	*kind = REMARK_FAULT;
	if (*key == '@') {
		*reason = "is not a domain";
		return domain_normalise(key + 1, entry->address.domain);
	}
	if (!strchr(key, '@'))
		return read_bare(map, key, entry, kind, reason);
	*reason = "is the null sender, which has its own setting, null_sender";
	if (address_parse(key, ADDRESS_SMTP, &entry->address, reason) != ADDRESS_OK)
		return false;
	*reason = "has a \"*\", which means nothing to Postfix and much to Sendward";
	return !strchr(entry->address.local, '*');
}

static void add_item(struct map *map, const struct map_entry *entry, const char *key)
{
	struct item *item = memory_zero(sizeof(*item));

	item->entry = *entry;
	item->key = memory_strdup(key);
	HASH_ADD_KEYPTR(hh, map->by_key, item->key, strlen(item->key), item);
	if (map->n == map->room) {
		map->room = map->room ? 2 * map->room : 1024;
		map->items = need_room(map->items, map->room, sizeof(*map->items));
	}
	map->items[map->n++] = item;
}

/* A key that is there already. "user@domain" comes before "user", else what
 * comes first. Owns the entry's values. */
static void add_again(struct item *there, struct map_entry *entry, const char *key,
		      struct remarks *remarks)
{
	struct map_entry unused = *entry;

	if (there->entry.bare && !entry->bare) {
		unused = there->entry;
		there->entry = *entry;
	}
	remarks_add(remarks, REMARK_FAULT, unused.origin, key, "is there twice; Postfix uses %s:%zu",
		    there->entry.origin.file, there->entry.origin.line);
	map_values_free(unused.values, unused.n_values);
}

static void add_line(struct map *map, const char *name, const struct postfix_line *line,
		     struct remarks *remarks)
{
	struct map_entry entry = { .origin = { name, line->number } };
	char key[KEY_TEXT_MAX];
	enum remark kind = REMARK_FAULT;
	const char *reason = line->fault;
	struct item *there;
	bool ok = false;

	if (!reason) {
		entry.values = map->kind == MAP_LOGINS ?
				       map_values_logins(line->value, &entry.n_values) :
				       map_values_addresses(line->value, &entry.n_values);
		reason = "has no value";
		ok = entry.n_values > 0 && read_key(map, line->key, &entry, &kind, &reason);
	}
	if (!ok) {
		remarks_add(remarks, kind, entry.origin, line->key, "%s", reason);
		map_values_free(entry.values, entry.n_values);
		return;
	}
	key_text(&entry.address, key);
	there = find(map, &entry.address);
	if (there)
		add_again(there, &entry, line->key, remarks);
	else
		add_item(map, &entry, key);
}

static bool read_lines(struct map *map, const char *name, FILE *file, enum postfix_form form,
		       struct remarks *remarks)
{
	struct postfix_lines *lines = postfix_lines_new(file, form);
	struct postfix_line line;
	bool ok = true;

	errno = 0;
	while (ok && postfix_lines_next(lines, &line)) {
		add_line(map, name, &line, remarks);
		ok = map->n < MAP_ENTRIES_MAX;
		errno = 0;
	}
	if (!ok)
		control_refuse("%s: more than %d entries", name, MAP_ENTRIES_MAX);
	else if (ferror(file))
		ok = false, control_refuse("%s: %s", name, strerror(errno));
	postfix_lines_free(&lines);
	return ok;
}

static bool read_table(struct map *map, const char *name, struct remarks *remarks)
{
	struct postmap *postmap = postmap_open(name);
	bool ok;

	if (!postmap)
		return false;
	ok = read_lines(map, name, postmap_file(postmap), POSTFIX_LISTED, remarks);
	return postmap_close(&postmap) && ok;
}

bool map_read(struct map *map, const char *name, struct remarks *remarks)
{
	FILE *file;
	bool ok;

	map->names = need_room(map->names, map->n_names + 1, sizeof(*map->names));
	map->names[map->n_names] = memory_strdup(name);
	name = map->names[map->n_names++];
	if (postmap_is_table(name))
		return read_table(map, name, remarks);
	file = fopen(name, "re");
	if (!file) {
		control_refuse("%s: %s", name, strerror(errno));
		return false;
	}
	ok = read_lines(map, name, file, POSTFIX_SOURCE, remarks);
	fclose(file);
	return ok;
}
