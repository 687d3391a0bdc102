/*
 * What sendward.conf may not say, and what is said about it.
 */
#include "base/config.h"
#include "tests/unit/loading.h"
#include "tests/unit/suite.h"

#define LISTS \
	"only a list has braces, with commas between its values, and a value with blanks needs quotes"
static const struct loading_refusal refusals[] = {
	/* names */
	{ "nodde = \"a\"", "test.conf:1: there is no setting nodde; did you mean node?" },
	{ "node = \"a\";", "test.conf:1: there is no \";\" behind a setting: a line end or a blank ends it" },
	{ "zzz = \"a\"", "test.conf:1: there is no setting zzz" },
	{ "redis.lease_share = 0.1",
	  "test.conf:1: there is no setting redis.lease_share; section redis has it, as lease_share" },
	{ "redis { redis.deadline = 5s }",
	  "test.conf:1: there is no setting redis.deadline in section redis; section redis has it, as deadline" },
	{ "redi.deadline = 5s", "test.conf:1: there is no setting redi.deadline" },
	{ "redis.zzz = 5s", "test.conf:1: there is no setting redis.zzz" },
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
	{ "node a", "test.conf:1: missing equal sign after option 'node'; a setting stands with "
		    "one, as in node = mx1" },
	{ "redis = { }", "test.conf:1: missing opening brace for section 'redis'; a section stands "
			 "without \"=\", as in redis { }" },
	{ "milter { listen = { \"unix:/a\" } }", "test.conf:1: unexpected token '{'; " LISTS },
	{ "policyd { listen = { \"unix:/a\" \"unix:/b\" } }",
	  "test.conf:1: unexpected token 'unix:/b'; " LISTS },
	{ "node = a;", "test.conf:1: node = a;: must be 1 to 128 letters, digits, \".\", \"-\" or "
		       "\"_\"" },
	{ "node = ", "test.conf:1: premature end of file" },
	{ "include(\"/etc/passwd\")", "test.conf:1: there is no setting include" },
};

