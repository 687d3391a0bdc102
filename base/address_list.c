#include "base/address_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/header_text.h"
#include "base/memory.h"

/* Functions that return bool return false when the reading is over, and then
 * reader->reason says why. */
struct reader {
	const char *p, *end;
	const char *reason;
	/* What stands around the address that is being read. */
	char *display;
	size_t display_len;
	address_list_visit *visit;
	void *arg;
};

/* The words before an "@", "<" or ":". A word is a run of atoms, dots and
 * quoted strings with nothing between them. */
struct words {
	size_t n;
	const char *start, *end; /* of the last one */
	size_t display_mark;	 /* what the display was before it */
	bool leading_dot;	 /* of any */
};

static bool fail(struct reader *r, const char *why)
{
	r->reason = why;
	return false;
}

/* 0 at the end. */
static char peek(const struct reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

/* The octets of a word outside of quotes: atext (RFC 5322 section 3.2.3, RFC
 * 6532 section 3.2) and the dot between atoms. */
static bool is_word_octet(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || ascii_is_8bit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

/* --- what stands around an address --------------------------------------------- */

/* Every octet and every separator that is put there stands for at least one
 * octet of the text; see the allocation in address_list_read(). */
static void display_put(struct reader *r, char c)
{
	r->display[r->display_len++] = c;
}

static void display_separate(struct reader *r)
{
	if (r->display_len > 0 && r->display[r->display_len - 1] != ' ')
		display_put(r, ' ');
}

static bool visit(struct reader *r, const struct address *address)
{
	const char *why;

	r->display[r->display_len] = '\0';
	why = r->visit(address, r->display, r->arg);
	r->display_len = 0;
	return !why || fail(r, why);
}

/* --- blanks, comments, words ---------------------------------------------------- */

/* One comment, the first octet of which is "(". */
static bool comment_read(struct reader *r)
{
	unsigned depth = 0;

	display_separate(r);
	do {
		char c = *r->p++;

		if (c == '(') {
			if (++depth > COMMENT_DEPTH_MAX)
				return fail(r, "comments nested too deeply");
		} else if (c == ')') {
			depth--;
		} else if (c == '\\' && r->p < r->end) {
			display_put(r, *r->p++);
		} else {
			display_put(r, c);
		}
	} while (depth > 0 && r->p < r->end);
	return depth == 0 || fail(r, "unbalanced comment");
}

static void blanks_skip(struct reader *r)
{
	while (r->p < r->end && ascii_is_blank(*r->p))
		r->p++;
}

/* Any number of blanks and comments. */
static bool cfws_skip(struct reader *r)
{
	for (;;) {
		blanks_skip(r);
		if (peek(r) != '(')
			return true;
		if (!comment_read(r))
			return false;
	}
}

/* One quoted string, the first octet of which is the quote. */
static bool quoted_read(struct reader *r)
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
	return fail(r, "unbalanced quote");
}

/* One word; none is no error. */
static bool word_read(struct reader *r)
{
	while (r->p < r->end) {
		if (*r->p == '"') {
			if (!quoted_read(r))
				return false;
		} else if (is_word_octet(*r->p)) {
			display_put(r, *r->p++);
		} else {
			break;
		}
	}
	return true;
}

/* As many words as there are, with what stands between and behind them. */
static bool words_read(struct reader *r, struct words *words)
{
	memset(words, 0, sizeof(*words));
	for (;;) {
		if (!cfws_skip(r))
			return false;
		if (!is_word_octet(peek(r)) && peek(r) != '"')
			return true;
		words->n++;
		words->start = r->p;
		words->display_mark = r->display_len;
		words->leading_dot |= *r->p == '.';
		display_separate(r);
		if (!word_read(r))
			return false;
		words->end = r->p;
	}
}

/* --- addresses ------------------------------------------------------------------- */

/* Why the reading cannot go on at the next octet. */
static const char *unexpected(const struct reader *r)
{
	static const struct {
		char octet;
		const char *why;
	} table[] = {
		{ '@', "more than one \"@\"" },
		{ ')', "unbalanced comment" },
		{ '<', "text before an angle bracket that is no display name" },
		{ '>', "unbalanced angle bracket" },
		{ ';', "\";\" outside of a group" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (peek(r) == table[i].octet)
			return table[i].why;
	return "text behind an address, or a character that needs quotes";
}

static bool domain_skip(struct reader *r)
{
	if (peek(r) == '[') {
		const char *end = memchr(r->p, ']', (size_t)(r->end - r->p));

		if (!end)
			return fail(r, "unbalanced square bracket");
		r->p = end + 1;
		return true;
	}
	while (is_word_octet(peek(r)))
		r->p++;
	return true;
}

/* An address whose local part is behind us, from start to the "@". */
static bool address_finish(struct reader *r, const char *start, struct address *out)
{
	static const char encoded[] = "an encoded word in an address";
	char written[WRITTEN_MAX + 1];
	size_t len;

	r->p++;
	if (ascii_is_blank(peek(r)) || peek(r) == '(')
		return fail(r, "a blank or comment inside an address");
	if (!domain_skip(r))
		return false;
	len = (size_t)(r->p - start);
	if (len > WRITTEN_MAX)
		return fail(r, "an address is too long");
	memcpy(written, start, len);
	written[len] = '\0';
	/* Or what could begin one: RFC 2047 section 5 forbids it, and some
	 * programs decode it all the same. */
	if (strstr(written, "=?"))
		return fail(r, encoded);
	if (address_parse(written, ADDRESS_HEADER, out, &r->reason) != ADDRESS_OK)
		return false;
	/* Also when a backslash stood in between. */
	if (strstr(out->local, "=?"))
		return fail(r, encoded);
	/* In quotes or with a fullwidth "@"; there are programs that send to it. */
	return !header_text_holds_address(out->local) ||
	       fail(r, "an address within the local part of another");
}

/* An address without angle brackets; the reader stands at its "@". */
static bool plain_read(struct reader *r, const struct words *words, struct address *out)
{
	if (words->n == 0)
		return fail(r, "local part is empty");
	if (words->end != r->p)
		return fail(r, "a blank or comment inside an address");
	if (words->n > 1)
		return fail(r, "text before an address without angle brackets");
	/* The word was the local part. */
	r->display_len = words->display_mark;
	return address_finish(r, words->start, out);
}

/* What follows the display name, from "<" to ">". */
static bool angle_read(struct reader *r, struct address *out)
{
	size_t mark = r->display_len;
	const char *start;

	r->p++;
	blanks_skip(r);
	if (peek(r) == '>')
		return fail(r, "an empty address \"<>\"");
	if (peek(r) == '@')
		return fail(r, "a source route");
	start = r->p;
	if (!word_read(r))
		return false;
	r->display_len = mark;
	if (ascii_is_blank(peek(r)) || peek(r) == '(')
		return fail(r, "a blank or comment inside an address");
	if (peek(r) == '>')
		return fail(r, "an address without a domain");
	if (peek(r) != '@')
		return fail(r, "unbalanced angle bracket");
	if (!address_finish(r, start, out))
		return false;
	blanks_skip(r);
	if (peek(r) == '@')
		return fail(r, unexpected(r));
	if (peek(r) == '(')
		return fail(r, "a blank or comment inside an address");
	if (peek(r) != '>')
		return fail(r, "unbalanced angle bracket");
	r->p++;
	return true;
}

/* --- lists ----------------------------------------------------------------------- */

static bool list_read(struct reader *r, bool in_group);

static bool display_name_check(struct reader *r, const struct words *words)
{
	return !words->leading_dot || fail(r, "a dot that begins a word of a display name");
}

/* The rest of a group, from its ":". */
static bool group_read(struct reader *r, const struct words *words)
{
	if (words->n == 0)
		return fail(r, "a group without a name");
	if (!display_name_check(r, words) || !visit(r, NULL))
		return false;
	r->p++;
	if (!cfws_skip(r))
		return false;
	if (peek(r) == ';')
		return fail(r, "an empty group");
	if (!list_read(r, true))
		return false;
	if (peek(r) != ';')
		return fail(r, r->p == r->end ? "a group without \";\"" : unexpected(r));
	r->p++;
	if (!cfws_skip(r))
		return false;
	return r->display_len == 0 || visit(r, NULL);
}

static const char *no_address(const struct reader *r, const struct words *words)
{
	if (r->p < r->end && *r->p != ',' && *r->p != ';')
		return unexpected(r);
	return words->n > 0 ? "an address without a domain" : "an empty element in the list";
}

/* A mailbox or, outside of a group, a group. */
static bool element_read(struct reader *r, bool in_group)
{
	struct address address;
	struct words words;

	if (!words_read(r, &words))
		return false;
	switch (peek(r)) {
	case ':':
		if (in_group)
			return fail(r, "a group inside a group");
		return group_read(r, &words);
	case '@':
		if (!plain_read(r, &words, &address))
			return false;
		break;
	case '<':
		if (!display_name_check(r, &words) || !angle_read(r, &address))
			return false;
		break;
	default:
		return fail(r, no_address(r, &words));
	}
	return cfws_skip(r) && visit(r, &address);
}

/* Elements with commas between them. */
static bool list_read(struct reader *r, bool in_group)
{
	for (;;) {
		if (!element_read(r, in_group))
			return false;
		if (peek(r) != ',')
			return true;
		r->p++;
	}
}

static bool all_read(struct reader *r)
{
	if (!cfws_skip(r))
		return false;
	if (r->p == r->end)
		return fail(r, "no address");
	if (!list_read(r, false))
		return false;
	return r->p == r->end || fail(r, unexpected(r));
}

const char *address_list_read(const char *text, size_t len, address_list_visit *visit_fn, void *arg)
{
	struct reader r = { .p = text, .end = text + len, .visit = visit_fn, .arg = arg };
	const char *reason;

	/* A separator for every word at the most, and the NUL. */
	r.display = memory_alloc(2 * len + 1);
	reason = all_read(&r) ? NULL : r.reason;
	free(r.display);
	return reason;
}
