#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/unit/suite.h"

static char error[1024];

static struct config *load(const char *text)
{
	error[0] = '\0';
	return config_load_text(text, "test.conf", error, sizeof(error));
}

/* Loads what must load. */
static struct config *load_good(const char *text)
{
	struct config *config = load(text);

	SUITE_TEXT_EQUAL(error, "");
	if (!config)
		abort();
	return config;
}

static const struct {
	const char *text, *error;
} bad[] = {
	/* names */
	{ "nodde = \"a\"", "test.conf:1: there is no setting nodde; did you mean node?" },
	{ "zzz = \"a\"", "test.conf:1: there is no setting zzz" },
	{ "polycid { }", "test.conf:1: there is no setting polycid; did you mean policyd?" },
	{ "policyd {\n lisen = { } }",
	  "test.conf:2: there is no setting lisen in section policyd; did you mean listen?" },
	{ "policyd { max_connections = 9 lisen = { } }",
	  "test.conf:1: there is no setting lisen in section policyd; did you mean listen?" },
	{ "plan staff { quota = { } }",
	  "test.conf:1: there is no setting quota in plan staff; did you mean quotas?" },
	{ "domain a.example { quota = { } }",
	  "test.conf:1: there is no setting quota in domain a.example; did you mean quotas?" },
	{ "group sales { qoutas = { } }",
	  "test.conf:1: there is no setting qoutas in group sales; did you mean quotas?" },
	{ "\n\ndeadline = 1s",
	  "test.conf:3: there is no setting deadline; section redis has one" },
	{ "redis { node = a }",
	  "test.conf:1: there is no setting node in section redis; it stands outside of all sections" },
	{ "plan default { null_sender = reject }",
	  "test.conf:1: there is no setting null_sender in plan default; it stands outside of "
	  "all sections" },
	{ "plan default { sender_group a { } }",
	  "test.conf:1: there can be no section sender_group in plan default" },
	{ "null_sender = 10 messages / 1h",
	  "test.conf:1: there is no setting messages; a value with blanks in it needs quotes" },
	{ "redis { listen = \"unix:/x\" }",
	  "test.conf:1: there is no setting listen in section redis; section policyd has one" },
	{ "plan { }", "test.conf:1: section plan needs a name, as in plan NAME { }" },
	{ "plan default { checks { spelling = off } }",
	  "test.conf:1: there is no setting spelling in section checks" },
	{ "replies { nonsense = \"450 4.7.1 x\" }",
	  "test.conf:1: there is no setting nonsense in section replies" },
	{ "plan \"a b\" { }", "test.conf:1: the name of a plan is 1 to 64 letters, digits, \".\", "
			      "\"-\" or \"_\"" },
	/* twice */
	{ "node = a\nnode = b", "test.conf:2: node is set twice, first in line 1" },
	{ "redis { database = 1 }\nredis { database = 2 }",
	  "test.conf:2: database is set twice, first in line 1" },
	{ "\nplan a { networks = { \"10.0.0.0/8\" }\nnetworks = { } }",
	  "test.conf:2: networks is set twice; the second time it is empty" },
	{ "plan a { }\nplan default { }\nplan a { }", "test.conf:3: plan a stands twice, first in line 1" },
	{ "plan a {\nquotas = { \"1 messages / 1h\" }\nquotas = { \"2 messages / 1h\" } }",
	  "test.conf:3: quotas is set twice, first in line 2; += adds to a list" },
	/* values */
	{ "charge = maybe", "test.conf:1: charge = maybe: must be auto, milter or policyd" },
	{ "null_sender = no", "test.conf:1: null_sender = no: must be allow, reject or a quota such as "
	  "\"10 messages / 1h\"" },
	{ "null_sender = \"1 mails / 1h\"",
	  "test.conf:1: null_sender = \"1 mails / 1h\": write AMOUNT UNIT / WINDOW; the unit is "
	  "messages, recipients or bytes" },
	{ "node = \"a/b\"",
	  "test.conf:1: node = a/b: must be 1 to 128 letters, digits, \".\", \"-\" "
	  "or \"_\"" },
	{ "node = \"\"", "test.conf:1: node = -: must be 1 to 128 letters, digits, \".\", \"-\" or "
			 "\"_\"" },
	{ "degraded_share = 1.5", "test.conf:1: degraded_share = 1.5: must be a number from 0 to 1 "
				  "with at most three decimals, such as 0.5" },
	{ "degraded_share = 05", "test.conf:1: degraded_share = 05: must be a number from 0 to 1 "
				 "with at most three decimals, such as 0.5" },
	{ "degraded_share = 0.", "test.conf:1: degraded_share = 0.: must be a number from 0 to 1 "
				 "with at most three decimals, such as 0.5" },
	{ "socket_mode = 660x",
	  "test.conf:1: socket_mode = 660x: must be an octal mode such as 0660" },
	{ "socket_mode = 1777",
	  "test.conf:1: socket_mode = 1777: must be an octal mode such as 0660" },
	{ "state_dir = var", "test.conf:1: state_dir = var: must be an absolute path" },
	{ "user = \"\"", "test.conf:1: user = -: not the name of a user or group" },
	{ "recipient_delimiter = \"a\"",
	  "test.conf:1: recipient_delimiter = a: must be characters such as \"+\" or \"+-\"" },
	{ "redis {\n deadline = \"250 parsecs\"\n}",
	  "test.conf:2: deadline = \"250 parsecs\": a duration needs a unit (ms, s, m, h, d, w) right behind its number, as in 1h30m" },
	{ "redis { deadline = 250 }",
	  "test.conf:1: deadline = 250: a duration needs a unit (ms, s, m, h, d, w) right behind its number, as in 1h30m" },
	{ "redis { deadline = 2m }", "test.conf:1: deadline = 2m: must be 1ms to 60s" },
	{ "redis { address = \"localhost\" }",
	  "test.conf:1: address = localhost: must be unix:/path, inet:host:port or tls:host:port" },
	{ "redis { prefix = \"a{b}\" }",
	  "test.conf:1: prefix = a{b}: a prefix may not contain braces: they mark the part of a key "
	  "that Redis Cluster hashes" },
	{ "redis { database = -1 }",
	  "test.conf:1: database = -1: must be a number from 0 to 1000000" },
	{ "redis { database = 99999999999999999999 }",
	  "test.conf:1: database = 99999999999999999999: must be a number from 0 to 1000000" },
	{ "redis { username = \"sendward\" }", "test.conf:1: username needs a password_file" },
	{ "redis {\n address = \"inet:h:1\"\n sentinels = { \"inet:h:2\" }\n}",
	  "test.conf:3: there is address in line 2 already: one of them says where Redis is" },
	{ "redis {\n sentinels = { \"inet:h:2\" }\n}",
	  "test.conf:2: sentinels needs a sentinel_master, the name they know it by" },
	{ "redis { sentinel_master = \"m\" }", "test.conf:1: sentinel_master needs sentinels" },
	{ "redis { sentinels = { \"unix:/x\" } sentinel_master = m }",
	  "test.conf:1: sentinels = unix:/x: one of several servers is inet:host:port or "
	  "tls:host:port" },
	{ "redis {\n sentinels = { \"inet:h:2\",\n \"tls:h:3\" } sentinel_master = m\n}",
	  "test.conf:3: the servers of sentinels are either all inet: or all tls:" },
	{ "redis {\n cluster = { \"inet:h:2\" }\n database = 1\n}",
	  "test.conf:3: a cluster has only database 0" },
	{ "redis {\n sentinels = { \"inet:h:2\" }\n cluster = { \"inet:h:3\" }\n}",
	  "test.conf:3: there is sentinels in line 2 already: one of them says where Redis is" },
	{ "redis { sentinels = { \"inet:h:2\" } sentinel_master = m sentinel_username = u }",
	  "test.conf:1: sentinel_username needs a sentinel_password_file" },
	{ "redis { sentinels = { \"inet:h:2\" } sentinel_master = \"a b\" }",
	  "test.conf:1: sentinel_master = \"a b\": a master's name has letters, digits, \".\", "
	  "\"-\" and \"_\"" },
	{ "redis {\n address = \"inet:h:1\"\n tls_ca_file = \"/x\" }",
	  "test.conf:3: tls_ca_file needs an address such as tls:host:6380" },
	{ "redis {\n address = \"tls:h:1\"\n tls_cert_file = \"/x\" }",
	  "test.conf:3: tls_cert_file needs a tls_key_file" },
	{ "redis {\n address = \"tls:h:1\"\n tls_key_file = \"/x\" }",
	  "test.conf:3: tls_key_file needs a tls_cert_file" },
	{ "redis { address = \"tls:h:1\" tls_server_name = \"a b\" }",
	  "test.conf:1: tls_server_name = \"a b\": must be the name or address of a host" },
	{ "policyd { listen = { \"tls:localhost:1\" } }",
	  "test.conf:1: listen = tls:localhost:1: a listener is unix:/path or inet:host:port" },
	{ "plan default { networks = {\n\"192.0.2.1\",\n\"192.0.2.1/33\" } }",
	  "test.conf:3: networks = 192.0.2.1/33: " },
	{ "plan default { quotas = { \"200 recipients\" } }",
	  "test.conf:1: quotas = \"200 recipients\": window is missing: write AMOUNT UNIT / WINDOW" },
	{ "plan default { senders = { \"@\" } }", "test.conf:1: senders = @: " },
	{ "plan default { checks {\n header_from = rewrite\n envelope_sender = rewrite } }",
	  "test.conf:3: envelope_sender = rewrite: only header_from can be rewrite: there is "
	  "nothing to rewrite for another check" },
	{ "plan default { checks { header_from = on } }",
	  "test.conf:1: header_from = on: must be enforce, monitor, rewrite or off" },
	{ "plan default { checks { quotas = on } }",
	  "test.conf:1: quotas = on: must be enforce, monitor or off" },
	{ "plan default { sandbox_redirect = \"nobody\" }",
	  "test.conf:1: sandbox_redirect = nobody: " },
	{ "plan default { max_size = -1 }",
	  "test.conf:1: max_size = -1: a number cannot be negative" },
	{ "replies { quotas = \"200 2.0.0 fine\" }", "test.conf:1: quotas = \"200 2.0.0 fine\": " },
	/* several settings */
	{ "policyd { listen = { \"unix:/a\",\n\"unix:/a\" } }",
	  "test.conf:2: unix:/a overlaps with the address in line 1" },
	{ "policyd { listen = { \"inet:127.0.0.1:25\", \"inet:0.0.0.0:25\" } }",
	  "test.conf:1: inet:0.0.0.0:25 overlaps with the address in line 1" },
	{ "milter { listen = \"unix:/a\" }\npolicyd { listen = \"unix:/a\" }",
	  "test.conf:1: unix:/a overlaps with the address in line 2" },
	{ "redis { address = \"unix:/a\" }\npolicyd { listen = \"unix:/a\" }",
	  "test.conf:2: unix:/a overlaps with the address in line 1" },
	{ "policyd { listen = { \"unix:/a\" }\nsender_login_listen = { \"unix:/a\" } }",
	  "test.conf:2: unix:/a overlaps with the address in line 1" },
	{ "local_part_case = sensitive\npolicyd { sender_login_listen = { \"unix:/a\" } }",
	  "test.conf:1: Postfix asks for senders in lower case: sender_login_listen needs "
	  "local_part_case = insensitive" },
	{ "plan default {\n sandbox = redirect }",
	  "test.conf:2: plan default: sandbox = redirect needs a sandbox_redirect address" },
	{ "plan default { sandbox = redirect sandbox_redirect = \"a@b.example\" }\n"
	  "plan other {\n sandbox_redirect = \"\"\n}",
	  "test.conf:3: plan other: sandbox = redirect needs a sandbox_redirect address" },
	{ "plan default { quotas = { \"1 messages / 1h\", \"2 messages / 60m\" } }",
	  "test.conf:1: quotas: two with the same unit and window" },
	{ "\ncharge = milter",
	  "test.conf:2: charge = milter needs a milter section with a listener" },
	/* syntax */
	{ "node = \"a", "test.conf:1: a string begins in this line and does not end in it" },
	{ "node = 'a\n'", "test.conf:1: a string begins in this line and does not end in it" },
	{ "# one\n# two\nredis {\n", "test.conf:3: the \"{\" in this line has no \"}\"" },
	{ "redis { }\n}\n", "test.conf:2: \"}\" without \"{\"" },
	{ "/* a\nb", "test.conf:1: a comment begins here and does not end" },
	{ "/*/ node = a", "test.conf:1: a comment begins here and does not end" },
	{ "node = \"${HOME}\"", "test.conf:1: \"${\" is not expanded here; write the value, or use "
				"single quotes" },
	{ "node = ${HOME}", "test.conf:1: \"${\" is not expanded here; write the value" },
	{ "node = \"\\x41\"",
	  "test.conf:1: in double quotes a backslash stands only before \" or \\" },
	{ "node = 'a\\n'", "test.conf:1: in single quotes a backslash stands only before ' or \\" },
	{ "plan default { senders = { *@example.org } }",
	  "test.conf:1: a value with \"*\" needs quotes" },
	{ "recipient_delimiter = +", "test.conf:1: a value with \"+\" needs quotes" },
	{ "node = a\001", "test.conf:1: a control character" },
	{ "node a", "test.conf:1: missing equal sign after option 'node'" },
	{ "node = a;", "test.conf:1: node = a;: must be 1 to 128 letters, digits, \".\", \"-\" or "
		       "\"_\"" },
	{ "node = ", "test.conf:1: premature end of file" },
	{ "include(\"/etc/passwd\")", "test.conf:1: there is no setting include" },
};

