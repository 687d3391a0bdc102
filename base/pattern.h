/*
 * Sender patterns: which addresses a login owns.
 *
 *	alice@example.com	that address, and its alice+TAG@example.com forms
 *	*@example.com		every address of the domain; also "@example.com"
 *	*@*.example.com		every address of every domain below it
 *	alice+*@example.com	the tagged forms only
 *	%login			the login itself, when it is an address
 *	!PATTERN		not these, whatever the others say
 *
 * A tag may be empty, as in Postfix. With "-" among the delimiters what Postfix
 * does not split is not folded either: owner-X, X-request, mailer-daemon,
 * double-bounce. A plain value: nothing to free.
 */
#ifndef SENDWARD_PATTERN_H
#define SENDWARD_PATTERN_H

#include "base/address.h"

enum pattern_kind {
	PATTERN_EXACT,
	PATTERN_TAGGED,	    /* user+*@domain */
	PATTERN_DOMAIN,	    /* *@domain */
	PATTERN_SUBDOMAINS, /* *@*.domain */
	PATTERN_LOGIN,	    /* %login */
};

struct pattern {
	enum pattern_kind kind;
	bool exclude;		/* written with a leading "!" */
	char delimiter;		/* PATTERN_TAGGED: the one that was written */
	struct address address; /* .local empty where the kind has none */
};

#define PATTERN_TEXT_MAX (ADDRESS_TEXT_MAX + 8)

/* How addresses are compared; from the configuration. */
struct pattern_rules {
	const char *delimiters;	   /* recipient_delimiter, borrowed; "" for none */
	bool local_case_sensitive; /* local_part_case */
};

/* On failure returns false and points *reason at a static text. */
bool pattern_parse(const char *text, struct pattern *out, const char **reason);

/* The canonical text; pattern_parse() reads it again to the same value. */
void pattern_format(const struct pattern *pattern, char out[PATTERN_TEXT_MAX]);

/* Does the pattern, "!" put aside, cover the address? login is the SASL user
 * name, used by %login only. */
bool pattern_covers(const struct pattern *pattern, const struct address *addr, const char *login,
		    const struct pattern_rules *rules);

/* The decision over a list: an exclusion that covers the address refuses;
 * else one pattern must cover it. *rule (may be NULL) is the index of the
 * pattern that decided, or -1 when none did. */
bool pattern_list_owns(const struct pattern *list, size_t n, const struct address *addr,
		       const char *login, const struct pattern_rules *rules, int *rule);

#endif
