#include "base/header_address.h"

#include <gmime/gmime.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address_list.h"
#include "base/ascii.h"
#include "base/encoded_word.h"
#include "base/header_text.h"
#include "base/memory.h"

/* Octets of one field's value. Postfix's header_size_limit is 102400. */
#define VALUE_MAX 65536

static const struct {
	bool once;	  /* at most one such field in a message */
	bool one_address; /* RFC 5322 section 3.6.2: a mailbox, not a list */
} fields[ORIGINATORS] = {
	[ORIGINATOR_FROM] = { true, false },
	[ORIGINATOR_SENDER] = { true, true },
	/* One of each in every block of trace fields (section 3.6.6). */
	[ORIGINATOR_RESENT_FROM] = { false, false },
	[ORIGINATOR_RESENT_SENDER] = { false, true },
	[ORIGINATOR_REPLY_TO] = { true, false },
};

/* Set before there are threads, and only read afterwards. */
static GMimeParserOptions *gmime_options;

/* Functions that return a text return NULL when all is well, else the reason. */

/* --- what is shown ------------------------------------------------------------- */

static bool is_address(const char *text, const struct address *address)
{
	struct address other;
	const char *reason;

	return address && address_parse(text, ADDRESS_INTERNAL, &other, &reason) == ADDRESS_OK &&
	       address_equal(&other, address, false);
}

static void keep_shown(struct originators *o, enum originator field, const char *text)
{
	struct shown_address *shown = &o->shown[o->n_shown];

	for (size_t i = 0; i < o->n_shown; i++)
		if (o->shown[i].field == field && strcmp(o->shown[i].text, text) == 0)
			return;
	if (o->n_shown == SHOWN_ADDRESSES_MAX - 1)
		snprintf(shown->text, sizeof(shown->text), "more than %d addresses",
			 SHOWN_ADDRESSES_MAX - 1);
	else
		snprintf(shown->text, sizeof(shown->text), "%s", text);
	shown->field = field;
	o->n_shown++;
}

/* Remembers what in text looks like an address and is not the one it stands
 * beside (NULL: none). */
static void find_shown(struct originators *o, enum originator field, const struct address *address,
		       char *text)
{
	const char *rest = text;
	char found[sizeof(o->shown[0].text)];

	header_text_make_plain(text);
	while (o->n_shown < SHOWN_ADDRESSES_MAX &&
	       header_text_next_address(&rest, found, sizeof(found)))
		if (!is_address(found, address))
			keep_shown(o, field, found);
}

/* Takes the text over; NULL: there is none. */
static void find_shown_and_free(struct originators *o, enum originator field,
				const struct address *address, char *text)
{
	if (text)
		find_shown(o, field, address, text);
	free(text);
}

/* As it is written, for programs that do not decode, and decoded in both ways; also
 * turned round. */
static void look_at_display(struct originators *o, enum originator field,
			    const struct address *address, const char *display)
{
	bool encoded = encoded_words_any(display);
	char *decoded = encoded_words_decode(display);

	if (encoded)
		find_shown_and_free(o, field, address, memory_strdup(display));
	find_shown_and_free(o, field, address, header_text_turned(decoded));
	find_shown(o, field, address, decoded);
	if (encoded)
		find_shown_and_free(o, field, address, encoded_words_decode_joined(display));
	if (!o->mixed[0])
		mixed_script_in_words(decoded, o->mixed);
	free(decoded);
}

/* For the address that may take the place of the one it stands beside. */
static void keep_display(struct originators *o, const char *display)
{
	char *decoded = encoded_words_decode(display);

	o->display[0] = '\0';
	if (header_write_is_name(decoded))
		memcpy(o->display, decoded, strlen(decoded) + 1);
	free(decoded);
}

/* --- the first reader ---------------------------------------------------------- */

struct collector {
	struct originators *o;
	enum originator field;
};

static const char *collect(const struct address *address, const char *display, void *arg)
{
	const struct collector *collector = arg;
	struct originators *o = collector->o;

	if (*display)
		look_at_display(o, collector->field, address, display);
	if (!address)
		return NULL;
	if (o->n == HEADER_ADDRESSES_MAX)
		return "too many addresses";
	o->items[o->n].field = collector->field;
	o->items[o->n].address = *address;
	o->n++;
	if (collector->field == ORIGINATOR_FROM)
		keep_display(o, display);
	return NULL;
}

/* --- who takes encoded words first --------------------------------------------- */

struct rereader {
	const struct originators *o;
	size_t i; /* the next of its items */
};

static const char *compare(const struct address *address, const char *display, void *arg)
{
	struct rereader *rereader = arg;
	const struct originators *o = rereader->o;

	(void)display;
	if (!address)
		return NULL;
	if (rereader->i == o->n || !address_equal(address, &o->items[rereader->i].address, true))
		return "another address";
	rereader->i++;
	return NULL;
}

/* We have seen the quotes and the parentheses within encoded words. Are the
 * addresses from items[first] on also read by those who do not? text has its
 * encoded words masked. */
static bool is_read_alike(const char *text, const struct originators *o, size_t first)
{
	struct rereader rereader = { .o = o, .i = first };

	return !address_list_read(text, strlen(text), compare, &rereader) && rereader.i == o->n;
}

/* --- the second reader --------------------------------------------------------- */

/* Is GMime's text of an address our address? GMime shows A-labels as U-labels,
 * also those that are not in IDNA 2008 and that address_parse() refuses. */
