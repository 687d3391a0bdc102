#include "base/address_words.h"

#include <string.h>

#include "base/ascii.h"

bool address_is_word_octet(char c)
{
	return ascii_is_atext(c) || c == '.';
}

/* Every octet and every separator that is put there stands for at least one
 * octet of the text; see the allocation in address_list_read(). */
static void display_put(struct address_reader *r, char c)
{
	r->display[r->display_len++] = c;
}

static void display_separate(struct address_reader *r)
{
	if (r->display_len > 0 && r->display[r->display_len - 1] != ' ')
		display_put(r, ' ');
}

/* --- blanks, comments, words ---------------------------------------------------- */

/* One comment, the first octet of which is "(". */
static bool comment_read(struct address_reader *r)
{
	unsigned depth = 0;

	display_separate(r);
	do {
		char c = *r->p++;

		if (c == '(') {
			if (++depth > COMMENT_DEPTH_MAX)
				return address_fail(r, "comments nested too deeply");
		} else if (c == ')') {
			depth--;
		} else if (c == '\\' && r->p < r->end) {
			display_put(r, *r->p++);
		} else {
			display_put(r, c);
		}
	} while (depth > 0 && r->p < r->end);
	return depth == 0 || address_fail(r, "unbalanced comment");
}

void address_blanks_skip(struct address_reader *r)
{
	while (r->p < r->end && ascii_is_blank(*r->p))
		r->p++;
}

bool address_cfws_skip(struct address_reader *r)
{
	for (;;) {
		address_blanks_skip(r);
		if (address_peek(r) != '(')
			return true;
		if (!comment_read(r))
			return false;
	}
}

/* One quoted string, the first octet of which is the quote. */
static bool quoted_read(struct address_reader *r)
{
	for (r->p++; r->p < r->end; r->p++) {
		if (*r->p == '"') {
			r->p++;
			return true;
		}
		if (*r->p == '\\' && ++r->p == r->end)
			break;
		display_put(r, *r->p);
	}
	return address_fail(r, "unbalanced quote");
}

bool address_word_read(struct address_reader *r)
{
	while (r->p < r->end) {
		if (*r->p == '"') {
			if (!quoted_read(r))
				return false;
		} else if (address_is_word_octet(*r->p)) {
			display_put(r, *r->p++);
		} else {
			break;
		}
	}
	return true;
}

bool address_words_read(struct address_reader *r, struct address_words *words)
{
	memset(words, 0, sizeof(*words));
	for (;;) {
		if (!address_cfws_skip(r))
			return false;
		if (!address_is_word_octet(address_peek(r)) && address_peek(r) != '"')
			return true;
		words->n++;
		words->start = r->p;
		words->display_mark = r->display_len;
		words->leading_dot |= *r->p == '.';
		display_separate(r);
		if (!address_word_read(r))
			return false;
		words->end = r->p;
	}
}
