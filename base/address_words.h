/*
 * What base/address_list.c reads a list of addresses by: blanks, comments and words (RFC 5322
 * sections 3.2.2 to 3.2.5, RFC 6532). Nothing else includes this. No I/O; text is borrowed.
 */
#ifndef SENDWARD_ADDRESS_WORDS_H
#define SENDWARD_ADDRESS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address_list.h"

/* Functions that return bool return false when the reading is over, and then
 * reader->reason says why. */
struct address_reader {
	const char *p, *end;
	const char *reason;
	/* What stands around the address that is being read: words, and what comments hold, a
	 * space between two. Owned by who reads the list, with room for a separator beside
	 * each octet of the text, and a NUL. */
	char *display;
	size_t display_len;
	address_list_visit *visit;
	void *arg;
};

/* The words before an "@", "<" or ":". A word is a run of atoms, dots and
 * quoted strings with nothing between them. */
struct address_words {
	size_t n;
	const char *start, *end; /* of the last one */
	size_t display_mark;	 /* what the display was before it */
	bool leading_dot;	 /* of any */
};

static inline bool address_fail(struct address_reader *r, const char *why)
{
	r->reason = why;
	return false;
}

/* 0 at the end. */
static inline char address_peek(const struct address_reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

/* The octets of a word outside of quotes: those of atoms, and the dot between them. */
bool address_is_word_octet(char c);

void address_blanks_skip(struct address_reader *r);
/* Any number of blanks and comments. */
bool address_cfws_skip(struct address_reader *r);
/* One word; none is no error. */
bool address_word_read(struct address_reader *r);
/* As many words as there are, with what stands between and behind them. */
bool address_words_read(struct address_reader *r, struct address_words *words);

#endif
