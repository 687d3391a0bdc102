/* Lists of main.cf, what postconf prints, and where an endpoint leads. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/asked.h"
#include "control/postfix_action.h"
#include "control/postfix_list.h"
#include "control/postfix_setup.h"
#include "tests/unit/suite.h"

static void test_lists(void)
{
	static const struct {
		const char *text, *items;
	} rows[] = {
		{ "", "" },
		{ " , \t", "" },
		{ "a, b\tc,,d", "a|b|c|d|" },
		{ "a { b, c } d", "a|{ b, c }|d|" },
		{ "{ a, { b = c d }, e=f } g", "{ a, { b = c d }, e=f }|g|" },
		{ "{ a, b", "{ a, b|" },
		{ "a } b", "a|}|b|" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct postfix_list list;
		char items[256] = "";

		postfix_list_init(&list, rows[i].text);
		for (size_t j = 0; j < list.n; j++)
			strcat(strcat(items, list.items[j]), "|");
		suite_row("row %zu", i);
		SUITE_TEXT_EQUAL(items, rows[i].items);
		postfix_list_fini(&list);
	}
}

static void test_long_list(void)
{
	size_t len = 4 * POSTFIX_LIST_MAX;
	char *text = malloc(len + 1);
	struct postfix_list list;

	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? ',' : 'x';
	text[len] = '\0';
	postfix_list_init(&list, text);
	CU_ASSERT_EQUAL(list.n, POSTFIX_LIST_MAX);
	postfix_list_fini(&list);
	free(text);
}

static void test_servers(void)
{
	static const struct {
		const char *item, *endpoint, *timeout, *action, *stray;
	} rows[] = {
		{ "unix:a/b", "unix:a/b", "none", "none", NULL },
		{ "{ unix:a/b }", "unix:a/b", "none", "none", NULL },
		{ "{inet:h:1,timeout=5s}", "inet:h:1", "5s", "none", NULL },
		{ "{ unix:a, { default_action = 451 4.3.0 Later, please }, timeout=1m, }", "unix:a",
		  "1m", "451 4.3.0 Later, please", NULL },
		{ "{ unix:a, timeout=1s, timeout=2s, nonsense, {", "unix:a", "2s", "none",
		  "nonsense" },
		{ "{ unix:a, timeout = 5s }", "unix:a", "none", "none", "timeout" },
		{ "{ }", "", "none", "none", NULL },
		{ "", "", "none", "none", NULL },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct postfix_server server;

		postfix_server_init(&server, rows[i].item);
		suite_row("row %zu", i);
		SUITE_TEXT_EQUAL(server.endpoint, rows[i].endpoint);
		SUITE_TEXT_EQUAL(postfix_server_value(&server, "timeout", "none"), rows[i].timeout);
		SUITE_TEXT_EQUAL(postfix_server_value(&server, "default_action", "none"),
				 rows[i].action);
		SUITE_TEXT_EQUAL(server.stray ? server.stray : "none",
				 rows[i].stray ? rows[i].stray : "none");
		postfix_server_fini(&server);
	}
}

static void test_times(void)
{
	CU_ASSERT_EQUAL(postfix_time_ms("0"), 0);
	CU_ASSERT_EQUAL(postfix_time_ms("100s"), 100000);
	CU_ASSERT_EQUAL(postfix_time_ms("5m"), 300000);
	CU_ASSERT_EQUAL(postfix_time_ms("2w"), 1209600000);
	CU_ASSERT_EQUAL(postfix_time_ms(""), -1);
	CU_ASSERT_EQUAL(postfix_time_ms("5x"), -1);
	CU_ASSERT_EQUAL(postfix_time_ms("5ss"), -1);
	CU_ASSERT_EQUAL(postfix_time_ms("-1"), -1);
	CU_ASSERT_EQUAL(postfix_time_ms("99999999999999999999"), -1);
}

/* What they are to begin with; NULL: the mail comes again later. Seen with Postfix 3.7. */
static void test_actions(void)
{
	static const struct {
		const char *action, *effect;
	} rows[] = {
		{ "451 4.3.5 Server configuration problem", NULL },
		{ "421 4.3.2 Gone", NULL },
		{ "554 5.7.1 No", "is refused" },
		{ "451", "passes" },
		{ "554", "passes" },
		{ "DUNNO", "passes" },
		{ "relay", "passes" },
		{ "FILTER smtp:host", "passes" },
		{ "BCC x@example.org", "passes" },
		{ "REDIRECT x@example.org", "goes to another" },
		{ "HOLD for now", "is held" },
		{ "discard", "is thrown away" },
		{ "REJECT no", "is refused" },
		{ "reject, permit", "is refused" },
		{ "defer later", NULL },
		{ "defer_if_permit later", NULL },
		{ "defer_if_reject later", "passes" },
		{ "permit", "passes" },
		{ "PERMIT_sasl_authenticated, reject", "passes" },
		{ "permit_mynetworks, reject", "is refused" },
		{ "permit_mynetworks defer", NULL },
		{ "permit_dnswl_client list.example, permit_auth_destination", "passes" },
		{ "warn_if_reject reject", "passes" },
		{ "warn_if_reject defer, reject", "is refused" },
		{ "warn_if_reject permit, reject", "passes" },
		{ "warn_if_reject strict", "passes" },
		{ "warn_if_reject strict, reject", "is refused" },
		{ "warn_if_reject lenient, reject", "passes" },
		{ "reject_unauth_destination", "is refused" },
		{ "defer_unauth_destination", NULL },
		{ "sleep 1", "passes" },
		{ "nonsense", NULL },
		{ "check_client_access hash:/etc/postfix/clients", NULL },
		{ "strict", "is refused" },
		{ "lenient, strict", "passes" },
		{ "endless, strict", "is refused" },
	};
	struct setup_settings force = { 0 };
	struct setup setup = { 0 };

	setup_read_settings(&force, "smtpd_restriction_classes = strict, lenient, endless\n"
				    "strict = permit_mynetworks, reject\n"
				    "lenient = permit\n"
				    "endless = permit_mynetworks, endless\n");
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *effect = postfix_policy_action(&force, rows[i].action);

		suite_row("%s", rows[i].action);
		SUITE_TRUE(rows[i].effect ? effect && strstr(effect, rows[i].effect) == effect :
					    !effect);
	}
	CU_ASSERT_PTR_NULL(postfix_milter_action("tempfail"));
	CU_ASSERT_PTR_NULL(postfix_milter_action("permit"));
	CU_ASSERT_PTR_NOT_NULL(postfix_milter_action("Accept"));
	/* Which frees them. */
	setup.main = force;
	setup_fini(&setup);
}

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static struct config *config_of(const char *text)
{
	char error[256];
	struct config *config = config_load_text(text, "test", error, sizeof(error));

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	return config;
}

