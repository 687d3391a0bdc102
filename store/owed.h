/*
 * What is still to be charged: messages that this node has accepted while the
 * store was away, or of which nobody knows whether their charge arrived. They
 * wait here, in order, until the store is back (store/replay.h). Bounded.
 */
#ifndef SENDWARD_OWED_H
#define SENDWARD_OWED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "engine/take.h"

/* Charges that wait at a time; one for each scope of a message. */
#define OWED_MAX 100000

struct owed_row {
	struct quota quota; /* its limit means nothing */
	int64_t amount;
	int64_t start_s, end_s; /* calendar: the period it was accepted in */
	int64_t slot;		/* of the node's own count, for local_take_back() */
};

struct owed_name;

struct owed_charge {
	UT_hash_handle hh;		       /* owed's */
	TAILQ_ENTRY(owed_charge) next, next_of_name;
	struct owed_name *of;
	uint64_t id; /* no other has it in this process */
	struct charge charge;
	char message_key[MESSAGE_KEY_MAX + 1];
	int64_t accepted_ms; /* Unix time */
	bool uncertain; /* a charge was sent before, and may have arrived */
	bool sent;	/* is on its way, store/replay.c's */
	int64_t again_ms; /* clock_ms(); not before that, store/replay.c's */
	size_t n_rows;
	struct owed_row *rows;
	char key[]; /* "login MESSAGE NAME" */
};

struct owed;

struct owed *owed_new(void);
void owed_free(struct owed **owed);
void owed_clear(struct owed *owed);
size_t owed_count(const struct owed *owed);

/* What take would have charged; slots are the node's own. NULL when there is
 * no room. The message is not in it yet. */
struct owed_charge *owed_add(struct owed *owed, const struct take *take, int64_t now_ms,
			     const int64_t slots[TAKE_ROWS_MAX]);
/* NULL when there is none. */
struct owed_charge *owed_find(const struct owed *owed, enum take_scope scope, const char *name,
			      const char *message_key);
void owed_drop(struct owed *owed, struct owed_charge *charge);

/* The oldest, of all or of one name; and the one behind it. NULL at the end. */
struct owed_charge *owed_first(const struct owed *owed);
struct owed_charge *owed_next(struct owed_charge *charge);
struct owed_charge *owed_first_of(const struct owed *owed, enum take_scope scope,
				  const char *name);
struct owed_charge *owed_next_of(struct owed_charge *charge);
/* Last again. */
void owed_requeue(struct owed *owed, struct owed_charge *charge);

/* The rows that would count now: none of a window or period that has passed
 * since. Without limits, so that they are charged whatever is used, and reach
 * no mark that nobody would be told of. Returns how many. */
size_t owed_rows(const struct owed_charge *charge, int64_t now_ms,
		 struct take_row rows[TAKE_ROWS_MAX]);

/* "login MESSAGE NAME": what a charge is called in the state file. */
#define OWED_KEY_MAX (LOGIN_MAX + 16 + MESSAGE_KEY_MAX + 2)
void owed_key(const struct charge *charge, const char *message_key, char out[OWED_KEY_MAX]);
/* The other way round; false when it is no such text. */
bool owed_key_parse(const char *key, struct charge *charge, char message_key[MESSAGE_KEY_MAX + 1]);

/* For the state file, under the charge's key:
 *	ACCEPTED_MS UNCERTAIN
 *	AMOUNT START END SLOT QUOTA		a line for each row
 * The caller's to free. */
char *owed_save(const struct owed_charge *charge);
/* False when it is no such text, or there is no room. */
bool owed_restore(struct owed *owed, const char *key, const char *text);

#endif
