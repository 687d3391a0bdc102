/*
 * State files: whatever is in one, what is read keeps its bounds, and can be
 * written again to be read as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/saved_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saved_report report;
	char *file = malloc(size + 1);

	memcpy(file, data, size);
	if (saved_read(file, size, check_record, file, &report) == SAVED_OURS)
		must(report.end <= size && report.damaged <= size + 1);
	free(file);
	return 0;
}
