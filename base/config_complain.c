/* What libconfuse complains of, in words of ours, with what helps to find the mistake. */
#include <stdio.h>
#include <string.h>

#include "base/config_load.h"
#include "base/config_text.h"
#include "base/fields.h"
#include "base/nearest.h"

/* "staff" of plan staff; "" of a section without a title. */
static const char *title_of(cfg_t *cfg)
{
	const char *title = cfg_title(cfg);

	return title ? title : "";
}

/* SECTION_TOP for the file itself. */
static enum setting_section section_of(cfg_t *cfg)
{
	for (int i = 0; i < SECTIONS; i++)
		if (!strcmp(cfg_name(cfg), load_section_name((enum setting_section)i)))
			return (enum setting_section)i;
	return SECTION_TOP;
}

/* A section that has a setting of this name, the top level before others. */
static bool find_section_with(const char *name, enum setting_section *out)
{
	struct setting setting;
	bool found = false;

	for (size_t i = 0; setting_at(i, &setting); i++) {
		if (strcmp(setting.name, name) != 0 || (found && setting.section != SECTION_TOP))
			continue;
		*out = setting.section;
		found = true;
	}
	return found;
}

/* "redis.lease_share": the setting of that section; false when there is none. */
static bool find_dotted(const char *name, struct setting *out)
{
	const char *dot = strchr(name, '.');

	for (size_t i = 0; dot && setting_at(i, out); i++) {
		const char *section = setting_section_name(out->section);

		if (out->section != SECTION_TOP && strcmp(out->name, dot + 1) == 0 &&
		    strlen(section) == (size_t)(dot - name) &&
		    strncmp(section, name, strlen(section)) == 0)
			return true;
	}
	return false;
}

static bool is_section(const char *name)
{
	for (int i = 0; i < SECTIONS; i++)
		if (!strcmp(setting_section_name((enum setting_section)i), name))
			return true;
	return false;
}

/* The name of a setting of that section, or of a section at the top level. */
static const char *find_nearest(enum setting_section section, const char *name)
{
	struct nearest nearest;
	struct setting setting;

	nearest_init(&nearest, name);
	for (size_t i = 0; setting_at(i, &setting); i++)
		if (load_stands_in(&setting, section))
			nearest_try(&nearest, setting.name);
	for (int i = 0; section == SECTION_TOP && i < SECTIONS; i++)
		nearest_try(&nearest, setting_section_name((enum setting_section)i));
	return nearest.found;
}

/* Where the mistake is: " in section redis", " in plan staff", "" at the top level. */
static const char *place_of(struct load *load, cfg_t *cfg, enum setting_section section)
{
	const char *kind = setting_section_name(section), *title = title_of(cfg);

	if (section == SECTION_TOP)
		return "";
	return *title ? load_origin(load, " in", load_origin(load, kind, title)) :
			load_origin(load, " in section", kind);
}

void load_complain_unknown(struct load *load, cfg_t *cfg, const char *name, bool behind_value)
{
	enum setting_section here = section_of(cfg), section = SECTION_TOP;
	bool found = find_section_with(name, &section);
	const char *place = place_of(load, cfg, here), *nearest = find_nearest(here, name);
	char quoted[FIELDS_TEXT_MAX], what[FIELDS_TEXT_MAX + 300];
	struct setting dotted;

	fields_quote(name, strlen(name), quoted);
	snprintf(what, sizeof(what), "there is no setting %s%s", quoted, place);
	if (*name == ';')
		load_complain(load, cfg->line, "there is no \";\" behind a setting: a line end or "
					       "a blank ends it");
	else if (found && section == SECTION_TOP)
		load_complain(load, cfg->line, "%s; it stands outside of all sections", what);
	else if (found)
		load_complain(load, cfg->line, "%s; section %s has one", what,
			      setting_section_name(section));
	else if (find_dotted(name, &dotted))
		load_complain(load, cfg->line, "%s; section %s has it, as %s", what,
			      setting_section_name(dotted.section), dotted.name);
	else if (is_section(name))
		load_complain(load, cfg->line, "there can be no section %s%s", quoted,
			      *place ? place : " here");
	else if (nearest)
		load_complain(load, cfg->line, "%s; did you mean %s?", what, nearest);
	else
		load_complain(load, cfg->line, "%s%s", what,
			      behind_value ? "; a value with blanks in it needs quotes" : "");
}

/* libconfuse does not tell of which kind the section is; one that has no such
 * title is not the one. */
void load_complain_title_twice(struct load *load, cfg_t *cfg, const char *title)
{
	static const enum setting_section kinds[] = { SECTION_PLAN, SECTION_DOMAIN, SECTION_GROUP,
						      SECTION_SENDER_GROUP };
	char quoted[FIELDS_TEXT_MAX];
	cfg_t *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		cfg_t *section = cfg_gettsec(cfg, load_section_name(kinds[i]), title);

		if (!section)
			continue;
		first = section;
		n++;
	}
	fields_quote(title, strlen(title), quoted);
	if (n == 1)
		load_complain(load, cfg->line, "%s %s stands twice, first in line %d",
			      setting_section_name(section_of(first)), quoted,
			      load_line_of(first, NULL));
	else
		load_complain(load, cfg->line, "%s stands twice", quoted);
}

void load_complain_untitled(struct load *load, cfg_t *cfg, const char *name)
{
	const char *shown = strcmp(name, CONFIG_TEXT_GROUP) ? name : "group";

	load_complain(load, cfg->line, "section %s needs a name, as in %s NAME { }", shown, shown);
}