static bool is_same_address(const char *text, const struct address *ours)
{
	const char *at = strrchr(text, '@');
	char again[WRITTEN_MAX + DOMAIN_MAX + 2];
	struct address theirs;
	const char *reason;

	/* GMime knows A-labels in small letters only. */
	if (address_parse(text, ADDRESS_HEADER, &theirs, &reason) == ADDRESS_OK)
		return address_equal(&theirs, ours, true) && domain_is_showable(ours->domain);
	if (!at || at - text > WRITTEN_MAX || !domain_is_shown_as(ours->domain, at + 1))
		return false;
	snprintf(again, sizeof(again), "%.*s@%s", (int)(at - text), text, ours->domain);
	return address_parse(again, ADDRESS_HEADER, &theirs, &reason) == ADDRESS_OK &&
	       address_equal(&theirs, ours, true);
}

/* Compares a list and its groups with items[*i] and on, moving *i. */
static bool is_same_list(InternetAddressList *list, const struct originators *o, size_t *i)
{
	int n = internet_address_list_length(list);

	for (int k = 0; k < n; k++) {
		InternetAddress *element = internet_address_list_get_address(list, k);
		const char *text;

		if (INTERNET_ADDRESS_IS_GROUP(element)) {
			InternetAddressGroup *group = INTERNET_ADDRESS_GROUP(element);

			if (!is_same_list(internet_address_group_get_members(group), o, i))
				return false;
			continue;
		}
		text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(element));
		if (*i == o->n || !text || !is_same_address(text, &o->items[*i].address))
			return false;
		++*i;
	}
	return true;
}

/* Does GMime read the addresses from items[first] on in text? It is not to see
 * encoded words: they cannot be in an address any more, and it would keep the
 * names of their charsets for ever. Nor what we do not read: it leaks memory
 * over some of that. */
static bool gmime_agrees(const char *text, const struct originators *o, size_t first)
{
	InternetAddressList *list = internet_address_list_parse(gmime_options, text);
	bool same = list && is_same_list(list, o, &first) && first == o->n;

	if (list)
		g_object_unref(list);
	return same;
}

/* Without encoded words nobody but GMime could read anything else. */
static bool others_agree(char *text, const struct originators *o, size_t first)
{
	if (encoded_words_any(text)) {
		encoded_words_mask(text);
		if (!is_read_alike(text, o, first))
			return false;
	}
	return gmime_agrees(text, o, first);
}

/* --- fields -------------------------------------------------------------------- */

/* text has room for the unfolded value. */
static const char *field_read(struct originators *o, enum originator field, const char *value,
			      size_t len, char *text)
{
	struct collector collector = { .o = o, .field = field };
	size_t first = o->n, used = strlen(originator_name(field)) + 1;
	const char *reason;

	/* A milter may have been given the value without the space it begins with. */
	if (len == 0 || !ascii_is_blank(*value))
		used++;
	reason = header_text_unfold(value, len, used, text);
	if (!reason)
		reason = encoded_words_check(text);
	if (!reason)
		reason = address_list_read(text, strlen(text), collect, &collector);
	if (!reason && !others_agree(text, o, first))
		reason = "read differently by different programs";
	if (!reason && fields[field].one_address && o->n - first > 1)
		reason = "more than one address";
	return reason;
}

static bool is_looked_at(const struct originators *o, enum originator field)
{
	return field != ORIGINATOR_REPLY_TO || o->reply_to;
}

/* The first one is told. */
static void set_fault(struct originators *o, unsigned field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void set_fault(struct originators *o, unsigned field, const char *format, ...)
{
	va_list args;

	o->faulty[field] = true;
	if (o->fault[0])
		return;
	va_start(args, format);
	vsnprintf(o->fault, sizeof(o->fault), format, args);
	va_end(args);
}

static const char *read_bounded(struct originators *o, enum originator field, const char *value,
				size_t len)
{
	const char *reason;
	char *text;

	if (len > VALUE_MAX)
		return "longer than 65536 octets";
	text = memory_alloc(len + 1);
	reason = field_read(o, field, value, len, text);
	free(text);
	return reason;
}

void originators_add(struct originators *o, const char *name, const char *value, size_t value_len)
{
	enum originator field;
	const char *reason;

	if (originator_find_copy(name, &field) && is_looked_at(o, field))
		o->copies_seen[field]++;
	if (!originator_find(name, &field) || !is_looked_at(o, field) ||
	    o->fields_seen[field]++ >= HEADER_FIELDS_MAX)
		return;
	reason = read_bounded(o, field, value, value_len);
	if (reason)
		set_fault(o, field, "%s: %s", originator_name(field), reason);
}

void originators_end(struct originators *o)
{
	if (o->fields_seen[ORIGINATOR_FROM] == 0)
		set_fault(o, ORIGINATOR_FROM, "no From field");
	for (unsigned i = 0; i < ORIGINATORS; i++) {
		unsigned seen = o->fields_seen[i];
		const char *name = originator_name((enum originator)i);

		if (seen <= (fields[i].once ? 1 : HEADER_FIELDS_MAX))
			continue;
		if (seen == 2)
			set_fault(o, i, "two %s fields", name);
		else
			set_fault(o, i, "%u %s fields", seen, name);
	}
}

void header_address_init(void)
{
	static const char sample[] = "Group: a@example.com;";
	struct originators o;

	g_mime_init();
	gmime_options = g_mime_parser_options_new();
	g_mime_parser_options_set_address_compliance_mode(gmime_options,
							  GMIME_RFC_COMPLIANCE_STRICT);
	/* GObject types are made at first use; make them before there are
	 * threads. */
	originators_init(&o);
	originators_add(&o, "From", sample, sizeof(sample) - 1);
}
