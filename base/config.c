#include "base/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/config_text.h"
#include "base/fields.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/setting.h"

#define PLANS_MAX 256
#define PLAN_NAME_MAX 64

/* What config_load() hands out: the configuration and what it lives in. */
struct snapshot {
	struct config config; /* first: the two are converted into each other */
	atomic_uint references;
	struct arena *arena; /* everything, the snapshot itself too */
};

/* One run of the loader. */
struct load {
	const char *path;
	char *error; /* the first one, from complain() */
	size_t error_size;
	bool failed;
	struct arena *arena;
	struct config *config;
	/* Of each setting given so far, where libconfuse keeps it. */
	const cfg_opt_t *seen[(PLANS_MAX + 2) * (64 + CHECKS) + REPLIES];
	size_t n_seen;
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
		complain(load, cfg->line, "plan %s stands twice", va_arg(args, const char *));
		return;
	}
	vsnprintf(text, sizeof(text), format, args);
	complain(load, cfg->line, "%s", text);
}

static bool is_seen(const struct load *load, const cfg_opt_t *opt)
{
	size_t i;

	for (i = 0; i < load->n_seen; i++)
		if (load->seen[i] == opt)
			return true;
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
	if (opt->nvalues == 1) {
		if (is_seen(load, opt)) {
			complain(load, cfg->line, "%s is set twice%s", opt->name,
				 opt->flags & CFGF_LIST ? "; += adds to a list" : "");
			return -1;
		}
		if (load->n_seen < sizeof(load->seen) / sizeof(load->seen[0]))
			load->seen[load->n_seen++] = opt;
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

static size_t count_settings(enum setting_section section)
{
	struct setting setting;
	size_t i, n = 0;

	for (i = 0; setting_at(i, &setting); i++)
		n += setting.section == section;
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

		if (setting.section == section)
			*out++ = setting_is_list(&setting) ? list : single;
	}
	for (i = 0; i < extra + 1; i++)
		out[i] = end;
	*next = out;
	return opts;
}

static cfg_opt_t section_row(struct load *load, enum setting_section section, cfg_flag_t flags)
{
	cfg_opt_t *next, *opts = section_options(load, section, 1, &next);
	cfg_opt_t row = CFG_SEC((char *)setting_section_name(section), opts, flags);

	if (section == SECTION_PLAN)
		*next = section_row(load, SECTION_CHECKS, CFGF_NONE);
	return row;
}

static cfg_t *parse(struct load *load, const char *text)
{
	cfg_opt_t *next, *opts = section_options(load, SECTION_TOP, 5, &next);
	cfg_t *cfg;

	*next++ = section_row(load, SECTION_REDIS, CFGF_NONE);
	*next++ = section_row(load, SECTION_POLICYD, CFGF_NONE);
	*next++ = section_row(load, SECTION_MILTER, CFGF_NONE);
	*next++ = section_row(load, SECTION_REPLIES, CFGF_NONE);
	*next++ = section_row(load, SECTION_PLAN, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
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
		if (origins)
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
		if (origins)
			origins[setting.index] = "built-in";
	}
}

/* --- plans ----------------------------------------------------------------- */

static bool is_plan_name(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if (!ascii_is_letter(name[i]) && !ascii_is_digit(name[i]) &&
		    !strchr("-_.", name[i]))
			return false;
	return len > 0 && len <= PLAN_NAME_MAX;
}

/* Two quotas of one unit and window would count in the same place. */
static void check_quotas(struct load *load, cfg_t *section, const struct plan *plan)
{
	size_t i, j;

	for (i = 0; i < plan->n_quotas; i++)
		for (j = 0; j < i; j++)
			if (plan->quotas[i].unit == plan->quotas[j].unit &&
			    plan->quotas[i].window_s == plan->quotas[j].window_s)
				complain(load, line_of(section, "quotas"),
					 "quotas: two with the same unit and window");
}

static void check_plan(struct load *load, cfg_t *section, const struct plan *plan)
{
	const char *culprit = find_set(section, "sandbox") ? "sandbox" : "sandbox_redirect";

	if (!is_plan_name(plan->name))
		complain(load, section->line,
			 "the name of a plan is 1 to 64 letters, digits, \".\", \"-\" or \"_\"");
	if (plan->sandbox == SANDBOX_REDIRECT && !plan->sandbox_redirect)
		complain(load, line_of(section, culprit),
			 "plan %s: sandbox = redirect needs a sandbox_redirect address",
			 plan->name);
	check_quotas(load, section, plan);
}

/* plan holds what it leaves open. */
static void read_plan(struct load *load, cfg_t *section, struct plan *plan)
{
	char origin[PLAN_NAME_MAX + 16];

	plan->name = keep_text(load, cfg_title(section));
	snprintf(origin, sizeof(origin), "plan %.*s", PLAN_NAME_MAX, plan->name);
	read_section(load, section, SECTION_PLAN, plan, plan->origins, keep_text(load, origin));
	read_section(load, cfg_getsec(section, "checks"), SECTION_CHECKS, plan, NULL, NULL);
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
	set_defaults(load, SECTION_CHECKS, &plans[0], NULL);
	if (section)
		read_plan(load, section, &plans[0]);
	for (i = 0; i < n; i++) {
		if (cfg_getnsec(cfg, "plan", (unsigned)i) == section)
			continue;
		plans[used] = plans[0];
		read_plan(load, cfg_getnsec(cfg, "plan", (unsigned)i), &plans[used++]);
	}
	load->config->plans = plans;
	load->config->n_plans = used;
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
							 SECTION_POLICYD, SECTION_MILTER };
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
