#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/unit/loading.h"
#include "tests/unit/suite.h"

static void test_empty(void)
{
	struct config *config = loading_good("");
	const struct plan *plan = &config->plans[0];
	size_t i;

	SUITE_TRUE(config->node[0] != '\0');
	SUITE_INT_EQUAL(config->charge, CHARGE_AUTO);
	SUITE_INT_EQUAL(config->on_store_failure, STORE_FAILURE_DEGRADE);
	SUITE_TEXT_EQUAL(config->recipient_delimiter, "+");
	SUITE_TRUE(config->null_sender.allowed && config->unknown_login_allowed &&
		   config->unknown_while_degraded_allowed);
	SUITE_TRUE(!config->local_part_case_sensitive && !config->display_name_address_rejected);
	SUITE_INT_EQUAL(config->degraded_share_permille, 500);
	SUITE_INT_EQUAL(config->socket_mode, 0660);
	SUITE_TEXT_EQUAL(config->socket_group, "postfix");
	SUITE_TEXT_EQUAL(config->state_dir, "/var/lib/sendward");
	SUITE_TEXT_EQUAL(config->user, "sendward");
	SUITE_TEXT_EQUAL(config->group, NULL);
	SUITE_INT_EQUAL(config->redis.address.port, 6379);
	SUITE_TEXT_EQUAL(config->redis.username, NULL);
	SUITE_TEXT_EQUAL(config->redis.password_file, NULL);
	SUITE_TEXT_EQUAL(config->redis.prefix, "sendward:");
	SUITE_INT_EQUAL(config->redis.deadline_ms, 250);
	SUITE_INT_EQUAL(config->n_policyd_listen, 0);
	SUITE_TRUE(!config->milter_configured);
	SUITE_INT_EQUAL(config->n_plans, 1);
	SUITE_TEXT_EQUAL(plan->name, "default");
	SUITE_INT_EQUAL(plan->n_quotas, 0);
	SUITE_INT_EQUAL(plan->n_senders, 1);
	SUITE_INT_EQUAL(plan->senders[0].kind, PATTERN_LOGIN);
	SUITE_INT_EQUAL(plan->max_recipients, 0);
	SUITE_TEXT_EQUAL(plan->sandbox_redirect, NULL);
	for (i = 0; i < PLAN_SETTINGS; i++)
		SUITE_TEXT_EQUAL(plan->origins[i], "built-in");
	for (i = 0; i < CHECKS; i++)
		SUITE_INT_EQUAL(plan->modes[i], MODE_ENFORCE);
	for (i = 0; i < REPLIES; i++)
		SUITE_TEXT_EQUAL(config->replies[i].text, reply_default((enum reply)i)->text);
	config_unref(&config);
	SUITE_TRUE(config == NULL);
}

/* Comments at every place. */
static const char example[] =
	"# a comment\n"
	"node = \"mx1\"                          # default: the host name\n"
	"charge = auto // also a comment\n"
	"on_store_failure = degrade\n"
	"recipient_delimiter = \"+\" /* and\n one more */\n"
	"redis   { address = \"unix:/run/redis/redis-server.sock\"\n"
	"          username = \"sendward\"  password_file = \"/etc/sendward/redis.secret\"  "
	"database = 3  prefix = \"sw:\"\n"
	"          deadline = 100ms }\n"
	"policyd { listen = { # two of them\n"
	"\"unix:/var/spool/postfix/sendward/policy\", # first\n"
	"\"inet:127.0.0.1:10031\" } }\n"
	"milter  { listen = \"unix:/var/spool/postfix/sendward/milter\" }\n"
	"plan students { quotas = { \"5 messages/1h\" } networks = { } checks { caps = off } }\n"
	"plan default {\n"
	"  quotas  = { \"200 recipients / 1h\", \"1000 recipients / 1d\", \"500M bytes / 1d\" }\n"
	"  senders = { \"%login\", '*@example.org' }\n"
	"  networks = { \"192.0.2.0/24\", \"!192.0.2.1\" }\n"
	"  max_recipients = 100  max_size = 25M\n"
	"  over_quota = reject\n"
	"  sandbox = redirect\n"
	"  sandbox_redirect = \"sandbox@example.com\"\n"
	"  checks { networks = monitor  envelope_sender = enforce  header_from = off }\n"
	"}\n"
	"plan staff { sandbox = hold\n senders += { \"*@staff.example.org\" } }\n"
	"replies { state = \"550 5.7.1 ask abuse@example.org\" }\n";

