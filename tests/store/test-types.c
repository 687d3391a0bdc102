/*
 * A server that answers everything with a reply of one type, whatever was
 * asked: each function of the store is answered once, says that all is well
 * only when the type is its own, and else why not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/store/parrot.h"
#include "tests/unit/suite.h"

static const struct {
	int type;
	const char *bytes;
} replies[] = {
	{ TYPE_STATUS, "+OK\r\n" },
	{ TYPE_STATUS, "+\r\n" },
	{ TYPE_INTEGER, ":0\r\n" },
	{ TYPE_INTEGER, ":1\r\n" },
	{ TYPE_INTEGER, ":-9223372036854775808\r\n" },
	{ TYPE_STRING, "$0\r\n\r\n" },
	{ TYPE_STRING, "$5\r\nhello\r\n" },
	{ TYPE_STRING, "$3\r\n\0\xff\0\r\n" },
	{ TYPE_STRING, "$30\r\n9999999999999999{\"format\":999}\r\n" },
	{ TYPE_NIL, "$-1\r\n" },
	{ TYPE_NIL, "*-1\r\n" },
	{ TYPE_ARRAY, "*0\r\n" },
	{ TYPE_ARRAY, "*1\r\n$-1\r\n" },
	{ TYPE_ARRAY, "*1\r\n:1\r\n" },
	{ TYPE_ARRAY, "*1\r\n$0\r\n\r\n" },
	{ TYPE_ARRAY, "*1\r\n$1\r\nd\r\n" },
	{ TYPE_ARRAY, "*1\r\n$9\r\nd1234567\1\r\n" },
	{ TYPE_ARRAY, "*1\r\n$1\r\ns\r\n" },
	{ TYPE_ARRAY, "*1\r\n$31\r\ns9999999999999999{\"format\":999}\r\n" },
	{ TYPE_ARRAY, "*1\r\n*1\r\n*1\r\n*0\r\n" },
	{ TYPE_ARRAY, "*2\r\n:0\r\n*0\r\n" },
	{ TYPE_ARRAY, "*2\r\n$1\r\n0\r\n$1\r\nx\r\n" },
	{ TYPE_ARRAY, "*2\r\n$1\r\n0\r\n*2\r\n:1\r\n$-1\r\n" },
	{ TYPE_ARRAY, "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n0-1\r\n*-1\r\n" },
	{ TYPE_ARRAY, "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n:1\r\n*2\r\n$1\r\na\r\n:5\r\n" },
	{ TYPE_ARRAY, "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n" },
	{ TYPE_ARRAY, "*3\r\n$7\r\nmessage\r\n:1\r\n:2\r\n" },
	{ TYPE_ARRAY, "*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\n \r\n" },
	{ TYPE_ERROR, "-ERR no\r\n" },
	{ TYPE_ERROR, "-\r\n" },
	{ TYPE_ERROR, "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n" },
};

/* One has NULs inside. */
static size_t reply_length(const char *bytes)
{
	return bytes[0] == '$' && bytes[1] == '3' && bytes[2] == '\r' ? 9 : strlen(bytes);
}

static void test_types(void)
{
	for (size_t r = 0; r < SUITE_LEN(replies); r++) {
		for (const struct question *q = parrot_questions; q->name; q++) {
			struct parrot_answer answer;

			suite_row("%s, answered %.*s", q->name, (int)strcspn(replies[r].bytes, "\r"),
				  replies[r].bytes);
			parrot_begin(false);
			parrot_say(replies[r].bytes, reply_length(replies[r].bytes), false);
			answer = parrot_ask(q);
			SUITE_INT_EQUAL(answer.calls, 1);
			SUITE_TRUE(!answer.wrong);
			if (!(replies[r].type & q->types))
				SUITE_TRUE(answer.result != STORE_OK && answer.error[0]);
			SUITE_INT_EQUAL(parrot_end(), 0);
		}
	}
}

/* Whatever comes on the connection that tells of changed accounts. */
static void test_news(void)
{
	static const char noise[] =
		"*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n:5\r\n*3\r\n$7\r\nmessage\r\n$-1\r\n*0\r\n"
		"*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$-1\r\n*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$6\r\n  rose\r\n";

	for (size_t r = 0; r <= SUITE_LEN(replies); r++) {
		const char *said = r < SUITE_LEN(replies) ? replies[r].bytes : noise;

		suite_row("reply %zu", r);
		parrot_begin(true);
		parrot_say(said, reply_length(said), false);
		parrot_run(20);
		SUITE_INT_EQUAL(parrot_end(), 0);
	}
}

static const struct suite_test tests[] = {
	{ "a reply of another type is an error with its text, whatever was asked", test_types },
	{ "news of another form are no news", test_news },
};

int main(void)
{
	int status;

	log_set_level(LEVEL_ERROR);
	parrot_open(250);
	status = suite_run("types", tests, SUITE_LEN(tests));
	parrot_close();
	return status;
}
