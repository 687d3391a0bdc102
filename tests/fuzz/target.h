/*
 * What every fuzz target needs.
 */
#ifndef SENDWARD_TESTS_FUZZ_TARGET_H
#define SENDWARD_TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called for each input, by libFuzzer or by tests/fuzz/over-files.c. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, which makes the input a finding, when the condition is not so. */
#define must(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* A copy with a NUL behind it and nothing else, so that a step beyond is seen; free() it. */
static inline char *target_text(const void *octets, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, octets, size);
	text[size] = '\0';
	return text;
}

#endif
