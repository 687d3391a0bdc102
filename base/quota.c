#include "base/quota.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/builder.h"
#include "base/decimal.h"
#include "base/units.h"

static const char *const unit_names[QUOTA_UNITS] = {
	[QUOTA_MESSAGES] = "messages",
	[QUOTA_RECIPIENTS] = "recipients",
	[QUOTA_BYTES] = "bytes",
};

static const char unlimited[] = "unlimited";

/* Longer than any sensible quota; a bound for the copies below. */
#define PART_MAX 64

const char *quota_unit_name(enum quota_unit unit)
{
	return unit_names[unit];
}

static bool fail(const char **reason, const char *why)
{
	*reason = why;
	return false;
}

/* Copies len octets without the blanks around them. False when they do not
 * fit. */
static bool copy_trimmed(const char *text, size_t len, char out[PART_MAX])
{
	while (len > 0 && ascii_is_blank(*text)) {
		text++;
		len--;
	}
	while (len > 0 && ascii_is_blank(text[len - 1]))
		len--;
	if (len >= PART_MAX)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

/* Cuts word and the blanks before it off the end of text. */
static bool cut_end(char *text, const char *word, size_t word_len)
{
	size_t len = strlen(text);

	if (len < word_len || memcmp(text + len - word_len, word, word_len) != 0)
		return false;
	len -= word_len;
	while (len > 0 && ascii_is_blank(text[len - 1]))
		len--;
	text[len] = '\0';
	return true;
}

/* Takes the unit, plural or singular, off the end of text. */
static bool unit_cut(char *text, enum quota_unit *out)
{
	for (size_t i = 0; i < QUOTA_UNITS; i++) {
		size_t plural = strlen(unit_names[i]);

		if (cut_end(text, unit_names[i], plural) ||
		    cut_end(text, unit_names[i], plural - 1)) {
			*out = (enum quota_unit)i;
			return true;
		}
	}
	return false;
}

static bool limit_parse(const char *text, int64_t *out, const char **reason)
{
	if (*text == '\0')
		return fail(reason, "amount is missing");
	if (strcmp(text, unlimited) == 0) {
		*out = QUOTA_UNLIMITED;
		return true;
	}
	return amount_parse(text, out, reason);
}

/* The part before the slash: "500 recipients". */
static bool amount_unit_parse(const char *text, size_t len, struct quota *out, const char **reason)
{
	char part[PART_MAX];

	if (!copy_trimmed(text, len, part))
		return fail(reason, "the text before \"/\" is too long");
	if (!unit_cut(part, &out->unit)) {
		int64_t ignored;

		if (*part == '\0' || limit_parse(part, &ignored, reason))
			return fail(reason, "unit is missing: messages, recipients or bytes");
		return fail(reason, "write AMOUNT UNIT / WINDOW; "
				    "the unit is messages, recipients or bytes");
	}
	return limit_parse(part, &out->limit, reason);
}

static bool rolling_parse(const char *text, struct quota *out, const char **reason)
{
	int64_t ms;

	if (!duration_parse_ms(text, &ms, reason))
		return false;
	if (ms < QUOTA_WINDOW_MIN_S * INT64_C(1000))
		return fail(reason, "window is shorter than 1 second");
	if (ms > QUOTA_WINDOW_MAX_S * INT64_C(1000))
		return fail(reason, "window is longer than 31 days");
	if (ms % 1000 != 0)
		return fail(reason, "window is not a whole number of seconds");
	out->kind = QUOTA_ROLLING;
	out->window_s = (int32_t)(ms / 1000);
	return true;
}

/* Cuts text behind its first word and returns what follows the blanks there. */
static char *cut_word(char *text)
{
	while (*text != '\0' && !ascii_is_blank(*text))
		text++;
	while (ascii_is_blank(*text))
		*text++ = '\0';
	return text;
}

/* "day" or "day in Europe/Zurich". */
static bool calendar_parse(char *text, struct quota *out, const char **reason)
{
	char *word = cut_word(text), *zone = cut_word(word);

	if (!calendar_find(text, &out->calendar))
		return fail(reason, "window is a duration, such as 1h, or hour, day, week or month");
	if (*word == '\0')
		zone = "UTC";
	else if (strcmp(word, "in") != 0 || *zone == '\0')
		return fail(reason, "a calendar window is written as in \"day in Europe/Zurich\"");
	if (!zone_known(zone))
		return fail(reason, "not a time zone of the system's database, "
				    "such as Europe/Zurich or UTC");
	out->kind = QUOTA_CALENDAR;
	out->window_s = calendar_longest_s(out->calendar);
	/* zone_known() has seen that it fits. */
	snprintf(out->zone, sizeof(out->zone), "%.*s", ZONE_MAX - 1, zone);
	return true;
}

/* The part behind the slash: "1h", "day in Europe/Zurich". */
static bool window_parse(const char *text, struct quota *out, const char **reason)
{
	char part[PART_MAX];

	if (!copy_trimmed(text, strlen(text), part))
		return fail(reason, "the text behind \"/\" is too long");
	if (*part == '\0')
		return fail(reason, "window is missing: write AMOUNT UNIT / WINDOW");
	if (ascii_is_letter(*part))
		return calendar_parse(part, out, reason);
	return rolling_parse(part, out, reason);
}

bool quota_parse(const char *text, struct quota *out, const char **reason)
{
	const char *slash = strchr(text, '/');
	struct quota quota = { 0 };

	if (!amount_unit_parse(text, slash ? (size_t)(slash - text) : strlen(text), &quota, reason))
		return false;
	if (!slash)
		return fail(reason, "window is missing: write AMOUNT UNIT / WINDOW");
	if (!window_parse(slash + 1, &quota, reason))
		return false;
	*out = quota;
	return true;
}

bool quota_parse_kept(const char *text, struct arena *arena, struct quota *out, const char **reason)
{
	char canonical[QUOTA_TEXT_MAX];

	if (!quota_parse(text, out, reason))
		return false;
	quota_format(out, canonical);
	out->text = arena_strdup(arena, canonical);
	return out->text || fail(reason, "out of memory");
}

bool quota_parse_any(const char *text, struct quota *out, const char **reason)
{
	static const char prefix[] = QUOTA_NULL_SENDER;
	bool null_sender = strncmp(text, prefix, strlen(prefix)) == 0;

	if (!quota_parse(null_sender ? text + strlen(prefix) : text, out, reason))
		return false;
	out->null_sender = null_sender;
	return true;
}

/* Messages and recipients are counted and read digit by digit ("1000
 * recipients"); only bytes are large enough to be easier with a suffix. */
static void add_limit(struct builder *text, const struct quota *quota)
{
	char bytes[AMOUNT_TEXT_MAX];

	if (quota->limit == QUOTA_UNLIMITED) {
		builder_add(text, unlimited);
	} else if (quota->unit == QUOTA_BYTES) {
		amount_format(quota->limit, bytes);
		builder_add(text, bytes);
	} else {
		builder_add_int(text, quota->limit);
	}
}

void quota_format(const struct quota *quota, char out[QUOTA_TEXT_MAX])
{
	char window[DURATION_TEXT_MAX];
	struct builder text;

	builder_init(&text, out, QUOTA_TEXT_MAX);
	if (quota->null_sender)
		builder_add(&text, QUOTA_NULL_SENDER);
	add_limit(&text, quota);
	builder_add_char(&text, ' ');
	builder_add(&text, unit_names[quota->unit]);
	builder_add(&text, " / ");
	if (quota->kind == QUOTA_CALENDAR) {
		builder_add(&text, calendar_name(quota->calendar));
		builder_add(&text, " in ");
		builder_add(&text, quota->zone);
		return;
	}
	duration_format(quota->window_s * INT64_C(1000), window);
	builder_add(&text, window);
}
