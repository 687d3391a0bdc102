#include <stdio.h>
#include <string.h>

#include "policy/transaction.h"
#include "tests/unit/suite.h"

static struct transaction transaction;

static uint64_t recipient(int i)
{
	char text[32];

	return transaction_hash(text, (size_t)snprintf(text, sizeof(text), "r%d@example.net", i));
}

static void enter(const char *instance)
{
	transaction_enter(&transaction, instance, strlen(instance), false);
}

/* Asks and passes; returns what was counted. */
static int64_t pass(int i)
{
	int64_t n = transaction_count_with(&transaction, recipient(i));

	transaction_add(&transaction, recipient(i), false, false);
	return n;
}

static void test_counts(void)
{
	int i;

	transaction_init(&transaction);
	enter("1.0");
	for (i = 0; i < TRANSACTION_RECIPIENTS_MAX; i++) {
		suite_row("recipient %d", i);
		SUITE_INT_EQUAL(pass(i), i + 1);
		SUITE_INT_EQUAL(pass(i / 2), i + 1);
	}
	transaction_fini(&transaction);
}

static void test_refused(void)
{
	transaction_init(&transaction);
	enter("1.0");
	SUITE_INT_EQUAL(pass(1), 1);
	SUITE_INT_EQUAL(transaction_count_with(&transaction, recipient(2)), 2);
	SUITE_INT_EQUAL(transaction_count_with(&transaction, recipient(3)), 2);
	SUITE_INT_EQUAL(pass(3), 2);
	SUITE_INT_EQUAL(transaction_count_with(&transaction, recipient(1)), 2);
	transaction_fini(&transaction);
}

static void test_next(void)
{
	transaction_init(&transaction);
	enter("1.0");
	pass(1);
	pass(2);
	enter("1.0");
	SUITE_INT_EQUAL(pass(3), 3);
	transaction.passed = true;
	enter("1.1");
	SUITE_TRUE(!transaction.passed);
	SUITE_INT_EQUAL(pass(2), 1);
	enter("1.0");
	SUITE_INT_EQUAL(pass(2), 1);
	transaction_fini(&transaction);
}

static void test_no_instance(void)
{
	transaction_init(&transaction);
	enter("");
	SUITE_INT_EQUAL(pass(1), 1);
	enter("");
	SUITE_INT_EQUAL(pass(2), 1);
	transaction_fini(&transaction);
}

static void test_bounded(void)
{
	int i;

	transaction_init(&transaction);
	enter("1.0");
	for (i = 0; i < 3 * TRANSACTION_RECIPIENTS_MAX; i++)
		SUITE_INT_EQUAL(pass(i), i + 1);
	SUITE_TRUE(transaction.n_slots <= 2048);
	/* The last one is not remembered, the first is. */
	SUITE_INT_EQUAL(pass(i - 1), i + 1);
	SUITE_INT_EQUAL(pass(0), i + 1);
	enter("1.1");
	SUITE_INT_EQUAL(transaction.n_slots, TRANSACTION_SLOTS_MIN);
	SUITE_INT_EQUAL(pass(0), 1);
	transaction_fini(&transaction);
}

static void test_free(void)
{
	int i;

	transaction_init(&transaction);
	enter("1.0");
	/* More than fit in the first slots, every second one free. */
	for (i = 0; i < 3 * TRANSACTION_SLOTS_MIN; i++) {
		SUITE_INT_EQUAL(transaction_free_without(&transaction, recipient(i)), (i + 1) / 2);
		transaction_add(&transaction, recipient(i), i % 2 == 0, false);
	}
	for (i = 0; i < 3 * TRANSACTION_SLOTS_MIN; i++) {
		suite_row("recipient %d again", i);
		transaction_add(&transaction, recipient(i), i % 2 == 0, false);
		SUITE_INT_EQUAL(transaction_free_without(&transaction, recipient(i)),
				3 * TRANSACTION_SLOTS_MIN / 2 - (i % 2 == 0));
	}
	enter("1.1");
	SUITE_INT_EQUAL(transaction_free_without(&transaction, recipient(0)), 0);
	transaction_fini(&transaction);
}

