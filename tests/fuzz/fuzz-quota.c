/*
 * Quotas: what is read stays within its bounds and is written as a text that
 * is read as the same quota.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/quota.h"
#include "tests/fuzz/target.h"

static void check(const char *text)
{
	char again[QUOTA_TEXT_MAX];
	const char *reason = NULL;
	struct quota a, b;

	if (!quota_parse(text, &a, &reason)) {
		if (!reason)
			abort();
		return;
	}
	if (a.limit < QUOTA_UNLIMITED || a.window_s < QUOTA_WINDOW_MIN_S)
		abort();
	if (a.kind == QUOTA_CALENDAR ? a.window_s != calendar_longest_s(a.calendar) :
				       a.window_s > QUOTA_WINDOW_MAX_S)
		abort();
	quota_format(&a, again);
	if (!quota_parse(again, &b, &reason) || !quota_same_counter(&a, &b) || a.limit != b.limit)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = target_text(data, size);

	check(text);
	free(text);
	return 0;
}
