#include "base/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/config_text.h"
#include "base/domain.h"
#include "base/fields.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/setting.h"

#define PLANS_MAX 256
#define DOMAINS_MAX 10000
#define GROUPS_MAX 1000
/* Octets of the name of a plan or group. */
#define NAME_MAX_OCTETS 64

/* What config_load() hands out: the configuration and what it lives in. */
struct snapshot {
	struct config config; /* first: the two are converted into each other */
	atomic_uint references;
	struct arena *arena; /* everything, the snapshot itself too */
};

/* A setting that the file has: where libconfuse keeps it. */
struct seen {
	const cfg_opt_t *opt;
	UT_hash_handle hh;
};

/* One run of the loader. */
struct load {
	const char *path;
	char *error; /* the first one, from complain() */
	size_t error_size;
	bool failed;
	struct arena *arena;
	struct config *config;
	struct seen *seen; /* the settings given so far */
	char *value; /* of the last setting, with its line; owned */
	size_t value_size;
};

/* libconfuse's callbacks have no argument for it. Set while it parses. */
static _Thread_local struct load *loading;

static void *allocate(struct load *load, size_t n, size_t size)
{
	void *memory = arena_array(load->arena, n ? n : 1, size);

	if (!memory)
		abort();
	return memory;
}

static char *keep_text(struct load *load, const char *text)
{
	char *copy = arena_strdup(load->arena, text);

	if (!copy)
		abort();
	return copy;
}

/* line 0: none. Only the first complaint counts. */
static void complain(struct load *load, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct load *load, int line, const char *format, ...)
{
	char where[32] = "", reason[1024], text[2048];
	va_list args;

	if (load->failed)
		return;
	load->failed = true;
	if (line > 0)
		snprintf(where, sizeof(where), "%d: ", line);
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	snprintf(text, sizeof(text), "%s:%s%s%s", load->path, line > 0 ? "" : " ", where, reason);
	fields_clean(text, strlen(text), load->error, load->error_size);
}

/* --- libconfuse ------------------------------------------------------------ */

/* The section that has a setting of this name, or NULL. */
static const char *section_with(const char *name)
{
	struct setting setting;
	size_t i;

	for (i = 0; setting_at(i, &setting); i++)
		if (setting.section != SECTION_TOP && !strcmp(setting.name, name))
			return setting_section_name(setting.section);
	return NULL;
}

static void complain_unknown(struct load *load, const cfg_t *cfg, const char *name)
{
	const char *section = section_with(name);
	char quoted[FIELDS_TEXT_MAX];

	fields_quote(name, strlen(name), quoted);
	if (section)
		complain(load, cfg->line, "there is no setting %s here; section %s has one", quoted,
			 section);
	else
		complain(load, cfg->line, "there is no setting %s", quoted);
}

/* Its name where libconfuse keeps it. */
static const char *name_inside(enum setting_section section)
{
	return section == SECTION_GROUP ? CONFIG_TEXT_GROUP : setting_section_name(section);
}

/* libconfuse does not tell of which kind the section is; one that has no such
 * title is not the one. */
static void complain_twice(struct load *load, cfg_t *cfg, const char *title)
{
	static const enum setting_section kinds[] = { SECTION_PLAN, SECTION_DOMAIN, SECTION_GROUP };
	char quoted[FIELDS_TEXT_MAX];
	const char *kind = "";
	size_t i, n = 0;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!cfg_gettsec(cfg, name_inside(kinds[i]), title))
			continue;
		kind = setting_section_name(kinds[i]);
		n++;
	}
	fields_quote(title, strlen(title), quoted);
	if (n == 1)
		complain(load, cfg->line, "%s %s stands twice", kind, quoted);
	else
		complain(load, cfg->line, "%s stands twice", quoted);
}

static void complain_untitled(struct load *load, const cfg_t *cfg, const char *name)
{
	const char *shown = strcmp(name, CONFIG_TEXT_GROUP) ? name : "group";

	complain(load, cfg->line, "section %s needs a name, as in %s NAME { }", shown, shown);
}

static void on_error(cfg_t *cfg, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	struct load *load = loading;
	char text[512];

	if (!strcmp(format, "no such option '%s'")) {
		complain_unknown(load, cfg, va_arg(args, const char *));
		return;
	}
	if (!strcmp(format, "found duplicate title '%s'")) {
		complain_twice(load, cfg, va_arg(args, const char *));
		return;
	}
	if (!strcmp(format, "missing title for section '%s'")) {
		complain_untitled(load, cfg, va_arg(args, const char *));
		return;
	}
	vsnprintf(text, sizeof(text), format, args);
	complain(load, cfg->line, "%s", text);
}

