/*
 * One run of the configuration's loader: what its parts share. Only the files
 * base/config*.c include it.
 *
 *	config.c	the file, the snapshot
 *	config_query.c	questions to it
 *	config_text.c	the text before libconfuse sees it
 *	config_parse.c	libconfuse
 *	config_complain.c	what it complains of
 *	config_load.c	settings, of any section
 *	config_plan.c	plans and groups
 *	config_senders.c	groups of senders
 *	config_domain.c	domains
 *	config_redis.c	section redis
 *	config_check.c	what concerns several sections
 */
#ifndef SENDWARD_CONFIG_LOAD_H
#define SENDWARD_CONFIG_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <confuse.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/setting.h"

struct load {
	const char *path;
	char *error; /* the first one, from load_complain() */
	size_t error_size;
	bool failed;
	struct arena *arena;
	struct config *config;
};

/* Zeroed, and as long-lived as the snapshot. Never NULL. */
void *load_allocate(struct load *load, size_t n, size_t size);
char *load_keep(struct load *load, const char *text);

/* line 0: none. Only the first complaint counts. */
void load_complain(struct load *load, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* text is as config_text_prepare() left it. Free the result with cfg_free();
 * it is to be used only when the load has not failed. */
cfg_t *load_parse(struct load *load, const char *text);

/* What libconfuse calls the section. */
const char *load_section_name(enum setting_section section);

/* Can the setting stand in the section? */
bool load_stands_in(const struct setting *setting, enum setting_section section);

/* Of what libconfuse has met in cfg: a name that is no setting there (behind_value: a value
 * stands before it in its line), a title that there is already, a section without one. */
void load_complain_unknown(struct load *load, cfg_t *cfg, const char *name, bool behind_value);
void load_complain_title_twice(struct load *load, cfg_t *cfg, const char *title);
void load_complain_untitled(struct load *load, cfg_t *cfg, const char *name);

/* NULL where the file does not set it. */
cfg_opt_t *load_find(cfg_t *section, const char *name);

/* A value of libconfuse's is the text behind its line; this takes them apart. */
const char *load_value_text(const char *kept, int *line);

/* Is nothing set in it? */
bool load_is_empty(cfg_t *section);

/* The same, and no section below it sets anything or has a title. */
bool load_sets_nothing(cfg_t *section);

/* The line of the setting; when it is not set or name is NULL, of the first one
 * in the section; when that is empty, the one in which it ends. */
int load_line_of(cfg_t *section, const char *name);

/* The line of the i-th element of a list. */
int load_nth_line(cfg_opt_t *opt, size_t i);

/* The line of the setting, and 0 when the file does not set it. */
int load_line_if_set(cfg_t *section, const char *name);

/* Every setting of the section that the file has, into base. */
void load_section(struct load *load, cfg_t *section, enum setting_section which, void *base);
void load_defaults(struct load *load, enum setting_section which, void *base);

/* Those of SECTION_PLAN, with their origin and lines. */
void load_plan_section(struct load *load, cfg_t *section, struct plan *plan, const char *origin);

/* "plan students", "domain example.com". */
const char *load_origin(struct load *load, const char *kind, const char *name);

void load_check_redis(struct load *load, cfg_t *redis);
void load_sender_groups(struct load *load, cfg_t *cfg);
void load_plans(struct load *load, cfg_t *cfg); /* after load_sender_groups() */
void load_groups(struct load *load, cfg_t *cfg);
void load_domains(struct load *load, cfg_t *cfg); /* after load_plans() */

/* The section ramp in a plan or domain, if there is one. */
void load_ramp(struct load *load, cfg_t *parent, struct plan *plan, const char *origin);

/* Complains of two that count in the same place: they would be charged twice
 * there. name is the setting's. */
void load_check_quotas(struct load *load, cfg_t *section, const char *name,
		       const struct quota *quotas, size_t n);

/* Complains of a group of senders that the section names and nobody has. */
void load_check_patterns(struct load *load, cfg_t *section, const struct plan *plan);

/* Complains of a section whose title is no name. kind says what it would be. */
void load_check_title(struct load *load, cfg_t *section, const char *kind);

/* What concerns several sections; last. */
void load_check(struct load *load, cfg_t *cfg);

#endif
