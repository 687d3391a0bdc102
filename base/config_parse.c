#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/config_load.h"
#include "base/config_text.h"
#include "base/memory.h"

/* A setting that the file has: where libconfuse keeps it. */
struct seen {
	const cfg_opt_t *opt;
	int line; /* of its first value */
	UT_hash_handle hh;
};

struct parser {
	struct load *load;
	struct seen *seen; /* the settings given so far */
	char *value;	   /* of the last setting, with its line */
	size_t value_size;
};

/* libconfuse's callbacks have no argument for it. Set while it parses. */
static _Thread_local struct parser *parser;

/* Is there a value in this line, before the word? "quotas = 200 recipients" */
static bool behind_value(const cfg_t *cfg)
{
	int line = 0;

	if (*parser->value)
		load_value_text(parser->value, &line);
	return line == cfg->line;
}

const char *load_section_name(enum setting_section section)
{
	return section == SECTION_GROUP ? CONFIG_TEXT_GROUP : setting_section_name(section);
}

/* What helps to find the mistake, behind what libconfuse says. */
static const struct {
	const char *format, *hint;
} hints[] = {
	{ "unexpected token '%s'", "; only a list has braces, with commas between its values, and "
				   "a value with blanks needs quotes" },
	{ "missing opening brace for section '%s'", "; a section stands without \"=\", as in "
						    "redis { }" },
	{ "missing equal sign after option '%s'", "; a setting stands with one, as in node = mx1" },
};

static const char *hint_of(const char *format)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (!strcmp(hints[i].format, format))
			return hints[i].hint;
	return "";
}

static void on_error(cfg_t *cfg, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	struct load *load = parser->load;
	char text[512];

	if (!strcmp(format, "no such option '%s'")) {
		load_complain_unknown(load, cfg, va_arg(args, const char *), behind_value(cfg));
		return;
	}
	if (!strcmp(format, "found duplicate title '%s'")) {
		load_complain_title_twice(load, cfg, va_arg(args, const char *));
		return;
	}
	if (!strcmp(format, "missing title for section '%s'")) {
		load_complain_untitled(load, cfg, va_arg(args, const char *));
		return;
	}
	vsnprintf(text, sizeof(text), format, args);
	load_complain(load, cfg->line, "%s%s", text, hint_of(format));
}

/* 0, or the line in which the setting had been given before. */
static int see(const cfg_opt_t *opt, int line)
{
	struct seen *seen;

	HASH_FIND_PTR(parser->seen, &opt, seen);
	if (seen)
		return seen->line;
	seen = memory_zero(sizeof(*seen));
	seen->opt = opt;
	seen->line = line;
	HASH_ADD_PTR(parser->seen, opt, seen);
	return 0;
}

/* A list that had elements and has none any more: libconfuse does not tell of "= { }". */
static void complain_emptied(void)
{
	for (const struct seen *seen = parser->seen; seen; seen = seen->hh.next)
		if (seen->opt->nvalues == 0)
			load_complain(parser->load, seen->line,
				      "%s is set twice; the second time it is empty",
				      seen->opt->name);
}

static void forget_seen(void)
{
	struct seen *seen, *next;

	HASH_ITER(hh, parser->seen, seen, next)
	{
		HASH_DEL(parser->seen, seen);
		free(seen);
	}
}

/*
 * libconfuse has read a value. It keeps the text returned in *result, which is
 * the value behind its line: load_value_text() takes them apart.
 */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	/* The first value of a list or the only one. */
	int first = opt->nvalues == 1 ? see(opt, cfg->line) : 0;

	if (first > 0) {
		load_complain(parser->load, cfg->line, "%s is set twice, first in line %d%s",
			      opt->name, first,
			      opt->flags & CFGF_LIST ? "; += adds to a list" : "");
		return -1;
	}
	snprintf(parser->value, parser->value_size, "%d %s", cfg->line, value);
	*(const char **)result = parser->value;
	return 0;
}

bool load_stands_in(const struct setting *setting, enum setting_section section)
{
	return setting->section == section ||
	       (section == SECTION_DOMAIN && setting->section == SECTION_PLAN);
}

static size_t count_settings(enum setting_section section)
{
	struct setting setting;
	size_t i, n = 0;

	for (i = 0; setting_at(i, &setting); i++)
		n += load_stands_in(&setting, section);
	return n;
}

/* libconfuse's table of one section, with room for extra more rows; *next is
 * the first of those. */
static cfg_opt_t *section_options(struct load *load, enum setting_section section, size_t extra,
				  cfg_opt_t **next)
{
	const cfg_opt_t end = CFG_END();
	cfg_opt_t *opts = load_allocate(load, count_settings(section) + extra + 1, sizeof(*opts));
	cfg_opt_t *out = opts;
	struct setting setting;
	size_t i;

	for (i = 0; setting_at(i, &setting); i++) {
		cfg_opt_t list = CFG_STR_LIST_CB(setting.name, NULL, CFGF_NODEFAULT, on_value);
		cfg_opt_t single = CFG_STR_CB(setting.name, NULL, CFGF_NODEFAULT, on_value);

		if (load_stands_in(&setting, section))
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
	cfg_opt_t row = CFG_SEC((char *)load_section_name(section), opts, flags);

	if (section == SECTION_PLAN)
		*next++ = section_row(load, SECTION_CHECKS, CFGF_NONE);
	if (section == SECTION_PLAN || section == SECTION_DOMAIN)
		*next = section_row(load, SECTION_RAMP, CFGF_NODEFAULT);
	return row;
}

static cfg_opt_t *all_options(struct load *load)
{
	static const struct {
		enum setting_section section;
		cfg_flag_t flags;
	} sections[] = {
		{ SECTION_REDIS, CFGF_NONE },  { SECTION_POLICYD, CFGF_NONE },
		{ SECTION_MILTER, CFGF_NONE }, { SECTION_REPLIES, CFGF_NONE },
		{ SECTION_PLAN, TITLED },      { SECTION_DOMAIN, TITLED },
		{ SECTION_GROUP, TITLED },     { SECTION_SENDER_GROUP, TITLED },
		{ SECTION_UNAUTHENTICATED, CFGF_NONE },
		{ SECTION_STORE_FAILURE, CFGF_NONE },
		{ SECTION_PASSWORDS, CFGF_NONE },
		{ SECTION_SASLD, CFGF_NONE },
	};
	const size_t n = sizeof(sections) / sizeof(sections[0]);
	cfg_opt_t *next, *opts = section_options(load, SECTION_TOP, n, &next);
	size_t i;

	for (i = 0; i < n; i++)
		*next++ = section_row(load, sections[i].section, sections[i].flags);
	return opts;
}

cfg_t *load_parse(struct load *load, const char *text)
{
	size_t size = strlen(text) + 16;
	struct parser here = { .load = load, .value = memory_alloc(size), .value_size = size };
	cfg_t *cfg = cfg_init(all_options(load), CFGF_NONE);

	if (!cfg)
		abort();
	*here.value = '\0';
	cfg_set_error_function(cfg, on_error);
	parser = &here;
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		load_complain(load, 0, "cannot be read");
	if (!load->failed)
		complain_emptied();
	forget_seen();
	parser = NULL;
	free(here.value);
	return cfg;
}
