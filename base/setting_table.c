/* The settings, a row for each; the words and ranges that they are read with. */
#include "base/setting_table.h"

#include <stddef.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/password.h"
#include "base/scram.h"
#include "base/setting_kind.h"

/* Enumerations are read into an int. */
_Static_assert(sizeof(enum charge_by) == sizeof(int), "kind_word");

static const struct word charge_words[] = {
	{ "auto", CHARGE_AUTO },
	{ "milter", CHARGE_MILTER },
	{ "policyd", CHARGE_POLICYD },
	{ 0 },
};
const struct word store_failure_words[] = {
	{ "degrade", STORE_FAILURE_DEGRADE },
	{ "defer", STORE_FAILURE_DEFER },
	{ "pass", STORE_FAILURE_PASS },
	{ 0 },
};
static const struct word over_quota_words[] = {
	{ "defer", OVER_QUOTA_DEFER },
	{ "reject", OVER_QUOTA_REJECT },
	{ "hold", OVER_QUOTA_HOLD },
	{ "sandbox", OVER_QUOTA_SANDBOX },
	{ 0 },
};
static const struct word at_rcpt_words[] = {
	{ "quota", AT_RCPT_QUOTA },
	{ "too_many", AT_RCPT_TOO_MANY },
	{ 0 },
};
static const struct word tls_words[] = {
	{ "no", REQUIRE_NO_TLS },
	{ "yes", REQUIRE_TLS },
	{ "1.2", REQUIRE_TLS_1_2 },
	{ "1.3", REQUIRE_TLS_1_3 },
	{ 0 },
};
static const struct word unit_words[] = {
	{ "messages", QUOTA_MESSAGES },
	{ "recipients", QUOTA_RECIPIENTS },
	{ "bytes", QUOTA_BYTES },
	{ 0 },
};
static const struct word sandbox_words[] = {
	{ "discard", SANDBOX_DISCARD },
	{ "hold", SANDBOX_HOLD },
	{ "redirect", SANDBOX_REDIRECT },
	{ 0 },
};
static const struct word unknown_words[] = { { "default", true }, { "refuse", false }, { 0 } };
static const struct word degraded_words[] = { { "allow", true }, { "defer", false }, { 0 } };
static const struct word case_words[] = { { "insensitive", false }, { "sensitive", true }, { 0 } };
static const struct word login_case_words[] = {
	{ "sensitive", false },
	{ "insensitive", true },
	{ 0 },
};
static const struct word display_words[] = { { "flag", false }, { "reject", true }, { 0 } };
static const struct word mechanism_words[] = {
	{ "PLAIN", SASL_PLAIN },
	{ "LOGIN", SASL_LOGIN },
	{ "SCRAM-SHA-256", SASL_SCRAM_SHA_256 },
	{ 0 },
};
static const struct word yes_words[] = { { "no", false }, { "yes", true }, { 0 } };
static const struct word blocked_words[] = { { "refuse", true }, { "accept", false }, { 0 } };
static const struct word reply_to_words[] = { { "ignore", false }, { "owned", true }, { 0 } };

static const struct word at_expiry_words[] = {
	{ "event", AT_EXPIRY_EVENT },
	{ "sandbox", AT_EXPIRY_SANDBOX },
	{ "refuse", AT_EXPIRY_REFUSE },
	{ 0 },
};
static const struct word method_words[] = {
	{ "yescrypt", PASSWORD_YESCRYPT },
	{ "bcrypt", PASSWORD_BCRYPT },
	{ "sha512", PASSWORD_SHA512 },
	{ 0 },
};

/* base/password_hash.h. */
static const struct range yescrypt_range = { 1, 9 };
static const struct range bcrypt_range = { 4, 15 };
static const struct range sha512_range = { 5000, 10000000 };
static const struct range scram_range = { 0, SCRAM_ITERATIONS_MAX };
static const struct range length_range = { PASSWORD_CHOSEN_MIN, PASSWORD_CHOSEN_MAX };