static void test_example(void)
{
	struct config *config = loading_good(example);
	const struct plan *plan = config_plan(config, "default");

	SUITE_TEXT_EQUAL(config->node, "mx1");
	SUITE_TEXT_EQUAL(config->path, "test.conf");
	SUITE_INT_EQUAL(config->redis.address.kind, ENDPOINT_UNIX);
	SUITE_TEXT_EQUAL(config->redis.address.path, "/run/redis/redis-server.sock");
	SUITE_TEXT_EQUAL(config->redis.username, "sendward");
	SUITE_INT_EQUAL(config->redis.database, 3);
	SUITE_TEXT_EQUAL(config->redis.prefix, "sw:");
	SUITE_INT_EQUAL(config->redis.deadline_ms, 100);
	SUITE_INT_EQUAL(config->n_policyd_listen, 2);
	SUITE_INT_EQUAL(config->policyd_listen[1].port, 10031);
	SUITE_TRUE(config->milter_configured);
	SUITE_TRUE(plan == &config->plans[0]);
	SUITE_INT_EQUAL(plan->n_quotas, 3);
	SUITE_INT_EQUAL(plan->quotas[2].limit, 500000000);
	SUITE_INT_EQUAL(plan->n_senders, 2);
	SUITE_INT_EQUAL(plan->n_networks, 2);
	SUITE_TRUE(plan->networks[1].deny);
	SUITE_INT_EQUAL(plan->max_recipients, 100);
	SUITE_INT_EQUAL(plan->max_size_bytes, 25000000);
	SUITE_INT_EQUAL(plan->over_quota, OVER_QUOTA_REJECT);
	SUITE_INT_EQUAL(plan->sandbox, SANDBOX_REDIRECT);
	SUITE_TEXT_EQUAL(plan->sandbox_redirect, "sandbox@example.com");
	SUITE_INT_EQUAL(plan->modes[CHECK_NETWORKS], MODE_MONITOR);
	SUITE_INT_EQUAL(plan->modes[CHECK_HEADER_FROM], MODE_OFF);
	SUITE_INT_EQUAL(plan->modes[CHECK_QUOTAS], MODE_ENFORCE);
	SUITE_TEXT_EQUAL(config->replies[REPLY_STATE].text, "ask abuse@example.org");
	config_unref(&config);
}

static void test_inheritance(void)
{
	struct config *config = loading_good(example);
	const struct plan *students = config_plan(config, "students");
	const struct plan *staff = config_plan(config, "staff");

	SUITE_INT_EQUAL(config->n_plans, 3);
	SUITE_TRUE(config_plan(config, "nobody") == NULL);
	SUITE_INT_EQUAL(students->n_quotas, 1);
	SUITE_TEXT_EQUAL(students->origins[PLAN_QUOTAS], "plan students");
	SUITE_INT_EQUAL(students->n_networks, 0);
	SUITE_TEXT_EQUAL(students->origins[PLAN_NETWORKS], "plan students");
	SUITE_INT_EQUAL(students->max_recipients, 100);
	SUITE_TEXT_EQUAL(students->origins[PLAN_MAX_RECIPIENTS], "plan default");
	SUITE_INT_EQUAL(students->modes[CHECK_CAPS], MODE_OFF);
	SUITE_INT_EQUAL(students->modes[CHECK_NETWORKS], MODE_MONITOR);
	SUITE_INT_EQUAL(staff->sandbox, SANDBOX_HOLD);
	SUITE_TEXT_EQUAL(staff->origins[PLAN_SANDBOX], "plan staff");
	SUITE_TEXT_EQUAL(staff->sandbox_redirect, "sandbox@example.com");
	config_unref(&config);
}

static void test_charge(void)
{
	static const struct {
		const char *text;
		enum charge_by by;
	} rows[] = {
		{ "", CHARGE_POLICYD },
		{ "milter { }", CHARGE_POLICYD },
		{ "milter { listen = \"unix:/a\" }", CHARGE_MILTER },
		{ "milter { listen = \"unix:/a\" } charge = policyd", CHARGE_POLICYD },
		{ "milter { listen = \"unix:/a\" } charge = milter", CHARGE_MILTER },
	};
	struct config *config;
	size_t i;

	for (i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].text);
		config = loading_good(rows[i].text);
		SUITE_INT_EQUAL(config_charge_by(config), rows[i].by);
		config_unref(&config);
	}
}