/* True when the setting had been given before. */
static bool see(struct load *load, const cfg_opt_t *opt)
{
	struct seen *seen;

	HASH_FIND_PTR(load->seen, &opt, seen);
	if (seen)
		return true;
	seen = allocate(load, 1, sizeof(*seen));
	seen->opt = opt;
	HASH_ADD_PTR(load->seen, opt, seen);
	return false;
}

/*
 * libconfuse has read a value. It keeps the text returned in *result, which is
 * the value behind its line: value_text() takes them apart.
 */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct load *load = loading;

	/* The first value of a list or the only one. */
	if (opt->nvalues == 1 && see(load, opt)) {
		complain(load, cfg->line, "%s is set twice%s", opt->name,
			 opt->flags & CFGF_LIST ? "; += adds to a list" : "");
		return -1;
	}
	snprintf(load->value, load->value_size, "%d %s", cfg->line, value);
	*(const char **)result = load->value;
	return 0;
}

static const char *value_text(const char *kept, int *line)
{
	char *end;

	*line = (int)strtol(kept, &end, 10);
	return end + 1;
}

/* Can the setting stand in the section? */
static bool stands_in(const struct setting *setting, enum setting_section section)
{
	return setting->section == section ||
	       (section == SECTION_DOMAIN && setting->section == SECTION_PLAN);
}

static size_t count_settings(enum setting_section section)
{
	struct setting setting;
	size_t i, n = 0;

	for (i = 0; setting_at(i, &setting); i++)
		n += stands_in(&setting, section);
	return n;
}

/* libconfuse's table of one section, with room for extra more rows; *next is
 * the first of those. */
static cfg_opt_t *section_options(struct load *load, enum setting_section section, size_t extra,
				  cfg_opt_t **next)
{
	const cfg_opt_t end = CFG_END();
	cfg_opt_t *opts = allocate(load, count_settings(section) + extra + 1, sizeof(*opts));
	cfg_opt_t *out = opts;
	struct setting setting;
	size_t i;

	for (i = 0; setting_at(i, &setting); i++) {
		cfg_opt_t list = CFG_STR_LIST_CB(setting.name, NULL, CFGF_NODEFAULT, on_value);
		cfg_opt_t single = CFG_STR_CB(setting.name, NULL, CFGF_NODEFAULT, on_value);

		if (stands_in(&setting, section))
			*out++ = setting_is_list(&setting) ? list : single;
	}
	for (i = 0; i < extra + 1; i++)
		out[i] = end;
	*next = out;
	return opts;
}

#define TITLED (CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)

static cfg_opt_t section_row(struct load *load, enum setting_section section, cfg_flag_t flags)
{
	cfg_opt_t *next, *opts = section_options(load, section, 2, &next);
	cfg_opt_t row = CFG_SEC((char *)name_inside(section), opts, flags);

	if (section == SECTION_PLAN)
		*next++ = section_row(load, SECTION_CHECKS, CFGF_NONE);
	if (section == SECTION_PLAN || section == SECTION_DOMAIN)
		*next = section_row(load, SECTION_RAMP, CFGF_NODEFAULT);
	return row;
}

static cfg_t *parse(struct load *load, const char *text)
{
	static const struct {
		enum setting_section section;
		cfg_flag_t flags;
	} sections[] = {
		{ SECTION_REDIS, CFGF_NONE },	{ SECTION_POLICYD, CFGF_NONE },
		{ SECTION_MILTER, CFGF_NONE },	{ SECTION_REPLIES, CFGF_NONE },
		{ SECTION_PLAN, TITLED },	{ SECTION_DOMAIN, TITLED },
		{ SECTION_GROUP, TITLED },	{ SECTION_UNAUTHENTICATED, CFGF_NONE },
	};
	const size_t n = sizeof(sections) / sizeof(sections[0]);
	cfg_opt_t *next, *opts = section_options(load, SECTION_TOP, n, &next);
	cfg_t *cfg;
	size_t i;

	for (i = 0; i < n; i++)
		*next++ = section_row(load, sections[i].section, sections[i].flags);
	cfg = cfg_init(opts, CFGF_NONE);
	if (!cfg)
		abort();
	cfg_set_error_function(cfg, on_error);
	loading = load;
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		complain(load, 0, "cannot be read");
	loading = NULL;
	return cfg;
}

