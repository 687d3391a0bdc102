#include "control/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fields.h"
#include "base/memory.h"
#include "base/units.h"
#include "base/utf8.h"
#include "control/need.h"

bool text_is_plain(const char *text, size_t len, const char **reason)
{
	uint32_t code;
	size_t n;

	for (; len > 0; text += n, len -= n) {
		n = utf8_sequence(text, len, &code);
		if (n == 0) {
			*reason = "is not UTF-8";
			return false;
		}
		if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) {
			*reason = "has a control character";
			return false;
		}
	}
	return true;
}

char *text_printable(const char *text)
{
	size_t len = strlen(text);
	/* An octet becomes at most "\xHH". */
	size_t size = 4 * len + 1;
	char *out = memory_zero(size);

	fields_clean(text, len, out, size);
	return out;
}

size_t text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		if (((unsigned char)*text & 0xc0) != 0x80)
			columns++;
	return columns;
}

json_t *text_json(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t len = strlen(text), used = 0, n;
	char *out = memory_zero(3 * len + 1);
	uint32_t code;
	json_t *json;

	for (; len > 0; text += n, len -= n) {
		n = utf8_sequence(text, len, &code);
		if (n > 0) {
			memcpy(out + used, text, n);
			used += n;
			continue;
		}
		memcpy(out + used, replacement, 3);
		used += 3;
		n = 1;
	}
	json = need(json_stringn(out, used));
	free(out);
	return json;
}

void text_time(int64_t unix_s, char out[TEXT_TIME_MAX])
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(out, TEXT_TIME_MAX, "%Y-%m-%d %H:%M:%S %z", &tm))
		snprintf(out, TEXT_TIME_MAX, "%" PRId64, unix_s);
}

void text_ago(int64_t then_ms, int64_t now_ms, char out[TEXT_AGO_MAX])
{
	char age[DURATION_TEXT_MAX];

	_Static_assert(DURATION_TEXT_MAX + sizeof(" ago") <= TEXT_AGO_MAX, "an age fits");
	duration_format_human(now_ms > then_ms ? now_ms - then_ms : 0, age);
	if (then_ms > 0)
		snprintf(out, TEXT_AGO_MAX, "%s ago", age);
	else
		snprintf(out, TEXT_AGO_MAX, "-");
}

void text_amount(int64_t amount, char out[TEXT_AMOUNT_MAX])
{
	static const char units[] = "\0kMGTP";
	int64_t scale = 1;
	size_t unit = 0;

	while (amount / scale >= 1000 && unit + 1 < sizeof(units) - 1) {
		scale *= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(out, TEXT_AMOUNT_MAX, "%" PRId64, amount);
	else if (amount / scale >= 100)
		snprintf(out, TEXT_AMOUNT_MAX, "%" PRId64 "%c", amount / scale, units[unit]);
	else if (amount / scale >= 10)
		snprintf(out, TEXT_AMOUNT_MAX, "%" PRId64 ".%" PRId64 "%c", amount / scale,
			 amount % scale * 10 / scale, units[unit]);
	else
		snprintf(out, TEXT_AMOUNT_MAX, "%" PRId64 ".%02" PRId64 "%c", amount / scale,
			 amount % scale * 100 / scale, units[unit]);
}
