/*
 * What a server says that store/take.lua has answered: what is read of it lies
 * within it, and keeps its bounds.
 *
 * Input: how many rows were asked, and whether to charge them (1 octet), then the
 * answer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/item.h"
#include "tests/fuzz/target.h"

static void check_counted(const struct take_answer *answer, size_t n_rows)
{
	must(answer->status == TAKE_DONE || answer->status == TAKE_OVER ||
	     answer->status == TAKE_REPEATED || answer->status == TAKE_GONE);
	for (size_t i = 0; i < n_rows; i++) {
		must(answer->rows[i].used >= 0 && answer->rows[i].retry_after_ms >= -1);
		must(answer->rows[i].limit >= -1);
		must(answer->rows[i].mark == 0 || answer->rows[i].mark == 80 ||
		     answer->rows[i].mark == 95);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take_answer answer = { 0 };
	struct take_row rows[TAKE_ROWS_MAX] = { 0 };
	struct take take = { .name = "rose", .version = "", .rows = rows };
	const char *text = NULL;
	size_t text_len = 0;
	char *bytes;

	if (size < 1)
		return 0;
	take.n_rows = data[0] % (TAKE_ROWS_MAX + 1);
	take.message_key = data[0] & 0x80 ? "mx1/1" : NULL;
	for (size_t i = 0; i < TAKE_ROWS_MAX; i++)
		rows[i] = (struct take_row){
			.quota = { .unit = (enum quota_unit)(i % QUOTA_UNITS),
				   .limit = i % 3 == 2 ? -1 : (int64_t)i * 100,
				   .window_s = 3600 },
			.amount = (int64_t)i % 2,
		};
	/* A block of its own, so that a step beyond its end is seen. */
	bytes = malloc(size);
	if (!bytes)
		return 0;
	memcpy(bytes, data + 1, size - 1);
	switch (item_read(bytes, size - 1, &take, &answer, &text, &text_len)) {
	case ITEM_COUNTED:
		check_counted(&answer, take.n_rows);
		break;
	case ITEM_STALE:
	case ITEM_ERROR:
		must(text >= bytes && text_len < size && text + text_len <= bytes + size - 1);
		break;
	case ITEM_CLOCK:
		must(answer.now_ms >= 0);
		break;
	case ITEM_BAD:
		break;
	}
	free(bytes);
	return 0;
}