/* Plans, domains, groups and sessions without a login. */
#define ONLY_BEHIND "test.conf:1: a comma stands behind a setting or an element of a list only"
static const struct loading_refusal plan_refusals[] = {
	/* plans */
	{ "plan a {\n sandbox = hold\n sandbox_recipients = { \"*@a.example\", \"x\" } }",
	  "test.conf:3: sandbox_recipients = x: no domain" },
	{ "plan a {\n free_recipients = { \"x\" } }",
	  "test.conf:2: free_recipients = x: no domain" },
	{ "plan a { must_rotate_after = 12h }",
	  "test.conf:1: must_rotate_after = 12h: must be 1d to 3650d, or 0" },
	{ "plan a { must_rotate_after = year }",
	  "test.conf:1: must_rotate_after = year: a duration is a number with a unit, such as 90s or "
	  "1h30m" },
	{ "plan a { at_expiry = reject }",
	  "test.conf:1: at_expiry = reject: must be event, sandbox or refuse" },
	{ "plan a { over_quota_at_rcpt = defer }",
	  "test.conf:1: over_quota_at_rcpt = defer: must be quota or too_many" },
	{ "plan a {\n shared_quotas = { \"1 messages / day\",\n \"2 messages / day in UTC\" } }",
	  "test.conf:2: shared_quotas: two with the same unit and window" },
	{ "plan a { quotas = { \"1 messages / day in Europe/Zurich\", \"2 messages / day in "
	  "Europe/Zurich\" } }",
	  "test.conf:1: quotas: two with the same unit and window" },
	{ "plan a { quotas = { \"1 messages / day in Mars/Olympus\" } }",
	  "test.conf:1: quotas = \"1 messages / day in Mars/Olympus\": not a time zone of the "
	  "system's database, such as Europe/Zurich or UTC" },
	/* ramps */
	{ "plan a {\n ramp {\n  factor = 2\n until = 9 } }", "test.conf:3: ramp needs start" },
	{ "plan a {\n ramp {\n  start = 5\n until = 9 } }", "test.conf:3: ramp needs factor" },
	{ "plan a {\n ramp {\n  factor = 2\n start = 5 } }", "test.conf:3: ramp needs until" },
	{ "plan a { ramp { every = 1d } }", "test.conf:1: ramp needs start" },
	{ "plan a { ramp {\n start = 0\n factor = 2 until = 9 } }",
	  "test.conf:2: start must be at least 1" },
	{ "plan a { ramp { start = 9\n factor = 2\n until = 9 } }",
	  "test.conf:3: until must be more than start" },
	{ "plan a { ramp { start = 9\n factor = 2\n until = 1T } }",
	  "test.conf:3: until must be at most 900G" },
	{ "plan a { ramp { start = 50\n factor = 1.01\n until = 900 } }",
	  "test.conf:2: factor is too small: 50 would never grow" },
	{ "plan a { ramp { start = 1\n factor = 1.999\n until = 900 } }",
	  "test.conf:2: factor is too small: 1 would never grow" },
	{ "plan a { ramp { unit = mails } }",
	  "test.conf:1: unit = mails: must be messages, recipients or bytes" },
	{ "plan a { ramp { every = 59m } }", "test.conf:1: every = 59m: must be 1h to 31d" },
	{ "plan a { ramp { every = 32d } }", "test.conf:1: every = 32d: must be 1h to 31d" },
	{ "plan a { ramp { every = 3600001ms } }",
	  "test.conf:1: every = 3600001ms: must be a whole number of seconds" },
	{ "plan a { ramp { start = 5 }\n ramp { start = 6 } }",
	  "test.conf:2: start is set twice, first in line 1" },
	{ "ramp { start = 5 }", "test.conf:1: there can be no section ramp here" },
	{ "plan a { start = 5 }",
	  "test.conf:1: there is no setting start in plan a; section ramp has one" },
	/* domains */
	{ "domain { }", "test.conf:1: section domain needs a name, as in domain NAME { }" },
	{ "domain \"a b\" {\n plan = x\n\n\n}",
	  "test.conf:2: domain \"a b\": this is not a domain" },
	{ "domain \"a@b.example\" { }", "test.conf:1: domain a@b.example: this is not a domain" },
	{ "domain \"\" { }", "test.conf:1: domain -: this is not a domain" },
	{ "domain a.example { }\n\ndomain a.example { }",
	  "test.conf:3: domain a.example stands twice, first in line 1" },
	{ "domain a.example { }\ndomain b.example { }\ndomain A.Example. {\n max_size = 1 }",
	  "test.conf:4: domain a.example stands twice, first in line 1" },
	{ "domain a.example {\n max_size = 1\n plan = gold\n}",
	  "test.conf:3: domain a.example: there is no plan gold" },
	{ "domain a.example { plan = \"\" }", "test.conf:1: domain a.example: there is no plan -" },
	{ "domain a.example { checks { caps = off } }",
	  "test.conf:1: there can be no section checks in domain a.example" },
	{ "domain a.example { quotas = { \"1 messages / 1h\", \"2 messages / 60m\" } }",
	  "test.conf:1: quotas: two with the same unit and window" },
	{ "domain a.example { shared_quotas = { \"1 messages / 1h\", \"2 messages / 60m\" } }",
	  "test.conf:1: shared_quotas: two with the same unit and window" },
	{ "domain a.example { ramp { start = 5 } }", "test.conf:1: ramp needs factor" },
	{ "plan p { sandbox = hold sandbox_redirect = \"x@y.example\" }\n"
	  "domain a.example {\n sandbox = redirect }",
	  "test.conf:3: domain a.example with plan default: sandbox = redirect needs a "
	  "sandbox_redirect address" },
	{ "plan p { sandbox = redirect sandbox_redirect = \"x@y.example\" }\n"
	  "domain a.example {\n sandbox_redirect = \"\" }",
	  "test.conf:3: domain a.example with plan p: sandbox = redirect needs a sandbox_redirect "
	  "address" },
	{ "plan p { plan = x }",
	  "test.conf:1: there is no setting plan in plan p; section domain has one" },
	/* groups */
	{ "group { }", "test.conf:1: section group needs a name, as in group NAME { }" },
	{ "group \"a b\" {\n quotas = { \"1 bytes / 1h\" }\n\n}",
	  "test.conf:2: the name of a group is 1 to 64 letters, digits, \".\", \"-\" or \"_\"" },
	{ "group a { }\ngroup a { }", "test.conf:2: group a stands twice, first in line 1" },
	{ "group a { quotas = { \"1 messages / week\", \"2 messages / week in UTC\" } }",
	  "test.conf:1: quotas: two with the same unit and window" },
	{ "group a { senders = { } }",
	  "test.conf:1: there is no setting senders in group a; section plan has one" },
	{ "domain a { }\ngroup a { }\ngroup a { }", "test.conf:3: a stands twice" },
	{ "group = mail\ngroup = mail", "test.conf:2: group is set twice, first in line 1" },
	{ "group mail", "test.conf:1: premature end of file" },
	/* groups of senders */
	{ "sender_group { }",
	  "test.conf:1: section sender_group needs a name, as in sender_group NAME { }" },
	{ "sender_group \"a b\" { }",
	  "test.conf:1: the name of a group of senders is 1 to 64 letters, digits, \".\", \"-\" or "
	  "\"_\"" },
	{ "sender_group a { }\nsender_group a { }",
	  "test.conf:2: sender_group a stands twice, first in line 1" },
	{ "sender_group a {\n senders = { \"x@a.example\",\n \"x\" } }",
	  "test.conf:3: senders = x: no domain" },
	{ "sender_group b { }\nsender_group a {\n senders = { \"!%group:b\" } }",
	  "test.conf:3: senders = !%group:b: a group of senders has no other group in it" },
	{ "sender_group a { }\nplan default {\n senders = { \"%group:a\",\n  \"%group:A\" } }",
	  "test.conf:4: senders: there is no sender_group A" },
	{ "plan gold {\n senders = { \"!%group:a\" } }",
	  "test.conf:2: senders: there is no sender_group a" },
	{ "domain a.example {\n senders = { \"%group:a\" } }",
	  "test.conf:2: senders: there is no sender_group a" },
	{ "domain a.example {\n sandbox_recipients = {\n \"%group:a\" } }",
	  "test.conf:3: sandbox_recipients: there is no sender_group a" },
	{ "plan gold {\n free_recipients = { \"%group:a\" } }",
	  "test.conf:2: free_recipients: there is no sender_group a" },
	{ "sender_group a { quotas = { } }",
	  "test.conf:1: there is no setting quotas in sender_group a; section plan has one" },
	/* sessions without a login */
	{ "unauthenticated { ipv4_prefix = 7 }",
	  "test.conf:1: ipv4_prefix = 7: must be a number from 8 to 32" },
	{ "unauthenticated { ipv4_prefix = 33 }",
	  "test.conf:1: ipv4_prefix = 33: must be a number from 8 to 32" },
	{ "unauthenticated { ipv6_prefix = 129 }",
	  "test.conf:1: ipv6_prefix = 129: must be a number from 16 to 128" },
	{ "unauthenticated {\n quotas = { \"1 bytes / 1h\", \"2 bytes / 1h\" } }",
	  "test.conf:2: quotas: two with the same unit and window" },
	/* commas */
	{ ", node = a", ONLY_BEHIND },
	{ "node = a,, user = b", ONLY_BEHIND },
	{ "node, = a", ONLY_BEHIND },
	{ "plan , a { }", ONLY_BEHIND },
	{ "plan a { , }", ONLY_BEHIND },
	{ "plan a { quotas = \"1 messages / 1h\", \"1 messages / 2h\" }",
	  "test.conf:1: a list of more than one element stands in braces" },
	{ "plan a { max_size = 5, 6 }",
	  "test.conf:1: there is no setting 6 in plan a; a value with blanks in it needs quotes" },
};

static void test_refusals(void)
{
	loading_refused(refusals, SUITE_LEN(refusals));
}

static void test_plan_refusals(void)
{
	loading_refused(plan_refusals, SUITE_LEN(plan_refusals));
}

static void test_bad_then_good(void)
{
	struct config *config;

	SUITE_TRUE(loading_text("node = \"a") == NULL);
	SUITE_TRUE(loading_text("redis { deadline = 1x }") == NULL);
	SUITE_TRUE(loading_text("plan x { quotas = { \"1 messages / 1h\" ") == NULL);
	config = loading_good("node = b");
	SUITE_TEXT_EQUAL(config->node, "b");
	config_unref(&config);
}

static const struct suite_test tests[] = {
	{ "what is wrong is refused with file, line and reason", test_refusals },
	{ "so is what is wrong in plans, domains and groups", test_plan_refusals },
	{ "a bad file leaves nothing behind for the next one", test_bad_then_good },
};

int main(void)
{
	return suite_run("config-refused", tests, SUITE_LEN(tests));
}
