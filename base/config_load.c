#include "base/config_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/limits.h"

void *load_allocate(struct load *load, size_t n, size_t size)
{
	void *memory = arena_array(load->arena, n ? n : 1, size);

	if (!memory)
		abort();
	return memory;
}

char *load_keep(struct load *load, const char *text)
{
	char *copy = arena_strdup(load->arena, text);

	if (!copy)
		abort();
	return copy;
}

void load_complain(struct load *load, int line, const char *format, ...)
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

const char *load_value_text(const char *kept, int *line)
{
	char *end;

	*line = (int)strtol(kept, &end, 10);
	return end + 1;
}

cfg_opt_t *load_find(cfg_t *section, const char *name)
{
	cfg_opt_t *opt = section ? cfg_getopt(section, name) : NULL;

	return opt && opt->flags & CFGF_MODIFIED ? opt : NULL;
}

/* 0 when nothing is set. */
static int first_line(cfg_t *section)
{
	int first = 0, line;
	unsigned i;

	for (i = 0; i < cfg_num(section); i++) {
		cfg_opt_t *opt = cfg_getnopt(section, i);

		if (opt->type != CFGT_STR || !load_find(section, opt->name) ||
		    cfg_opt_size(opt) == 0)
			continue;
		load_value_text(cfg_opt_getnstr(opt, 0), &line);
		if (first == 0 || line < first)
			first = line;
	}
	return first;
}

bool load_is_empty(cfg_t *section)
{
	return first_line(section) == 0;
}

bool load_sets_nothing(cfg_t *section)
{
	for (unsigned i = 0; i < cfg_num(section); i++) {
		cfg_opt_t *opt = cfg_getnopt(section, i);
		unsigned n = opt->type == CFGT_SEC ? cfg_opt_size(opt) : 0;

		if (opt->type != CFGT_SEC && load_find(section, opt->name))
			return false;
		for (unsigned j = 0; j < n; j++)
			if (opt->flags & CFGF_MULTI || !load_sets_nothing(cfg_opt_getnsec(opt, j)))
				return false;
	}
	return true;
}

int load_line_of(cfg_t *section, const char *name)
{
	cfg_opt_t *opt = name ? load_find(section, name) : NULL;
	int line;

	if (!opt || cfg_opt_size(opt) == 0) {
		line = first_line(section);
		return line > 0 ? line : section->line;
	}
	load_value_text(cfg_opt_getnstr(opt, 0), &line);
	return line;
}

int load_nth_line(cfg_opt_t *opt, size_t i)
{
	int line;

	load_value_text(cfg_opt_getnstr(opt, (unsigned)i), &line);
	return line;
}

int load_line_if_set(cfg_t *section, const char *name)
{
	return load_find(section, name) ? load_line_of(section, name) : 0;
}

static void read_value(struct load *load, const struct setting *setting, const char *kept,
		       void *out)
{
	char quoted[FIELDS_TEXT_MAX];
	const char *reason, *text;
	int line;

	text = load_value_text(kept, &line);
	if (setting_parse(setting, text, load->arena, out, &reason))
		return;
	fields_quote(text, strlen(text), quoted);
	load_complain(load, line, "%s = %s: %s", setting->name, quoted, reason);
}

static void store_list(const struct setting *setting, char *base, const void *items, size_t n)
{
	memcpy(base + setting->offset, &items, sizeof(items));
	memcpy(base + setting->count_offset, &n, sizeof(n));
}

static void read_list(struct load *load, const struct setting *setting, cfg_opt_t *opt, char *base)
{
	size_t n = cfg_opt_size(opt), size = setting_size(setting), i;
	char *items = load_allocate(load, n, size);
	int line;

	if (n > setting->max) {
		load_value_text(cfg_opt_getnstr(opt, (unsigned)setting->max), &line);
		load_complain(load, line, "%s has more than %zu elements", setting->name,
			      setting->max);
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

	out = setting_is_list(setting) ? load_allocate(load, n, setting_size(setting)) :
					 base + setting->offset;
	if (n && !setting_parse(setting, setting->default_text, load->arena, out, &reason))
		abort();
	if (setting_is_list(setting))
		store_list(setting, base, out, n);
}

void load_section(struct load *load, cfg_t *section, enum setting_section which, void *base)
{
	struct setting setting;
	cfg_opt_t *opt;
	size_t i;

	for (i = 0; setting_at(i, &setting); i++) {
		if (setting.section != which)
			continue;
		opt = load_find(section, setting.name);
		if (!opt)
			continue;
		if (setting_is_list(&setting))
			read_list(load, &setting, opt, base);
		else
			read_value(load, &setting, cfg_opt_getnstr(opt, 0),
				   (char *)base + setting.offset);
	}
}

void load_plan_section(struct load *load, cfg_t *section, struct plan *plan, const char *origin)
{
	struct setting setting;
	size_t i;

	load_section(load, section, SECTION_PLAN, plan);
	for (i = 0; setting_at(i, &setting); i++) {
		if (setting.section != SECTION_PLAN || setting.index < 0 ||
		    !load_find(section, setting.name))
			continue;
		plan->origins[setting.index] = origin;
		plan->lines[setting.index] = load_line_of(section, setting.name);
	}
	plan->shared_quotas_line = load_line_if_set(section, "shared_quotas");
}

void load_defaults(struct load *load, enum setting_section which, void *base)
{
	struct setting setting;
	size_t i;

	for (i = 0; setting_at(i, &setting); i++)
		if (setting.section == which)
			set_default(load, &setting, base);
}

const char *load_origin(struct load *load, const char *kind, const char *name)
{
	char origin[DOMAIN_MAX + 16];

	snprintf(origin, sizeof(origin), "%s %.*s", kind, DOMAIN_MAX, name);
	return load_keep(load, origin);
}