/* --- one setting ----------------------------------------------------------- */

/* NULL where the file does not set it. */
static cfg_opt_t *find_set(cfg_t *section, const char *name)
{
	cfg_opt_t *opt = section ? cfg_getopt(section, name) : NULL;

	return opt && opt->flags & CFGF_MODIFIED ? opt : NULL;
}

/* The line of the setting; that of the section when it is not set. */
static int line_of(cfg_t *section, const char *name)
{
	cfg_opt_t *opt = find_set(section, name);
	int line = section->line;

	if (opt && cfg_opt_size(opt) > 0)
		value_text(cfg_opt_getnstr(opt, 0), &line);
	return line;
}

static void read_value(struct load *load, const struct setting *setting, const char *kept,
		       void *out)
{
	char quoted[FIELDS_TEXT_MAX];
	const char *reason, *text;
	int line;

	text = value_text(kept, &line);
	if (setting_parse(setting, text, load->arena, out, &reason))
		return;
	fields_quote(text, strlen(text), quoted);
	complain(load, line, "%s = %s: %s", setting->name, quoted, reason);
}

static void store_list(const struct setting *setting, char *base, const void *items, size_t n)
{
	memcpy(base + setting->offset, &items, sizeof(items));
	memcpy(base + setting->count_offset, &n, sizeof(n));
}

static void read_list(struct load *load, const struct setting *setting, cfg_opt_t *opt, char *base)
{
	size_t n = cfg_opt_size(opt), size = setting_size(setting), i;
	char *items = allocate(load, n, size);
	int line;

	if (n > setting->max) {
		value_text(cfg_opt_getnstr(opt, (unsigned)setting->max), &line);
		complain(load, line, "%s has more than %zu elements", setting->name, setting->max);
		return;
	}
	for (i = 0; i < n; i++)
		read_value(load, setting, cfg_opt_getnstr(opt, (unsigned)i), items + i * size);
	store_list(setting, base, items, n);
}

/* Our own text, which parses. */
static void set_default(struct load *load, const struct setting *setting, char *base)
{
	size_t n = setting->default_text ? 1 : 0;
	const char *reason;
	char *out;

	out = setting_is_list(setting) ? allocate(load, n, setting_size(setting)) :
					 base + setting->offset;
	if (n && !setting_parse(setting, setting->default_text, load->arena, out, &reason))
		abort();
	if (setting_is_list(setting))
		store_list(setting, base, out, n);
}

/* Every setting of the section that the file has, into base. origins may be
 * NULL; those of the settings become origin. */
static void read_section(struct load *load, cfg_t *section, enum setting_section which, void *base,
			 const char **origins, const char *origin)
{
	struct setting setting;
	cfg_opt_t *opt;
	size_t i;

	for (i = 0; setting_at(i, &setting); i++) {
		if (setting.section != which)
			continue;
		opt = find_set(section, setting.name);
		if (!opt)
			continue;
		if (setting_is_list(&setting))
			read_list(load, &setting, opt, base);
		else
			read_value(load, &setting, cfg_opt_getnstr(opt, 0),
				   (char *)base + setting.offset);
		if (origins && setting.index >= 0)
			origins[setting.index] = origin;
	}
}

static void set_defaults(struct load *load, enum setting_section which, void *base,
			 const char **origins)
{
	struct setting setting;
	size_t i;

	for (i = 0; setting_at(i, &setting); i++) {
		if (setting.section != which)
			continue;
		set_default(load, &setting, base);
		if (origins && setting.index >= 0)
			origins[setting.index] = "built-in";
	}
}

/* --- plans, domains and groups --------------------------------------------- */

static bool is_name(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if (!ascii_is_letter(name[i]) && !ascii_is_digit(name[i]) &&
		    !strchr("-_.", name[i]))
			return false;
	return len > 0 && len <= NAME_MAX_OCTETS;
}

static void check_title(struct load *load, cfg_t *section, const char *kind)
{
	if (!is_name(cfg_title(section)))
		complain(load, section->line,
			 "the name of a %s is 1 to 64 letters, digits, \".\", \"-\" or \"_\"",
			 kind);
}

