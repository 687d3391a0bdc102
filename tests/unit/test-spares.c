#include "base/spares.h"

#include <stdint.h>
#include <string.h>

#include "tests/unit/suite.h"

#define SIZE 2000

/* Each is filled, so that AddressSanitizer sees one that is too small. */
static void *take(struct spares *spares)
{
	void *block = spares_take(spares, SIZE);

	memset(block, 'x', SIZE);
	return block;
}

static void test_bounded(void)
{
	struct spares spares;
	void *blocks[5];

	spares_init(&spares, 3);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5; i++)
			blocks[i] = take(&spares);
		SUITE_INT_EQUAL(spares.n, 0);
		for (int i = 0; i < 5; i++)
			spares_give(&spares, blocks[i]);
		SUITE_TRUE(spares.n <= 3);
	}
	spares_fini(&spares);
}

static void test_again(void)
{
	struct spares spares;
	uintptr_t first;
	void *block;

	spares_init(&spares, 1);
	block = take(&spares);
	first = (uintptr_t)block;
	spares_give(&spares, block);
	block = spares.n > 0 ? take(&spares) : NULL;
	SUITE_TRUE(!block || (uintptr_t)block == first);
	spares_give(&spares, block ? block : take(&spares));
	spares_fini(&spares);
}

static void test_none(void)
{
	spares_give(NULL, take(NULL));
}

static const struct suite_test tests[] = {
	{ "no more blocks are kept than allowed", test_bounded },
	{ "a block that was given back is taken again", test_again },
	{ "without spares blocks are allocated and freed", test_none },
};

int main(void)
{
	return suite_run("spares", tests, SUITE_LEN(tests));
}
