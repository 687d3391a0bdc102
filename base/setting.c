#include "base/setting.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/config.h"
#include "base/limits.h"
#include "base/units.h"

#define PATH_TEXT_MAX 4000
#define NAME_TEXT_MAX 64
#define PREFIX_TEXT_MAX 64
#define DELIMITERS_MAX 8
#define DEADLINE_MIN_MS 1
#define DEADLINE_MAX_MS 60000
#define STEP_MIN_MS INT64_C(3600000)
#define STEP_MAX_MS (31 * INT64_C(86400000))

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
	(void)setting;
	(void)arena;
	if (check_mode_parse(text, out))
		return true;
	return refuse(reason, "must be enforce, monitor or off");
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

static bool parse_quota(const struct setting *setting, const char *text, struct arena *arena,
			void *out, const char **reason)
{
	(void)setting;
	(void)arena;
	return quota_parse(text, out, reason);
}

static bool parse_pattern(const struct setting *setting, const char *text, struct arena *arena,
			  void *out, const char **reason)
{
	(void)setting;
	(void)arena;
	return pattern_parse(text, out, reason);
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

#define KIND(name, type, is_list, function)                              \
	static const struct setting_kind name = { .size = sizeof(type),  \
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
KIND(kind_factor, int, false, parse_factor);
KIND(kind_step, int32_t, false, parse_step);
KIND(kind_file_mode, mode_t, false, parse_file_mode);
KIND(kind_node, const char *, false, parse_node);
KIND(kind_owner, const char *, false, parse_owner);
KIND(kind_optional_owner, const char *, false, parse_optional_owner);
KIND(kind_path, const char *, false, parse_path);
KIND(kind_optional_path, const char *, false, parse_optional_path);
KIND(kind_delimiters, const char *, false, parse_delimiters);
KIND(kind_user_name, const char *, false, parse_user_name);
KIND(kind_prefix, const char *, false, parse_prefix);
KIND(kind_text, const char *, false, parse_text);
KIND(kind_mailbox, const char *, false, parse_mailbox);
KIND(kind_endpoint, struct endpoint, false, parse_endpoint);
KIND(kind_listener, struct endpoint, false, parse_listener);
KIND(kind_listeners, struct endpoint, true, parse_listener);
KIND(kind_quotas, struct quota, true, parse_quota);
KIND(kind_patterns, struct pattern, true, parse_pattern);
KIND(kind_networks, struct network, true, parse_network);
KIND(kind_reply, struct reply_line, false, parse_reply);

/* Enumerations are read into an int. */
_Static_assert(sizeof(enum charge_by) == sizeof(int), "parse_word()");

static const struct word charge_words[] = {
	{ "auto", CHARGE_AUTO },
	{ "milter", CHARGE_MILTER },
	{ "policyd", CHARGE_POLICYD },
	{ 0 },
};
static const struct word store_failure_words[] = {
	{ "degrade", STORE_FAILURE_DEGRADE },
	{ "defer", STORE_FAILURE_DEFER },
	{ "pass", STORE_FAILURE_PASS },
	{ 0 },
};
static const struct word over_quota_words[] = {
	{ "defer", OVER_QUOTA_DEFER },
	{ "reject", OVER_QUOTA_REJECT },
	{ "hold", OVER_QUOTA_HOLD },
	{ "sandbox", OVER_QUOTA_SANDBOX },
	{ 0 },
};
static const struct word at_rcpt_words[] = {
	{ "quota", AT_RCPT_QUOTA },
	{ "too_many", AT_RCPT_TOO_MANY },
	{ 0 },
};
static const struct word unit_words[] = {
	{ "messages", QUOTA_MESSAGES },
	{ "recipients", QUOTA_RECIPIENTS },
	{ "bytes", QUOTA_BYTES },
	{ 0 },
};
static const struct word sandbox_words[] = {
	{ "discard", SANDBOX_DISCARD },
	{ "hold", SANDBOX_HOLD },
	{ "redirect", SANDBOX_REDIRECT },
	{ 0 },
};
static const struct word allow_words[] = { { "allow", true }, { "reject", false }, { 0 } };
static const struct word unknown_words[] = { { "default", true }, { "refuse", false }, { 0 } };
static const struct word degraded_words[] = { { "allow", true }, { "defer", false }, { 0 } };
static const struct word case_words[] = { { "insensitive", false }, { "sensitive", true }, { 0 } };
static const struct word display_words[] = { { "flag", false }, { "reject", true }, { 0 } };

static const struct range database_range = { 0, 1000000 };
static const struct range connections_range = { 1, 1000000 };
static const struct range ipv4_prefix_range = { 8, 32 };
static const struct range ipv6_prefix_range = { 16, 128 };

/* --- the table ------------------------------------------------------------- */

#define IN_CONFIG(field) .offset = offsetof(struct config, field), .index = -1
#define IN_PLAN(field, which) .offset = offsetof(struct plan, field), .index = (which)

static const struct setting settings[] = {
	{ SECTION_TOP, "node", NULL, &kind_node, IN_CONFIG(node) },
	{ SECTION_TOP, "charge", "auto", &kind_word, IN_CONFIG(charge), .detail = charge_words },
	{ SECTION_TOP, "on_store_failure", "degrade", &kind_word, IN_CONFIG(on_store_failure),
	  .detail = store_failure_words },
	{ SECTION_TOP, "recipient_delimiter", "+", &kind_delimiters,
	  IN_CONFIG(recipient_delimiter) },
	{ SECTION_TOP, "null_sender", "allow", &kind_flag, IN_CONFIG(null_sender_allowed),
	  .detail = allow_words },
	{ SECTION_TOP, "unknown_login", "default", &kind_flag, IN_CONFIG(unknown_login_allowed),
	  .detail = unknown_words },
	{ SECTION_TOP, "unknown_while_degraded", "allow", &kind_flag,
	  IN_CONFIG(unknown_while_degraded_allowed), .detail = degraded_words },
	{ SECTION_TOP, "degraded_share", "0.5", &kind_share, IN_CONFIG(degraded_share_permille) },
	{ SECTION_TOP, "local_part_case", "insensitive", &kind_flag,
	  IN_CONFIG(local_part_case_sensitive), .detail = case_words },
	{ SECTION_TOP, "display_name_address", "flag", &kind_flag,
	  IN_CONFIG(display_name_address_rejected), .detail = display_words },
	{ SECTION_TOP, "socket_mode", "0660", &kind_file_mode, IN_CONFIG(socket_mode) },
	{ SECTION_TOP, "socket_group", "postfix", &kind_optional_owner, IN_CONFIG(socket_group) },
	{ SECTION_TOP, "state_dir", "/var/lib/sendward", &kind_path, IN_CONFIG(state_dir) },
	{ SECTION_TOP, "user", "sendward", &kind_owner, IN_CONFIG(user) },
	{ SECTION_TOP, "group", "", &kind_optional_owner, IN_CONFIG(group) },

	{ SECTION_REDIS, "address", "inet:127.0.0.1:6379", &kind_endpoint,
	  IN_CONFIG(redis.address) },
	{ SECTION_REDIS, "username", "", &kind_user_name, IN_CONFIG(redis.username) },
	{ SECTION_REDIS, "password_file", "", &kind_optional_path, IN_CONFIG(redis.password_file) },
	{ SECTION_REDIS, "database", "0", &kind_int, IN_CONFIG(redis.database),
	  .detail = &database_range },
	{ SECTION_REDIS, "prefix", "sendward:", &kind_prefix, IN_CONFIG(redis.prefix) },
	{ SECTION_REDIS, "deadline", "250ms", &kind_deadline, IN_CONFIG(redis.deadline_ms) },

	{ SECTION_POLICYD, "listen", NULL, &kind_listeners, IN_CONFIG(policyd_listen),
	  .count_offset = offsetof(struct config, n_policyd_listen), .max = 64 },
	{ SECTION_POLICYD, "max_connections", "2000", &kind_int, IN_CONFIG(policyd_max_connections),
	  .detail = &connections_range },

	{ SECTION_MILTER, "listen", NULL, &kind_listener, IN_CONFIG(milter_listen) },

	{ SECTION_PLAN, "quotas", NULL, &kind_quotas, IN_PLAN(quotas, PLAN_QUOTAS),
	  .count_offset = offsetof(struct plan, n_quotas), .max = QUOTAS_MAX },
	{ SECTION_PLAN, "senders", "%login", &kind_patterns, IN_PLAN(senders, PLAN_SENDERS),
	  .count_offset = offsetof(struct plan, n_senders), .max = SENDERS_MAX },
	{ SECTION_PLAN, "networks", NULL, &kind_networks, IN_PLAN(networks, PLAN_NETWORKS),
	  .count_offset = offsetof(struct plan, n_networks), .max = NETWORKS_MAX },
	{ SECTION_PLAN, "max_recipients", "0", &kind_amount,
	  IN_PLAN(max_recipients, PLAN_MAX_RECIPIENTS) },
	{ SECTION_PLAN, "max_size", "0", &kind_amount, IN_PLAN(max_size_bytes, PLAN_MAX_SIZE) },
	{ SECTION_PLAN, "over_quota", "defer", &kind_word, IN_PLAN(over_quota, PLAN_OVER_QUOTA),
	  .detail = over_quota_words },
	{ SECTION_PLAN, "sandbox", "discard", &kind_word, IN_PLAN(sandbox, PLAN_SANDBOX),
	  .detail = sandbox_words },
	{ SECTION_PLAN, "sandbox_redirect", "", &kind_mailbox,
	  IN_PLAN(sandbox_redirect, PLAN_SANDBOX_REDIRECT) },
	{ SECTION_PLAN, "free_recipients", NULL, &kind_patterns,
	  IN_PLAN(free_recipients, PLAN_FREE_RECIPIENTS),
	  .count_offset = offsetof(struct plan, n_free_recipients), .max = FREE_RECIPIENTS_MAX },
	{ SECTION_PLAN, "over_quota_at_rcpt", "quota", &kind_word,
	  IN_PLAN(over_quota_at_rcpt, PLAN_OVER_QUOTA_AT_RCPT), .detail = at_rcpt_words },
	{ SECTION_PLAN, "shared_quotas", NULL, &kind_quotas, IN_PLAN(shared_quotas, -1),
	  .count_offset = offsetof(struct plan, n_shared_quotas), .max = QUOTAS_MAX },

	{ SECTION_RAMP, "start", NULL, &kind_amount, IN_PLAN(ramp.start, PLAN_RAMP) },
	{ SECTION_RAMP, "factor", NULL, &kind_factor, IN_PLAN(ramp.factor_permille, PLAN_RAMP) },
	{ SECTION_RAMP, "every", "1d", &kind_step, IN_PLAN(ramp.every_s, PLAN_RAMP) },
	{ SECTION_RAMP, "until", NULL, &kind_amount, IN_PLAN(ramp.until, PLAN_RAMP) },
	{ SECTION_RAMP, "unit", "recipients", &kind_word, IN_PLAN(ramp.unit, PLAN_RAMP),
	  .detail = unit_words },

	{ SECTION_DOMAIN, "plan", NULL, &kind_text, .offset = offsetof(struct domain, plan),
	  .index = -1 },

	{ SECTION_GROUP, "quotas", NULL, &kind_quotas, .offset = offsetof(struct account_group, quotas),
	  .count_offset = offsetof(struct account_group, n_quotas), .max = QUOTAS_MAX, .index = -1 },

	{ SECTION_UNAUTHENTICATED, "quotas", NULL, &kind_quotas, IN_CONFIG(unauthenticated.quotas),
	  .count_offset = offsetof(struct config, unauthenticated.n_quotas), .max = QUOTAS_MAX },
	{ SECTION_UNAUTHENTICATED, "ipv4_prefix", "32", &kind_int,
	  IN_CONFIG(unauthenticated.ipv4_prefix), .detail = &ipv4_prefix_range },
	{ SECTION_UNAUTHENTICATED, "ipv6_prefix", "64", &kind_int,
	  IN_CONFIG(unauthenticated.ipv6_prefix), .detail = &ipv6_prefix_range },
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* The rows behind the table: one for each check, then one for each reply. Their
 * names stand where checks and replies do. */
static void check_row(size_t check, struct setting *out)
{
	*out = (struct setting){ .section = SECTION_CHECKS,
				 .name = check_name((enum check)check),
				 .default_text = check_mode_name(MODE_ENFORCE),
				 .kind = &kind_check_mode,
				 .offset = offsetof(struct plan, modes) +
					   check * sizeof(enum check_mode),
				 .index = (int)check };
}

static void reply_row(size_t reply, struct setting *out)
{
	*out = (struct setting){ .section = SECTION_REPLIES,
				 .name = reply_name((enum reply)reply),
				 .kind = &kind_reply,
				 .offset = offsetof(struct config, replies) +
					   reply * sizeof(struct reply_line),
				 .index = (int)reply };
}

bool setting_at(size_t i, struct setting *out)
{
	if (i < SETTINGS)
		*out = settings[i];
	else if (i < SETTINGS + CHECKS)
		check_row(i - SETTINGS, out);
	else if (i < SETTINGS + CHECKS + REPLIES)
		reply_row(i - SETTINGS - CHECKS, out);
	else
		return false;
	return true;
}

bool setting_is_list(const struct setting *setting)
{
	return setting->kind->list;
}

size_t setting_size(const struct setting *setting)
{
	return setting->kind->size;
}

bool setting_parse(const struct setting *setting, const char *text, struct arena *arena, void *out,
		   const char **reason)
{
	return setting->kind->parse(setting, text, arena, out, reason);
}

const char *setting_section_name(enum setting_section section)
{
	static const char *const names[SECTIONS] = {
		[SECTION_TOP] = "",
		[SECTION_REDIS] = "redis",
		[SECTION_POLICYD] = "policyd",
		[SECTION_MILTER] = "milter",
		[SECTION_REPLIES] = "replies",
		[SECTION_PLAN] = "plan",
		[SECTION_CHECKS] = "checks",
		[SECTION_RAMP] = "ramp",
		[SECTION_DOMAIN] = "domain",
		[SECTION_GROUP] = "group",
		[SECTION_UNAUTHENTICATED] = "unauthenticated",
	};

	return names[section];
}