/* Two quotas that count in the same place would be charged twice there. */
static void check_quotas(struct load *load, cfg_t *section, const char *name,
			 const struct quota *quotas, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (quota_same_counter(&quotas[i], &quotas[j]))
				complain(load, line_of(section, name),
					 "%s: two with the same unit and window", name);
}

static void check_ramp(struct load *load, cfg_t *section, const struct ramp *ramp)
{
	static const char *const needed[] = { "start", "factor", "until" };
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!find_set(section, needed[i]))
			complain(load, section->line, "ramp needs %s", needed[i]);
	if (load->failed)
		return;
	if (ramp->start < 1)
		complain(load, line_of(section, "start"), "start must be at least 1");
	if (ramp->until > RAMP_MAX)
		complain(load, line_of(section, "until"), "until must be at most 900G");
	if (ramp->until <= ramp->start)
		complain(load, line_of(section, "until"), "until must be more than start");
	else if (ramp->start * ramp->factor_permille / 1000 <= ramp->start)
		complain(load, line_of(section, "factor"),
			 "factor is too small: %lld would never grow", (long long)ramp->start);
}

static bool is_empty(cfg_t *section)
{
	size_t i;

	for (i = 0; i < cfg_num(section); i++)
		if (find_set(section, cfg_opt_name(cfg_getnopt(section, (unsigned)i))))
			return false;
	return true;
}

/* A ramp is one value: what it leaves open does not come from another plan.
 * An empty one is none. */
static void read_ramp(struct load *load, cfg_t *parent, struct plan *plan, const char *origin)
{
	cfg_t *section;

	if (cfg_size(parent, "ramp") == 0)
		return;
	section = cfg_getsec(parent, "ramp");
	set_defaults(load, SECTION_RAMP, plan, NULL);
	plan->ramp.start = 0;
	plan->origins[PLAN_RAMP] = origin;
	read_section(load, section, SECTION_RAMP, plan, NULL, NULL);
	if (!load->failed && !is_empty(section))
		check_ramp(load, section, &plan->ramp);
}

static void check_plan(struct load *load, cfg_t *section, const struct plan *plan)
{
	const char *culprit = find_set(section, "sandbox") ? "sandbox" : "sandbox_redirect";

	check_title(load, section, "plan");
	if (plan->sandbox == SANDBOX_REDIRECT && !plan->sandbox_redirect)
		complain(load, line_of(section, culprit),
			 "plan %s: sandbox = redirect needs a sandbox_redirect address",
			 plan->name);
	check_quotas(load, section, "quotas", plan->quotas, plan->n_quotas);
	check_quotas(load, section, "shared_quotas", plan->shared_quotas, plan->n_shared_quotas);
}

/* "plan students", "domain example.com". */
static const char *make_origin(struct load *load, const char *kind, const char *name)
{
	char origin[DOMAIN_MAX + 16];

	snprintf(origin, sizeof(origin), "%s %.*s", kind, DOMAIN_MAX, name);
	return keep_text(load, origin);
}

/* plan holds what it leaves open. */
static void read_plan(struct load *load, cfg_t *section, struct plan *plan)
{
	const char *origin;

	plan->name = keep_text(load, cfg_title(section));
	origin = make_origin(load, "plan", plan->name);
	read_section(load, section, SECTION_PLAN, plan, plan->origins, origin);
	read_section(load, cfg_getsec(section, "checks"), SECTION_CHECKS, plan, NULL, NULL);
	read_ramp(load, section, plan, origin);
	if (!load->failed)
		check_plan(load, section, plan);
}

static void read_plans(struct load *load, cfg_t *cfg)
{
	size_t n = cfg_size(cfg, "plan"), i, used = 1;
	cfg_t *section = cfg_gettsec(cfg, "plan", "default");
	struct plan *plans;

	if (n > PLANS_MAX) {
		complain(load, 0, "more than %d plans", PLANS_MAX);
		return;
	}
	plans = allocate(load, n + 1, sizeof(*plans));
	plans[0].name = "default";
	set_defaults(load, SECTION_PLAN, &plans[0], plans[0].origins);
	set_defaults(load, SECTION_RAMP, &plans[0], plans[0].origins);
	set_defaults(load, SECTION_CHECKS, &plans[0], NULL);
	if (section)
		read_plan(load, section, &plans[0]);
	for (i = 0; i < n; i++) {
		if (cfg_getnsec(cfg, "plan", (unsigned)i) == section)
			continue;
		plans[used] = plans[0];
		plans[used].n_shared_quotas = 0;
		read_plan(load, cfg_getnsec(cfg, "plan", (unsigned)i), &plans[used++]);
	}
	load->config->plans = plans;
	load->config->n_plans = used;
}

