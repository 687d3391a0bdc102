/*
 * An account: what is stored for one login. DESIGN words: state, plan,
 * senders, networks, quotas, version.
 *
 * The record in the store is 16 decimal digits of version followed by a JSON
 * object, so that a script can compare the version without parsing. Fields
 * that an account leaves open come from its plan; see engine/effective.h.
 *
 * Immutable and reference counted. The count is not atomic: accounts belong
 * to the thread of the event loop.
 */
#ifndef SENDWARD_ACCOUNT_H
#define SENDWARD_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/network.h"
#include "base/pattern.h"
#include "base/quota.h"

enum account_state { ACCOUNT_ALLOWED, ACCOUNT_SANDBOXED, ACCOUNT_BLOCKED };

const char *account_state_name(enum account_state state);
bool account_state_parse(const char *text, enum account_state *out);

/* Records of a higher format were written by a newer Sendward. */
#define ACCOUNT_FORMAT 1
#define ACCOUNT_VERSION_DIGITS 16

/* Not given in the record. */
#define ACCOUNT_UNSET INT64_C(-1)

struct account {
	unsigned references;
	char version[ACCOUNT_VERSION_DIGITS + 1];
	enum account_state state; /* as stored; account_state_at() knows until */
	int64_t since_s;	  /* Unix time; 0: never changed */
	int64_t until_s;	  /* the state ends then; 0: it does not */
	const char *reason, *actor;	 /* "" when not given */
	const char *plan;		 /* NULL: plan default */
	const char *group;		 /* NULL: none; shares the group's quotas */
	const char *description;	 /* "" when not given */
	const struct quota *quotas;	 /* NULL: the plan's */
	size_t n_quotas;
	const struct pattern *senders;	 /* NULL: the plan's */
	size_t n_senders;
	const struct network *networks;	 /* NULL: the plan's */
	size_t n_networks;
	int64_t max_recipients; /* ACCOUNT_UNSET: the plan's */
	int64_t max_size_bytes; /* ACCOUNT_UNSET: the plan's */
};

/* The account of a record, with one reference; NULL with *reason (static or
 * valid until the thread's next call) for a record that is not one. */
struct account *account_decode(const char *record, size_t len, const char **reason);

struct account *account_ref(struct account *account);
void account_unref(struct account **account);

/* The state in force at that time: a state whose end has come is allowed. */
enum account_state account_state_at(const struct account *account, int64_t now_s);

#endif
