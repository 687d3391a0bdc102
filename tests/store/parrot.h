/*
 * A server that answers everything with the same octets, in this process and on
 * its loop; and every question that the store can ask.
 */
#ifndef SENDWARD_TESTS_STORE_PARROT_H
#define SENDWARD_TESTS_STORE_PARROT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

/* Types of replies. */
enum {
	TYPE_STATUS = 1,
	TYPE_INTEGER = 2,
	TYPE_STRING = 4,
	TYPE_ARRAY = 8,
	TYPE_NIL = 16,
	TYPE_ERROR = 32
};

struct question {
	const char *name;
	void (*ask)(struct store *store);
	int types; /* with these, all may be well; a take never is */
};

/* Until one without a name. */
extern const struct question parrot_questions[];

/* What came of a question. */
struct parrot_answer {
	int calls; /* of its callback */
	enum store_result result;
	char error[300];
	bool wrong; /* the callback was called with nonsense */
};

/* The server, and the configuration of a store for it. What goes wrong here ends
 * the program. */
void parrot_open(int deadline_ms);
void parrot_close(void);

/* A new store that is connected; the server says PONG until then. follow: it
 * listens for news, too. parrot_end() frees it. */
void parrot_begin(bool follow);

/* From now on the server answers each command with this, borrowed. close: and
 * closes the connection. */
void parrot_say(const char *bytes, size_t len, bool close);

/* Asks and waits. */
struct parrot_answer parrot_ask(const struct question *question);

/* Lets the time pass. */
void parrot_run(int ms);

/* How often callbacks came that nobody waited for. */
int parrot_end(void);

#endif
