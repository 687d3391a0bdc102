#include "base/setting_kind.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/config.h"
#include "base/limits.h"
#include "base/units.h"
#include "base/username.h"

#define PATH_TEXT_MAX 4000
#define NAME_TEXT_MAX 64
#define PREFIX_TEXT_MAX 64
#define DELIMITERS_MAX 8
#define DEADLINE_MIN_MS 1
#define DEADLINE_MAX_MS 60000
#define DELAY_MAX_MS 5000
#define STEP_MIN_MS INT64_C(3600000)
#define STEP_MAX_MS (31 * INT64_C(86400000))
#define AGE_MIN_MS INT64_C(86400000)
#define AGE_MAX_MS (3650 * INT64_C(86400000))

static bool refuse(const char **reason, const char *text)
{
	*reason = text;
	return false;
}

/* --- words and numbers ----------------------------------------------------- */

/* "must be auto, milter or policyd". */
static const char *list_words(const struct word *words, struct arena *arena)
{
	char text[256] = "must be ";
	size_t used = strlen(text), i;
	const char *separator;
	char *copy;

	for (i = 0; words[i].text; i++) {
		separator = i == 0 ? "" : words[i + 1].text ? ", " : " or ";
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", separator,
					 words[i].text);
	}
	copy = arena_strdup(arena, text);
	return copy ? copy : "not one of the words for it";
}

static bool find_word(const struct setting *setting, const char *text, struct arena *arena,
		      int *out, const char **reason)
{
	const struct word *words = setting->detail, *word;

	for (word = words; word->text; word++) {
		if (!strcmp(word->text, text)) {
			*out = word->value;
			return true;
		}
	}
	return refuse(reason, list_words(words, arena));
}

static bool parse_word(const struct setting *setting, const char *text, struct arena *arena,
		       void *out, const char **reason)
{
	int value;

	if (!find_word(setting, text, arena, &value, reason))
		return false;
	memcpy(out, &value, sizeof(value));
	return true;
}

static bool parse_flag(const struct setting *setting, const char *text, struct arena *arena,
		       void *out, const char **reason)
{
	int value;

	if (!find_word(setting, text, arena, &value, reason))
		return false;
	*(bool *)out = value != 0;
	return true;
}

static bool parse_check_mode(const struct setting *setting, const char *text, struct arena *arena,
			     void *out, const char **reason)
{
	enum check_mode mode;

	(void)arena;
	if (!check_mode_parse(text, &mode))
		return refuse(reason, setting->index == CHECK_HEADER_FROM ?
					      "must be enforce, monitor, rewrite or off" :
					      "must be enforce, monitor or off");
	if (mode == MODE_REWRITE && setting->index != CHECK_HEADER_FROM)
		return refuse(reason, "only header_from can be rewrite: there is nothing to "
				      "rewrite for another check");
	*(enum check_mode *)out = mode;
	return true;
}

static bool parse_int(const struct setting *setting, const char *text, struct arena *arena,
		      void *out, const char **reason)
{
	const struct range *range = setting->detail;
	char why[80], *copy;
	int64_t value = 0;
	const char *p;

	for (p = text; ascii_is_digit(*p) && value <= INT_MAX; p++)
		value = value * 10 + (*p - '0');
	if (p > text && !*p && value >= range->min && value <= range->max) {
		*(int *)out = (int)value;
		return true;
	}
	snprintf(why, sizeof(why), "must be a number from %lld to %lld", (long long)range->min,
		 (long long)range->max);
	copy = arena_strdup(arena, why);
	return refuse(reason, copy ? copy : "out of range");
}

static bool parse_amount(const struct setting *setting, const char *text, struct arena *arena,
			 void *out, const char **reason)
{
	(void)setting;
	(void)arena;
	return amount_parse(text, out, reason);
}

