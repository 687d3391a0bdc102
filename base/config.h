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
#include "base/network.h"
#include "base/pattern.h"
#include "base/quota.h"
#include "base/reply.h"

enum charge_by { CHARGE_AUTO, CHARGE_MILTER, CHARGE_POLICYD };
enum store_failure { STORE_FAILURE_DEGRADE, STORE_FAILURE_DEFER, STORE_FAILURE_PASS };
enum over_quota { OVER_QUOTA_DEFER, OVER_QUOTA_REJECT, OVER_QUOTA_HOLD, OVER_QUOTA_SANDBOX };
enum sandbox_kind { SANDBOX_DISCARD, SANDBOX_HOLD, SANDBOX_REDIRECT };

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
};
#define PLAN_SETTINGS 8

/* The name as it stands in the configuration and in JSON ("quotas", ...). */
const char *plan_setting_name(enum plan_setting setting);

/* Every field is filled: what the plan leaves open comes from plan default,
 * what that leaves open from the built-in defaults. */
struct plan {
	const char *name;
	const struct quota *quotas;
	size_t n_quotas; /* at most QUOTAS_MAX */
	const struct pattern *senders;
	size_t n_senders; /* at most SENDERS_MAX */
	const struct network *networks;
	size_t n_networks; /* at most NETWORKS_MAX */
	int64_t max_recipients; /* per message; 0: no cap */
	int64_t max_size_bytes; /* per message; 0: no cap */
	enum over_quota over_quota;
	enum sandbox_kind sandbox;
	const char *sandbox_redirect; /* NULL when unset */
	enum check_mode modes[CHECKS];
	/* Where each value came from: "plan students", "plan default",
	 * "built-in". */
	const char *origins[PLAN_SETTINGS];
};

struct redis_settings {
	struct endpoint address;
	const char *username;	   /* NULL: none */
	const char *password_file; /* NULL: none; read at each connect */
	int database;
	const char *prefix; /* of every key; without braces */
	int64_t deadline_ms; /* of every wait for Redis */
};

struct config {
	const char *path;
	const char *node;
	enum charge_by charge;
	enum store_failure on_store_failure;
	const char *recipient_delimiter;
	bool null_sender_allowed;
	bool unknown_login_allowed;
	bool unknown_while_degraded_allowed;
	int degraded_share_permille; /* 0..1000 of each limit */
	bool local_part_case_sensitive;
	bool display_name_address_rejected;
	mode_t socket_mode;
	const char *socket_group; /* NULL: leave as created */
	const char *state_dir;
	const char *user; /* the daemons' own, when started as root */
	const char *group; /* NULL: the user's */
	struct redis_settings redis;
	const struct endpoint *policyd_listen;
	size_t n_policyd_listen;
	int policyd_max_connections;
	bool milter_configured;
	struct endpoint milter_listen;
	const struct plan *plans; /* [0] is plan default, always there */
	size_t n_plans;
	struct reply_line replies[REPLIES]; /* the operator's, else the default */
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

/* Who charges, with CHARGE_AUTO resolved. */
enum charge_by config_charge_by(const struct config *config);

/* Calls each(section, name, default_text, arg) for every setting there is;
 * the manual page is checked against it. Section "" is the top level. */
void config_setting_each(void (*each)(const char *section, const char *name,
				      const char *default_text, void *arg),
			 void *arg);

#endif
