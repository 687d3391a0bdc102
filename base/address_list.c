#include "base/address_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/address_words.h"
#include "base/ascii.h"
#include "base/header_text.h"
#include "base/memory.h"

static bool visit(struct address_reader *r, const struct address *address)
{
	const char *why;

	r->display[r->display_len] = '\0';
	why = r->visit(address, r->display, r->arg);
	r->display_len = 0;
	return !why || address_fail(r, why);
}

/* --- addresses ----------------------------------------------------------------- */

/* Why the reading cannot go on at the next octet. */
static const char *unexpected(const struct address_reader *r)
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
		if (address_peek(r) == table[i].octet)
			return table[i].why;
	return "text behind an address, or a character that needs quotes";
}

static bool domain_skip(struct address_reader *r)
{
	if (address_peek(r) == '[') {
		const char *end = memchr(r->p, ']', (size_t)(r->end - r->p));

		if (!end)
			return address_fail(r, "unbalanced square bracket");
		r->p = end + 1;
		return true;
	}
	while (address_is_word_octet(address_peek(r)))
		r->p++;
	return true;
}

/* An address whose local part is behind us, from start to the "@". */
static bool address_finish(struct address_reader *r, const char *start, struct address *out)
{
	static const char encoded[] = "an encoded word in an address";
	char written[WRITTEN_MAX + 1];
	size_t len;

	r->p++;
	if (ascii_is_blank(address_peek(r)) || address_peek(r) == '(')
		return address_fail(r, "a blank or comment inside an address");
	if (!domain_skip(r))
		return false;
	len = (size_t)(r->p - start);
	if (len > WRITTEN_MAX)
		return address_fail(r, "an address is too long");
	memcpy(written, start, len);
	written[len] = '\0';
	/* Or what could begin one: RFC 2047 section 5 forbids it, and some
   * programs decode it all the same. */
	if (strstr(written, "=?"))
		return address_fail(r, encoded);
	if (address_parse(written, ADDRESS_HEADER, out, &r->reason) != ADDRESS_OK)
		return false;
	/* Also when a backslash stood in between. */
	if (strstr(out->local, "=?"))
		return address_fail(r, encoded);
	/* In quotes or with a fullwidth "@"; there are programs that send to it. */
	return !header_text_holds_address(out->local) ||
	       address_fail(r, "an address within the local part of another");
}

/* An address without angle brackets; the reader stands at its "@". */
static bool plain_read(struct address_reader *r, const struct address_words *words,
		       struct address *out)
{
	if (words->n == 0)
		return address_fail(r, "local part is empty");
	if (words->end != r->p)
		return address_fail(r, "a blank or comment inside an address");
	if (words->n > 1)
		return address_fail(r, "text before an address without angle brackets");
	/* The word was the local part. */
	r->display_len = words->display_mark;
	return address_finish(r, words->start, out);
}

/* What follows the display name, from "<" to ">". */
static bool angle_read(struct address_reader *r, struct address *out)
{
	size_t mark = r->display_len;
	const char *start;

	r->p++;
	address_blanks_skip(r);
	if (address_peek(r) == '>')
		return address_fail(r, "an empty address \"<>\"");
	if (address_peek(r) == '@')
		return address_fail(r, "a source route");
	start = r->p;
	if (!address_word_read(r))
		return false;
	r->display_len = mark;
	if (ascii_is_blank(address_peek(r)) || address_peek(r) == '(')
		return address_fail(r, "a blank or comment inside an address");
	if (address_peek(r) == '>')
		return address_fail(r, "an address without a domain");
	if (address_peek(r) != '@')
		return address_fail(r, "unbalanced angle bracket");
	if (!address_finish(r, start, out))
		return false;
	address_blanks_skip(r);
	if (address_peek(r) == '@')
		return address_fail(r, unexpected(r));
	if (address_peek(r) == '(')
		return address_fail(r, "a blank or comment inside an address");
	if (address_peek(r) != '>')
		return address_fail(r, "unbalanced angle bracket");
	r->p++;
	return true;
}

/* --- lists --------------------------------------------------------------------- */

static bool list_read(struct address_reader *r, bool in_group);

static bool display_name_check(struct address_reader *r, const struct address_words *words)
{
	return !words->leading_dot || address_fail(r, "a dot that begins a word of a display name");
}

/* The rest of a group, from its ":". */
static bool group_read(struct address_reader *r, const struct address_words *words)
{
	if (words->n == 0)
		return address_fail(r, "a group without a name");
	if (!display_name_check(r, words) || !visit(r, NULL))
		return false;
	r->p++;
	if (!address_cfws_skip(r))
		return false;
	if (address_peek(r) == ';')
		return address_fail(r, "an empty group");
	if (!list_read(r, true))
		return false;
	if (address_peek(r) != ';')
		return address_fail(r, r->p == r->end ? "a group without \";\"" : unexpected(r));
	r->p++;
	if (!address_cfws_skip(r))
		return false;
	return r->display_len == 0 || visit(r, NULL);
}

static const char *no_address(const struct address_reader *r, const struct address_words *words)
{
	if (r->p < r->end && *r->p != ',' && *r->p != ';')
		return unexpected(r);
	return words->n > 0 ? "an address without a domain" : "an empty element in the list";
}

/* A mailbox or, outside of a group, a group. */
static bool element_read(struct address_reader *r, bool in_group)
{
	struct address address;
	struct address_words words;

	if (!address_words_read(r, &words))
		return false;
	switch (address_peek(r)) {
	case ':':
		if (in_group)
			return address_fail(r, "a group inside a group");
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
		return address_fail(r, no_address(r, &words));
	}
	return address_cfws_skip(r) && visit(r, &address);
}

/* Elements with commas between them. */
static bool list_read(struct address_reader *r, bool in_group)
{
	for (;;) {
		if (!element_read(r, in_group))
			return false;
		if (address_peek(r) != ',')
			return true;
		r->p++;
	}
}

static bool all_read(struct address_reader *r)
{
	if (!address_cfws_skip(r))
		return false;
	if (r->p == r->end)
		return address_fail(r, "no address");
	if (!list_read(r, false))
		return false;
	return r->p == r->end || address_fail(r, unexpected(r));
}

const char *address_list_read(const char *text, size_t len, address_list_visit *visit_fn, void *arg)
{
	struct address_reader r = { .p = text, .end = text + len, .visit = visit_fn, .arg = arg };
	const char *reason;

	/* A separator for every word at the most, and the NUL. */
	r.display = memory_alloc(2 * len + 1);
	reason = all_read(&r) ? NULL : r.reason;
	free(r.display);
	return reason;
}