/* The store remembers it for longer than a restart into another version takes. */
static void test_token(void)
{
	transaction_init(&transaction);
	enter("");
	SUITE_TRUE(!transaction_token(&transaction));
	enter("1153.6b006db0.8cdf9.0");
	SUITE_TEXT_EQUAL(transaction_token(&transaction), "pdee460d6");
	enter("");
	SUITE_TRUE(!transaction_token(&transaction));
	transaction_fini(&transaction);
}

/* Five free ones and three others passed. */
static void test_free_of(void)
{
	static const struct {
		int64_t accepted, free;
	} rows[] = {
		{ 8, 5 }, { 9, 5 }, { 7, 4 }, { 4, 1 }, { 3, 0 }, { 1, 0 }, { 0, 0 },
	};
	size_t i;

	transaction_init(&transaction);
	enter("1.0");
	SUITE_INT_EQUAL(transaction_free_of(&transaction, 4), 0);
	for (i = 0; i < 8; i++)
		transaction_add(&transaction, recipient((int)i), i < 5, false);
	for (i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%d accepted", (int)rows[i].accepted);
		SUITE_INT_EQUAL(transaction_free_of(&transaction, rows[i].accepted), rows[i].free);
	}
	transaction_fini(&transaction);
}

static void test_listed(void)
{
	transaction_init(&transaction);
	enter("1.0");
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 0), 0);
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 1), 0);
	for (int i = 0; i < 3; i++)
		transaction_add(&transaction, recipient(i), false, true);
	transaction_add(&transaction, recipient(0), false, true);
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 3), 3);
	/* One was refused, or named twice: nobody knows which. */
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 2), 0);
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 4), 0);
	transaction_add(&transaction, recipient(3), false, false);
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 4), 0);
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 3), 0);
	enter("1.1");
	transaction_add(&transaction, recipient(3), false, true);
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 1), 1);
	transaction_fini(&transaction);
}

/* One of the two was refused by Postfix, and the other is not what it was. */
static void test_alike(void)
{
	static const struct {
		bool is_free, is_listed;
	} rows[] = { { true, false }, { false, true } };

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		transaction_init(&transaction);
		enter("1.0");
		transaction_add(&transaction, recipient(1), rows[i].is_free, rows[i].is_listed);
		SUITE_INT_EQUAL(transaction_free_of(&transaction, 1), rows[i].is_free);
		SUITE_INT_EQUAL(transaction_listed_of(&transaction, 1), rows[i].is_listed);
		transaction_add(&transaction, recipient(1), false, false);
		SUITE_INT_EQUAL(transaction_free_of(&transaction, 1), 0);
		SUITE_INT_EQUAL(transaction_listed_of(&transaction, 1), 0);
		enter("1.1");
		transaction_add(&transaction, recipient(1), true, true);
		SUITE_INT_EQUAL(transaction_listed_of(&transaction, 1), 1);
		transaction_fini(&transaction);
	}
}

static void test_begun_elsewhere(void)
{
	transaction_init(&transaction);
	transaction_enter(&transaction, "1.0", 3, true);
	transaction_add(&transaction, recipient(1), true, true);
	SUITE_INT_EQUAL(transaction_free_of(&transaction, 1), 0);
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 1), 0);
	transaction_enter(&transaction, "1.1", 3, false);
	transaction_add(&transaction, recipient(1), true, true);
	transaction_enter(&transaction, "1.1", 3, true);
	SUITE_INT_EQUAL(transaction_free_of(&transaction, 1), 1);
	SUITE_INT_EQUAL(transaction_listed_of(&transaction, 1), 1);
	transaction_fini(&transaction);
}

static const struct suite_test tests[] = {
	{ "of recipients that look alike and are not the same none is free or listed", test_alike },
	{ "of a message begun on another connection no recipient is free or listed",
	  test_begun_elsewhere },
	{ "every recipient counts once", test_counts },
	{ "a recipient that did not pass does not count", test_refused },
	{ "another instance begins with none", test_next },
	{ "nothing is known of a request without an instance", test_no_instance },
	{ "recipients beyond the limit count whenever they are asked for", test_bounded },
	{ "free recipients are counted, each once, and not itself", test_free },
	{ "a message's token is the same in every version", test_token },
	{ "recipients that were refused later are taken to be free ones", test_free_of },
	{ "listed recipients are known when there are no others and none twice", test_listed },
};

int main(void)
{
	return suite_run("policy-transaction", tests, SUITE_LEN(tests));
}
