/* Questions to a snapshot of the configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/builder.h"
#include "base/config.h"
#include "base/fold.h"
#include "base/setting.h"

const struct plan *config_plan(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->n_plans; i++)
		if (!strcmp(config->plans[i].name, name))
			return &config->plans[i];
	return NULL;
}

bool config_plan_serves_unnamed(const struct config *config, const struct plan *plan)
{
	if (plan == &config->plans[0])
		return true;
	for (size_t i = 0; i < config->n_domains; i++)
		if (config->domains[i].plan && strcmp(config->domains[i].plan, plan->name) == 0)
			return true;
	return false;
}

static int compare_domain_name(const void *name, const void *domain)
{
	return strcmp(name, ((const struct domain *)domain)->name);
}

const struct domain *config_domain(const struct config *config, const char *name)
{
	if (config->n_domains == 0)
		return NULL;
	return bsearch(name, config->domains, config->n_domains, sizeof(*config->domains),
		       compare_domain_name);
}

const struct account_group *config_group(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->n_groups; i++)
		if (!strcmp(config->groups[i].name, name))
			return &config->groups[i];
	return NULL;
}

static bool plan_shares(const struct config *config)
{
	for (size_t i = 0; i < config->n_plans; i++)
		if (config->plans[i].n_shared_quotas > 0)
			return true;
	return false;
}

int config_scopes(const struct config *config)
{
	return 1 + (config->n_domains > 0) + plan_shares(config) + (config->n_groups > 0);
}

enum charge_by config_charge_by(const struct config *config)
{
	if (config->charge != CHARGE_AUTO)
		return config->charge;
	return config->milter_configured ? CHARGE_MILTER : CHARGE_POLICYD;
}

bool config_login(const struct config *config, const char *login, char out[LOGIN_MAX + 1])
{
	struct builder text;

	if (config->login_case_insensitive)
		return fold_text(login, out, LOGIN_MAX + 1);
	builder_init(&text, out, LOGIN_MAX + 1);
	builder_add(&text, login);
	return !text.cut;
}

bool config_username(const struct config *config, const char *text, struct username *out)
{
	char folded[LOGIN_MAX + 1] = "";

	if (config_login(config, text, folded))
		return username_split(folded, config->credential_separator, out);
	memcpy(out->login, folded, sizeof(folded));
	out->credential[0] = '\0';
	return false;
}

struct pattern_rules config_pattern_rules(const struct config *config)
{
	return (struct pattern_rules){
		.delimiters = config->recipient_delimiter,
		.local_case_sensitive = config->local_part_case_sensitive,
		.groups = config->sender_groups,
		.n_groups = config->n_sender_groups,
	};
}

static int line_of(enum setting_section section, const int *lines, const char *name)
{
	struct setting setting;
	size_t i, n = 0;

	for (i = 0; setting_at(i, &setting); i++) {
		if (setting.section != section)
			continue;
		if (!strcmp(setting.name, name))
			return lines[n];
		n++;
	}
	abort();
}

int config_line(const struct config *config, const char *name)
{
	return line_of(SECTION_TOP, config->top_lines, name);
}

int config_redis_line(const struct config *config, const char *name)
{
	return line_of(SECTION_REDIS, config->redis_lines, name);
}

struct password_cost config_password_cost(const struct password_settings *settings)
{
	const int costs[] = {
		[PASSWORD_YESCRYPT] = settings->yescrypt_cost,
		[PASSWORD_BCRYPT] = settings->bcrypt_cost,
		[PASSWORD_SHA512] = settings->sha512_rounds,
	};

	return (struct password_cost){ settings->method, costs[settings->method] };
}

const char *plan_setting_name(enum plan_setting which)
{
	struct setting setting;
	size_t i;

	if (which == PLAN_RAMP)
		return setting_section_name(SECTION_RAMP);
	for (i = 0; setting_at(i, &setting); i++)
		if (setting.section == SECTION_PLAN && setting.index == (int)which)
			return setting.name;
	abort();
}

static void format_default(const struct setting *setting, char *out, size_t size)
{
	const struct reply_line *reply;

	if (setting->section == SECTION_REPLIES) {
		reply = reply_default((enum reply)setting->index);
		snprintf(out, size, "%s %s %s", reply->code, reply->xcode, reply->text);
	} else if (!setting_is_list(setting)) {
		snprintf(out, size, "%s", setting->default_text ? setting->default_text : "");
	} else if (setting->default_text) {
		snprintf(out, size, "{ \"%s\" }", setting->default_text);
	} else {
		snprintf(out, size, "{ }");
	}
}

void config_setting_each(void (*each)(const char *section, const char *name,
				      const char *default_text, void *arg),
			 void *arg)
{
	struct setting setting;
	char text[REPLY_TEXT_MAX + 32];
	size_t i;

	for (i = 0; setting_at(i, &setting); i++) {
		format_default(&setting, text, sizeof(text));
		each(setting_section_name(setting.section), setting.name, text, arg);
	}
}

bool sasld_offers(const struct sasld_settings *settings, enum sasl_mechanism mechanism)
{
	for (size_t i = 0; i < settings->n_mechanisms; i++)
		if (settings->mechanisms[i] == (int)mechanism)
			return true;
	return settings->n_mechanisms == 0;
}

const struct endpoint *config_listener(const struct config *config, size_t i, const char **daemon)
{
	const struct {
		const char *daemon;
		const struct endpoint *list;
		size_t n;
	} lists[] = {
		{ "policyd", config->policyd_listen, config->n_policyd_listen },
		{ "policyd", config->sender_login_listen, config->n_sender_login_listen },
		{ "milter", &config->milter_listen, config->milter_configured },
		{ "sasld", config->sasld.listen, config->sasld.n_listen },
	};

	for (size_t j = 0; j < sizeof(lists) / sizeof(lists[0]); j++) {
		*daemon = lists[j].daemon;
		if (i < lists[j].n)
			return &lists[j].list[i];
		i -= lists[j].n;
	}
	return NULL;
}
