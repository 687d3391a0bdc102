#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static void test_aligned_and_zero(void)
{
	struct arena *arena = arena_new();

	for (size_t size = 1; size < 20000; size += size / 3 + 1) {
		unsigned char *p = arena_alloc(arena, size);

		suite_row("%zu octets", size);
		SUITE_TRUE(p != NULL);
		SUITE_INT_EQUAL((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			if (p[i] != 0)
				SUITE_INT_EQUAL(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_free(&arena);
	SUITE_TRUE(arena == NULL);
}

static void test_apart(void)
{
	struct arena *arena = arena_new();
	char *texts[500];

	for (size_t i = 0; i < SUITE_LEN(texts); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%zu: %.*s", i, (int)(i % 40),
			 "........................................");
		texts[i] = arena_strdup(arena, text);
	}
	for (size_t i = 0; i < SUITE_LEN(texts); i++) {
		suite_row("text %zu", i);
		SUITE_INT_EQUAL(strtol(texts[i], NULL, 10), i);
		SUITE_TRUE(strlen(texts[i]) >= 2 + i % 40);
	}
	arena_free(&arena);
}

static void test_nothing(void)
{
	struct arena *arena = arena_new(), *none = NULL;

	SUITE_TRUE(arena_alloc(arena, 0) != NULL);
	SUITE_TRUE(arena_array(arena, 0, 8) != NULL);
	SUITE_TRUE(arena_array(arena, 8, 0) != NULL);
	SUITE_TEXT_EQUAL(arena_strdup(arena, ""), "");
	arena_free(&arena);
	arena_free(&none);
}

static void test_too_large(void)
{
	static const struct {
		size_t n, size;
	} rows[] = {
		{ SIZE_MAX, 1 },     { 1, SIZE_MAX },		{ SIZE_MAX, SIZE_MAX },
		{ SIZE_MAX / 2, 3 }, { SIZE_MAX / 16 + 1, 16 }, { (SIZE_MAX >> 32) + 2, 1UL << 31 },
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%zu * %zu", rows[i].n, rows[i].size);
		SUITE_TRUE(arena_array(arena, rows[i].n, rows[i].size) == NULL);
	}
	SUITE_TRUE(arena_alloc(arena, SIZE_MAX) == NULL);
	SUITE_TRUE(arena_alloc(arena, SIZE_MAX - 8) == NULL);
	SUITE_TRUE(arena_alloc(arena, 100) != NULL);
	arena_free(&arena);
}

static const struct suite_test tests[] = {
	{ "memory is zero and aligned for any type", test_aligned_and_zero },
	{ "allocations do not touch each other", test_apart },
	{ "nothing can be allocated, and an arena that is not there be freed", test_nothing },
	{ "what cannot be had is NULL, also when the product overflows", test_too_large },
};

int main(void)
{
	return suite_run("arena", tests, SUITE_LEN(tests));
}