static bool parse_deadline(const struct setting *setting, const char *text, struct arena *arena,
			   void *out, const char **reason)
{
	int64_t ms;

	(void)setting;
	(void)arena;
	if (!duration_parse_ms(text, &ms, reason))
		return false;
	if (ms < DEADLINE_MIN_MS || ms > DEADLINE_MAX_MS)
		return refuse(reason, "must be 1ms to 60s");
	*(int64_t *)out = ms;
	return true;
}

/* Postfix waits 10 s for an answer of its SASL server. */
static bool parse_delay(const struct setting *setting, const char *text, struct arena *arena,
			void *out, const char **reason)
{
	int64_t ms;

	(void)setting;
	(void)arena;
	if (!duration_parse_ms(text, &ms, reason))
		return false;
	if (ms > DELAY_MAX_MS)
		return refuse(reason, "must be 0s to 5s");
	*(int64_t *)out = ms;
	return true;
}

static bool parse_seconds(const struct setting *setting, const char *text, struct arena *arena,
			  void *out, const char **reason)
{
	int64_t ms;

	(void)setting;
	(void)arena;
	if (!duration_parse_ms(text, &ms, reason))
		return false;
	if (ms < 1000 || ms > STEP_MAX_MS || ms % 1000 != 0)
		return refuse(reason, "must be whole seconds, 1s to 31d");
	*(int32_t *)out = (int32_t)(ms / 1000);
	return true;
}

/* A number below 100 with at most three decimals; kept in thousandths. */
static bool read_permille(const char *text, int *out)
{
	int permille = 0, unit = 100;
	const char *p = text;

	while (ascii_is_digit(*p) && p - text < 2)
		permille = permille * 10 + (*p++ - '0') * 1000;
	if (p == text || (p - text > 1 && *text == '0'))
		return false;
	if (*p == '.' && !ascii_is_digit(p[1]))
		return false;
	if (*p == '.')
		for (p++; ascii_is_digit(*p) && unit > 0; p++, unit /= 10)
			permille += (*p - '0') * unit;
	*out = permille;
	return *p == '\0';
}

static bool parse_share(const struct setting *setting, const char *text, struct arena *arena,
			void *out, const char **reason)
{
	int permille;

	(void)setting;
	(void)arena;
	if (!read_permille(text, &permille) || permille > 1000)
		return refuse(reason, "must be a number from 0 to 1 with at most three decimals, "
				      "such as 0.5");
	*(int *)out = permille;
	return true;
}

static bool parse_factor(const struct setting *setting, const char *text, struct arena *arena,
			 void *out, const char **reason)
{
	int permille;

	(void)setting;
	(void)arena;
	if (!read_permille(text, &permille) || permille < 1010 || permille > 10000)
		return refuse(reason, "must be a number from 1.01 to 10 with at most three "
				      "decimals, such as 1.5");
	*(int *)out = permille;
	return true;
}

static bool parse_step(const struct setting *setting, const char *text, struct arena *arena,
		       void *out, const char **reason)
{
	int64_t ms;

	(void)setting;
	(void)arena;
	if (!duration_parse_ms(text, &ms, reason))
		return false;
	if (ms < STEP_MIN_MS || ms > STEP_MAX_MS)
		return refuse(reason, "must be 1h to 31d");
	if (ms % 1000 != 0)
		return refuse(reason, "must be a whole number of seconds");
	*(int32_t *)out = (int32_t)(ms / 1000);
	return true;
}

static bool parse_age(const struct setting *setting, const char *text, struct arena *arena,
		      void *out, const char **reason)
{
	int64_t ms = 0;

	(void)setting;
	(void)arena;
	if (strcmp(text, "0") != 0 && !duration_parse_ms(text, &ms, reason))
		return false;
	if (ms != 0 && (ms < AGE_MIN_MS || ms > AGE_MAX_MS))
		return refuse(reason, "must be 1d to 3650d, or 0");
	*(int64_t *)out = ms / 1000;
	return true;
}

