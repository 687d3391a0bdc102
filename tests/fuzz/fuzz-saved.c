/*
 * State files: whatever is in one, what is read keeps its bounds, and can be
 * written again to be read as the same; values too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/local.h"
#include "store/owed.h"
#include "store/saved_format.h"
#include "tests/fuzz/target.h"

/* What a value says is read again as what was made of it. */
static void check_value(const struct saved_record *r)
{
	char *key = target_text(r->key, r->key_len), *text = target_text(r->value, r->len);
	struct local *local = local_new();
	struct owed *owed = owed_new();
	char *again, *third;

	if (owed_restore(owed, key, text)) {
		again = owed_save(owed_first(owed));
		owed_clear(owed);
		must(owed_restore(owed, key, again));
		third = owed_save(owed_first(owed));
		must(strcmp(again, third) == 0);
		free(third);
		free(again);
	}
	local_restore(local, SCOPE_LOGIN, "x", text);
	again = local_save(local, SCOPE_LOGIN, "x");
	if (again) {
		must(local_restore(local, SCOPE_LOGIN, "x", again));
		third = local_save(local, SCOPE_LOGIN, "x");
		must(third && strcmp(again, third) == 0);
		free(third);
	}
	free(again);
	owed_free(&owed);
	local_free(&local);
	free(key);
	free(text);
}

static void check_record(const struct saved_record *r, void *arg)
{
	const char *file = arg;
	char *again = malloc(r->size);

	must(r->key_len >= 1 && r->key_len <= SAVED_KEY_MAX && r->len <= SAVED_VALUE_MAX);
	must(r->key > file + r->at && r->key + r->key_len <= file + r->at + r->size);
	must(!r->value || r->value + r->len == file + r->at + r->size);
	if (r->value) {
		must(saved_record_size(r->key_len, r->value, r->len) == r->size);
		saved_record_write(r->key, r->key_len, r->value, r->len, again);
		must(memcmp(again, file + r->at, r->size) == 0);
	}
	free(again);
	if (r->value)
		check_value(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saved_report report;
	char *file = target_text(data, size);

	if (saved_read(file, size, check_record, file, &report) == SAVED_OURS)
		must(report.end <= size && report.damaged <= size + 1);
	free(file);
	return 0;
}
