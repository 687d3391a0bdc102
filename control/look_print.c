/* Rows of a look for people, and as JSON. */
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "control/effect.h"
#include "control/look.h"
#include "control/need.h"
#include "control/table.h"
#include "control/text.h"

/* Characters of the bar that shows how much is used up. */
#define BAR_WIDTH 20

/* More than that is not told apart: a limit may have been lowered to next to nothing. */
#define PERCENT_MAX 999

#define AFTER_MAX (DURATION_TEXT_MAX + TEXT_TIME_MAX + 8)

double look_share(const struct look_row *row)
{
	if (row->quota.limit == QUOTA_UNLIMITED)
		return -1;
	return row->quota.limit > 0 ? (double)row->used / (double)row->quota.limit : 1;
}

int64_t look_parts(double share, int parts)
{
	return (int64_t)(share * parts * (1 + 4 * DBL_EPSILON));
}

void look_percent(double share, char out[LOOK_PERCENT_MAX])
{
	int percent = share * 100 < PERCENT_MAX ? (int)look_parts(share, 100) : PERCENT_MAX;

	snprintf(out, LOOK_PERCENT_MAX, "%s%d%%", percent == PERCENT_MAX ? ">" : "", percent);
}

/* "[#####...............]  25%" */
static void bar_text(const struct look_row *row, char *out, size_t size)
{
	double share = look_share(row);
	int full = share < 1 ? (int)look_parts(share, BAR_WIDTH) : BAR_WIDTH;
	char bar[BAR_WIDTH + 1], percent[LOOK_PERCENT_MAX];

	if (share < 0) {
		snprintf(out, size, "unlimited");
		return;
	}
	for (int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	look_percent(share, percent);
	snprintf(out, size, "[%s] %4s", bar, percent);
}

/* Local time; without the day when it is today. */
static void clock_text(int64_t unix_s, int64_t now_s, char out[TEXT_TIME_MAX])
{
	time_t at = (time_t)unix_s, now = (time_t)now_s;
	struct tm tm, today;

	if (!localtime_r(&at, &tm) || !localtime_r(&now, &today))
		snprintf(out, TEXT_TIME_MAX, "%" PRId64, unix_s);
	else if (tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year)
		strftime(out, TEXT_TIME_MAX, "%H:%M:%S", &tm);
	else
		strftime(out, TEXT_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm);
}

static int64_t seconds_up(int64_t ms)
{
	return (ms + 999) / 1000;
}

/* "in 14 min (18:00:05)" */
static void after_text(int64_t at_ms, int64_t now_ms, char out[AFTER_MAX])
{
	char after[DURATION_TEXT_MAX], clock[TEXT_TIME_MAX];

	duration_format_human(at_ms > now_ms ? at_ms - now_ms : 0, after);
	clock_text(seconds_up(at_ms), now_ms / 1000, clock);
	snprintf(out, AFTER_MAX, "in %s (%s)", after, clock);
}

static void freed_text(const struct look_row *row, int64_t now_ms, char out[AFTER_MAX])
{
	if (row->freed_at_ms > 0)
		after_text(row->freed_at_ms, now_ms, out);
	else
		snprintf(out, AFTER_MAX, "-");
}

static void fits_text(const struct look_row *row, int64_t now_ms, char out[AFTER_MAX])
{
	if (row->fits_at_ms > 0)
		after_text(row->fits_at_ms, now_ms, out);
	else
		snprintf(out, AFTER_MAX, row->fits_at_ms < 0 ? "never" : "now");
}

void look_amount(const struct look_row *row, int64_t amount, char out[TEXT_AMOUNT_MAX])
{
	if (row->quota.unit == QUOTA_BYTES)
		text_amount(amount, out);
	else
		snprintf(out, TEXT_AMOUNT_MAX, "%" PRId64, amount);
}

/* "3 of 50" */
#define USED_MAX (2 * TEXT_AMOUNT_MAX + 8)

static void used_text(const struct look_row *row, char out[USED_MAX])
{
	char used[TEXT_AMOUNT_MAX], limit[TEXT_AMOUNT_MAX];

	look_amount(row, row->used, used);
	look_amount(row, row->quota.limit, limit);
	if (row->quota.limit == QUOTA_UNLIMITED)
		snprintf(out, TEXT_AMOUNT_MAX, "%s", used);
	else
		snprintf(out, USED_MAX, "%s of %s", used, limit);
}

void look_name(const struct look_row *row, char out[LOOK_NAME_MAX])
{
	quota_format(&row->quota, out);
	if (row->ramp)
		strcat(out, " (ramp)");
}

static void origin_text(const struct look_row *row, char *out, size_t size)
{
	if (row->origin)
		snprintf(out, size, "%s", row->origin);
	else if (row->scope == SCOPE_NETWORK)
		snprintf(out, size, "unauthenticated");
	else
		snprintf(out, size, "%s %s", take_scope_name(row->scope), row->name);
}

static void add_row(struct table *table, const struct look_row *row, int64_t now_ms)
{
	char name[LOOK_NAME_MAX], used[USED_MAX];
	char bar[BAR_WIDTH + 32], freed[AFTER_MAX], fits[AFTER_MAX];
	char origin[LOGIN_MAX + 16];
	const char *const cells[] = {
		take_scope_name(row->scope), name, used, bar, freed, fits, origin,
	};

	look_name(row, name);
	used_text(row, used);
	bar_text(row, bar, sizeof(bar));
	freed_text(row, now_ms, freed);
	fits_text(row, now_ms, fits);
	origin_text(row, origin, sizeof(origin));
	table_row(table, cells);
}

void look_print(const struct look *look, const char *fit_head)
{
	const char *const head[] = {
		"SCOPE", "QUOTA", "USED", "USED UP", "NEXT FREED", fit_head, "ORIGIN",
	};
	struct table *table;

	if (look->n_rows == 0) {
		puts(effect_empty(PLAN_QUOTAS));
		return;
	}
	table = table_new(sizeof(head) / sizeof(head[0]));
	table_row(table, head);
	for (size_t i = 0; i < look->n_rows; i++)
		add_row(table, &look->rows[i], look->now_ms);
	table_print(table, stdout);
	table_free(&table);
}

static json_t *integer_or_null(int64_t number, bool is_there)
{
	return is_there ? need(json_integer(number)) : json_null();
}

/* Seconds until then; null when it is not to be told. */
static json_t *after_json(int64_t at_ms, int64_t now_ms, bool is_there)
{
	return integer_or_null(at_ms > now_ms ? seconds_up(at_ms - now_ms) : 0, is_there);
}

json_t *look_row_json(const struct look_row *row, int64_t now_ms)
{
	char name[LOOK_NAME_MAX], origin[LOGIN_MAX + 16];
	const struct quota *quota = &row->quota;
	bool calendar = quota->kind == QUOTA_CALENDAR;
	json_t *json;

	look_name(row, name);
	origin_text(row, origin, sizeof(origin));
	json = need(
		json_pack("{s:s, s:s, s:i, s:o, s:I, s:o, s:s, s:o, s:o, s:o}", "quota", name,
			  "unit", quota_unit_name(quota->unit), "window_s",
			  (int)(calendar ? row->end_s - row->start_s : quota->window_s), "limit",
			  integer_or_null(quota->limit, quota->limit != QUOTA_UNLIMITED), "used",
			  (json_int_t)row->used, "origin", text_json(origin), "scope",
			  take_scope_name(row->scope), "name", text_json(row->name), "next_free_s",
			  after_json(row->freed_at_ms, now_ms, row->freed_at_ms > 0), "fits_in_s",
			  after_json(row->fits_at_ms, now_ms, row->fits_at_ms >= 0)));
	if (calendar)
		json_object_set_new(json, "period",
				    need(json_pack("{s:I, s:I}", "start", (json_int_t)row->start_s,
						   "end", (json_int_t)row->end_s)));
	if (row->ramp)
		json_object_set_new(json, "ramp", effect_ramp(row->ramp));
	return json;
}

json_t *look_json(const struct look *look)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < look->n_rows; i++)
		json_array_append_new(array, look_row_json(&look->rows[i], look->now_ms));
	return array;
}