static bool parse_file_mode(const struct setting *setting, const char *text, struct arena *arena,
			    void *out, const char **reason)
{
	size_t len = strlen(text);

	(void)setting;
	(void)arena;
	if (len < 3 || len > 4 || strspn(text, "01234567") != len || (len == 4 && text[0] != '0'))
		return refuse(reason, "must be an octal mode such as 0660");
	*(mode_t *)out = (mode_t)strtoul(text, NULL, 8);
	return true;
}

/* --- texts ----------------------------------------------------------------- */

static bool keep(const char *text, struct arena *arena, void *out, const char **reason)
{
	char *copy = arena_strdup(arena, text);

	if (!copy)
		return refuse(reason, "out of memory");
	*(const char **)out = copy;
	return true;
}

/* What it may be is known only when the whole file has been read. */
static bool parse_text(const struct setting *setting, const char *text, struct arena *arena,
		       void *out, const char **reason)
{
	(void)setting;
	return keep(text, arena, out, reason);
}

static bool parse_line(const struct setting *setting, const char *text, struct arena *arena,
		       void *out, const char **reason)
{
	size_t len = strlen(text), i;

	(void)setting;
	for (i = 0; i < len; i++)
		if (ascii_is_control(text[i]) || ascii_is_8bit(text[i]))
			return refuse(reason, "must be one line of ASCII");
	if (len < 1 || len > REPLY_TEXT_MAX)
		return refuse(reason, "must be 1 to 400 characters");
	return keep(text, arena, out, reason);
}

static bool is_made_of(const char *text, const char *others, size_t max)
{
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++)
		if (!ascii_is_letter(text[i]) && !ascii_is_digit(text[i]) &&
		    !strchr(others, text[i]))
			return false;
	return len <= max;
}

static bool parse_node(const struct setting *setting, const char *text, struct arena *arena,
		       void *out, const char **reason)
{
	(void)setting;
	if (!text[0] || !is_made_of(text, ".-_", NODE_MAX))
		return refuse(reason, "must be 1 to 128 letters, digits, \".\", \"-\" or \"_\"");
	return keep(text, arena, out, reason);
}

/* A user or group. */
static bool parse_owner(const struct setting *setting, const char *text, struct arena *arena,
			void *out, const char **reason)
{
	(void)setting;
	if (!text[0] || text[0] == '-' || !is_made_of(text, ".-_", NAME_TEXT_MAX))
		return refuse(reason, "not the name of a user or group");
	return keep(text, arena, out, reason);
}

static bool parse_optional_owner(const struct setting *setting, const char *text,
				 struct arena *arena, void *out, const char **reason)
{
	*(const char **)out = NULL;
	return !text[0] || parse_owner(setting, text, arena, out, reason);
}

static bool parse_path(const struct setting *setting, const char *text, struct arena *arena,
		       void *out, const char **reason)
{
	size_t i;

	(void)setting;
	if (text[0] != '/')
		return refuse(reason, "must be an absolute path");
	if (strlen(text) > PATH_TEXT_MAX)
		return refuse(reason, "the path is too long");
	for (i = 0; text[i]; i++)
		if (ascii_is_control(text[i]))
			return refuse(reason, "a control character in a path");
	return keep(text, arena, out, reason);
}

static bool parse_optional_path(const struct setting *setting, const char *text,
				struct arena *arena, void *out, const char **reason)
{
	*(const char **)out = NULL;
	return !text[0] || parse_path(setting, text, arena, out, reason);
}

static bool parse_delimiters(const struct setting *setting, const char *text, struct arena *arena,
			     void *out, const char **reason)
{
	size_t len = strlen(text), i;

	(void)setting;
	for (i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f || ascii_is_letter(text[i]) ||
		    ascii_is_digit(text[i]) || strchr("@.\"<>%*!", text[i]))
			return refuse(reason, "must be characters such as \"+\" or \"+-\"");
	if (len > DELIMITERS_MAX)
		return refuse(reason, "at most 8 characters");
	return keep(text, arena, out, reason);
}

