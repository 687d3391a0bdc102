/*
 * The originator fields of a message header: From, Sender, Resent-From,
 * Resent-Sender (RFC 5322 sections 3.6.2 and 3.6.6, RFC 6854), and Reply-To
 * where it is asked for.
 *
 * Mail programs disagree on what a malformed field means, so there is only
 * one good answer: a field that has exactly one reading, and everything else
 * is a fault. GMime reads the field, a strict scanner of our own decides
 * whether there was another way to read it.
 */
#ifndef SENDWARD_HEADER_ADDRESS_H
#define SENDWARD_HEADER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/header_write.h"
#include "base/mixed_script.h"

enum originator {
	ORIGINATOR_FROM,
	ORIGINATOR_SENDER,
	ORIGINATOR_RESENT_FROM,
	ORIGINATOR_RESENT_SENDER,
	ORIGINATOR_REPLY_TO
};
#define ORIGINATORS 5

struct header_address {
	enum originator field;
	struct address address;
};

/* What in a display name or comment looks like an address and is not the one it
 * stands beside, as it was found (valid UTF-8, cut to fit). It may be another own
 * address. */
struct shown_address {
	enum originator field;
	char text[160];
};

/* Of one header; the last one stands for those beyond, and is no address. */
#define SHOWN_ADDRESSES_MAX 9

/* What the header of one message says. Filled field by field; a value type
 * of bounded size, owned by whoever declares it. */
struct originators {
	struct header_address items[HEADER_ADDRESSES_MAX];
	size_t n;
	bool reply_to; /* looked at; else there is no such field */
	unsigned fields_seen[ORIGINATORS];
	/* Fields with the name of originator_copy_name() that the message
	 * brought with it. */
	unsigned copies_seen[ORIGINATORS];
	/* One of these fields, or their number, is a fault. */
	bool faulty[ORIGINATORS];
	/* Empty while every field had exactly one reading; else why not, for
	 * the reply: "two From fields", "From: unbalanced quote". */
	char fault[160];
	/* For the flag or the refusal (display_name_address); each text once in
	 * each field. */
	struct shown_address shown[SHOWN_ADDRESSES_MAX];
	size_t n_shown;
	/* The first word of a display name or comment whose scripts are mixed, as
	 * mixed_script_in_words() tells it; "" for none. */
	char mixed[MIXED_SCRIPT_MAX];
	/* The display name of the last address in From, decoded, when it may
	 * stand beside another address (header_write_is_name()); else "". */
	char display[DISPLAY_NAME_MAX + 1];
};

/* Without Reply-To (originators_want_reply_to()). */
void originators_init(struct originators *o);

/* Reply-To is one of the fields (reply_to = owned). Before the first
 * originators_add(). */
void originators_want_reply_to(struct originators *o);

/* One header field, in the order of the message. name without the colon,
 * value unfolded or not, as the milter gets it. Fields that are neither
 * originator fields nor copies of them are ignored. After a fault the other
 * fields are still read. */
void originators_add(struct originators *o, const char *name, const char *value, size_t value_len);

/* The header is complete: sets the fault for no From field, two of them, ... */
void originators_end(struct originators *o);

/* True when the field is one that originators_add() may look at. */
bool originators_wants(const char *name);

/* Which of the originator fields it is; false when it is none. */
bool originator_find(const char *name, enum originator *out);

/* The same for originator_copy_name(). */
bool originator_find_copy(const char *name, enum originator *out);

const char *originator_name(enum originator field);

/* The field that keeps one that was taken out: "X-Original-From". */
const char *originator_copy_name(enum originator field);

/* GMime needs one call before the first originators_add(), from main(). */
void header_address_init(void);

#endif