/* What a domain leaves open comes from the plan of the account, any plan. */
static void check_domain_redirect(struct load *load, cfg_t *section, const struct domain *domain)
{
	const struct config *config = load->config;
	const struct plan *values = &domain->values;
	const char *culprit = domain->set[PLAN_SANDBOX] ? "sandbox" : "sandbox_redirect";
	size_t i;

	for (i = 0; i < config->n_plans; i++) {
		const struct plan *plan = &config->plans[i];

		if ((domain->set[PLAN_SANDBOX] ? values : plan)->sandbox == SANDBOX_REDIRECT &&
		    !(domain->set[PLAN_SANDBOX_REDIRECT] ? values : plan)->sandbox_redirect)
			complain(load, line_of(section, culprit),
				 "domain %s with plan %s: sandbox = redirect needs a "
				 "sandbox_redirect address",
				 domain->name, plan->name);
	}
}

static void check_domain(struct load *load, cfg_t *section, const struct domain *domain)
{
	if (domain->plan && !config_plan(load->config, domain->plan))
		complain(load, line_of(section, "plan"), "domain %s: there is no plan %s",
			 domain->name, domain->plan);
	check_quotas(load, section, "quotas", domain->values.quotas, domain->values.n_quotas);
	check_quotas(load, section, "shared_quotas", domain->shared_quotas,
		     domain->n_shared_quotas);
	check_domain_redirect(load, section, domain);
}

static void read_domain(struct load *load, cfg_t *section, struct domain *domain)
{
	struct plan *values = &domain->values;
	char name[DOMAIN_MAX + 1], quoted[FIELDS_TEXT_MAX];
	const char *origin;
	size_t i;

	if (!domain_normalise(cfg_title(section), name)) {
		fields_quote(cfg_title(section), strlen(cfg_title(section)), quoted);
		complain(load, section->line, "domain %s: this is not a domain", quoted);
		return;
	}
	domain->name = values->name = keep_text(load, name);
	origin = make_origin(load, "domain", name);
	read_section(load, section, SECTION_DOMAIN, domain, NULL, NULL);
	read_section(load, section, SECTION_PLAN, values, values->origins, origin);
	read_ramp(load, section, values, origin);
	for (i = 0; i < PLAN_SETTINGS; i++)
		domain->set[i] = values->origins[i] != NULL;
	domain->shared_quotas = values->shared_quotas;
	domain->n_shared_quotas = values->n_shared_quotas;
	if (!load->failed)
		check_domain(load, section, domain);
}

