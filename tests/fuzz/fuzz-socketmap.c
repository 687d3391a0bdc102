/*
 * The socketmap protocol: a question stays inside its bytes, is the same
 * wherever they end, and what is written back is a netstring that is read as
 * one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/socketmap.h"
#include "tests/fuzz/target.h"

static void check_answer(const char *key)
{
	static char out[SOCKETMAP_NETSTRING_MAX + 1];
	size_t len = socketmap_write(SOCKETMAP_OK, key, out);
	struct socketmap_question read;
	const char *fault;
	size_t used;

	must(socketmap_read(out, len, &read, &used, &fault) == SOCKETMAP_QUESTION);
	must(used == len && strcmp(read.name, "OK") == 0 && strcmp(read.key, key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size, so that a read behind its end is found. */
	char *copy = malloc(size ? size : 1);
	struct socketmap_question question, again;
	enum socketmap_result result;
	const char *fault = NULL;
	size_t used = 0, none;

	must(copy);
	if (size)
		memcpy(copy, data, size);
	result = socketmap_read(copy, size, &question, &used, &fault);
	must((result == SOCKETMAP_BAD) == (fault != NULL));
	if (result == SOCKETMAP_QUESTION) {
		must(used > 0 && used <= size);
		must(!strchr(question.name, ' '));
		for (size_t i = 0; i < used; i++)
			must(socketmap_read(copy, i, &again, &none, &fault) == SOCKETMAP_MORE);
		if (strlen(question.key) < SOCKETMAP_QUESTION_MAX - 3)
			check_answer(question.key);
	}
	free(copy);
	return 0;
}