#define OURS                                                                                                     \
	"policyd { listen = { \"unix:/q/sendward/policy\", \"inet:127.0.0.1:10031\", \"inet:[::1]:10033\" } }\n" \
	"milter { listen = \"unix:/run/milter\" }\n"

static void test_targets(void)
{
	static const struct {
		const char *text;
		bool chrooted;
		enum setup_place place;
		const char *path;
	} rows[] = {
		{ "unix:sendward/policy", true, PLACE_OURS, "/q/sendward/policy" },
		{ "unix:sendward/policy", false, PLACE_OURS, "/q/sendward/policy" },
		{ "local:sendward/policy", false, PLACE_OURS, "/q/sendward/policy" },
		{ "sendward/policy", false, PLACE_OURS, "/q/sendward/policy" },
		{ "unix:/sendward/policy", true, PLACE_OURS, "/q/sendward/policy" },
		{ "unix:/sendward/policy", false, PLACE_MISLEADING, "/sendward/policy" },
		{ "unix:/q/sendward/policy", false, PLACE_OURS, "/q/sendward/policy" },
		{ "unix:/q/sendward/policy", true, PLACE_MISLEADING, "/q/q/sendward/policy" },
		{ "unix:/run/milter", false, PLACE_OURS, "/run/milter" },
		{ "unix:/run/milter", true, PLACE_MISLEADING, "/q/run/milter" },
		{ "unix:private/policy", true, PLACE_FOREIGN, "/q/private/policy" },
		{ "inet:127.0.0.1:10031", true, PLACE_OURS, "" },
		{ "inet:localhost:10031", true, PLACE_OURS, "" },
		{ "localhost:10031", true, PLACE_OURS, "" },
		{ "inet:[::1]:10033", true, PLACE_OURS, "" },
		{ "inet:mail.example:10031", true, PLACE_FOREIGN, "" },
		{ "inet:127.0.0.1:10032", true, PLACE_FOREIGN, "" },
		{ "inet:127.0.0.1:policy", true, PLACE_FOREIGN, "" },
		{ "inet:10031", true, PLACE_OURS, "" },
		{ "inet::10031", true, PLACE_OURS, "" },
		{ "inet:10031x", true, PLACE_FOREIGN, "" },
		{ "inet:localhost:10031x", true, PLACE_FOREIGN, "" },
		{ "inet:10032", true, PLACE_FOREIGN, "" },
		{ "inet:", true, PLACE_FOREIGN, "" },
		{ "", true, PLACE_FOREIGN, "" },
	};
	struct config *config = config_of(OURS);
	struct setup_target target;
	struct setup setup;

	setup_init(&setup, config, same);
	setup_read_settings(&setup.main, "queue_directory = /q\n");
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		setup_find(&setup, rows[i].chrooted, rows[i].text, &target);
		suite_row("%s", rows[i].text);
		CU_ASSERT_EQUAL(target.place, rows[i].place);
		SUITE_TEXT_EQUAL(target.path, rows[i].path);
	}
	setup_find_server(&setup, true, "sendward/policy", &target);
	CU_ASSERT_EQUAL(target.place, PLACE_BARE);
	setup_find_server(&setup, true, "localhost:10031", &target);
	CU_ASSERT_EQUAL(target.place, PLACE_BARE);
	setup_find_server(&setup, true, "local:sendward/policy", &target);
	CU_ASSERT_EQUAL(target.place, PLACE_OURS);
	setup_find_server(&setup, true, "private/policy", &target);
	CU_ASSERT_EQUAL(target.place, PLACE_FOREIGN);
	setup_fini(&setup);
	config_unref(&config);
}