static int compare_domains(const void *a, const void *b)
{
	const struct domain *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void read_domains(struct load *load, cfg_t *cfg)
{
	size_t n = cfg_size(cfg, "domain"), i;
	struct domain *domains;

	if (n > DOMAINS_MAX) {
		complain(load, 0, "more than %d domains", DOMAINS_MAX);
		return;
	}
	domains = allocate(load, n, sizeof(*domains));
	for (i = 0; i < n && !load->failed; i++)
		read_domain(load, cfg_getnsec(cfg, "domain", (unsigned)i), &domains[i]);
	if (load->failed)
		return;
	qsort(domains, n, sizeof(*domains), compare_domains);
	for (i = 1; i < n; i++)
		if (!compare_domains(&domains[i - 1], &domains[i]))
			complain(load, 0, "domain %s stands twice", domains[i].name);
	load->config->domains = domains;
	load->config->n_domains = n;
}

static void read_groups(struct load *load, cfg_t *cfg)
{
	size_t n = cfg_size(cfg, CONFIG_TEXT_GROUP), i;
	struct account_group *groups;

	if (n > GROUPS_MAX) {
		complain(load, 0, "more than %d groups", GROUPS_MAX);
		return;
	}
	groups = allocate(load, n, sizeof(*groups));
	for (i = 0; i < n; i++) {
		cfg_t *section = cfg_getnsec(cfg, CONFIG_TEXT_GROUP, (unsigned)i);

		groups[i].name = keep_text(load, cfg_title(section));
		check_title(load, section, "group");
		read_section(load, section, SECTION_GROUP, &groups[i], NULL, NULL);
		if (!load->failed)
			check_quotas(load, section, "quotas", groups[i].quotas, groups[i].n_quotas);
	}
	load->config->groups = groups;
	load->config->n_groups = n;
}

/* --- what concerns several settings ---------------------------------------- */

static bool is_any_address(const struct endpoint *endpoint)
{
	return !strcmp(endpoint->host, "0.0.0.0") || !strcmp(endpoint->host, "::");
}

static bool overlap(const struct endpoint *a, const struct endpoint *b)
{
	if (endpoint_equal(a, b))
		return true;
	if (a->kind != ENDPOINT_INET || b->kind != ENDPOINT_INET || a->port != b->port)
		return false;
	if (!strchr(a->host, ':') != !strchr(b->host, ':'))
		return false;
	return is_any_address(a) || is_any_address(b);
}

static void check_overlap(struct load *load, const struct endpoint *a, int line_a,
			  const struct endpoint *b, int line_b)
{
	char text[ENDPOINT_TEXT_MAX];

	if (!overlap(a, b))
		return;
	endpoint_format(b, text);
	complain(load, line_b, "%s overlaps with the address in line %d", text, line_a);
}

static int nth_line(cfg_opt_t *opt, size_t i)
{
	int line;

	value_text(cfg_opt_getnstr(opt, (unsigned)i), &line);
	return line;
}

static void check_listeners(struct load *load, cfg_t *cfg)
{
	const struct config *config = load->config;
	cfg_opt_t *policyd = find_set(cfg_getsec(cfg, "policyd"), "listen");
	cfg_opt_t *redis = find_set(cfg_getsec(cfg, "redis"), "address");
	int milter_line = line_of(cfg_getsec(cfg, "milter"), "listen");
	size_t i, j;

	for (i = 0; i < config->n_policyd_listen; i++) {
		for (j = 0; j < i; j++)
			check_overlap(load, &config->policyd_listen[j], nth_line(policyd, j),
				      &config->policyd_listen[i], nth_line(policyd, i));
		if (config->milter_configured)
			check_overlap(load, &config->policyd_listen[i], nth_line(policyd, i),
				      &config->milter_listen, milter_line);
		if (redis)
			check_overlap(load, &config->redis.address, nth_line(redis, 0),
				      &config->policyd_listen[i], nth_line(policyd, i));
	}
	if (config->milter_configured && redis)
		check_overlap(load, &config->redis.address, nth_line(redis, 0),
			      &config->milter_listen, milter_line);
}

static void check_whole(struct load *load, cfg_t *cfg)
{
	const struct config *config = load->config;
	cfg_t *redis = cfg_getsec(cfg, "redis");

	check_listeners(load, cfg);
	check_quotas(load, cfg_getsec(cfg, "unauthenticated"), "quotas",
		     config->unauthenticated.quotas, config->unauthenticated.n_quotas);
	if (config->charge == CHARGE_MILTER && !config->milter_configured)
		complain(load, line_of(cfg, "charge"),
			 "charge = milter needs a milter section with a listener");
	if (config->redis.username && !config->redis.password_file)
		complain(load, line_of(redis, "username"), "username needs a password_file");
}

/* --- the snapshot ---------------------------------------------------------- */

/* The host name, with what a node name does not have replaced. */
static const char *default_node(struct load *load)
{
	char name[NODE_MAX + 1] = "";
	size_t i;

	if (gethostname(name, sizeof(name) - 1) < 0 || !name[0])
		return "localhost";
	for (i = 0; name[i]; i++)
		if (!ascii_is_letter(name[i]) && !ascii_is_digit(name[i]) &&
		    !strchr(".-_", name[i]))
			name[i] = '-';
	return keep_text(load, name);
}

static void set_replies(struct config *config)
{
	size_t i;

	for (i = 0; i < REPLIES; i++)
		config->replies[i] = *reply_default((enum reply)i);
}

static void fill(struct load *load, cfg_t *cfg)
{
	static const enum setting_section sections[] = { SECTION_TOP, SECTION_REDIS,
							 SECTION_POLICYD, SECTION_MILTER,
							 SECTION_UNAUTHENTICATED };
	struct config *config = load->config;
	cfg_t *section;
	size_t i;

	config->path = keep_text(load, load->path);
	config->node = default_node(load);
	set_replies(config);
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		section = i == 0 ? cfg : cfg_getsec(cfg, setting_section_name(sections[i]));
		set_defaults(load, sections[i], config, NULL);
		read_section(load, section, sections[i], config, NULL, NULL);
	}
	read_section(load, cfg_getsec(cfg, "replies"), SECTION_REPLIES, config, NULL, NULL);
	config->milter_configured = find_set(cfg_getsec(cfg, "milter"), "listen") != NULL;
	read_plans(load, cfg);
	if (!load->failed)
		read_domains(load, cfg);
	read_groups(load, cfg);
	if (!load->failed)
		check_whole(load, cfg);
}

