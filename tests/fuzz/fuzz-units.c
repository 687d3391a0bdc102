/*
 * Amounts and durations: what is read stays within its bounds and is written
 * as a text that is read as the same value.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tests/fuzz/target.h"

static void check_amount(const char *text)
{
	char again[AMOUNT_TEXT_MAX];
	const char *reason = NULL;
	int64_t a, b;

	if (!amount_parse(text, &a, &reason)) {
		if (!reason)
			abort();
		return;
	}
	amount_format(a, again);
	if (a < 0 || a > AMOUNT_MAX || !amount_parse(again, &b, &reason) || a != b)
		abort();
}

static void check_duration(const char *text)
{
	char again[DURATION_TEXT_MAX];
	const char *reason = NULL;
	int64_t a, b;

	if (!duration_parse_ms(text, &a, &reason)) {
		if (!reason)
			abort();
		return;
	}
	duration_format(a, again);
	if (a < 0 || a > AMOUNT_MAX || !duration_parse_ms(again, &b, &reason) || a != b)
		abort();
	duration_format_human(a, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = target_text(data, size);

	check_amount(text);
	check_duration(text);
	free(text);
	return 0;
}
