/*
 * Values given on the command line: one function for each kind, used by the
 * tables of options and commands. Each returns false with *reason (static, or
 * valid until the thread's next call) for a text that is not one.
 */
#ifndef SENDWARD_CONTROL_VALUE_H
#define SENDWARD_CONTROL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/quota.h"

struct value {
	char *text;	/* owned; canonical where the kind has a canonical text */
	int64_t number; /* amounts, milliseconds, an enum's value; else 0 */
};

typedef bool value_check(const char *text, struct value *out, const char **reason);

/* Whatever it is: file names, header fields, envelope senders. */
value_check value_any;

/* A name that is not empty, of a file, a directory or a table. */
value_check value_file;

/* 1 to LOGIN_MAX octets of UTF-8 without control characters; there is room for
 * LOGIN_MAX of them. */
value_check value_login;

/* At most NOTE_MAX octets of UTF-8 without control characters. */
value_check value_note;

/* The same, and not empty. */
value_check value_name;

value_check value_sender;   /* base/pattern.h */
value_check value_network;  /* base/network.h */
value_check value_quota;    /* base/quota.h */
value_check value_amount;   /* base/units.h; number */
value_check value_count;    /* the same, at least 1 */
value_check value_domain;   /* base/domain.h */
value_check value_duration; /* base/units.h, at least 1s; number in ms */
/* At most 3650d, or "never": number 0. */
value_check value_expiry;
value_check value_grace;	 /* the same, at most 90d */
value_check value_client;	 /* an IP address */
value_check value_stage;	 /* number: enum stage */
value_check value_require_tls;	 /* number: enum tls_requirement */
value_check value_tls;		 /* number: enum tls_version */
value_check value_fingerprint;	 /* 16 to 64 octets in hexadecimal; "AB:CD:..." */
value_check value_context;	 /* a policy_context that is not "relay" */
value_check value_import_format; /* number: enum import_format */
value_check value_credential;	 /* base/username.h; "main" becomes "" */

/* What an account can leave open: number: enum plan_setting, or one of these. */
enum value_setting { VALUE_PLAN = PLAN_SETTINGS, VALUE_GROUP };
value_check value_setting;

/* "recipients / 1d", or a whole quota, whose amount is ignored: the counter it
 * counts in. The canonical text has no amount. */
value_check value_counter;

/* Both: a whole quota, whose amount counts, or one without an amount, which stands for any. */
value_check value_removed_quota;

/* The quota of such a text, with some limit. */
bool value_counter_quota(const char *text, struct quota *out, const char **reason);

void value_fini(struct value *value);

#endif
