/*
 * One account as `user show`, `user list` and `export` print it.
 */
#ifndef SENDWARD_CONTROL_VIEW_H
#define SENDWARD_CONTROL_VIEW_H

#include <jansson.h>
#include <stdint.h>

#include "base/config.h"
#include "control/record.h"
#include "control/table.h"
#include "engine/account.h"

/* Everything that is known of one account; all borrowed. */
struct view {
	const struct config *config;
	const char *login;
	const json_t *record;
	const struct account *account; /* of the record */
	int64_t now_s;
};

/* The state in force, borrowed from the account. One that has ended left nothing but the
 * time. */
struct record_state view_state(const struct view *view);

/* The object of `user show` and `export`: the account's own settings (null
 * for what it leaves to the plan), fields of the record that are not known
 * here, and what is in force under "effective". A new reference. */
json_t *view_json(const struct view *view);

/* The object of `user list`, without "effective". */
json_t *view_json_short(const struct view *view);

/* The tables of `user show`, on standard output. */
void view_print(const struct view *view);

/* The table of `user list`: a row for its head, then one for each account. */
struct table *view_list_new(void);
void view_list_add(struct table *table, const struct view *view);

#endif