static void test_good_values(void)
{
	struct config *config;

	config = loading_good(
		"socket_group = \"\" recipient_delimiter = \"\" degraded_share = 1.000\n"
		"null_sender = reject unknown_login = refuse local_part_case = sensitive\n"
		"display_name_address = reject unknown_while_degraded = defer\n"
		"socket_mode = 600 group = mail user = root on_store_failure = pass\r\n");
	SUITE_TEXT_EQUAL(config->socket_group, NULL);
	SUITE_TEXT_EQUAL(config->recipient_delimiter, "");
	SUITE_INT_EQUAL(config->degraded_share_permille, 1000);
	SUITE_TRUE(!config->null_sender.allowed && !config->unknown_login_allowed &&
		   !config->unknown_while_degraded_allowed);
	SUITE_TRUE(config->local_part_case_sensitive && config->display_name_address_rejected);
	SUITE_TRUE(!config->null_sender.limited);
	SUITE_INT_EQUAL(config->socket_mode, 0600);
	SUITE_TEXT_EQUAL(config->group, "mail");
	SUITE_INT_EQUAL(config->on_store_failure, STORE_FAILURE_PASS);
	config_unref(&config);
	config = loading_good("degraded_share = 0.125");
	SUITE_INT_EQUAL(config->degraded_share_permille, 125);
	config_unref(&config);
	config = loading_good("redis { password_file = '/a \"b\" \\'c\\' \\\\ ${X}' }");
	SUITE_TEXT_EQUAL(config->redis.password_file, "/a \"b\" 'c' \\ ${X}");
	config_unref(&config);
	config = loading_good("redis { password_file = \"/a \\\"b\\\" # \\\\ // /* \" }");
	SUITE_TEXT_EQUAL(config->redis.password_file, "/a \"b\" # \\ // /* ");
	config_unref(&config);
}

static void test_many(void)
{
	char *text = malloc(1024 * 1024 + 100);
	struct config *config;
	size_t used, i;

	used = (size_t)sprintf(text, "plan default { quotas = {\n");
	for (i = 0; i <= QUOTAS_MAX; i++)
		used += (size_t)sprintf(text + used, "\"1 messages / %zus\",\n", i + 1);
	sprintf(text + used, "} }");
	SUITE_TRUE(loading_text(text) == NULL);
	SUITE_TEXT_EQUAL(loading_error, "test.conf:18: quotas has more than 16 elements");
	for (used = 0, i = 0; i < 257; i++)
		used += (size_t)sprintf(text + used, "plan p%zu { max_size = 1M }\n", i);
	SUITE_TRUE(loading_text(text) == NULL);
	SUITE_TEXT_EQUAL(loading_error, "test.conf: more than 256 plans");
	*strstr(text, "plan p256") = '\0';
	config = loading_good(text);
	SUITE_INT_EQUAL(config->n_plans, 257);
	config_unref(&config);
	memset(text, ' ', 1024 * 1024 + 1);
	text[1024 * 1024 + 1] = '\0';
	SUITE_TRUE(loading_text(text) == NULL);
	SUITE_TEXT_EQUAL(loading_error, "test.conf: larger than 1 MiB");
	free(text);
}

static void test_file(void)
{
	char path[] = "/tmp/sendward-config-XXXXXX";
	char expected[128];
	struct config *config;
	FILE *file = fdopen(mkstemp(path), "w");

	fputs("node = \"from.a.file\"\n", file);
	fclose(file);
	config = config_load(path, loading_error, sizeof(loading_error));
	SUITE_TEXT_EQUAL(config->node, "from.a.file");
	SUITE_TEXT_EQUAL(config->path, path);
	config_unref(&config);
	file = fopen(path, "w");
	fwrite("node = a\n# \0\nnode = \"\0\"", 1, 24, file);
	fclose(file);
	SUITE_TRUE(config_load(path, loading_error, sizeof(loading_error)) == NULL);
	snprintf(expected, sizeof(expected), "%s:3: a control character in a string", path);
	SUITE_TEXT_EQUAL(loading_error, expected);
	unlink(path);
	SUITE_TRUE(config_load(path, loading_error, sizeof(loading_error)) == NULL);
	snprintf(expected, sizeof(expected), "%s: No such file or directory", path);
	SUITE_TEXT_EQUAL(loading_error, expected);
	SUITE_TRUE(config_load("/tmp", loading_error, sizeof(loading_error)) == NULL);
	SUITE_TEXT_EQUAL(loading_error, "/tmp: Is a directory");
}

static void test_references(void)
{
	struct config *config = loading_good("node = a"), *other = config_ref(config);

	config_unref(&config);
	SUITE_TEXT_EQUAL(other->node, "a");
	config_unref(&other);
	SUITE_TRUE(other == NULL);
	config_unref(&other);
}

