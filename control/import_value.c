#define _GNU_SOURCE /* strptime(), timegm() */
#include "control/import_value.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "control/need.h"

/* What clocks may differ by, and time zones. */
#define FUTURE_S (24 * 3600)

bool import_put_text(json_t *line, const char *name, char *text, const char **reason)
{
	json_t *value = json_string(text);

	*reason = "is not UTF-8";
	return value && json_object_set_new(line, name, value) == 0;
}

bool import_put_list(json_t *line, const char *name, char *text, const char **reason)
{
	json_t *list = need(json_array());
	char *rest = text, *word;

	json_object_set_new(line, name, list);
	*reason = "is not UTF-8";
	while ((word = strsep(&rest, ";"))) {
		size_t len;

		word += strspn(word, " ");
		for (len = strlen(word); len > 0 && word[len - 1] == ' ';)
			word[--len] = '\0';
		if (len > 0 && json_array_append_new(list, json_string(word)) != 0)
			return false;
	}
	return true;
}

bool import_put_amount(json_t *line, const char *name, char *text, const char **reason)
{
	int64_t amount;

	if (!amount_parse(text, &amount, reason))
		return false;
	json_object_set_new(line, name, need(json_integer(amount)));
	return true;
}


/* In "secrets". */
static json_t *main_secret(json_t *line)
{
	json_t *all = json_object_get(line, "secrets");

	if (!all) {
		all = need(json_pack("{s:{}}", ""));
		json_object_set_new(line, "secrets", all);
	}
	return json_object_get(all, "");
}

bool import_put_password(json_t *line, const char *name, char *hash, const char **reason)
{
	char text[1024];

	*reason = "is not UTF-8";
	snprintf(text, sizeof(text), *hash == '{' ? "%s" : "{CRYPT}%s", hash);
	return json_object_set_new(main_secret(line), name, json_string(text)) == 0;
}

static bool parse_time(const char *text, int64_t *out)
{
	struct tm tm = { 0 }, same;
	const char *rest = strptime(text, "%Y-%m-%d", &tm);
	char *end;

	if (!rest) {
		*out = strtoll(text, &end, 10);
		return end != text && !*end;
	}
	same = tm;
	*out = timegm(&same);
	/* There is no 31st of February. */
	return !*rest && same.tm_mday == tm.tm_mday;
}

bool import_put_changed(json_t *line, const char *name, char *text, const char **reason)
{
	int64_t time_s;

	(void)name;
	*reason = "is no date such as 2026-01-31, nor a Unix time";
	if (!parse_time(text, &time_s) || time_s <= 0)
		return false;
	*reason = "is in the future";
	if (time_s > time(NULL) + FUTURE_S)
		return false;
	json_object_set_new(main_secret(line), "changed", need(json_integer(time_s)));
	return true;
}
