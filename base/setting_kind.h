/*
 * Kinds of settings: how the text of a value is read, and into what. For the
 * table in base/setting.c.
 */
#ifndef SENDWARD_SETTING_KIND_H
#define SENDWARD_SETTING_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/setting.h"

struct setting_kind {
	size_t size; /* of one value */
	bool list;
	bool (*parse)(const struct setting *setting, const char *text, struct arena *arena,
		      void *out, const char **reason);
};

/* A word of the file and what it stands for. Tables of them end with NULL. */
struct word {
	const char *text;
	int value;
};

struct range {
	int64_t min, max;
};

/* A name of letters, digits and others, at most max octets; reason is told of one
 * that is not. */
struct name_form {
	const char *others;
	size_t max;
	const char *reason;
};

/* detail is a table of words; kind_flag is a bool, kind_word an int. */
extern const struct setting_kind kind_flag, kind_word;
/* detail is a range. */
extern const struct setting_kind kind_int;
/* int64_t: seconds of an age, 0 for any. */
extern const struct setting_kind kind_age;
/* int64_t: an amount; milliseconds. int32_t: seconds. int: thousandths. */
extern const struct setting_kind kind_amount, kind_deadline, kind_delay, kind_seconds,
	kind_factor, kind_share, kind_step;
extern const struct setting_kind kind_check_mode, kind_file_mode, kind_null_sender, kind_reply;
/* Texts. Those that may be empty are then NULL. */
extern const struct setting_kind kind_delimiters, kind_mailbox, kind_node, kind_optional_owner,
	kind_optional_path, kind_owner, kind_path, kind_prefix, kind_separator, kind_text,
	kind_user_name;
/* One line for people, not empty. */
extern const struct setting_kind kind_line;
/* The same; detail is a name_form. */
extern const struct setting_kind kind_name;
extern const struct setting_kind kind_endpoint, kind_listener;
/* Lists. */
extern const struct setting_kind kind_listeners, kind_networks, kind_patterns, kind_quotas,
	kind_servers;
/* Of ints; detail is a table of words. */
extern const struct setting_kind kind_words;
/* Patterns of a group of senders, which names no group. */
extern const struct setting_kind kind_group_patterns;

#endif
