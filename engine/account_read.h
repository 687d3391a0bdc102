/*
 * How the members of an account's record are read: tables of fields, each with the kind
 * of its value. For account.c, and account_access.c for who may use the account.
 */
#ifndef SENDWARD_ACCOUNT_READ_H
#define SENDWARD_ACCOUNT_READ_H

#include <jansson.h>

#include "base/arena.h"
#include "engine/account.h"

/* The public part and what it borrows from live in one arena. */
struct record {
	struct account account;
	struct arena *arena;
};

struct list_kind {
	size_t item_size, max;
	bool (*parse)(struct record *r, const char *text, void *item, const char **reason);
};

/* One member of a JSON object, and where its value goes in the struct it is read into. */
struct field {
	const char *name;
	bool (*read)(struct record *r, const json_t *value, const struct field *field, void *base,
		     const char **reason);
	size_t offset, count_offset;
	const struct list_kind *list;
};

/* Returns false, with *reason, which lives until the thread's next call. */
bool account_fail(const char **reason, const char *field, const char *why);

/* A text; a number from 0 to 2^53-1; a list of texts, which is not NULL when it is
 * empty. */
bool account_read_string(struct record *r, const json_t *value, const struct field *field,
			 void *base, const char **reason);
bool account_read_integer(struct record *r, const json_t *value, const struct field *field,
			  void *base, const char **reason);
bool account_read_list(struct record *r, const json_t *value, const struct field *field,
		       void *base, const char **reason);

bool account_parse_network(struct record *r, const char *text, void *item, const char **reason);

/* Reads the members that the table has; a null is the same as none. */
bool account_read_fields(struct record *r, const json_t *object, const struct field *fields,
			 size_t n, void *base, const char **reason);

/* account_access.c: into a struct account. */
bool account_read_credentials(struct record *r, const json_t *value, const struct field *field,
			      void *base, const char **reason);
bool account_read_require_tls(struct record *r, const json_t *value, const struct field *field,
			      void *base, const char **reason);
bool account_read_identity(struct record *r, const json_t *value, const struct field *field,
			   void *base, const char **reason);

#endif
