/*
 * What the files of what logins have sent share; nothing else includes this.
 *
 *	sent.c		what waits
 *	sent_write.c	when it goes out, and how
 *	sent_read.c	reading it
 */
#ifndef SENDWARD_SENT_INTERNAL_H
#define SENDWARD_SENT_INTERNAL_H

#include <sys/queue.h>

#include "base/hash.h"
#include "store/internal.h"

/* Messages of one login. */
struct pack {
	TAILQ_ENTRY(pack) next;
	size_t n, used, size;	  /* n is SENT_PACK_LINES at most */
	size_t tail_at, tail_len; /* the tail of the last line that has one: the first has */
	char lines[];		  /* n of them, a newline behind each */
};

TAILQ_HEAD(packs, pack);

/* What waits of one login. */
struct waiting {
	UT_hash_handle hh;  /* in the order in which they are due */
	int64_t due_ms;	    /* clock_ms() */
	int64_t noted_ms;   /* the first message, clock_ms() ... */
	int64_t first_ms;   /* ... and Unix time */
	size_t full_size;   /* octets of the last full pack */
	size_t n;	    /* messages in all packs */
	struct packs packs; /* the oldest first; all full but the last one */
	struct pack *last;  /* of them; NULL: none */
	char login[];
};

struct sent {
	struct store *store;
	struct event *timer;
	bool timer_set;
	struct waiting *logins;
	size_t used; /* octets of memory of all */
	int64_t lost, lost_told_ms;
};

static inline bool pack_is_full(const struct pack *pack)
{
	return pack && pack->n == SENT_PACK_LINES;
}

/* NULL: nothing of the login waits. */
struct waiting *sent_find(const struct sent *sent, const char *login);
/* It is due in a second, behind the others; it is not in the table before. */
void sent_wait(struct sent *sent, struct waiting *waiting);
/* It is the caller's from here on: free(). */
struct pack *sent_pack_take(struct sent *sent, struct waiting *waiting, struct pack *pack);
void sent_drop(struct sent *sent, struct waiting *waiting);
void sent_drop_all(struct sent *sent);

/* What is due is sent in so many portions a second, so that no decision stands behind all of
 * it. */
#define SENT_PORTIONS 50

/* Sends the oldest first, a portion of them; all of them when at_once. */
void sent_write_due(struct sent *sent, bool at_once);

/* So many messages are not kept, or perhaps not: said in the log, once a minute. */
void sent_lose(struct sent *sent, size_t n);

#endif
