/*
 * Sender patterns: which addresses a login owns.
 *
 *	alice@example.com	that address, and its alice+TAG@example.com forms
 *	*@example.com		every address of the domain; also "@example.com"
 *	*@*.example.com		every address of every domain below it
 *	alice+*@example.com	the tagged forms only
 *	%login			the login itself, when it is an address
 *	%group:sales		what the group of senders "sales" owns
 *	!PATTERN		not these, whatever the others say
 *
 * A tag may be empty, as in Postfix. With "-" among the delimiters what Postfix
 * does not split is not folded either: owner-X, X-request, mailer-daemon,
 * double-bounce. A plain value: nothing to free.
 */
#ifndef SENDWARD_PATTERN_H
#define SENDWARD_PATTERN_H

#include "base/address.h"
#include "base/name.h"

enum pattern_kind {
	PATTERN_EXACT,
	PATTERN_TAGGED,	    /* user+*@domain */
	PATTERN_DOMAIN,	    /* *@domain */
	PATTERN_SUBDOMAINS, /* *@*.domain */
	PATTERN_LOGIN,	    /* %login */
	PATTERN_GROUP,	    /* %group:NAME */
};

struct pattern {
	enum pattern_kind kind;
	bool exclude;	/* written with a leading "!" */
	char delimiter; /* PATTERN_TAGGED: the one that was written */
	union {
		struct address address;		 /* .local empty where the kind has none */
		char group[NAME_LENGTH_MAX + 1]; /* PATTERN_GROUP: its name */
	};
};

#define PATTERN_TEXT_MAX (ADDRESS_TEXT_MAX + 8)

/*
 * A list that several logins share. It covers what its list owns, its own
 * exclusions respected; another group is not in it. A group that is named and
 * does not exist owns nothing; excluded, it excludes every address: what was
 * to be kept from the login is not known any more.
 */
struct pattern_group {
	const char *name;
	const struct pattern *patterns;
	size_t n; /* at most SENDERS_MAX */
	int line; /* of the configuration */
};

/* How addresses are compared; from config_pattern_rules(). Borrowed. */
struct pattern_rules {
	const char *delimiters;		    /* recipient_delimiter, borrowed; "" for none */
	bool local_case_sensitive;	    /* local_part_case */
	const struct pattern_group *groups; /* sorted by name */
	size_t n_groups;
};

/* On failure returns false and points *reason at a static text. */
bool pattern_parse(const char *text, struct pattern *out, const char **reason);

/* The canonical text; pattern_parse() reads it again to the same value. */
void pattern_format(const struct pattern *pattern, char out[PATTERN_TEXT_MAX]);

/* NULL when there is none of that name. */
const struct pattern_group *pattern_group_find(const struct pattern_rules *rules, const char *name);

/* Does the pattern name a group that does not exist? */
bool pattern_group_missing(const struct pattern *pattern, const struct pattern_rules *rules);

/* Does the pattern, "!" put aside, cover the address? login is the SASL user
 * name, used by %login only. */
bool pattern_covers(const struct pattern *pattern, const struct address *addr, const char *login,
		    const struct pattern_rules *rules);

/* The same, and an exclusion by a group that does not exist covers every
 * address. */
bool pattern_applies(const struct pattern *pattern, const struct address *addr, const char *login,
		     const struct pattern_rules *rules);

/* The decision over a list: an exclusion that covers the address refuses;
 * else one pattern must cover it. *rule (may be NULL) is the index of the
 * pattern that decided, or -1 when none did. */
bool pattern_list_owns(const struct pattern *list, size_t n, const struct address *addr,
		       const char *login, const struct pattern_rules *rules, int *rule);

/* The same, with every pattern shown as it is asked, "!" put aside: exclusions
 * first. The first that covers the address decides and is the last. */
typedef void pattern_visit(const struct pattern *pattern, bool covers, void *arg);
bool pattern_list_trace(const struct pattern *list, size_t n, const struct address *addr,
			const char *login, const struct pattern_rules *rules, pattern_visit *visit,
			void *arg, int *rule);

#endif
