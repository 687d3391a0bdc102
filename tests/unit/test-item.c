#include "store/item.h"

#include <string.h>

#include "tests/unit/suite.h"

static struct take_row rows[] = {
	{ .quota = { .kind = QUOTA_ROLLING, .unit = QUOTA_MESSAGES, .window_s = 3600, .limit = 100 },
	  .amount = 1,
	  .enforce = true },
	{ .quota = { .kind = QUOTA_ROLLING, .unit = QUOTA_BYTES, .window_s = 86400, .limit = -1 },
	  .amount = 4096 },
};

static const struct take take = {
	.name = "rose", .message_key = "mx1/4Q#p01234567", .version = "0000000000000001",
	.rows = rows,	.n_rows = 2,
};

/* As the head of store/take.lua says. */
static void test_question(void)
{
	static const char wanted[] = "0000000000000001\x01"
				     "p01234567"
				     "wwm\x00\x00\x0e\x10\x00\x00\xea\x60"
				     "\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x64\x01"
				     "wwb\x00\x01\x51\x80\x00\x15\xf9\x00"
				     "\0\0\0\0\0\0\x10\0\xff\xff\xff\xff\xff\xff\xff\xff\0";
	char item[ITEM_MAX];
	size_t len = item_format(&take, item);

	SUITE_INT_EQUAL(len, sizeof(wanted) - 1);
	SUITE_TRUE(memcmp(item, wanted, len) == 0);
	/* A day, its oldest slot, and one second. */
	SUITE_INT_EQUAL(item_kept_s(&take), 86400 + 1440 + 1);
}

#define NOW "\x06\x60\xbc\x00\x00\x00\x00"
#define SEVEN "\0\0\0\0\0\0\x07"

static const struct {
	const char *bytes;
	size_t len;
	enum item_kind kind;
} answers[] = {
#define ANSWER(text, kind) { text, sizeof(text) - 1, kind }
	ANSWER("", ITEM_BAD),
	ANSWER("?", ITEM_BAD),
	ANSWER("u", ITEM_BAD),
	ANSWER("u" NOW, ITEM_BAD),
	ANSWER("u" NOW SEVEN SEVEN SEVEN SEVEN, ITEM_COUNTED),
	ANSWER("u" NOW SEVEN SEVEN SEVEN SEVEN "x", ITEM_BAD),
	ANSWER("u" NOW SEVEN SEVEN SEVEN "\0\0\0\0\0\0", ITEM_BAD),
	ANSWER("u" NOW "\xff\xff\xff\xff\xff\xff\xff" SEVEN SEVEN SEVEN, ITEM_BAD),
	ANSWER("d" NOW "\x01" SEVEN SEVEN "\0" SEVEN "\x50" SEVEN SEVEN "\0" SEVEN "\0", ITEM_COUNTED),
	ANSWER("o" NOW "\x01" SEVEN SEVEN "\0" SEVEN "\x50", ITEM_BAD),
	ANSWER("s", ITEM_STALE),
	ANSWER("s0000000000000002{}", ITEM_STALE),
	ANSWER("c" NOW, ITEM_CLOCK),
	ANSWER("c" NOW "x", ITEM_BAD),
	ANSWER("eOOM", ITEM_ERROR),
};

static void test_answers(void)
{
	for (size_t i = 0; i < SUITE_LEN(answers); i++) {
		struct take_answer answer = { 0 };
		const char *text;
		size_t len;

		suite_row("answer %zu", i);
		SUITE_INT_EQUAL(item_read(answers[i].bytes, answers[i].len, &take, &answer, &text,
					  &len),
				answers[i].kind);
	}
}

static void test_values(void)
{
	static const char done[] = "d" NOW "\x01" SEVEN SEVEN "\0" SEVEN "\x50" SEVEN
				   "\xff\xff\xff\xff\xff\xff\xff"
				   "\xff\xff\xff\xff\xff\xff\xff\xff"
				   "\0";
	struct take_answer answer = { 0 };
	const char *text;
	size_t len;

	SUITE_INT_EQUAL(item_read(done, sizeof(done) - 1, &take, &answer, &text, &len),
			ITEM_COUNTED);
	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	SUITE_INT_EQUAL(answer.now_ms, INT64_C(0x0660bc00000000) / 1000);
	SUITE_TRUE(answer.seen);
	SUITE_INT_EQUAL(answer.rows[0].used, 7);
	SUITE_INT_EQUAL(answer.rows[0].limit, 7);
	SUITE_INT_EQUAL(answer.rows[0].mark, 80);
	SUITE_INT_EQUAL(answer.rows[1].retry_after_ms, -1);
	SUITE_INT_EQUAL(answer.rows[1].limit, -1);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a question is packed as the script reads it", test_question },
		{ "an answer is what the script can have said, or none", test_answers },
		{ "what an answer says is read", test_values },
	};

	return suite_run("item", tests, SUITE_LEN(tests));
}
