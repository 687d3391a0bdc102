/*
 * An account: what is stored for one login.
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
#include "base/tls_version.h"
#include "base/username.h"

enum account_state { ACCOUNT_ALLOWED, ACCOUNT_SANDBOXED, ACCOUNT_BLOCKED };

const char *account_state_name(enum account_state state);
bool account_state_parse(const char *text, enum account_state *out);

/* Records of a higher format were written by a newer Sendward. */
#define ACCOUNT_FORMAT 1
#define ACCOUNT_VERSION_DIGITS 16

/* Not given in the record. */
#define ACCOUNT_UNSET INT64_C(-1)

/* One of the account's credentials (base/username.h); its secret is elsewhere. */
struct account_credential {
	const char *name;		/* "": the main one */
	const struct network *networks; /* it may be used from there; none: anywhere */
	size_t n_networks;
	int64_t expires_s; /* Unix time; 0: never */
	int64_t changed_s; /* its secret was set then; 0: not known */
	int64_t revoked_s; /* since then; 0: it is not. Others than the main one go with their secret */
	bool blocked;
};

/* Of one account. */
#define CREDENTIALS_MAX 100

/* Which sessions without a SASL user name are this account's: those that meet every
 * list that is not empty. Without any it is none's. */
struct account_identity {
	const struct network *networks;
	size_t n_networks;
	const char *const *client_certs; /* fingerprints, as Postfix gives them */
	size_t n_client_certs;
	const char *const *contexts; /* Postfix's policy_context */
	size_t n_contexts;
	bool anyone; /* whoever made it knows that it is as good as everybody's */
};

#define IDENTITY_NETWORKS_MAX 100
#define IDENTITY_CERTS_MAX 100
#define IDENTITY_CONTEXTS_MAX 20

/* Octets of a fingerprint: SHA-512 in hexadecimal with colons has 191. */
#define FINGERPRINT_MAX 255
#define CONTEXT_MAX 255

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
	int64_t require_tls;	/* enum tls_requirement, or ACCOUNT_UNSET: the plan's */
	const struct account_credential *credentials;
	size_t n_credentials;
	const struct account_identity *identity; /* NULL: an account of logins */
};

/* The account of a record, with one reference; NULL with *reason (static or
 * valid until the thread's next call) for a record that is not one. */
struct account *account_decode(const char *record, size_t len, const char **reason);

struct account *account_ref(struct account *account);
void account_unref(struct account **account);

/* The state in force at that time: a state whose end has come is allowed. */
enum account_state account_state_at(const struct account *account, int64_t now_s);

/* NULL when the account has none of that name: it is revoked, but for the main one
 * (""), which need not be in the record and says so itself. */
const struct account_credential *account_credential(const struct account *account,
						    const char *name);

#endif