static void test_login_case(void)
{
	struct config *config = loading_good("");
	char login[LOGIN_MAX + 1], longest[LOGIN_MAX + 2] = "";

	memset(longest, 'A', LOGIN_MAX);
	longest[LOGIN_MAX] = '\0';
	SUITE_TRUE(config_login(config, "Alice", login));
	SUITE_TEXT_EQUAL(login, "Alice");
	SUITE_TRUE(config_login(config, longest, login));
	config_unref(&config);
	config = loading_good("login_case = insensitive");
	SUITE_TRUE(config_login(config, "ALICE@Example.org", login));
	SUITE_TEXT_EQUAL(login, "alice@example.org");
	SUITE_TRUE(config_login(config, longest, login));
	longest[LOGIN_MAX] = 'A';
	longest[LOGIN_MAX + 1] = '\0';
	SUITE_TRUE(!config_login(config, longest, login));
	config_unref(&config);
}

static void test_null_sender(void)
{
	struct config *config = loading_good("\nnull_sender = \"10 messages / day\"\n");
	const struct null_sender *rule = &config->null_sender;
	char text[QUOTA_TEXT_MAX];

	SUITE_TRUE(rule->allowed && rule->limited && rule->quota.null_sender);
	SUITE_INT_EQUAL(rule->line, 2);
	quota_format(&rule->quota, text);
	SUITE_TEXT_EQUAL(text, "null sender: 10 messages / day in UTC");
	config_unref(&config);
}

static void test_lines(void)
{
	struct config *config = loading_good("charge = policyd\n\nnull_sender =\n  reject\n"
					  "unauthenticated {\n quotas = { } }\n"
					  "redis {\n database = 1\n}\n");

	SUITE_INT_EQUAL(config_redis_line(config, "database"), 8);
	SUITE_INT_EQUAL(config_redis_line(config, "password_file"), 0);
	SUITE_INT_EQUAL(config_line(config, "null_sender"), 4);
	SUITE_INT_EQUAL(config_line(config, "charge"), 1);
	SUITE_INT_EQUAL(config_line(config, "unknown_login"), 0);
	config_unref(&config);
}

static void test_odd_text(void)
{
	SUITE_TRUE(loading_text("\"no\x1b[2Jde\\\"\" = a") == NULL);
	SUITE_TEXT_EQUAL(loading_error, "test.conf:1: a control character in a string");
	SUITE_TRUE(loading_text("charge = \"\xe2\x80\xae\xff\"") == NULL);
	SUITE_TEXT_EQUAL(loading_error,
			 "test.conf:1: charge = \"\\xE2\\x80\\xAE\\xFF\": must be auto, milter or "
			 "policyd");
}

static void test_store_failure(void)
{
	struct config *config = loading_good("on_store_failure = pass\n"
					  "store_failure { quotas = defer networks = degrade }\n");

	SUITE_INT_EQUAL(config->store_failure[CHECK_QUOTAS], STORE_FAILURE_DEFER);
	SUITE_INT_EQUAL(config->store_failure[CHECK_NETWORKS], STORE_FAILURE_DEGRADE);
	SUITE_INT_EQUAL(config->store_failure[CHECK_STATE], STORE_FAILURE_PASS);
	SUITE_INT_EQUAL(config->store_failure[CHECK_CAPS], STORE_FAILURE_PASS);
	config_unref(&config);
	SUITE_TRUE(loading_text("store_failure { sandbox = defer }") == NULL);
	SUITE_TRUE(loading_text("store_failure {\n quotas = refuse }") == NULL);
	loading_expect("test.conf:2: quotas = refuse: ");
}

static const struct suite_test tests[] = {
	{ "an empty file is the defaults", test_empty },
	{ "an example is read, with comments anywhere", test_example },
	{ "a plan inherits from plan default, which inherits what is built in", test_inheritance },
	{ "unusual good values are taken", test_good_values },
	{ "lists, plans and the file are bounded", test_many },
	{ "a file that cannot be read is named", test_file },
	{ "auto charges in the milter when there is one", test_charge },
	{ "a snapshot lives until its last reference is gone", test_references },
	{ "a login is taken as it comes, or without its case", test_login_case },
	{ "the null sender may have a quota of its own", test_null_sender },
	{ "a setting of the top level knows its line", test_lines },
	{ "odd characters do not get into messages", test_odd_text },
	{ "what a check does without the store is chosen for each, or for all", test_store_failure },
};

int main(void)
{
	return suite_run("config", tests, SUITE_LEN(tests));
}
