/*
 * The configuration: an immutable snapshot of /etc/sendward/sendward.conf.
 *
 * A snapshot is loaded whole or not at all; on reload a new one replaces it
 * and whoever still holds the old one keeps it until config_unref(). The
 * reference count is atomic, everything else is read-only, so a snapshot may
 * be shared between threads. sendward.conf(5) describes every setting.
 */
#ifndef SENDWARD_CONFIG_H
#define SENDWARD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/endpoint.h"
#include "base/limits.h"
#include "base/network.h"
#include "base/password_hash.h"
#include "base/pattern.h"
#include "base/quota.h"
#include "base/reply.h"
#include "base/tls_version.h"
#include "base/username.h"

enum charge_by { CHARGE_AUTO, CHARGE_MILTER, CHARGE_POLICYD };
enum store_failure { STORE_FAILURE_DEGRADE, STORE_FAILURE_DEFER, STORE_FAILURE_PASS };
/* The checks that need the store: state to quotas. */
#define STORE_FAILURE_CHECKS (CHECK_QUOTAS + 1)
enum over_quota { OVER_QUOTA_DEFER, OVER_QUOTA_REJECT, OVER_QUOTA_HOLD, OVER_QUOTA_SANDBOX };
/* What a recipient beyond the quota is told while others of the message were
 * accepted: the quota's reply, or 452 4.5.3, after which a client sends the
 * message to the others and comes again. */
enum over_quota_at_rcpt { AT_RCPT_QUOTA, AT_RCPT_TOO_MANY };
enum sandbox_kind { SANDBOX_DISCARD, SANDBOX_HOLD, SANDBOX_REDIRECT };
/* What becomes of a credential that has expired or was not rotated in time. */
enum at_expiry { AT_EXPIRY_EVENT, AT_EXPIRY_SANDBOX, AT_EXPIRY_REFUSE };

/*
 * LINES. Beside a value's origin stands the line of config->path in which it
 * was set, counted from 1: of a list that of its first element, of a section
 * (ramp) that of its first setting. 0: the file does not set it, as for values
 * that are built in or an account's own. A value that came from another plan
 * has the line it has there.
 */

/* The settings of a plan that an account or another plan can leave to the
 * next one down; PLAN_SETTINGS of them. */
enum plan_setting {
	PLAN_QUOTAS,
	PLAN_SENDERS,
	PLAN_NETWORKS,
	PLAN_MAX_RECIPIENTS,
	PLAN_MAX_SIZE,
	PLAN_OVER_QUOTA,
	PLAN_SANDBOX,
	PLAN_SANDBOX_REDIRECT,
	PLAN_SANDBOX_RECIPIENTS,
	PLAN_FREE_RECIPIENTS,
	PLAN_OVER_QUOTA_AT_RCPT,
	PLAN_RAMP, /* the whole section */
	PLAN_REQUIRE_TLS,
	PLAN_MUST_ROTATE_AFTER,
	PLAN_AT_EXPIRY,
};
#define PLAN_SETTINGS 15

/* The name as it stands in the configuration and in JSON ("quotas", ...). */
const char *plan_setting_name(enum plan_setting setting);

/* A limit that grows with the age of a login: start per every, then factor
 * times as many for each further every, until the limit is reached, counted
 * from the login's first message. */
struct ramp {
	int64_t start;	     /* 0: no ramp */
	int64_t until;	     /* at most RAMP_MAX */
	int factor_permille; /* 1010 to 10000 */
	int32_t every_s;     /* 1 h to 31 d */
	enum quota_unit unit;
};

/* So that limit * factor is exact in Lua's numbers too. */
#define RAMP_MAX INT64_C(900000000000)

#define FREE_RECIPIENTS_MAX 100
#define SANDBOX_RECIPIENTS_MAX 100

/* Every field is filled: what the plan leaves open comes from plan default,
 * what that leaves open from the built-in defaults. */
struct plan {
	const char *name;
	const struct quota *quotas;
	size_t n_quotas; /* at most QUOTAS_MAX */
	const struct pattern *senders;
	size_t n_senders; /* at most SENDERS_MAX */
	const struct network *networks;
	size_t n_networks;	/* at most NETWORKS_MAX */
	int64_t max_recipients; /* per message; 0: no cap */
	int64_t max_size_bytes; /* per message; 0: no cap */
	enum over_quota over_quota;
	enum sandbox_kind sandbox;
	const char *sandbox_redirect; /* NULL when unset */
	/* Recipients that a sandboxed login reaches, as sender patterns are written. */
	const struct pattern *sandbox_recipients;
	size_t n_sandbox_recipients; /* at most SANDBOX_RECIPIENTS_MAX */
	/* Recipients that no quota counts, as sender patterns are written. */
	const struct pattern *free_recipients;
	size_t n_free_recipients; /* at most FREE_RECIPIENTS_MAX */
	enum over_quota_at_rcpt over_quota_at_rcpt;
	struct ramp ramp;
	enum tls_requirement require_tls; /* of the client's session */
	int64_t must_rotate_after_s; /* the age a secret may have; 0: any */
	enum at_expiry at_expiry;
	/* Shared by all logins of the plan; not inherited from plan default. */
	const struct quota *shared_quotas;
	size_t n_shared_quotas;
	enum check_mode modes[CHECKS];
	/* Where each value came from: "plan students", "plan default",
	 * "built-in"; and where in the file that stands: LINES below. */
	const char *origins[PLAN_SETTINGS];
	int lines[PLAN_SETTINGS];
	int shared_quotas_line;
};

