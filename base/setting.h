/*
 * The settings of sendward.conf: one table that says of each where it stands,
 * how its text is read, what it is when nobody sets it, and where it goes.
 * Reading the file, defaults, error messages and the manual page's check all
 * come from this table (base/setting_table.c); a new setting is one row.
 */
#ifndef SENDWARD_SETTING_H
#define SENDWARD_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum setting_section {
	SECTION_TOP,
	SECTION_REDIS,
	SECTION_POLICYD,
	SECTION_MILTER,
	SECTION_REPLIES,
	SECTION_PLAN,	/* plan NAME { }, any number of them */
	SECTION_CHECKS, /* checks { } in a plan */
	SECTION_RAMP,	/* ramp { } in a plan or domain */
	SECTION_DOMAIN, /* domain NAME { }; has the settings of a plan too */
	SECTION_GROUP,	/* group NAME { } */
	SECTION_SENDER_GROUP, /* sender_group NAME { } */
	SECTION_UNAUTHENTICATED,
	SECTION_STORE_FAILURE,
	SECTION_PASSWORDS,
	SECTION_SASLD,
};
#define SECTIONS 15

/* "" for SECTION_TOP. */
const char *setting_section_name(enum setting_section section);

struct setting {
	enum setting_section section;
	const char *name;
	/* As it would stand in the file, without quotes; of a list its one
	 * element, NULL for none; NULL for a reply, which has its own. */
	const char *default_text;
	const struct setting_kind *kind;
	size_t offset;	     /* of the value in what the section is read into */
	size_t count_offset; /* of the number of elements; lists only */
	size_t max;	     /* elements; lists only */
	const void *detail;  /* of the kind (base/setting_kind.h): its words, its range */
	int index;	     /* of plan settings their enum, of checks and replies too; else -1 */
};

/* The i-th row, or false behind the last one. */
bool setting_at(size_t i, struct setting *out);

bool setting_is_list(const struct setting *setting);

/* Octets of one value, for arrays of a list. */
size_t setting_size(const struct setting *setting);
#define SETTING_SIZE_MAX 1024

/* Reads one value (of a list: one element) into out. False with *reason, which
 * lives as long as the arena or for ever. */
bool setting_parse(const struct setting *setting, const char *text, struct arena *arena, void *out,
		   const char **reason);

#endif
