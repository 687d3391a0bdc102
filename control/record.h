/*
 * Account records as JSON objects, to be edited: whatever fields a record
 * has, the ones that are not touched stay as they are. engine/account.h has
 * the format.
 */
#ifndef SENDWARD_CONTROL_RECORD_H
#define SENDWARD_CONTROL_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "control/value.h"
#include "engine/account.h"

/* A record that says no more than that there is an account. */
json_t *record_new(int64_t now_s);

/* The object of a stored record (version and JSON), a new reference; NULL
 * with *reason (static, or valid until the thread's next call) for one that
 * is not a record or that a newer Sendward wrote. */
json_t *record_decode(const char *text, size_t len, const char **reason);

/* The JSON to store; free() it. */
char *record_encode(const json_t *record);

/* The account the object stands for, with one reference; NULL with *reason
 * when it stands for none. */
struct account *record_account(const json_t *record, const char **reason);

/* What speaks against storing it though it can be read; NULL: nothing. */
const char *record_fault(const struct account *account);

/* Does naming that plan say no more than naming none? So it is with plan
 * default, unless the login's domain has a plan. */
bool record_plan_is_redundant(const struct config *config, const char *login, const char *plan);

/* Sets a field; the empty text and the number 0 take it away. */
void record_set_text(json_t *record, const char *field, const char *text);
void record_set_number(json_t *record, const char *field, int64_t number);

/* Sets the state and what belongs to it, all or nothing of the old. */
struct record_state {
	enum account_state state;
	const char *reason, *actor; /* "" for none */
	int64_t since_s;
	int64_t until_s; /* 0: no end */
};
void record_set_state(json_t *record, const struct record_state *state);

/* Where in a list a text stands that check() reads as the same value; the
 * list's length when it does not. canonical is a struct value's text. */
size_t record_list_find(const json_t *list, value_check *check, const char *canonical);

#endif