/* domain "example.com" { plan = "gold" ... }: for the logins of one domain.
 * What it sets goes before their plan's. */
struct domain {
	const char *name;		   /* normalised, base/address.h */
	const char *plan;		   /* for accounts that name none; NULL: plan default */
	struct plan values;		   /* of which only those count that are set */
	/* values.origins has "domain example.com" for them, and values.lines the lines. */
	bool set[PLAN_SETTINGS];
	const struct quota *shared_quotas; /* shared by all logins of the domain */
	size_t n_shared_quotas;
};

/* group "reseller" { quotas = { ... } }: shared by the accounts that name it. */
struct account_group {
	const char *name;
	const struct quota *quotas;
	size_t n_quotas;
	int quotas_line;
};

/* unauthenticated { quotas = { ... } }: for sessions without a login, shared
 * by the clients of one network. */
struct unauthenticated {
	const struct quota *quotas;
	size_t n_quotas;
	int quotas_line;
	int ipv4_prefix; /* 8..32 */
	int ipv6_prefix; /* 16..128 */
};

/* null_sender = allow | reject | QUOTA */
struct null_sender {
	bool allowed;
	bool limited;	    /* by a quota of its own, beside the login's */
	struct quota quota; /* .null_sender is set */
	int line;	    /* LINES above */
};

struct redis_settings {
	struct endpoint address;
	const char *username;	   /* NULL: none */
	const char *password_file; /* NULL: none; read at each connect */
	int database;
	const char *prefix;  /* of every key; without braces */
	int64_t deadline_ms; /* of every wait for Redis */
	int lease_share_permille; /* 0..1000 of what remains of a quota; 0: no leases */
	/* NULL: the system's authorities; no certificate of ours; the host of
	 * the address. */
	const char *tls_ca_file, *tls_cert_file, *tls_key_file, *tls_server_name;
	/* Instead of address, when there are some: all inet: or all tls:. */
	const struct endpoint *cluster; /* some of its nodes */
	size_t n_cluster;
	const struct endpoint *sentinels;
	size_t n_sentinels; /* at most REDIS_SERVERS_MAX */
	const char *sentinel_master;
	const char *sentinel_username, *sentinel_password_file; /* NULL: none */
};

#define REDIS_SERVERS_MAX 16

/* How all its servers are reached. */
enum endpoint_kind redis_kind(const struct redis_settings *settings);

/* Whether connections made with a can go on with b. */
bool redis_same(const struct redis_settings *a, const struct redis_settings *b);

/* For people: "inet:127.0.0.1:6379", "sentinel mymaster",
 * "cluster inet:127.0.0.1:7000". */
#define REDIS_NAME_MAX 300
void redis_name(const struct redis_settings *settings, char out[REDIS_NAME_MAX]);

enum sasl_mechanism { SASL_PLAIN, SASL_LOGIN, SASL_SCRAM_SHA_256 };
#define SASL_MECHANISMS 3

/* sasld { ... }: SMTP users log in here. */
struct sasld_settings {
	const struct endpoint *listen;
	size_t n_listen; /* 0: sendward-sasld is not used */
	int max_connections;
	const int *mechanisms; /* enum sasl_mechanism; sasld_offers() */
	size_t n_mechanisms;   /* 0: all of them */
	bool plaintext_without_tls;
	int hash_threads;
	bool blocked_refused;	  /* at login; else per message only */
	const char *blocked_text; /* what they are told, one line */
	/* Failed logins of a user name from one client network, and of that
	 * network, until it is refused; 0: never. */
	int guess_limit, guess_network_limit;
	int32_t guess_window_s, guess_refuse_s;
	int64_t guess_delay_ms; /* the longest */
	/* Clients that many users come from, such as webmail: never refused. */
	const struct network *guess_exempt;
	size_t n_guess_exempt;
};

bool sasld_offers(const struct sasld_settings *settings, enum sasl_mechanism mechanism);

