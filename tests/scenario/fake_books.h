/*
 * What a store has counted, for scenarios: counters and charged messages of logins and of
 * what logins share, in memory, with the engine's own window.
 */
#ifndef SENDWARD_TESTS_SCENARIO_FAKE_BOOKS_H
#define SENDWARD_TESTS_SCENARIO_FAKE_BOOKS_H

#include "engine/tally.h"

#define FAKE_ENTRIES_MAX 16
#define COUNTERS_MAX 32
#define MESSAGES_MAX 1000

struct counter {
	int64_t born; /* a number of its own for each one made */
	struct tally tally;
};

struct counted {
	struct quota quota;
	int64_t born, slot, amount;
};

struct message {
	char key[MESSAGE_KEY_MAX + 1];
	bool refunded;
	int64_t until_ms;
	size_t n_counted;
	struct counted counted[TAKE_ROWS_MAX];
};

/* A login, or what logins share; only logins have accounts. */
struct fake_entry {
	enum take_scope scope;
	char name[LOGIN_MAX + 1];
	char *record; /* NULL: no account */
	int churn;
	size_t n_counters, n_messages;
	struct counter counters[COUNTERS_MAX];
	struct message messages[MESSAGES_MAX];
};

struct fake_books {
	int64_t now_ms, remembered_ms, births;
	size_t n_entries;
	struct fake_entry entries[FAKE_ENTRIES_MAX];
};

/* Ends the program: the scenario is too large, or the fake at fault. */
void fake_must(bool condition, const char *what);

/* Made when it is not there. */
struct fake_entry *fake_entry(struct fake_books *books, enum take_scope scope, const char *name);

/* Tests the rows, and charges them when the take has a message: TAKE_DONE, TAKE_OVER,
 * TAKE_REPEATED or TAKE_GONE. */
enum take_status fake_take(struct fake_books *books, struct fake_entry *entry,
			   const struct take *take, struct take_answer *answer);

void fake_refund(struct fake_books *books, const struct charge *charge, const char *message_key,
		 bool forget);

/* As fake_store_used() and fake_store_message(). */
int64_t fake_used(struct fake_books *books, enum take_scope scope, const char *name,
		  const struct quota *quota);
const char *fake_message(struct fake_books *books, const char *login, const char *message_key);

#endif
