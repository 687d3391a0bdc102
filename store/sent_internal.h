/*
 * What the files of what logins have sent share; nothing else includes this.
 *
 *	sent.c		what waits, and until when
 *	sent_write.c	how it goes out
 *	sent_read.c	reading it
 */
#ifndef SENDWARD_SENT_INTERNAL_H
#define SENDWARD_SENT_INTERNAL_H

#include <sys/queue.h>

#include "store/internal.h"

/* In one script: lists and messages together, and lists. EVALSHA, hash, number of
 * lists, and three arguments stand before them. */
#define SENT_PARTS_MAX (COMMAND_ARGS_MAX - 6)
#define SENT_LISTS_MAX (SENT_PARTS_MAX / 2)
_Static_assert(SENT_PACK_LINES <= SENT_PARTS_MAX, "what fills no pack goes out in one script");

/* Messages of one login. */
struct pack {
	TAILQ_ENTRY(pack) next;
	size_t n, used, size;	  /* n is SENT_PACK_LINES at most */
	size_t tail_at, tail_len; /* the tail of the last line that has one: the first has */
	char lines[];		  /* n of them, a newline behind each */
};

TAILQ_HEAD(packs, pack);

/* What goes out in one script (store/sent.lua): a list for each login, in which are
 * its messages that fill no pack. Begins as n = n_lines = 0. */
struct sent_writing {
	size_t n, n_lines;
	struct sent_list {
		struct pack *pack; /* owned */
		char key[KEY_MAX];
	} lists[SENT_LISTS_MAX];
};

/* So many messages are not kept, or perhaps not: said in the log, once a minute. */
void sent_lose(struct sent *sent, size_t n);

/* Full packs of a login in one command: about 30 KB. */
#define SENT_PUSH_MAX 24

/* Sends n full packs, the oldest first, which are owned from here on. */
void sent_push(struct store *store, const char *login, struct pack *const *packs, size_t n);

/* A pack that is not full, which is owned from here on, goes out with others: now, when there
 * is no room for it beside those in writing, or at the end. */
void sent_write_rest(struct store *store, const char *login, struct pack *pack,
		     struct sent_writing *writing);
void sent_write_end(struct store *store, struct sent_writing *writing);

#endif