/* passwords { ... }: what Sendward makes and keeps of them. */
struct password_settings {
	enum password_method method;
	int yescrypt_cost, bcrypt_cost, sha512_rounds;
	int scram_iterations; /* 0: no verifiers for SCRAM are made */
	int min_length;
	const char *list_file; /* NULL: none */
};

/* Of the method that is set. */
struct password_cost config_password_cost(const struct password_settings *settings);

struct config {
	const char *path;
	bool sets_nothing; /* an empty file, or comments: all is built in */
	const char *node;
	enum charge_by charge;
	enum store_failure on_store_failure;
	/* The same for each check, where it differs or not. */
	enum store_failure store_failure[STORE_FAILURE_CHECKS];
	const char *recipient_delimiter;
	/* Between login and name of a username's credential; "" when usernames are
	 * logins. Not set: "+" where section sasld listens, else "". */
	const char *credential_separator;
	struct null_sender null_sender;
	bool unknown_login_allowed;
	bool unknown_while_degraded_allowed;
	int degraded_share_permille; /* 0..1000 of each limit */
	bool local_part_case_sensitive;
	bool login_case_insensitive;
	bool display_name_address_rejected;
	bool reply_to_owned; /* Reply-To is checked like From */
	mode_t socket_mode;
	const char *socket_group; /* NULL: leave as created */
	int history; /* messages kept of what a login has sent; 0: none */
	const char *state_dir;
	const char *user;  /* the daemons' own, when started as root */
	const char *group; /* NULL: the user's */
	struct redis_settings redis;
	const struct endpoint *policyd_listen;
	size_t n_policyd_listen;
	int policyd_max_connections;
	const struct endpoint *sender_login_listen; /* of sendward-policyd, too */
	size_t n_sender_login_listen;
	bool milter_configured;
	struct endpoint milter_listen;
	int milter_max_connections;
	struct sasld_settings sasld;
	struct password_settings passwords;
	const struct plan *plans; /* [0] is plan default, always there */
	size_t n_plans;
	const struct domain *domains; /* sorted by name */
	size_t n_domains;
	const struct account_group *groups;
	size_t n_groups;
	const struct pattern_group *sender_groups; /* sorted by name */
	size_t n_sender_groups;
	struct unauthenticated unauthenticated;
	struct reply_line replies[REPLIES]; /* the operator's, else the default */
	const int *top_lines;		    /* config_line() */
	const int *redis_lines;		    /* config_redis_line() */
};

/* The snapshot, with one reference, or NULL after writing
 * "file:line: reason" (no newline) to error. */
struct config *config_load(const char *path, char *error, size_t error_size);

/* The same from memory, for tests and fuzzing; path names it in errors. */
struct config *config_load_text(const char *text, const char *path, char *error, size_t error_size);

struct config *config_ref(struct config *config);
void config_unref(struct config **config);

/* NULL when there is no such plan. */
const struct plan *config_plan(const struct config *config, const char *name);

/* May it be the plan of a login whose account names none, or that has none:
 * plan default, or one that a domain names. plan is one of the configuration. */
bool config_plan_serves_unnamed(const struct config *config, const struct plan *plan);

/* NULL when there is none. name is normalised. */
const struct domain *config_domain(const struct config *config, const char *name);
const struct account_group *config_group(const struct config *config, const char *name);

/* The login as the key it is everywhere behind the front ends: as it came, or
 * folded (base/fold.h) with login_case = insensitive. False when it is longer
 * than LOGIN_MAX. */
bool config_login(const struct config *config, const char *login, char out[LOGIN_MAX + 1]);

/* What a client authenticated as, as login and credential (base/username.h), the login
 * as config_login() has it. False when it is too long, and cut. */
bool config_username(const struct config *config, const char *text, struct username *out);

/* How addresses are compared with patterns, and the groups of senders; borrowed
 * from the configuration. */
struct pattern_rules config_pattern_rules(const struct config *config);

/* The line of a setting of the top level, such as "null_sender"; 0 when the
 * file does not set it. name is one that exists. */
int config_line(const struct config *config, const char *name);
/* The same of the section redis. */
int config_redis_line(const struct config *config, const char *name);

/* The most scopes that one message is counted in: the login, its domain, plan and group. Cheap:
 * whether one of many domains really shares is not looked at. */
int config_scopes(const struct config *config);

/* The i-th address that daemons listen on; NULL behind the last one. *daemon is whose
 * ("policyd"), static. */
const struct endpoint *config_listener(const struct config *config, size_t i,
				       const char **daemon);

/* Who charges, with CHARGE_AUTO resolved. */
enum charge_by config_charge_by(const struct config *config);

/* Calls each(section, name, default_text, arg) for every setting there is;
 * the manual page is checked against it. Section "" is the top level. */
void config_setting_each(void (*each)(const char *section, const char *name,
				      const char *default_text, void *arg),
			 void *arg);

#endif
