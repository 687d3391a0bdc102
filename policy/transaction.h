/*
 * The mail transaction a connection is in, as far as its requests tell:
 * Postfix's `instance`, and the recipients that we let pass in it.
 *
 * Postfix says how many recipients there are only at DATA. Until then they are
 * counted here, each once: a request is repeated when its answer was lost, and
 * asked once for every restriction list that names us.
 */
#ifndef SENDWARD_POLICY_TRANSACTION_H
#define SENDWARD_POLICY_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/request.h"

/* Recipients remembered by name; those that follow count every time they are
 * asked for, which errs on the safe side. smtpd_recipient_limit is 1000. */
#define TRANSACTION_RECIPIENTS_MAX 1000

/* Slots before the first allocation; a power of two. */
#define TRANSACTION_SLOTS_MIN 8

struct transaction {
	bool relay;	   /* the present request asks whether Postfix may relay */
	uint64_t instance; /* hash; 0: none */
	char token[MESSAGE_TOKEN_LENGTH + 1]; /* what transaction_token() has made */
	bool passed;			      /* something of it passed at RCPT or DATA */
	bool identified;		      /* ... as an identity's */
	bool doubtful; /* not all was seen, or is known apart: nothing is free or listed */
	int64_t n;			      /* recipients that passed */
	int64_t n_free;			      /* of these, those that no quota counts */
	int64_t n_listed;		      /* ... and those in sandbox_recipients */
	int64_t n_known;		      /* of all, in slots */
	size_t n_slots;
	uint64_t *slots; /* open addressing; first, or allocated */
	uint64_t first[TRANSACTION_SLOTS_MIN];
};

void transaction_init(struct transaction *transaction);
void transaction_fini(struct transaction *transaction);

/* A request of this instance came: another one than the last begins a new
 * transaction, and so does an empty one, which nothing can be said of. has_recipients:
 * Postfix has accepted some already. Who was not asked about them on this connection, which
 * may have ended in between, does not know what they are. */
void transaction_enter(struct transaction *transaction, const char *instance, size_t len,
		       bool has_recipients);

/* The message's, made of the instance; NULL when there is none. It is the
 * transaction's, until another instance is entered. */
const char *transaction_token(struct transaction *transaction);

/* Never 0. */
uint64_t transaction_hash(const char *text, size_t len);

/* The recipients that passed, and this one. */
int64_t transaction_count_with(const struct transaction *transaction, uint64_t recipient);

/* Those of them that are free, without this one. */
int64_t transaction_free_without(const struct transaction *transaction, uint64_t recipient);

/* This one passed, and is free or not, listed (a login in the sandbox reaches it) or not.
 * Of two that a client has made to look alike, one may be it and the other not. */
void transaction_add(struct transaction *transaction, uint64_t recipient, bool is_free,
		     bool is_listed);

/* How many of the recipients that Postfix has accepted, by its own count, are
 * free. Of those that passed here and were refused by a later restriction it
 * is not known which: they are taken to be free ones, so that nobody gets a
 * message to many for nothing by naming free ones that do not exist. None of a doubtful
 * transaction are. */
int64_t transaction_free_of(const struct transaction *transaction, int64_t accepted);

/* How many of them are listed: all, when those that passed are as many, and all
 * listed, and nothing is doubtful; else 0. */
int64_t transaction_listed_of(const struct transaction *transaction, int64_t accepted);

#endif
