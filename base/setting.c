#include "base/setting.h"

#include "base/config.h"
#include "base/setting_kind.h"
#include "base/setting_table.h"

/* The rows behind the table: one for each check, one for each check that has a
 * choice in an outage, then one for each reply. Their names stand where checks
 * and replies do. */
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

static void store_failure_row(size_t check, struct setting *out)
{
	*out = (struct setting){ .section = SECTION_STORE_FAILURE,
				 .name = check_name((enum check)check),
				 .kind = &kind_word,
				 .detail = store_failure_words,
				 .offset = offsetof(struct config, store_failure) +
					   check * sizeof(enum store_failure),
				 .index = -1 };
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
	if (i < setting_table_rows)
		*out = setting_table[i];
	else if (i < setting_table_rows + CHECKS)
		check_row(i - setting_table_rows, out);
	else if (i < setting_table_rows + CHECKS + STORE_FAILURE_CHECKS)
		store_failure_row(i - setting_table_rows - CHECKS, out);
	else if (i < setting_table_rows + CHECKS + STORE_FAILURE_CHECKS + REPLIES)
		reply_row(i - setting_table_rows - CHECKS - STORE_FAILURE_CHECKS, out);
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
	const struct setting_reading reading = { setting, text, arena, out, reason };

	return setting->kind->parse(&reading);
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
		[SECTION_SENDER_GROUP] = "sender_group",
		[SECTION_UNAUTHENTICATED] = "unauthenticated",
		[SECTION_STORE_FAILURE] = "store_failure",
		[SECTION_PASSWORDS] = "passwords",
		[SECTION_SASLD] = "sasld",
	};

	return names[section];
}
