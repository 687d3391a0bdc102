/*
 * The logins that are known, and the sender patterns that each is to be
 * given.
 */
#ifndef SENDWARD_CONTROL_OWNERS_H
#define SENDWARD_CONTROL_OWNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pattern.h"
#include "control/names.h"
#include "engine/account.h"

struct owner {
	char *login;
	struct account *account; /* a reference; NULL: there is none */
	struct pattern *after;	 /* the account's own list when all is done; NULL: unchanged */
	size_t n_after;
	struct names wanted; /* canonical patterns */
	size_t mark; /* the caller's */
};

struct owners;

struct owners *owners_new(void);
void owners_free(struct owners **owners);

/* The owner of exactly that name, else one that differs only in the case of
 * ASCII letters, for so Postfix compares them; NULL: none. */
struct owner *owners_find(const struct owners *owners, const char *login);

/* The same, made when there is none. */
struct owner *owners_get(struct owners *owners, const char *login);

/* Of exactly that name. */
struct owner *owners_add(struct owners *owners, const char *login);

/* Adds a pattern to what is wanted; one that is there is not added twice,
 * once owners_settle() has been called. */
void owner_want(struct owner *owner, const char *pattern);

/* Sorts the owners by login, and what each is to be given. */
void owners_settle(struct owners *owners);

size_t owners_count(const struct owners *owners);
struct owner *owners_at(const struct owners *owners, size_t i);

#endif
