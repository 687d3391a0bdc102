/* Kinds of settings that are words and numbers. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/ascii.h"
#include "base/builder.h"
#include "base/check.h"
#include "base/setting_kind.h"
#include "base/units.h"

/* --- words ----------------------------------------------------------------- */

/* "must be auto, milter or policyd". */
static bool refuse_word(const struct setting_reading *r, const struct word *words)
{
	struct builder why;
	char text[256];

	builder_init(&why, text, sizeof(text));
	builder_add(&why, "must be ");
	for (size_t i = 0; words[i].text; i++) {
		builder_add(&why, i == 0 ? "" : words[i + 1].text ? ", " : " or ");
		builder_add(&why, words[i].text);
	}
	return setting_refuse_copy(r, text);
}

static bool find_word(const struct setting_reading *r, int *out)
{
	const struct word *words = r->setting->detail;

	for (const struct word *word = words; word->text; word++) {
		if (!strcmp(word->text, r->text)) {
			*out = word->value;
			return true;
		}
	}
	return refuse_word(r, words);
}

static bool parse_word(const struct setting_reading *r)
{
	return find_word(r, r->out);
}

static bool parse_flag(const struct setting_reading *r)
{
	int value = 0;

	if (!find_word(r, &value))
		return false;
	*(bool *)r->out = value != 0;
	return true;
}

static bool parse_check_mode(const struct setting_reading *r)
{
	bool rewritable = r->setting->index == CHECK_HEADER_FROM;
	enum check_mode mode;

	if (!check_mode_parse(r->text, &mode))
		return setting_refuse(r, rewritable ? "must be enforce, monitor, rewrite or off" :
						      "must be enforce, monitor or off");
	if (mode == MODE_REWRITE && !rewritable)
		return setting_refuse(r, "only header_from can be rewrite: there is nothing to "
					 "rewrite for another check");
	*(enum check_mode *)r->out = mode;
	return true;
}

/* --- numbers --------------------------------------------------------------- */

static bool parse_int(const struct setting_reading *r)
{
	const struct range *range = r->setting->detail;
	const char *p = r->text;
	int64_t value = 0;
	char why[80];

	for (; ascii_is_digit(*p) && value <= INT_MAX; p++)
		value = value * 10 + (*p - '0');
	if (p > r->text && !*p && value >= range->min && value <= range->max) {
		*(int *)r->out = (int)value;
		return true;
	}
	snprintf(why, sizeof(why), "must be a number from %lld to %lld", (long long)range->min,
		 (long long)range->max);
	return setting_refuse_copy(r, why);
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

static bool parse_permille(const struct setting_reading *r)
{
	const struct permille_range *range = r->setting->detail;
	int permille;

	if (!read_permille(r->text, &permille) || permille < range->min || permille > range->max)
		return setting_refuse(r, range->reason);
	*(int *)r->out = permille;
	return true;
}

static bool parse_amount(const struct setting_reading *r)
{
	return amount_parse(r->text, r->out, r->reason);
}

static bool parse_file_mode(const struct setting_reading *r)
{
	size_t len = strlen(r->text);

	if (len < 3 || len > 4 || strspn(r->text, "01234567") != len ||
	    (len == 4 && r->text[0] != '0'))
		return setting_refuse(r, "must be an octal mode such as 0660");
	*(mode_t *)r->out = (mode_t)strtoul(r->text, NULL, 8);
	return true;
}

/* --- durations ------------------------------------------------------------- */

static bool read_span(const struct setting_reading *r, int64_t *ms)
{
	const struct span *span = r->setting->detail;

	if (!duration_parse_ms(r->text, ms, r->reason))
		return false;
	if (*ms < span->min_ms || *ms > span->max_ms)
		return setting_refuse(r, span->reason);
	return true;
}

static bool read_whole_seconds(const struct setting_reading *r, int64_t *seconds)
{
	int64_t ms;

	if (!read_span(r, &ms))
		return false;
	if (ms % 1000 != 0)
		return setting_refuse(r, "must be a whole number of seconds");
	*seconds = ms / 1000;
	return true;
}

static bool parse_milliseconds(const struct setting_reading *r)
{
	return read_span(r, r->out);
}

/* The longest span of the table fits. */
static bool parse_seconds(const struct setting_reading *r)
{
	int64_t seconds = 0;

	if (!read_whole_seconds(r, &seconds))
		return false;
	*(int32_t *)r->out = (int32_t)seconds;
	return true;
}

static bool parse_age(const struct setting_reading *r)
{
	if (strcmp(r->text, "0") != 0)
		return read_whole_seconds(r, r->out);
	*(int64_t *)r->out = 0;
	return true;
}

/* --- kinds ----------------------------------------------------------------- */

SETTING_KIND(kind_word, int, false, parse_word);
SETTING_KIND(kind_words, int, true, parse_word);
SETTING_KIND(kind_flag, bool, false, parse_flag);
SETTING_KIND(kind_check_mode, enum check_mode, false, parse_check_mode);
SETTING_KIND(kind_int, int, false, parse_int);
SETTING_KIND(kind_permille, int, false, parse_permille);
SETTING_KIND(kind_amount, int64_t, false, parse_amount);
SETTING_KIND(kind_file_mode, mode_t, false, parse_file_mode);
SETTING_KIND(kind_milliseconds, int64_t, false, parse_milliseconds);
SETTING_KIND(kind_seconds, int32_t, false, parse_seconds);
SETTING_KIND(kind_age, int64_t, false, parse_age);