/* Ours ends with a colon where the rest is another module's text. */
static void expect_error(const char *expected)
{
	size_t len = strlen(expected);

	if (len >= 2 && !strcmp(expected + len - 2, ": ") && strlen(error) > len)
		error[len] = '\0';
	SUITE_TEXT_EQUAL(error, expected);
}

static void test_bad(void)
{
	struct config *config;
	size_t i;

	for (i = 0; i < SUITE_LEN(bad); i++) {
		suite_row("%s", bad[i].text);
		config = load(bad[i].text);
		SUITE_TRUE(config == NULL);
		expect_error(bad[i].error);
		config_unref(&config);
	}
}

static void test_bad_then_good(void)
{
	struct config *config;

	SUITE_TRUE(load("node = \"a") == NULL);
	SUITE_TRUE(load("redis { deadline = 1x }") == NULL);
	SUITE_TRUE(load("plan x { quotas = { \"1 messages / 1h\" ") == NULL);
	config = load_good("node = b");
	SUITE_TEXT_EQUAL(config->node, "b");
	config_unref(&config);
}

static void test_empty(void)
{
	struct config *config = load_good("");
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

/* The example of the design document, comments at every place. */
static const char design_example[] =
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
	struct config *config = load_good(design_example);
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
	struct config *config = load_good(design_example);
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
		config = load_good(rows[i].text);
		SUITE_INT_EQUAL(config_charge_by(config), rows[i].by);
		config_unref(&config);
	}
}

