/*
 * Lists in main.cf: items with commas or blanks between them, where { ... } is
 * one item (postconf(5), "{ name = value }"); and what such an item says of a
 * policy server or milter: "unix:path", or "{ unix:path, timeout=5s,
 * { default_action = 451 Later } }" (SMTPD_POLICY_README, MILTER_README).
 */
#ifndef SENDWARD_CONTROL_POSTFIX_LIST_H
#define SENDWARD_CONTROL_POSTFIX_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Items beyond these are not seen. */
#define POSTFIX_LIST_MAX 256
#define POSTFIX_ATTRIBUTES_MAX 16

struct postfix_list {
	const char *items[POSTFIX_LIST_MAX]; /* braces and all; in text */
	size_t n;
	char *text; /* owned */
};

/* text is copied. An open brace reaches to the end. */
void postfix_list_init(struct postfix_list *list, const char *text);
void postfix_list_fini(struct postfix_list *list);

/* In a list of restrictions: is item i, a restriction or a class, one behind warn_if_reject,
 * which then refuses nothing and may still permit (postconf(5))? */
#define POSTFIX_WARNS "warn_if_reject"
bool postfix_list_warns(const struct postfix_list *list, size_t i);

struct postfix_server {
	const char *endpoint; /* "unix:path"; "" when there is none; in text */
	struct {
		const char *name, *value;
	} attributes[POSTFIX_ATTRIBUTES_MAX];
	size_t n;
	const char *stray; /* the first thing behind the endpoint that is no name=value; NULL:
			    * there is none; in text */
	char *text;	   /* owned */
};

/* item is one of a list, and copied. */
void postfix_server_init(struct postfix_server *server, const char *item);
void postfix_server_fini(struct postfix_server *server);

/* What the item says of it, else otherwise. */
const char *postfix_server_value(const struct postfix_server *server, const char *name,
				 const char *otherwise);

/* "30s", "5m", "100" (seconds) in ms; -1: it is no time. */
int64_t postfix_time_ms(const char *text);

#endif
