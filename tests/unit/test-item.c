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
	static const char wanted[] = "\x02\x01\x01"
				     "0000000000000001\0\x02"
				     "wm\x00\x00\x0e\x10"
				     "wb\x00\x01\x51\x80"
				     "p01234567"
				     "\0\0\0\0\0\0\xf0\x3f"	     /* 1 */
				     "\0\0\0\0\0\0\xb0\x40"	     /* 4096 */
				     "\0\0\0\0\0\x80\x53\x40"     /* 78, and this one: 79 of 100 */
				     "\xe0\xff\xfd\xff\xff\xff\xef\x42" /* 2^48 - 4097 */
				     "w\x01\0\0\0\0\0\0\0\x64"
				     "w\0\xff\xff\xff\xff\xff\xff\xff\xff";
	char item[ITEM_MAX];
	size_t len = item_format(&take, item);

	SUITE_INT_EQUAL(len, sizeof(wanted) - 1);
	SUITE_TRUE(memcmp(item, wanted, len) == 0);
}

static void test_lent(void)
{
	static const unsigned char print[LEASE_PRINT_OCTETS] = "0123456789ab";
	char plain[ITEM_MAX], item[ITEM_MAX];
	size_t len = item_format(&take, plain);

	item_format(&take, item);
	SUITE_INT_EQUAL(item_mark_lent(item, len, print), len + LEASE_PRINT_OCTETS);
	SUITE_INT_EQUAL(item[1], 3);
	SUITE_TRUE(memcmp(item + 2, plain + 2, len - 2) == 0);
	SUITE_TRUE(memcmp(item + len, print, LEASE_PRINT_OCTETS) == 0);
}

static const struct {
	int64_t limit, amount;
	int64_t calm; /* -1: not the usual case */
} calms[] = {
	{ 100, 1, 78 },	 { 101, 1, 79 },    { 104, 1, 82 },	{ 105, 1, 82 },
	{ 10, 7, 0 },	 { 10, 8, -1 },	    { 1, 1, -1 },	{ 2, 1, 0 },
	{ 0, 1, -1 },	 { 10, 0, -1 },	    { -1, 1, 4294967294 }, { -1, 4294967295, 0 },
	{ -1, 4294967296, -1 }, { INT64_C(1) << 53, 5, 4294967290 },
};

static void test_calms(void)
{
	for (size_t i = 0; i < SUITE_LEN(calms); i++) {
		struct take_row row = { .quota = { .window_s = 60, .limit = calms[i].limit },
					.amount = calms[i].amount };
		const struct take one = { .name = "rose", .rows = &row, .n_rows = 1 };
		char item[ITEM_MAX];
		uint64_t bits = 0;
		double calm;

		suite_row("calm %zu", i);
		item_format(&one, item);
		for (int j = 0; j < 8; j++)
			bits |= (uint64_t)(unsigned char)item[44 + j] << (8 * j);
		memcpy(&calm, &bits, sizeof(calm));
		SUITE_INT_EQUAL(item[2], calms[i].calm >= 0);
		SUITE_INT_EQUAL((int64_t)calm, calms[i].calm >= 0 ? calms[i].calm : 0);
	}
}

#define NOW "\x06\x60\xbc\x00\x00\x00\x00"
#define SEVEN "\0\0\0\0\0\0\x07"
/* Doubles: 7 and 2^20, which the second row asks for. */
#define D7 "\0\0\0\0\0\0\x1c\x40"
#define D2_20 "\0\0\0\0\0\0\x30\x41"

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
	ANSWER("u" NOW D7 D2_20, ITEM_COUNTED),
	ANSWER("u" NOW D7 D2_20 "x", ITEM_BAD),
	ANSWER("u" NOW D7 "\0\0\0\0\0\0\x30", ITEM_BAD),
	/* Less than the message's; 7.5; below 0; 2^54; not a number. */
	ANSWER("u" NOW D7 D7, ITEM_BAD),
	ANSWER("u" NOW "\0\0\0\0\0\0\x1e\x40" D2_20, ITEM_BAD),
	ANSWER("u" NOW "\0\0\0\0\0\0\x1c\xc0" D2_20, ITEM_BAD),
	ANSWER("u" NOW "\0\0\0\0\0\0\x50\x43" D2_20, ITEM_BAD),
	ANSWER("u" NOW "\0\0\0\0\0\0\xf8\x7f" D2_20, ITEM_BAD),
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
		{ "of a message that a lease may have charged the fingerprint stands behind it", test_lent },
		{ "a row is calm below its first mark", test_calms },
		{ "an answer is what the script can have said, or none", test_answers },
		{ "what an answer says is read", test_values },
	};

	return suite_run("item", tests, SUITE_LEN(tests));
}
