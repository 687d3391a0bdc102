/*
 * What store/take.lua is told about one message and what it answers, packed:
 * that file has the formats. Plain data, no I/O.
 */
#ifndef SENDWARD_ITEM_H
#define SENDWARD_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/take.h"
#include "store/lease_records.h"

/* Octets of the question, with TAKE_ROWS_MAX rows. */
#define ITEM_MAX (30 + (22 + 10 + 3 * 8) * TAKE_ROWS_MAX + LEASE_PRINT_OCTETS)

/* Returns the length. */
size_t item_format(const struct take *take, char out[ITEM_MAX]);

/* What is asked besides, of the only message of a script. */
enum item_mark {
	ITEM_LEASE = 2, /* it is no message, but a lease (store/lease.h) */
	ITEM_LENT = 3,	/* a lease may have charged it: item_mark_lent() */
};
void item_mark(char item[ITEM_MAX], enum item_mark mark);

/* Marks it ITEM_LENT. print: LEASE_PRINT_OCTETS of the message's fingerprint. Returns the
 * length. */
size_t item_mark_lent(char item[ITEM_MAX], size_t len, const unsigned char *print);

/* What an answer is about. */
enum item_kind {
	ITEM_COUNTED, /* *answer is filled: done, over, repeated, gone */
	ITEM_STALE,   /* *text is the account there is, "" for none */
	ITEM_CLOCK,   /* only answer->now_ms is filled */
	ITEM_ERROR,   /* *text says why */
	ITEM_BAD,     /* the script cannot have answered that */
};

/* take: what was asked. *text is borrowed from bytes; it has *text_len octets and
 * is not ended. */
enum item_kind item_read(const char *bytes, size_t len, const struct take *take,
			 struct take_answer *answer, const char **text, size_t *text_len);

#endif
