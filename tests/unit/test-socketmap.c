#include "policy/socketmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/unit/suite.h"

static void test_read(void)
{
	static const struct {
		const char *data;
		enum socketmap_result result;
		const char *name, *key; /* or the fault */
		size_t used;
	} rows[] = {
		{ "5:a b c,", SOCKETMAP_QUESTION, "a", "b c", 8 },
		{ "2:a ,3:x y,", SOCKETMAP_QUESTION, "a", "", 5 },
		{ "05:a b c,", SOCKETMAP_QUESTION, "a", "b c", 9 },
		{ "", SOCKETMAP_MORE, NULL, NULL, 0 },
		{ "5", SOCKETMAP_MORE, NULL, NULL, 0 },
		{ "4096", SOCKETMAP_MORE, NULL, NULL, 0 },
		{ "5:", SOCKETMAP_MORE, NULL, NULL, 0 },
		{ "5:a b c", SOCKETMAP_MORE, NULL, NULL, 0 },
		{ "4097", SOCKETMAP_BAD, "longer than 4096 octets", NULL, 0 },
		{ "00005", SOCKETMAP_BAD, "longer than 4096 octets", NULL, 0 },
		{ ":a b,", SOCKETMAP_BAD, "not a netstring", NULL, 0 },
		{ "x", SOCKETMAP_BAD, "not a netstring", NULL, 0 },
		{ "3;a b,", SOCKETMAP_BAD, "not a netstring", NULL, 0 },
		{ "3:a b;", SOCKETMAP_BAD, "a netstring that does not end with a comma", NULL, 0 },
		{ "3:abc,", SOCKETMAP_BAD, "no space between the name of the map and the key", NULL,
		  0 },
		{ "0:,", SOCKETMAP_BAD, "no space between the name of the map and the key", NULL,
		  0 },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct socketmap_question question;
		const char *fault = NULL;
		size_t used = 0;

		suite_row("%s", rows[i].data);
		SUITE_INT_EQUAL(socketmap_read(rows[i].data, strlen(rows[i].data), &question, &used,
					       &fault),
				rows[i].result);
		SUITE_INT_EQUAL(used, rows[i].used);
		if (rows[i].result == SOCKETMAP_QUESTION) {
			SUITE_TEXT_EQUAL(question.name, rows[i].name);
			SUITE_TEXT_EQUAL(question.key, rows[i].key);
		} else {
			SUITE_TEXT_EQUAL(fault, rows[i].name);
		}
	}
}

static void test_longest(void)
{
	struct socketmap_question question;
	char data[SOCKETMAP_QUESTION_MAX + 8];
	const char *fault;
	size_t used;

	memset(data, 'x', sizeof(data));
	memcpy(data, "4096:a ", 7);
	data[5 + SOCKETMAP_QUESTION_MAX] = ',';
	SUITE_INT_EQUAL(socketmap_read(data, sizeof(data), &question, &used, &fault),
			SOCKETMAP_QUESTION);
	SUITE_INT_EQUAL(strlen(question.key), SOCKETMAP_QUESTION_MAX - 2);
	data[8] = '\0';
	SUITE_INT_EQUAL(socketmap_read(data, sizeof(data), &question, &used, &fault),
			SOCKETMAP_BAD);
	SUITE_TEXT_EQUAL(fault, "a NUL in it");
}

static void test_write(void)
{
	char *out = memory_alloc(SOCKETMAP_NETSTRING_MAX + 1);
	char *text = memory_zero(SOCKETMAP_ANSWER_MAX + 2);

	SUITE_INT_EQUAL(socketmap_write(SOCKETMAP_OK, "rose,lily", out), 16);
	SUITE_TEXT_EQUAL(out, "12:OK rose,lily,");
	socketmap_write(SOCKETMAP_NOTFOUND, "", out);
	SUITE_TEXT_EQUAL(out, "9:NOTFOUND ,");
	socketmap_write(SOCKETMAP_TEMP, "why", out);
	SUITE_TEXT_EQUAL(out, "8:TEMP why,");
	socketmap_write(SOCKETMAP_PERM, "why", out);
	SUITE_TEXT_EQUAL(out, "8:PERM why,");
	memset(text, 'x', SOCKETMAP_ANSWER_MAX + 1);
	SUITE_INT_EQUAL(socketmap_write(SOCKETMAP_OK, text, out), SOCKETMAP_NETSTRING_MAX);
	SUITE_TRUE(memcmp(out, "100000:OK x", 11) == 0);
	SUITE_TRUE(out[SOCKETMAP_NETSTRING_MAX - 1] == ',');
	free(text);
	free(out);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a question is read when all of it is there", test_read },
		{ "the longest question is read", test_longest },
		{ "answers are netstrings, none longer than Postfix takes", test_write },
	};

	return suite_run("socketmap", tests, SUITE_LEN(tests));
}