static const struct range database_range = { 0, 1000000 };
/* As sentinel.c of Redis allows it. */
static const struct name_form master_form = {
	"._-", NODE_MAX, "a master's name has letters, digits, \".\", \"-\" and \"_\""
};
static const struct name_form host_form = { ":.-_", ENDPOINT_HOST_MAX,
					    "must be the name or address of a host" };

static const struct permille_range share_range = {
	0, 1000, "must be a number from 0 to 1 with at most three decimals, such as 0.5"
};
static const struct permille_range factor_range = {
	1010, 10000, "must be a number from 1.01 to 10 with at most three decimals, such as 1.5"
};

#define SECOND_MS INT64_C(1000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

static const struct span deadline_span = { 1, 60 * SECOND_MS, "must be 1ms to 60s" };
/* Postfix waits 10 s for an answer of its SASL server. */
static const struct span delay_span = { 0, 5 * SECOND_MS, "must be 0s to 5s" };
static const struct span guess_span = { SECOND_MS, 31 * DAY_MS, "must be 1s to 31d" };
static const struct span step_span = { HOUR_MS, 31 * DAY_MS, "must be 1h to 31d" };
static const struct span age_span = { DAY_MS, 3650 * DAY_MS, "must be 1d to 3650d, or 0" };

static const struct range history_range = { 0, 100000 };
static const struct range connections_range = { 1, 1000000 };
static const struct range threads_range = { 1, 64 };
static const struct range guess_range = { 0, 1000000 };
static const struct range ipv4_prefix_range = { 8, 32 };
static const struct range ipv6_prefix_range = { 16, 128 };

/* --- the table ------------------------------------------------------------- */

#define IN_CONFIG(field) .offset = offsetof(struct config, field), .index = -1
#define IN_PLAN(field, which) .offset = offsetof(struct plan, field), .index = (which)

