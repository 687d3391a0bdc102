/*
 * What a client is told: one table of reply code, enhanced status code
 * (RFC 3463, RFC 5248) and text, each row of which an operator can override
 * in the "replies" section of the configuration.
 *
 * A text may name these: %{login} %{sender} %{client} %{rule} %{address}
 * %{quota} %{used} %{limit} %{asked} %{retry} %{reason} %{credential}.
 */
#ifndef SENDWARD_REPLY_H
#define SENDWARD_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

enum reply {
	REPLY_STATE,		  /* the login is blocked */
	REPLY_UNKNOWN_LOGIN,	  /* unknown_login = refuse */
	REPLY_CREDENTIAL_REVOKED, /* the account has no such credential */
	REPLY_CREDENTIAL_BLOCKED,
	REPLY_CREDENTIAL_EXPIRED,
	REPLY_REQUIRE_TLS,	  /* the session has no TLS, or too old a version */
	REPLY_NETWORKS,		  /* client address not among the login's networks */
	REPLY_ENVELOPE_SENDER,	  /* not an address the login owns */
	REPLY_SENDER_FAULT,	  /* the envelope sender is no address */
	REPLY_NULL_SENDER,	  /* null_sender = reject */
	REPLY_HEADER_FROM,	  /* an originator field has a foreign address */
	REPLY_HEADER_FAULT,	  /* the originator fields have no single reading */
	REPLY_HEADER_NO_REWRITE,  /* header_from = rewrite, and it is not possible */
	REPLY_CAP_RECIPIENTS,	  /* more recipients than max_recipients */
	REPLY_CAP_SIZE,		  /* larger than max_size */
	REPLY_QUOTAS,		  /* used up, over_quota = defer */
	REPLY_QUOTAS_REJECT,	  /* used up, over_quota = reject */
	REPLY_QUOTAS_NEVER,	  /* this message alone takes more than the quota */
	REPLY_QUOTAS_NEVER_REJECT, /* the same, over_quota = reject */
	REPLY_QUOTAS_RCPT,	  /* over_quota_at_rcpt = too_many */
	REPLY_CANNOT_TELL,	  /* the store is away and the answer unknown */
};
#define REPLIES 21

/* code and xcode have the same class: '4' or '5'. */
struct reply_line {
	char code[4];	/* "450" */
	char xcode[10]; /* "4.7.28" */
	char text[REPLY_TEXT_MAX + 1];
};

/* The built-in table. */
const struct reply_line *reply_default(enum reply reply);

/* The name in the configuration: "quotas", "header_fault", ... */
const char *reply_name(enum reply reply);
bool reply_find(const char *name, enum reply *out);

/* "450 4.7.28 text" or only "text" (the codes of the default stay). False
 * with *reason (valid until the thread's next call) for a code that is not 4xx or 5xx, 421 or 521
 * (they close the connection), a class that differs, an unknown %{name}, a
 * text that is too long or not printable. */
bool reply_parse(enum reply reply, const char *text, struct reply_line *out, const char **reason);

struct reply_values {
	const char *login, *sender, *client, *rule, *quota, *used, *limit, *asked, *retry, *reason;
	const char *address; /* with its field, "From: a@b.example" */
	const char *credential; /* its name, "main" for the main one */
};

/* Fills the text's names in; NULL and empty values read as "-". Bytes that may not
 * stand in a reply (controls, and what is not UTF-8) become "?"; the result
 * is cut at out_size - 1, between characters. */
void reply_expand(const struct reply_line *line, const struct reply_values *values, char *out,
		  size_t out_size);

#endif