static struct snapshot *snapshot_new(struct load *load)
{
	struct snapshot *snapshot;

	load->arena = arena_new();
	if (!load->arena)
		abort();
	snapshot = allocate(load, 1, sizeof(*snapshot));
	snapshot->arena = load->arena;
	atomic_init(&snapshot->references, 1);
	load->config = &snapshot->config;
	return snapshot;
}

/* text is len octets and a NUL; it is changed. */
static struct config *load_text(char *text, size_t len, struct load *load)
{
	struct snapshot *snapshot = snapshot_new(load);
	const char *reason;
	cfg_t *cfg;
	int line;

	load->value_size = len + 16;
	load->value = memory_alloc(load->value_size);
	if (!config_text_prepare(text, len, &line, &reason)) {
		complain(load, line, "%s", reason);
	} else {
		cfg = parse(load, text);
		if (!load->failed)
			fill(load, cfg);
		cfg_free(cfg);
	}
	HASH_CLEAR(hh, load->seen);
	if (!load->failed)
		return &snapshot->config;
	arena_free(&load->arena);
	return NULL;
}

static void load_free(struct load **load)
{
	free((*load)->value);
	free(*load);
	*load = NULL;
}

static struct load *load_new(const char *path, char *error, size_t error_size)
{
	struct load *load = memory_zero(sizeof(*load));

	load->path = path;
	load->error = error;
	load->error_size = error_size;
	return load;
}

struct config *config_load_text(const char *text, const char *path, char *error, size_t error_size)
{
	struct load *load = load_new(path, error, error_size);
	struct config *config = NULL;
	char *copy;

	if (strlen(text) > CONFIG_TEXT_MAX) {
		complain(load, 0, "larger than 1 MiB");
	} else {
		copy = memory_strdup(text);
		config = load_text(copy, strlen(copy), load);
		free(copy);
	}
	load_free(&load);
	return config;
}

/* The file's octets, and a NUL behind them; or NULL. */
static char *read_file(struct load *load, size_t *len)
{
	FILE *file = fopen(load->path, "re");
	char *text;

	*len = 0;
	if (!file) {
		complain(load, 0, "%s", strerror(errno));
		return NULL;
	}
	text = memory_alloc(CONFIG_TEXT_MAX + 2);
	*len = fread(text, 1, CONFIG_TEXT_MAX + 1, file);
	if (ferror(file))
		complain(load, 0, "%s", strerror(errno));
	else if (*len > CONFIG_TEXT_MAX)
		complain(load, 0, "larger than 1 MiB");
	fclose(file);
	text[*len] = '\0';
	return text;
}

struct config *config_load(const char *path, char *error, size_t error_size)
{
	struct load *load = load_new(path, error, error_size);
	struct config *config = NULL;
	size_t len;
	char *text = read_file(load, &len);

	if (!load->failed)
		config = load_text(text, len, load);
	free(text);
	load_free(&load);
	return config;
}

struct config *config_ref(struct config *config)
{
	struct snapshot *snapshot = (struct snapshot *)config;

	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return config;
}

void config_unref(struct config **config)
{
	struct snapshot *snapshot = (struct snapshot *)*config;
	struct arena *arena;

	*config = NULL;
	if (!snapshot ||
	    atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
		return;
	arena = snapshot->arena;
	arena_free(&arena);
}

/* --- questions ------------------------------------------------------------- */

const struct plan *config_plan(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->n_plans; i++)
		if (!strcmp(config->plans[i].name, name))
			return &config->plans[i];
	return NULL;
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

enum charge_by config_charge_by(const struct config *config)
{
	if (config->charge != CHARGE_AUTO)
		return config->charge;
	return config->milter_configured ? CHARGE_MILTER : CHARGE_POLICYD;
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
