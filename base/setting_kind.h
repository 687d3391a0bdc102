/*
 * Kinds of settings: how the text of a value is read, and into what. For the
 * table in base/setting_table.c.
 *
 *	setting_number.c	words and numbers
 *	setting_text.c	texts
 *	setting_value.c	values that another module of base/ reads
 */
#ifndef SENDWARD_SETTING_KIND_H
#define SENDWARD_SETTING_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/setting.h"

/* One value that is being read. All of it is borrowed. */
struct setting_reading {
	const struct setting *setting;
	const char *text;
	struct arena *arena; /* for what the value points to, and for reasons */
	void *out;	     /* setting_size() octets */
	const char **reason;
};

struct setting_kind {
	size_t size; /* of one value */
	bool list;
	bool (*parse)(const struct setting_reading *r);
};

#define SETTING_KIND(name, type, is_list, function)               \
	const struct setting_kind name = { .size = sizeof(type),  \
					   .list = (is_list),     \
					   .parse = (function) }; \
	_Static_assert(sizeof(type) <= SETTING_SIZE_MAX, "room for one value")

/* Returns false. why is static; of the second the arena keeps a copy. */
bool setting_refuse(const struct setting_reading *r, const char *why);
bool setting_refuse_copy(const struct setting_reading *r, const char *why);

/* The text itself is the value: a const char *, kept in the arena. */
bool setting_keep(const struct setting_reading *r);

/* ---- what detail points to ------------------------------------------------ */

/* A word of the file and what it stands for. Tables of them end with NULL. */
struct word {
	const char *text;
	int value;
};

struct range {
	int64_t min, max;
};

/* From a duration to another, in milliseconds; reason is told of one that is not. */
struct span {
	int64_t min_ms, max_ms;
	const char *reason;
};

/* The same of thousandths, of a number that is written with decimals. */
struct permille_range {
	int min, max;
	const char *reason;
};

/* A name of letters, digits and others, at most max octets; reason is told of one
 * that is not. */
struct name_form {
	const char *others;
	size_t max;
	const char *reason;
};

/* ---- words and numbers ---------------------------------------------------- */

/* detail is a table of words; kind_flag is a bool, kind_word an int, kind_words a list of
 * ints. */
extern const struct setting_kind kind_flag, kind_word, kind_words;
/* int; detail is a range. */
extern const struct setting_kind kind_int;
/* int, thousandths; detail is a permille_range. */
extern const struct setting_kind kind_permille;
/* int64_t: an amount. */
extern const struct setting_kind kind_amount;
/* detail is a span. int64_t: milliseconds. int32_t: whole seconds. int64_t: whole seconds
 * of an age, 0 for any. */
extern const struct setting_kind kind_milliseconds, kind_seconds, kind_age;
/* enum check_mode; mode_t. */
extern const struct setting_kind kind_check_mode, kind_file_mode;

/* ---- texts: const char * -------------------------------------------------- */

/* Those that may be empty are then NULL: kind_mailbox, kind_name, kind_user_name and the
 * optional ones. */
extern const struct setting_kind kind_delimiters, kind_mailbox, kind_node, kind_optional_owner,
	kind_optional_path, kind_owner, kind_path, kind_prefix, kind_separator, kind_text,
	kind_user_name;
/* One line for people, not empty. */
extern const struct setting_kind kind_line;
/* detail is a name_form. */
extern const struct setting_kind kind_name;

/* ---- values of base ------------------------------------------------------- */

/* struct endpoint, null_sender, reply_line. */
extern const struct setting_kind kind_endpoint, kind_listener, kind_null_sender, kind_reply;
/* Lists of struct endpoint, network, pattern, quota. */
extern const struct setting_kind kind_listeners, kind_networks, kind_patterns, kind_quotas,
	kind_servers;
/* Patterns of a group of senders, which names no group. */
extern const struct setting_kind kind_group_patterns;

#endif
