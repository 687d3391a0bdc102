#include "base/units.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/builder.h"

struct scale {
	const char *suffix;
	int64_t factor;
};

/* The plain number comes first and decimal before binary: amount_format()
 * takes the first of the shortest texts. */
static const struct scale amount_scales[] = {
	{ "", 1 },
	{ "k", INT64_C(1000) },
	{ "M", INT64_C(1000000) },
	{ "G", INT64_C(1000000000) },
	{ "T", INT64_C(1000000000000) },
	{ "Ki", INT64_C(1) << 10 },
	{ "Mi", INT64_C(1) << 20 },
	{ "Gi", INT64_C(1) << 30 },
	{ "Ti", INT64_C(1) << 40 },
};
#define AMOUNT_SCALES (sizeof(amount_scales) / sizeof(amount_scales[0]))

/* Longest first: the parts of "1h30m" must get smaller. */
static const struct scale duration_scales[] = {
	{ "w", 7 * INT64_C(86400000) }, { "d", INT64_C(86400000) }, { "h", INT64_C(3600000) },
	{ "m", INT64_C(60000) },	{ "s", INT64_C(1000) },	    { "ms", INT64_C(1) },
};
#define DURATION_SCALES (sizeof(duration_scales) / sizeof(duration_scales[0]))

#define SECOND_MS INT64_C(1000)
#define MINUTE_S INT64_C(60)
#define HOUR_S INT64_C(3600)
#define DAY_S INT64_C(86400)

static bool fail(const char **reason, const char *why)
{
	*reason = why;
	return false;
}

/* Digits at *text, which is moved behind them. False when there are none (then
 * *reason is missing), or when the number exceeds AMOUNT_MAX. */
static bool number_read(const char **text, const char *missing, int64_t *out, const char **reason)
{
	const char *p = *text;
	int64_t value = 0;

	if (*p == '-')
		return fail(reason, "a number cannot be negative");
	if (!ascii_is_digit(*p))
		return fail(reason, missing);
	for (; ascii_is_digit(*p); p++) {
		/* Cannot overflow: value is at most 2^53 before. */
		value = value * 10 + (*p - '0');
		if (value > AMOUNT_MAX)
			return fail(reason, "the number is larger than 2^53 - 1");
	}
	if (*p == '.' || *p == ',')
		return fail(
			reason,
			"a fraction is not allowed: 1500M instead of 1.5G, 90m instead of 1.5h");
	*text = p;
	*out = value;
	return true;
}

static bool scale_multiply(int64_t number, int64_t factor, int64_t *out)
{
	int64_t product;

	if (__builtin_mul_overflow(number, factor, &product) || product > AMOUNT_MAX)
		return false;
	*out = product;
	return true;
}

bool amount_parse(const char *text, int64_t *out, const char **reason)
{
	int64_t number;

	if (!number_read(&text, "an amount is a number, such as 200 or 25M", &number, reason))
		return false;
	for (size_t i = 0; i < AMOUNT_SCALES; i++) {
		if (strcmp(text, amount_scales[i].suffix) != 0)
			continue;
		if (!scale_multiply(number, amount_scales[i].factor, out))
			return fail(reason, "the number is larger than 2^53 - 1");
		return true;
	}
	return fail(reason, "a number ends in nothing or in one of k, M, G, T, Ki, Mi, Gi, Ti");
}

/* The index of the unit that stands at *text, which is moved behind it, or
 * DURATION_SCALES. */
static size_t duration_unit_read(const char **text)
{
	size_t len = 0;

	while (ascii_is_letter((*text)[len]))
		len++;
	for (size_t i = 0; i < DURATION_SCALES; i++) {
		const char *suffix = duration_scales[i].suffix;

		if (strlen(suffix) == len && memcmp(suffix, *text, len) == 0) {
			*text += len;
			return i;
		}
	}
	return DURATION_SCALES;
}

