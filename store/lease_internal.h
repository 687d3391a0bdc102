/*
 * What the two files of the books of leases share; nothing else includes this.
 *
 *	lease.c		what is charged from them, and their end
 *	lease_grant.c	who gets one, how much of what, and for how long
 */
#ifndef SENDWARD_LEASE_INTERNAL_H
#define SENDWARD_LEASE_INTERNAL_H

#include <sys/queue.h>

#include "base/hash.h"
#include "store/lease.h"

/* Messages seen lately, by a hash: one forgets another. One in 65,536 is taken for seen that
 * was not, and asked about. */
#define SEEN_MAX 65536

enum borrower_phase { PHASE_LOOKED_AT, PHASE_ASKED, PHASE_LENT };

struct borrower_row {
	int64_t use;	     /* since began_ms */
	int64_t biggest;     /* of one message */
	int64_t used, left;  /* while it is lent */
	struct take_row row; /* amount: what is asked for, or was lent */
};

struct borrower {
	UT_hash_handle hh;
	TAILQ_ENTRY(borrower) next; /* while it has a lease */
	enum borrower_phase phase;
	int64_t began_ms, messages;
	int64_t ends_ms;
	uint64_t id;
	char version[ACCOUNT_VERSION_DIGITS + 1];
	struct lease_records records;
	size_t n;
	struct borrower_row *rows;
	char login[];
};

TAILQ_HEAD(borrowers, borrower);

struct leases {
	int share_permille;
	uint64_t next_id;
	struct borrower *names; /* those lately looked at for the first time last */
	struct borrowers lent;	/* the first to end first */
	struct lease_stats stats;
	uint16_t seen[SEEN_MAX];
};

/* NULL when nothing is known of the login. */
struct borrower *lease_find(const struct leases *leases, const char *login);
void lease_drop(struct leases *leases, struct borrower *borrower);

/* Does each row count where the borrower's do, by the same limit? */
bool lease_same_rows(const struct borrower *borrower, const struct take *take);
/* The login has sent a message. */
void lease_use(struct borrower *borrower, const struct take *take);
/* What was used so far is forgotten. */
void lease_look_anew(struct borrower *borrower, int64_t now_ms);

#endif