const struct setting setting_table[] = {
	{ SECTION_TOP, "node", NULL, &kind_node, IN_CONFIG(node) },
	{ SECTION_TOP, "charge", "auto", &kind_word, IN_CONFIG(charge), .detail = charge_words },
	{ SECTION_TOP, "on_store_failure", "degrade", &kind_word, IN_CONFIG(on_store_failure),
	  .detail = store_failure_words },
	{ SECTION_TOP, "recipient_delimiter", "+", &kind_delimiters,
	  IN_CONFIG(recipient_delimiter) },
	{ SECTION_TOP, "credential_separator", NULL, &kind_separator,
	  IN_CONFIG(credential_separator) },
	{ SECTION_TOP, "null_sender", "allow", &kind_null_sender, IN_CONFIG(null_sender) },
	{ SECTION_TOP, "unknown_login", "default", &kind_flag, IN_CONFIG(unknown_login_allowed),
	  .detail = unknown_words },
	{ SECTION_TOP, "unknown_while_degraded", "allow", &kind_flag,
	  IN_CONFIG(unknown_while_degraded_allowed), .detail = degraded_words },
	{ SECTION_TOP, "degraded_share", "0.5", &kind_permille, IN_CONFIG(degraded_share_permille),
	  .detail = &share_range },
	{ SECTION_TOP, "local_part_case", "insensitive", &kind_flag,
	  IN_CONFIG(local_part_case_sensitive), .detail = case_words },
	{ SECTION_TOP, "login_case", "sensitive", &kind_flag, IN_CONFIG(login_case_insensitive),
	  .detail = login_case_words },
	{ SECTION_TOP, "display_name_address", "flag", &kind_flag,
	  IN_CONFIG(display_name_address_rejected), .detail = display_words },
	{ SECTION_TOP, "reply_to", "ignore", &kind_flag, IN_CONFIG(reply_to_owned),
	  .detail = reply_to_words },
	{ SECTION_TOP, "socket_mode", "0660", &kind_file_mode, IN_CONFIG(socket_mode) },
	{ SECTION_TOP, "socket_group", "postfix", &kind_optional_owner, IN_CONFIG(socket_group) },
	{ SECTION_TOP, "history", "500", &kind_int, IN_CONFIG(history), .detail = &history_range },
	{ SECTION_TOP, "state_dir", "/var/lib/sendward", &kind_path, IN_CONFIG(state_dir) },
	{ SECTION_TOP, "user", "sendward", &kind_owner, IN_CONFIG(user) },
	{ SECTION_TOP, "group", "", &kind_optional_owner, IN_CONFIG(group) },

	{ SECTION_REDIS, "address", "inet:127.0.0.1:6379", &kind_endpoint,
	  IN_CONFIG(redis.address) },
	{ SECTION_REDIS, "sentinels", NULL, &kind_servers, IN_CONFIG(redis.sentinels),
	  .count_offset = offsetof(struct config, redis.n_sentinels), .max = REDIS_SERVERS_MAX },
	{ SECTION_REDIS, "sentinel_master", "", &kind_name, IN_CONFIG(redis.sentinel_master),
	  .detail = &master_form },
	{ SECTION_REDIS, "sentinel_username", "", &kind_user_name,
	  IN_CONFIG(redis.sentinel_username) },
	{ SECTION_REDIS, "sentinel_password_file", "", &kind_optional_path,
	  IN_CONFIG(redis.sentinel_password_file) },
	{ SECTION_REDIS, "cluster", NULL, &kind_servers, IN_CONFIG(redis.cluster),
	  .count_offset = offsetof(struct config, redis.n_cluster), .max = REDIS_SERVERS_MAX },
	{ SECTION_REDIS, "username", "", &kind_user_name, IN_CONFIG(redis.username) },
	{ SECTION_REDIS, "password_file", "", &kind_optional_path, IN_CONFIG(redis.password_file) },
	{ SECTION_REDIS, "database", "0", &kind_int, IN_CONFIG(redis.database),
	  .detail = &database_range },
	{ SECTION_REDIS, "prefix", "sendward:", &kind_prefix, IN_CONFIG(redis.prefix) },
	{ SECTION_REDIS, "deadline", "250ms", &kind_milliseconds, IN_CONFIG(redis.deadline_ms),
	  .detail = &deadline_span },
	{ SECTION_REDIS, "lease_share", "0", &kind_permille,
	  IN_CONFIG(redis.lease_share_permille), .detail = &share_range },
	{ SECTION_REDIS, "tls_ca_file", "", &kind_optional_path, IN_CONFIG(redis.tls_ca_file) },
	{ SECTION_REDIS, "tls_cert_file", "", &kind_optional_path, IN_CONFIG(redis.tls_cert_file) },
	{ SECTION_REDIS, "tls_key_file", "", &kind_optional_path, IN_CONFIG(redis.tls_key_file) },
	{ SECTION_REDIS, "tls_server_name", "", &kind_name, IN_CONFIG(redis.tls_server_name),
	  .detail = &host_form },

	{ SECTION_POLICYD, "listen", NULL, &kind_listeners, IN_CONFIG(policyd_listen),
	  .count_offset = offsetof(struct config, n_policyd_listen), .max = 64 },
	{ SECTION_POLICYD, "max_connections", "2000", &kind_int, IN_CONFIG(policyd_max_connections),
	  .detail = &connections_range },
	{ SECTION_POLICYD, "sender_login_listen", NULL, &kind_listeners,
	  IN_CONFIG(sender_login_listen),
	  .count_offset = offsetof(struct config, n_sender_login_listen), .max = 64 },

	{ SECTION_MILTER, "listen", NULL, &kind_listener, IN_CONFIG(milter_listen) },
	{ SECTION_MILTER, "max_connections", "2000", &kind_int, IN_CONFIG(milter_max_connections),
	  .detail = &connections_range },

	{ SECTION_PASSWORDS, "method", "yescrypt", &kind_word, IN_CONFIG(passwords.method),
	  .detail = method_words },
	{ SECTION_PASSWORDS, "yescrypt_cost", "7", &kind_int, IN_CONFIG(passwords.yescrypt_cost),
	  .detail = &yescrypt_range },
	{ SECTION_PASSWORDS, "bcrypt_cost", "10", &kind_int, IN_CONFIG(passwords.bcrypt_cost),
	  .detail = &bcrypt_range },
	{ SECTION_PASSWORDS, "sha512_rounds", "150000", &kind_int,
	  IN_CONFIG(passwords.sha512_rounds), .detail = &sha512_range },
	{ SECTION_PASSWORDS, "scram_iterations", "100000", &kind_int,
	  IN_CONFIG(passwords.scram_iterations), .detail = &scram_range },
	{ SECTION_PASSWORDS, "min_length", "12", &kind_int, IN_CONFIG(passwords.min_length),
	  .detail = &length_range },
	{ SECTION_PASSWORDS, "list_file", "", &kind_optional_path, IN_CONFIG(passwords.list_file) },

	{ SECTION_SASLD, "listen", NULL, &kind_listeners, IN_CONFIG(sasld.listen),
	  .count_offset = offsetof(struct config, sasld.n_listen), .max = 64 },
	{ SECTION_SASLD, "max_connections", "2000", &kind_int, IN_CONFIG(sasld.max_connections),
	  .detail = &connections_range },
	{ SECTION_SASLD, "mechanisms", NULL, &kind_words, IN_CONFIG(sasld.mechanisms),
	  .count_offset = offsetof(struct config, sasld.n_mechanisms), .max = SASL_MECHANISMS,
	  .detail = mechanism_words },
	{ SECTION_SASLD, "plaintext_without_tls", "no", &kind_flag,
	  IN_CONFIG(sasld.plaintext_without_tls), .detail = yes_words },
	{ SECTION_SASLD, "hash_threads", "2", &kind_int, IN_CONFIG(sasld.hash_threads),
	  .detail = &threads_range },
	{ SECTION_SASLD, "blocked", "refuse", &kind_flag, IN_CONFIG(sasld.blocked_refused),
	  .detail = blocked_words },
	{ SECTION_SASLD, "blocked_text", "Account suspended", &kind_line,
	  IN_CONFIG(sasld.blocked_text) },
	{ SECTION_SASLD, "guess_limit", "10", &kind_int, IN_CONFIG(sasld.guess_limit),
	  .detail = &guess_range },
	{ SECTION_SASLD, "guess_network_limit", "100", &kind_int,
	  IN_CONFIG(sasld.guess_network_limit), .detail = &guess_range },
	{ SECTION_SASLD, "guess_window", "1h", &kind_seconds, IN_CONFIG(sasld.guess_window_s),
	  .detail = &guess_span },
	{ SECTION_SASLD, "guess_refuse", "15m", &kind_seconds, IN_CONFIG(sasld.guess_refuse_s),
	  .detail = &guess_span },
	{ SECTION_SASLD, "guess_exempt", NULL, &kind_networks, IN_CONFIG(sasld.guess_exempt),
	  .count_offset = offsetof(struct config, sasld.n_guess_exempt), .max = NETWORKS_MAX },
	{ SECTION_SASLD, "guess_delay", "4s", &kind_milliseconds, IN_CONFIG(sasld.guess_delay_ms),
	  .detail = &delay_span },

	{ SECTION_PLAN, "quotas", NULL, &kind_quotas, IN_PLAN(quotas, PLAN_QUOTAS),
	  .count_offset = offsetof(struct plan, n_quotas), .max = QUOTAS_MAX },
	{ SECTION_PLAN, "senders", "%login", &kind_patterns, IN_PLAN(senders, PLAN_SENDERS),
	  .count_offset = offsetof(struct plan, n_senders), .max = SENDERS_MAX },
	{ SECTION_PLAN, "networks", NULL, &kind_networks, IN_PLAN(networks, PLAN_NETWORKS),
	  .count_offset = offsetof(struct plan, n_networks), .max = NETWORKS_MAX },
	{ SECTION_PLAN, "max_recipients", "0", &kind_amount,
	  IN_PLAN(max_recipients, PLAN_MAX_RECIPIENTS) },
	{ SECTION_PLAN, "max_size", "0", &kind_amount, IN_PLAN(max_size_bytes, PLAN_MAX_SIZE) },
	{ SECTION_PLAN, "over_quota", "defer", &kind_word, IN_PLAN(over_quota, PLAN_OVER_QUOTA),
	  .detail = over_quota_words },
	{ SECTION_PLAN, "sandbox", "discard", &kind_word, IN_PLAN(sandbox, PLAN_SANDBOX),
	  .detail = sandbox_words },
	{ SECTION_PLAN, "sandbox_redirect", "", &kind_mailbox,
	  IN_PLAN(sandbox_redirect, PLAN_SANDBOX_REDIRECT) },
	{ SECTION_PLAN, "sandbox_recipients", NULL, &kind_patterns,
	  IN_PLAN(sandbox_recipients, PLAN_SANDBOX_RECIPIENTS),
	  .count_offset = offsetof(struct plan, n_sandbox_recipients),
	  .max = SANDBOX_RECIPIENTS_MAX },
	{ SECTION_PLAN, "free_recipients", NULL, &kind_patterns,
	  IN_PLAN(free_recipients, PLAN_FREE_RECIPIENTS),
	  .count_offset = offsetof(struct plan, n_free_recipients), .max = FREE_RECIPIENTS_MAX },
	{ SECTION_PLAN, "over_quota_at_rcpt", "quota", &kind_word,
	  IN_PLAN(over_quota_at_rcpt, PLAN_OVER_QUOTA_AT_RCPT), .detail = at_rcpt_words },
	{ SECTION_PLAN, "require_tls", "no", &kind_word, IN_PLAN(require_tls, PLAN_REQUIRE_TLS),
	  .detail = tls_words },
	{ SECTION_PLAN, "must_rotate_after", "0", &kind_age,
	  IN_PLAN(must_rotate_after_s, PLAN_MUST_ROTATE_AFTER), .detail = &age_span },
	{ SECTION_PLAN, "at_expiry", "refuse", &kind_word, IN_PLAN(at_expiry, PLAN_AT_EXPIRY),
	  .detail = at_expiry_words },
	{ SECTION_PLAN, "shared_quotas", NULL, &kind_quotas, IN_PLAN(shared_quotas, -1),
	  .count_offset = offsetof(struct plan, n_shared_quotas), .max = QUOTAS_MAX },

	{ SECTION_RAMP, "start", NULL, &kind_amount, IN_PLAN(ramp.start, PLAN_RAMP) },
	{ SECTION_RAMP, "factor", NULL, &kind_permille, IN_PLAN(ramp.factor_permille, PLAN_RAMP),
	  .detail = &factor_range },
	{ SECTION_RAMP, "every", "1d", &kind_seconds, IN_PLAN(ramp.every_s, PLAN_RAMP),
	  .detail = &step_span },
	{ SECTION_RAMP, "until", NULL, &kind_amount, IN_PLAN(ramp.until, PLAN_RAMP) },
	{ SECTION_RAMP, "unit", "recipients", &kind_word, IN_PLAN(ramp.unit, PLAN_RAMP),
	  .detail = unit_words },

	{ SECTION_DOMAIN, "plan", NULL, &kind_text, .offset = offsetof(struct domain, plan),
	  .index = -1 },

	{ SECTION_GROUP, "quotas", NULL, &kind_quotas,
	  .offset = offsetof(struct account_group, quotas),
	  .count_offset = offsetof(struct account_group, n_quotas), .max = QUOTAS_MAX,
	  .index = -1 },

	{ SECTION_SENDER_GROUP, "senders", NULL, &kind_group_patterns,
	  .offset = offsetof(struct pattern_group, patterns),
	  .count_offset = offsetof(struct pattern_group, n), .max = SENDERS_MAX, .index = -1 },

	{ SECTION_UNAUTHENTICATED, "quotas", NULL, &kind_quotas, IN_CONFIG(unauthenticated.quotas),
	  .count_offset = offsetof(struct config, unauthenticated.n_quotas), .max = QUOTAS_MAX },
	{ SECTION_UNAUTHENTICATED, "ipv4_prefix", "32", &kind_int,
	  IN_CONFIG(unauthenticated.ipv4_prefix), .detail = &ipv4_prefix_range },
	{ SECTION_UNAUTHENTICATED, "ipv6_prefix", "64", &kind_int,
	  IN_CONFIG(unauthenticated.ipv6_prefix), .detail = &ipv6_prefix_range },
};
const size_t setting_table_rows = sizeof(setting_table) / sizeof(setting_table[0]);
