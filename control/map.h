/*
 * Postfix tables as one map from addresses to values, looked up as Postfix
 * does: the first table that has a key wins (smtpd_sender_login_maps,
 * virtual_alias_maps; virtual(5), "TABLE SEARCH ORDER").
 */
#ifndef SENDWARD_CONTROL_MAP_H
#define SENDWARD_CONTROL_MAP_H

#include "base/address.h"
#include "control/remarks.h"

/* Entries of all tables of one map. */
#define MAP_ENTRIES_MAX 2000000

enum map_kind {
	MAP_LOGINS,  /* address -> logins that own it */
	MAP_ALIASES, /* address -> addresses it delivers to */
};

struct map_entry {
	struct origin origin;
	struct address address; /* .local empty: the whole domain */
	bool bare;		/* written without a domain */
	char **values;
	size_t n_values;
};

struct map;

/* domain (may be NULL, borrowed): of keys that have none. delimiters: of
 * recipient extensions, borrowed. */
struct map *map_new(enum map_kind kind, const char *domain, const char *delimiters);
void map_free(struct map **map);

/* Adds a file, or a table "type:name". Lines that cannot be used become
 * remarks. False, said, when it could not be read to its end. */
bool map_read(struct map *map, const char *name, struct remarks *remarks);

size_t map_count(const struct map *map);

/* The entries in the order they were read. */
const struct map_entry *map_at(const struct map *map, size_t i);

/* The entry of exactly that address, or domain (.local empty); NULL: none. */
const struct map_entry *map_find(const struct map *map, const struct address *address);

/* The one that Postfix finds for mail of the address: its own, that without
 * the extension, that of the domain. */
const struct map_entry *map_look_up(const struct map *map, const struct address *address);

/* The address without its extension; false: it has none. */
bool map_without_extension(const struct map *map, const struct address *address,
			   struct address *out);

#endif