bool duration_parse_ms(const char *text, int64_t *out_ms, const char **reason)
{
	static const char missing[] = "a duration is a number with a unit, such as 90s or 1h30m";
	static const char too_long[] = "the duration is too long";
	int64_t total = 0;
	size_t next_unit = 0;

	do {
		int64_t number, part;
		size_t unit;

		if (!number_read(&text, missing, &number, reason))
			return false;
		unit = duration_unit_read(&text);
		if (unit == DURATION_SCALES && ascii_is_letter(*text))
			return fail(reason, "a duration has no such unit; there are ms, s, m, h, d, w, as in 1h30m");
		if (unit == DURATION_SCALES)
			return fail(reason, "a duration needs a unit (ms, s, m, h, d, w) right behind its number, as in 1h30m");
		if (unit < next_unit)
			return fail(reason,
				    "the parts of a duration must get smaller, as in 1h30m");
		if (!scale_multiply(number, duration_scales[unit].factor, &part))
			return fail(reason, too_long);
		total += part;
		if (total > AMOUNT_MAX)
			return fail(reason, too_long);
		next_unit = unit + 1;
		if (ascii_is_blank(*text) && text[1] != '\0')
			text++;
	} while (*text != '\0');
	*out_ms = total;
	return true;
}

static size_t with_suffix(int64_t number, const char *suffix, char *out, size_t size)
{
	struct builder text;

	builder_init(&text, out, size);
	builder_add_int(&text, number);
	builder_add(&text, suffix);
	return text.len;
}

void amount_format(int64_t amount, char out[AMOUNT_TEXT_MAX])
{
	size_t best = AMOUNT_TEXT_MAX;

	for (size_t i = 0; i < AMOUNT_SCALES; i++) {
		char text[AMOUNT_TEXT_MAX];
		size_t len;

		if (amount % amount_scales[i].factor != 0)
			continue;
		len = with_suffix(amount / amount_scales[i].factor, amount_scales[i].suffix, text,
				  sizeof(text));
		if (len < best) {
			best = len;
			memcpy(out, text, best + 1);
		}
	}
}

void duration_format(int64_t ms, char out[DURATION_TEXT_MAX])
{
	if (ms == 0) {
		memcpy(out, "0s", sizeof("0s"));
		return;
	}
	/* Weeks are read but not written: "7d" stands better beside "31d". */
	for (size_t i = 1; i < DURATION_SCALES; i++) {
		int64_t factor = duration_scales[i].factor;

		if (ms % factor == 0) {
			with_suffix(ms / factor, duration_scales[i].suffix, out, DURATION_TEXT_MAX);
			return;
		}
	}
}

static int64_t divide_up(int64_t value, int64_t by)
{
	return value / by + (value % by != 0);
}

/* "2 d 4 h"; the second part is left out when it is 0. */
static void two_units(int64_t value, int64_t per_big, const char *big, const char *small,
		      char out[DURATION_TEXT_MAX])
{
	if (value % per_big == 0)
		snprintf(out, DURATION_TEXT_MAX, "%" PRId64 " %s", value / per_big, big);
	else
		snprintf(out, DURATION_TEXT_MAX, "%" PRId64 " %s %" PRId64 " %s", value / per_big,
			 big, value % per_big, small);
}

void duration_format_human(int64_t ms, char out[DURATION_TEXT_MAX])
{
	int64_t s = ms > 0 ? divide_up(ms, SECOND_MS) : 0;
	int64_t min = divide_up(s, MINUTE_S);
	int64_t h = divide_up(s, HOUR_S);

	if (s < MINUTE_S)
		snprintf(out, DURATION_TEXT_MAX, "%" PRId64 " s", s);
	else if (s < HOUR_S && min < 60)
		snprintf(out, DURATION_TEXT_MAX, "%" PRId64 " min", min);
	else if (s < DAY_S && min < 24 * 60)
		two_units(min, 60, "h", "min", out);
	else
		two_units(h, 24, "d", "h", out);
}
