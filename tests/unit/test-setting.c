#include "base/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "tests/unit/suite.h"

static void test_defaults(void)
{
	struct arena *arena = arena_new();
	struct setting setting;
	size_t n = 0;

	for (; setting_at(n, &setting); n++) {
		_Alignas(max_align_t) char value[SETTING_SIZE_MAX];
		const char *reason = "";

		suite_row("%s/%s", setting_section_name(setting.section), setting.name);
		SUITE_TRUE(setting_size(&setting) <= sizeof(value));
		SUITE_TRUE((setting.max > 0) == setting_is_list(&setting));
		if (setting.default_text)
			SUITE_TRUE(setting_parse(&setting, setting.default_text, arena, value,
						 &reason));
		SUITE_TEXT_EQUAL(reason, "");
	}
	SUITE_TRUE(n > 100 && !setting_at(n + 1, &setting));
	arena_free(&arena);
}

static void test_reasons_last(void)
{
	struct arena *arena = arena_new();
	const char *first = "", *second = "";
	struct setting setting = { .name = "" };
	struct network network;

	for (size_t i = 0; strcmp(setting.name, "networks") != 0 && setting_at(i, &setting);)
		i++;
	SUITE_TRUE(!setting_parse(&setting, "192.0.2.1/24", arena, &network, &first));
	SUITE_TRUE(!setting_parse(&setting, "198.51.100.1/24", arena, &network, &second));
	SUITE_TEXT_EQUAL(first, "192.0.2.1/24 has bits set behind the prefix: did you mean "
				"192.0.2.0/24?");
	SUITE_TEXT_EQUAL(second, "198.51.100.1/24 has bits set behind the prefix: did you mean "
				 "198.51.100.0/24?");
	arena_free(&arena);
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
	static const char *const expected[] = {
		"\n/charge=auto\n",
		"redis/deadline=250ms\n",
		"plan/senders={ \"%login\" }\n",
		"plan/networks={ }\n",
		"checks/header_from=enforce\n",
		"plan/sandbox_recipients={ }\n",
		"plan/free_recipients={ }\n",
		"plan/over_quota_at_rcpt=quota\n",
		"plan/must_rotate_after=0\n",
		"plan/at_expiry=refuse\n",
		"passwords/method=yescrypt\n",
		"plan/shared_quotas={ }\n",
		"ramp/start=\n",
		"ramp/every=1d\n",
		"ramp/unit=recipients\n",
		"domain/plan=\n",
		"group/quotas={ }\n",
		"sender_group/senders={ }\n",
		"unauthenticated/quotas={ }\n",
		"unauthenticated/ipv6_prefix=64\n",
		"replies/quotas_rcpt=452 4.5.3 ",
		"replies/cannot_tell=451 4.3.0 ",
	};
	static char text[16384];

	config_setting_each(write_setting, text);
	for (size_t i = 0; i < SUITE_LEN(expected); i++) {
		suite_row("%s", expected[i]);
		SUITE_TRUE(strstr(text, expected[i]) != NULL);
	}
}

static void test_plan_names(void)
{
	SUITE_TEXT_EQUAL(plan_setting_name(PLAN_QUOTAS), "quotas");
	SUITE_TEXT_EQUAL(plan_setting_name(PLAN_SANDBOX_REDIRECT), "sandbox_redirect");
	SUITE_TEXT_EQUAL(plan_setting_name(PLAN_SANDBOX_RECIPIENTS), "sandbox_recipients");
	SUITE_TEXT_EQUAL(plan_setting_name(PLAN_FREE_RECIPIENTS), "free_recipients");
	SUITE_TEXT_EQUAL(plan_setting_name(PLAN_OVER_QUOTA_AT_RCPT), "over_quota_at_rcpt");
	SUITE_TEXT_EQUAL(plan_setting_name(PLAN_RAMP), "ramp");
}

static const struct suite_test tests[] = {
	{ "every default is one that its setting takes", test_defaults },
	{ "why a value is refused is known as long as the arena", test_reasons_last },
	{ "every setting is told with its default", test_each },
	{ "the settings of a plan have their names", test_plan_names },
};

int main(void)
{
	return suite_run("setting", tests, SUITE_LEN(tests));
}
