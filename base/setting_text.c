/* Kinds of settings that are texts. */
#include <string.h>

#include "base/address.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/setting_kind.h"
#include "base/username.h"

#define PATH_TEXT_MAX 4000
#define NAME_TEXT_MAX 64
#define PREFIX_TEXT_MAX 64
#define DELIMITERS_MAX 8

bool setting_refuse(const struct setting_reading *r, const char *why)
{
	*r->reason = why;
	return false;
}

bool setting_refuse_copy(const struct setting_reading *r, const char *why)
{
	const char *copy = arena_strdup(r->arena, why);

	return setting_refuse(r, copy ? copy : "out of memory");
}

bool setting_keep(const struct setting_reading *r)
{
	const char *copy = arena_strdup(r->arena, r->text);

	if (!copy)
		return setting_refuse(r, "out of memory");
	*(const char **)r->out = copy;
	return true;
}

/* An empty text is NULL, another one is for parse(). */
static bool optional(const struct setting_reading *r,
		     bool (*parse)(const struct setting_reading *r))
{
	*(const char **)r->out = NULL;
	return !r->text[0] || parse(r);
}

static bool is_made_of(const char *text, const char *others, size_t max)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!ascii_is_letter(text[i]) && !ascii_is_digit(text[i]) &&
		    !strchr(others, text[i]))
			return false;
	return len <= max;
}

/* --- for people ------------------------------------------------------------ */

static bool parse_line(const struct setting_reading *r)
{
	size_t len = strlen(r->text);

	for (size_t i = 0; i < len; i++)
		if (ascii_is_control(r->text[i]) || ascii_is_8bit(r->text[i]))
			return setting_refuse(r, "must be one line of ASCII");
	if (len < 1 || len > REPLY_TEXT_MAX)
		return setting_refuse(r, "must be 1 to 400 characters");
	return setting_keep(r);
}

/* --- names ----------------------------------------------------------------- */

static bool parse_node(const struct setting_reading *r)
{
	if (!r->text[0] || !is_made_of(r->text, ".-_", NODE_MAX))
		return setting_refuse(r, "must be 1 to 128 letters, digits, \".\", \"-\" or \"_\"");
	return setting_keep(r);
}

/* A user or group. */
static bool parse_owner(const struct setting_reading *r)
{
	if (!r->text[0] || r->text[0] == '-' || !is_made_of(r->text, ".-_", NAME_TEXT_MAX))
		return setting_refuse(r, "not the name of a user or group");
	return setting_keep(r);
}

static bool parse_optional_owner(const struct setting_reading *r)
{
	return optional(r, parse_owner);
}

/* Redis ACL user names have no spaces. */
static bool check_user_name(const struct setting_reading *r)
{
	for (const char *p = r->text; *p; p++)
		if (ascii_is_control(*p) || *p == ' ')
			return setting_refuse(r, "a user name of Redis has no spaces");
	if (strlen(r->text) > LOGIN_MAX)
		return setting_refuse(r, "the user name is too long");
	return setting_keep(r);
}

static bool parse_user_name(const struct setting_reading *r)
{
	return optional(r, check_user_name);
}

static bool check_name(const struct setting_reading *r)
{
	const struct name_form *form = r->setting->detail;

	if (!is_made_of(r->text, form->others, form->max))
		return setting_refuse(r, form->reason);
	return setting_keep(r);
}

static bool parse_name(const struct setting_reading *r)
{
	return optional(r, check_name);
}

static bool parse_prefix(const struct setting_reading *r)
{
	if (strpbrk(r->text, "{}"))
		return setting_refuse(r, "a prefix may not contain braces: they mark the part of "
					 "a key that Redis Cluster hashes");
	if (!is_made_of(r->text, ":._-/", PREFIX_TEXT_MAX))
		return setting_refuse(r, "must be at most 64 letters, digits, \":\", \".\", "
					 "\"_\", \"-\" or \"/\"");
	return setting_keep(r);
}

/* --- paths ----------------------------------------------------------------- */

static bool parse_path(const struct setting_reading *r)
{
	if (r->text[0] != '/')
		return setting_refuse(r, "must be an absolute path");
	if (strlen(r->text) > PATH_TEXT_MAX)
		return setting_refuse(r, "the path is too long");
	for (const char *p = r->text; *p; p++)
		if (ascii_is_control(*p))
			return setting_refuse(r, "a control character in a path");
	return setting_keep(r);
}

static bool parse_optional_path(const struct setting_reading *r)
{
	return optional(r, parse_path);
}

/* --- parts of addresses ---------------------------------------------------- */

static bool parse_delimiters(const struct setting_reading *r)
{
	for (const char *p = r->text; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || ascii_is_letter(*p) || ascii_is_digit(*p) ||
		    strchr("@.\"<>%*!", *p))
			return setting_refuse(r, "must be characters such as \"+\" or \"+-\"");
	if (strlen(r->text) > DELIMITERS_MAX)
		return setting_refuse(r, "at most 8 characters");
	return setting_keep(r);
}

static bool parse_separator(const struct setting_reading *r)
{
	if (!username_separator_is_valid(r->text))
		return setting_refuse(r,
				      "must be up to 3 characters of + ! # $ % & * / = ? ^ | ~ :");
	return setting_keep(r);
}

static bool check_mailbox(const struct setting_reading *r)
{
	struct address address;

	switch (address_parse(r->text, ADDRESS_HEADER, &address, r->reason)) {
	case ADDRESS_OK:
		return setting_keep(r);
	case ADDRESS_NULL:
		return setting_refuse(r, "must be an address");
	case ADDRESS_BAD:
		break;
	}
	return false;
}

static bool parse_mailbox(const struct setting_reading *r)
{
	return optional(r, check_mailbox);
}

/* --- kinds ----------------------------------------------------------------- */

/* What it may be is known only when the whole file has been read. */
SETTING_KIND(kind_text, const char *, false, setting_keep);
SETTING_KIND(kind_line, const char *, false, parse_line);
SETTING_KIND(kind_node, const char *, false, parse_node);
SETTING_KIND(kind_owner, const char *, false, parse_owner);
SETTING_KIND(kind_optional_owner, const char *, false, parse_optional_owner);
SETTING_KIND(kind_user_name, const char *, false, parse_user_name);
SETTING_KIND(kind_name, const char *, false, parse_name);
SETTING_KIND(kind_prefix, const char *, false, parse_prefix);
SETTING_KIND(kind_path, const char *, false, parse_path);
SETTING_KIND(kind_optional_path, const char *, false, parse_optional_path);
SETTING_KIND(kind_delimiters, const char *, false, parse_delimiters);
SETTING_KIND(kind_separator, const char *, false, parse_separator);
SETTING_KIND(kind_mailbox, const char *, false, parse_mailbox);
