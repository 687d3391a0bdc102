#include "base/nearest.h"

#include <string.h>

#include "tests/unit/suite.h"

static void test_distance(void)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "", "node", 4 },
		{ "listen", "listen", 0 },
		{ "lisen", "listen", 1 },
		{ "listten", "listen", 1 },
		{ "lissen", "listen", 1 },
		{ "lsiten", "listen", 1 },
		{ "ab", "ba", 1 },
		{ "abc", "cab", 2 },
		{ "kitten", "sitting", 3 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s, %s", rows[i].a, rows[i].b);
		SUITE_INT_EQUAL(nearest_distance(rows[i].a, rows[i].b), rows[i].distance);
		SUITE_INT_EQUAL(nearest_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

static void test_long(void)
{
	char word[NEAREST_WORD_MAX + 2];

	memset(word, 'a', sizeof(word));
	word[NEAREST_WORD_MAX + 1] = '\0';
	SUITE_INT_EQUAL(nearest_distance(word, "a"), NEAREST_WORD_MAX + 1);
	SUITE_INT_EQUAL(nearest_distance("a", word), NEAREST_WORD_MAX + 1);
	word[NEAREST_WORD_MAX] = '\0';
	SUITE_INT_EQUAL(nearest_distance(word, "a"), NEAREST_WORD_MAX - 1);
	SUITE_INT_EQUAL(nearest_distance(word, word), 0);
}

static void test_found(void)
{
	static const struct {
		const char *word, *found;
	} rows[] = {
		{ "lisen", "listen" }, { "quota", "quotas" }, { "qoutas", "quotas" },
		{ "nodes", "node" },   { "usr", "user" },     { "zz", NULL },
		{ "gruop", "group" },  { "maximum", NULL },   { "", NULL },
		{ "user frob", NULL }, { "user shwo", "user show" }, { "user ad", "user add" },
		{ "user a", NULL },
	};
	static const char *const words[] = { "node",   "user",	    "group",	"listen",
					     "quotas", "user show", "user add" };

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct nearest nearest;

		suite_row("%s", rows[i].word);
		nearest_init(&nearest, rows[i].word);
		for (size_t j = 0; j < SUITE_LEN(words); j++)
			nearest_try(&nearest, words[j]);
		SUITE_TEXT_EQUAL(nearest.found ? nearest.found : "",
				 rows[i].found ? rows[i].found : "");
	}
}

/* A third of its letters is more than the distance of words that are too long. */
static void test_long_word(void)
{
	char word[6 * NEAREST_WORD_MAX + 1];
	struct nearest nearest;

	memset(word, 'a', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	nearest_init(&nearest, word);
	nearest_try(&nearest, "node");
	SUITE_TEXT_EQUAL(nearest.found ? nearest.found : "", "");
}

static const struct suite_test tests[] = {
	{ "letters put in, left out, changed and swapped are counted", test_distance },
	{ "words that are too long are near to nothing", test_long },
	{ "a long word is near to nothing either", test_long_word },
	{ "the nearest word is found when it is near", test_found },
};

int main(void)
{
	return suite_run("nearest", tests, SUITE_LEN(tests));
}