static void test_good_values(void)
{
	struct config *config;

	config = load_good(
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
	config = load_good("degraded_share = 0.125");
	SUITE_INT_EQUAL(config->degraded_share_permille, 125);
	config_unref(&config);
	config = load_good("redis { password_file = '/a \"b\" \\'c\\' \\\\ ${X}' }");
	SUITE_TEXT_EQUAL(config->redis.password_file, "/a \"b\" 'c' \\ ${X}");
	config_unref(&config);
	config = load_good("redis { password_file = \"/a \\\"b\\\" # \\\\ // /* \" }");
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
	SUITE_TRUE(load(text) == NULL);
	SUITE_TEXT_EQUAL(error, "test.conf:18: quotas has more than 16 elements");
	for (used = 0, i = 0; i < 257; i++)
		used += (size_t)sprintf(text + used, "plan p%zu { max_size = 1M }\n", i);
	SUITE_TRUE(load(text) == NULL);
	SUITE_TEXT_EQUAL(error, "test.conf: more than 256 plans");
	*strstr(text, "plan p256") = '\0';
	config = load_good(text);
	SUITE_INT_EQUAL(config->n_plans, 257);
	config_unref(&config);
	memset(text, ' ', 1024 * 1024 + 1);
	text[1024 * 1024 + 1] = '\0';
	SUITE_TRUE(load(text) == NULL);
	SUITE_TEXT_EQUAL(error, "test.conf: larger than 1 MiB");
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
	config = config_load(path, error, sizeof(error));
	SUITE_TEXT_EQUAL(config->node, "from.a.file");
	SUITE_TEXT_EQUAL(config->path, path);
	config_unref(&config);
	file = fopen(path, "w");
	fwrite("node = a\n# \0\nnode = \"\0\"", 1, 24, file);
	fclose(file);
	SUITE_TRUE(config_load(path, error, sizeof(error)) == NULL);
	snprintf(expected, sizeof(expected), "%s:3: a control character in a string", path);
	SUITE_TEXT_EQUAL(error, expected);
	unlink(path);
	SUITE_TRUE(config_load(path, error, sizeof(error)) == NULL);
	snprintf(expected, sizeof(expected), "%s: No such file or directory", path);
	SUITE_TEXT_EQUAL(error, expected);
	SUITE_TRUE(config_load("/tmp", error, sizeof(error)) == NULL);
	SUITE_TEXT_EQUAL(error, "/tmp: Is a directory");
}

static void test_references(void)
{
	struct config *config = load_good("node = a"), *other = config_ref(config);

	config_unref(&config);
	SUITE_TEXT_EQUAL(other->node, "a");
	config_unref(&other);
	SUITE_TRUE(other == NULL);
	config_unref(&other);
}

static void write_setting(const char *section, const char *name, const char *default_text,
			  void *arg)
{
	char line[512];

	snprintf(line, sizeof(line), "%s/%s=%s\n", section, name, default_text);
	if (strlen(arg) + strlen(line) < 16384)
		strcat(arg, line);
}

static void test_each(void)
{
	static char text[16384];

	config_setting_each(write_setting, text);
	SUITE_TRUE(strstr(text, "/charge=auto\n") != NULL);
	SUITE_TRUE(strstr(text, "redis/deadline=250ms\n") != NULL);
	SUITE_TRUE(strstr(text, "plan/senders={ \"%login\" }\n") != NULL);
	SUITE_TRUE(strstr(text, "plan/networks={ }\n") != NULL);
	SUITE_TRUE(strstr(text, "checks/header_from=enforce\n") != NULL);
	SUITE_TRUE(strstr(text, "replies/cannot_tell=451 4.3.0 ") != NULL);
	SUITE_TEXT_EQUAL(plan_setting_name(PLAN_QUOTAS), "quotas");
	SUITE_TEXT_EQUAL(plan_setting_name(PLAN_SANDBOX_REDIRECT), "sandbox_redirect");
}

static void test_login_case(void)
{
	struct config *config = load_good("");
	char login[LOGIN_MAX + 1], longest[LOGIN_MAX + 2] = "";

	memset(longest, 'A', LOGIN_MAX);
	longest[LOGIN_MAX] = '\0';
	SUITE_TRUE(config_login(config, "Alice", login));
	SUITE_TEXT_EQUAL(login, "Alice");
	SUITE_TRUE(config_login(config, longest, login));
	config_unref(&config);
	config = load_good("login_case = insensitive");
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
	struct config *config = load_good("\nnull_sender = \"10 messages / day\"\n");
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
	struct config *config = load_good("charge = policyd\n\nnull_sender =\n  reject\n"
					  "unauthenticated {\n quotas = { } }\n");

	SUITE_INT_EQUAL(config_line(config, "null_sender"), 4);
	SUITE_INT_EQUAL(config_line(config, "charge"), 1);
	SUITE_INT_EQUAL(config_line(config, "unknown_login"), 0);
	config_unref(&config);
}

static void test_odd_text(void)
{
	SUITE_TRUE(load("\"no\x1b[2Jde\\\"\" = a") == NULL);
	SUITE_TEXT_EQUAL(error, "test.conf:1: a control character in a string");
	SUITE_TRUE(load("charge = \"\xe2\x80\xae\xff\"") == NULL);
	SUITE_TEXT_EQUAL(error,
			 "test.conf:1: charge = \"\\xE2\\x80\\xAE\\xFF\": must be auto, milter or "
			 "policyd");
}

static void test_store_failure(void)
{
	struct config *config = load_good("on_store_failure = pass\n"
					  "store_failure { quotas = defer networks = degrade }\n");

	SUITE_INT_EQUAL(config->store_failure[CHECK_QUOTAS], STORE_FAILURE_DEFER);
	SUITE_INT_EQUAL(config->store_failure[CHECK_NETWORKS], STORE_FAILURE_DEGRADE);
	SUITE_INT_EQUAL(config->store_failure[CHECK_STATE], STORE_FAILURE_PASS);
	SUITE_INT_EQUAL(config->store_failure[CHECK_CAPS], STORE_FAILURE_PASS);
	config_unref(&config);
	SUITE_TRUE(load("store_failure { sandbox = defer }") == NULL);
	SUITE_TRUE(load("store_failure {\n quotas = refuse }") == NULL);
	expect_error("test.conf:2: quotas = refuse: ");
}

static const struct suite_test tests[] = {
	{ "an empty file is the defaults", test_empty },
	{ "the example of the design is read, with comments anywhere", test_example },
	{ "a plan inherits from plan default, which inherits what is built in", test_inheritance },
	{ "what is wrong is refused with file, line and reason", test_bad },
	{ "a bad file leaves nothing behind for the next one", test_bad_then_good },
	{ "unusual good values are taken", test_good_values },
	{ "lists, plans and the file are bounded", test_many },
	{ "a file that cannot be read is named", test_file },
	{ "auto charges in the milter when there is one", test_charge },
	{ "a snapshot lives until its last reference is gone", test_references },
	{ "every setting is told with its default", test_each },
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