static bool parse_separator(const struct setting *setting, const char *text, struct arena *arena,
			    void *out, const char **reason)
{
	(void)setting;
	if (!username_separator_is_valid(text))
		return refuse(reason, "must be up to 3 characters of + ! # $ % & * / = ? ^ | ~ :");
	return keep(text, arena, out, reason);
}

/* Redis ACL user names have no spaces. */
static bool parse_user_name(const struct setting *setting, const char *text, struct arena *arena,
			    void *out, const char **reason)
{
	size_t i;

	(void)setting;
	*(const char **)out = NULL;
	for (i = 0; text[i]; i++)
		if (ascii_is_control(text[i]) || text[i] == ' ')
			return refuse(reason, "a user name of Redis has no spaces");
	if (i > LOGIN_MAX)
		return refuse(reason, "the user name is too long");
	return !text[0] || keep(text, arena, out, reason);
}

static bool parse_name(const struct setting *setting, const char *text, struct arena *arena,
		       void *out, const char **reason)
{
	const struct name_form *form = setting->detail;

	*(const char **)out = NULL;
	if (text[0] && !is_made_of(text, form->others, form->max))
		return refuse(reason, form->reason);
	return !text[0] || keep(text, arena, out, reason);
}

static bool parse_prefix(const struct setting *setting, const char *text, struct arena *arena,
			 void *out, const char **reason)
{
	(void)setting;
	if (strpbrk(text, "{}"))
		return refuse(reason, "a prefix may not contain braces: they mark the part of a "
				      "key that Redis Cluster hashes");
	if (!is_made_of(text, ":._-/", PREFIX_TEXT_MAX))
		return refuse(reason, "must be at most 64 letters, digits, \":\", \".\", \"_\", "
				      "\"-\" or \"/\"");
	return keep(text, arena, out, reason);
}

static bool parse_mailbox(const struct setting *setting, const char *text, struct arena *arena,
			  void *out, const char **reason)
{
	struct address address;

	(void)setting;
	*(const char **)out = NULL;
	if (!text[0])
		return true;
	switch (address_parse(text, ADDRESS_HEADER, &address, reason)) {
	case ADDRESS_OK:
		break;
	case ADDRESS_NULL:
		return refuse(reason, "must be an address");
	case ADDRESS_BAD:
		return false;
	}
	return keep(text, arena, out, reason);
}

/* --- values of base -------------------------------------------------------- */

static bool parse_endpoint(const struct setting *setting, const char *text, struct arena *arena,
			   void *out, const char **reason)
{
	(void)setting;
	(void)arena;
	return endpoint_parse(text, out, reason);
}

static bool parse_listener(const struct setting *setting, const char *text, struct arena *arena,
			   void *out, const char **reason)
{
	struct endpoint *endpoint = out;

	(void)setting;
	(void)arena;
	if (!endpoint_parse(text, endpoint, reason))
		return false;
	if (endpoint->kind == ENDPOINT_TLS)
		return refuse(reason, "a listener is unix:/path or inet:host:port");
	return true;
}

static bool parse_server(const struct setting *setting, const char *text, struct arena *arena,
			 void *out, const char **reason)
{
	struct endpoint *endpoint = out;

	(void)setting;
	(void)arena;
	if (!endpoint_parse(text, endpoint, reason))
		return false;
	if (endpoint->kind == ENDPOINT_UNIX)
		return refuse(reason, "one of several servers is inet:host:port or tls:host:port");
	return true;
}

static bool parse_quota(const struct setting *setting, const char *text, struct arena *arena,
			void *out, const char **reason)
{
	(void)setting;
	(void)arena;
	return quota_parse(text, out, reason);
}

static bool parse_null_sender(const struct setting *setting, const char *text, struct arena *arena,
			      void *out, const char **reason)
{
	struct null_sender *rule = out;

	(void)setting;
	(void)arena;
	*rule = (struct null_sender){ .allowed = strcmp(text, "reject") != 0 };
	if (!rule->allowed || strcmp(text, "allow") == 0)
		return true;
	if (!strchr(text, '/'))
		return refuse(reason, "must be allow, reject or a quota such as "
				      "\"10 messages / 1h\"");
	rule->limited = quota_parse(text, &rule->quota, reason);
	rule->quota.null_sender = true;
	return rule->limited;
}