static void test_services(void)
{
	static const char services[] =
		"smtp       inet  n       -       y       -       -       smtpd\n"
		"qmgr       unix  n       -       n       300     1       qmgr\n"
		"proxymap   unix  -       -       y       -       -       proxymap\n"
		"broken\n"
		"[::1]:587  inet  n       n       -       -       -       smtpd -v -o smtpd_sasl_auth_enable=yes -o {a = {b} c} -D\n"
		"465        inet  n       -       -       -       -       smtpd -o a=b, c d\n"
		"587        inet  n       -       -       -       -       smtpd -o {a = b\n";
	struct config *config = config_of(OURS);
	struct setup setup;

	setup_init(&setup, config, same);
	setup_read_settings(&setup.main,
			    "compatibility_level = 3.6\nempty =\nnot a setting\nx = a = b\n");
	setup_read_services(&setup, services);
	setup_read_own(
		&setup,
		"smtp/inet/a = 1\n[::1]:587/inet/a = 2\nother/inet/a = 3\nsmtp/unix/a = 4\n");
	CU_ASSERT_EQUAL_FATAL(setup.n, 4);
	CU_ASSERT_PTR_NULL(setup.services[0].stray);
	CU_ASSERT_PTR_NULL(setup.services[1].stray);
	SUITE_TEXT_EQUAL(setup.services[2].stray, "c");
	CU_ASSERT_PTR_NULL(setup.services[3].stray);
	SUITE_TEXT_EQUAL(setup.services[0].name, "smtp/inet");
	CU_ASSERT_TRUE(setup.services[0].chrooted);
	CU_ASSERT_FALSE(setup.services[0].privileged);
	SUITE_TEXT_EQUAL(setup.services[1].name, "[::1]:587/inet");
	CU_ASSERT_FALSE(setup.services[1].chrooted);
	CU_ASSERT_TRUE(setup.services[1].privileged);
	CU_ASSERT_TRUE(setup.proxymap_chrooted);
	SUITE_TEXT_EQUAL(setup_value(&setup.services[0].own, "a"), "1");
	SUITE_TEXT_EQUAL(setup_value(&setup.services[1].own, "a"), "2");
	SUITE_TEXT_EQUAL(setup_value(&setup.main, "x"), "a = b");
	SUITE_TEXT_EQUAL(setup_value(&setup.main, "empty"), "");
	CU_ASSERT_TRUE(setup_has(&setup.main, "empty"));
	CU_ASSERT_FALSE(setup_has(&setup.main, "nothing"));
	setup_fini(&setup);
	config_unref(&config);
}

/* Each class names the next one, and the last one itself. */
static void test_classes(void)
{
	struct config *config = config_of(OURS);
	struct setup_service *service;
	struct setup setup;
	struct asked asked;

	setup_init(&setup, config, same);
	setup_read_settings(&setup.main, "queue_directory = /q\n");
	setup_read_services(&setup, "587 inet n - n - - smtpd\n");
	service = &setup.services[0];
	setup_read_settings(&service->force,
			    "smtpd_restriction_classes = one two\n"
			    "one = permit_mynetworks, two\n"
			    "two = check_policy_service unix:sendward/policy, two\n"
			    "smtpd_data_restrictions = one\n"
			    "smtpd_end_of_data_restrictions = check_policy_service\n");
	asked_init(&asked, &setup, service);
	CU_ASSERT_EQUAL_FATAL(asked.n_policies, ASKED_DEPTH_MAX - 2);
	SUITE_TEXT_EQUAL(asked.policies[0].skipper, "permit_mynetworks");
	CU_ASSERT_PTR_NULL(asked.policies[0].ender);
	CU_ASSERT_TRUE(asked_in(&asked, LIST_DATA));
	CU_ASSERT_FALSE(asked_in(&asked, LIST_END_OF_DATA));
	asked_fini(&asked);
	setup_fini(&setup);
	config_unref(&config);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a list is cut at commas and blanks outside of braces", test_lists },
		{ "items beyond the limit of a list are left out", test_long_list },
		{ "of a server its endpoint and its attributes are read, the last one counts",
		  test_servers },
		{ "times have units as in main.cf", test_times },
		{ "an action does to mail what it does to a user's", test_actions },
		{ "an endpoint leads to ours by the rules of the chroot", test_targets },
		{ "smtpd services are read with their columns and their own settings",
		  test_services },
		{ "restriction classes are followed, not for ever", test_classes },
	};

	return suite_run("postfix-setup", tests, SUITE_LEN(tests));
}