static bool parse_pattern(const struct setting *setting, const char *text, struct arena *arena,
			  void *out, const char **reason)
{
	(void)setting;
	(void)arena;
	return pattern_parse(text, out, reason);
}

static bool parse_group_pattern(const struct setting *setting, const char *text,
				struct arena *arena, void *out, const char **reason)
{
	if (!parse_pattern(setting, text, arena, out, reason))
		return false;
	if (((const struct pattern *)out)->kind == PATTERN_GROUP)
		return refuse(reason, "a group of senders has no other group in it");
	return true;
}

static bool parse_network(const struct setting *setting, const char *text, struct arena *arena,
			  void *out, const char **reason)
{
	const char *why, *copy;

	(void)setting;
	if (network_parse(text, out, &why))
		return true;
	copy = arena_strdup(arena, why);
	return refuse(reason, copy ? copy : "not a network");
}

static bool parse_reply(const struct setting *setting, const char *text, struct arena *arena,
			void *out, const char **reason)
{
	(void)arena;
	return reply_parse((enum reply)setting->index, text, out, reason);
}

/* --- kinds ----------------------------------------------------------------- */

#define KIND(name, type, is_list, function)                       \
	const struct setting_kind name = { .size = sizeof(type),  \
					   .list = (is_list),     \
					   .parse = (function) }; \
	_Static_assert(sizeof(type) <= SETTING_SIZE_MAX, "room for one value")

KIND(kind_word, int, false, parse_word);
KIND(kind_flag, bool, false, parse_flag);
KIND(kind_check_mode, enum check_mode, false, parse_check_mode);
KIND(kind_int, int, false, parse_int);
KIND(kind_amount, int64_t, false, parse_amount);
KIND(kind_deadline, int64_t, false, parse_deadline);
KIND(kind_share, int, false, parse_share);
KIND(kind_delay, int64_t, false, parse_delay);
KIND(kind_seconds, int32_t, false, parse_seconds);
KIND(kind_line, const char *, false, parse_line);
KIND(kind_words, int, true, parse_word);
KIND(kind_factor, int, false, parse_factor);
KIND(kind_age, int64_t, false, parse_age);
KIND(kind_step, int32_t, false, parse_step);
KIND(kind_file_mode, mode_t, false, parse_file_mode);
KIND(kind_null_sender, struct null_sender, false, parse_null_sender);
KIND(kind_node, const char *, false, parse_node);
KIND(kind_owner, const char *, false, parse_owner);
KIND(kind_optional_owner, const char *, false, parse_optional_owner);
KIND(kind_path, const char *, false, parse_path);
KIND(kind_optional_path, const char *, false, parse_optional_path);
KIND(kind_delimiters, const char *, false, parse_delimiters);
KIND(kind_separator, const char *, false, parse_separator);
KIND(kind_user_name, const char *, false, parse_user_name);
KIND(kind_name, const char *, false, parse_name);
KIND(kind_prefix, const char *, false, parse_prefix);
KIND(kind_text, const char *, false, parse_text);
KIND(kind_mailbox, const char *, false, parse_mailbox);
KIND(kind_endpoint, struct endpoint, false, parse_endpoint);
KIND(kind_listener, struct endpoint, false, parse_listener);
KIND(kind_listeners, struct endpoint, true, parse_listener);
KIND(kind_servers, struct endpoint, true, parse_server);
KIND(kind_quotas, struct quota, true, parse_quota);
KIND(kind_patterns, struct pattern, true, parse_pattern);
KIND(kind_group_patterns, struct pattern, true, parse_group_pattern);
KIND(kind_networks, struct network, true, parse_network);
KIND(kind_reply, struct reply_line, false, parse_reply);
