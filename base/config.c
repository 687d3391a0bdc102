#include "base/config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/config_load.h"
#include "base/config_text.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/setting.h"

/* What config_load() hands out: the configuration and what it lives in. */
struct snapshot {
	struct config config; /* first: the two are converted into each other */
	atomic_uint references;
	struct arena *arena; /* everything, the snapshot itself too */
};

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
	return load_keep(load, name);
}

static void set_replies(struct config *config)
{
	size_t i;

	for (i = 0; i < REPLIES; i++)
		config->replies[i] = *reply_default((enum reply)i);
}

/* One for each setting of the section, in the order of the table. */
static const int *lines_of(struct load *load, cfg_t *cfg, enum setting_section section)
{
	struct setting setting;
	int *lines;
	size_t i, n = 0;

	for (i = 0; setting_at(i, &setting); i++)
		n += setting.section == section;
	lines = load_allocate(load, n, sizeof(*lines));
	for (i = n = 0; setting_at(i, &setting); i++)
		if (setting.section == section)
			lines[n++] = load_line_if_set(cfg, setting.name);
	return lines;
}

static void note_lines(struct load *load, cfg_t *cfg)
{
	load->config->top_lines = lines_of(load, cfg, SECTION_TOP);
	load->config->redis_lines = lines_of(load, cfg_getsec(cfg, "redis"), SECTION_REDIS);
	load->config->null_sender.line = load_line_if_set(cfg, "null_sender");
	load->config->unauthenticated.quotas_line =
		load_line_if_set(cfg_getsec(cfg, "unauthenticated"), "quotas");
}

static void fill(struct load *load, cfg_t *cfg)
{
	static const enum setting_section sections[] = { SECTION_TOP, SECTION_REDIS,
							 SECTION_POLICYD, SECTION_MILTER,
							 SECTION_UNAUTHENTICATED,
							 SECTION_PASSWORDS,
							 SECTION_SASLD };
	struct config *config = load->config;
	cfg_t *section;
	size_t i;

	config->path = load_keep(load, load->path);
	config->node = default_node(load);
	set_replies(config);
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		section = i == 0 ? cfg : cfg_getsec(cfg, setting_section_name(sections[i]));
		load_defaults(load, sections[i], config);
		load_section(load, section, sections[i], config);
	}
	load_section(load, cfg_getsec(cfg, "replies"), SECTION_REPLIES, config);
	if (!config->credential_separator)
		config->credential_separator = config->sasld.n_listen > 0 ? "+" : "";
	for (i = 0; i < STORE_FAILURE_CHECKS; i++)
		config->store_failure[i] = config->on_store_failure;
	load_section(load, cfg_getsec(cfg, "store_failure"), SECTION_STORE_FAILURE, config);
	note_lines(load, cfg);
	config->sets_nothing = load_sets_nothing(cfg);
	config->milter_configured = load_find(cfg_getsec(cfg, "milter"), "listen") != NULL;
	load_sender_groups(load, cfg);
	load_plans(load, cfg);
	if (!load->failed)
		load_domains(load, cfg);
	load_groups(load, cfg);
	if (!load->failed)
		load_check(load, cfg);
}

static struct snapshot *snapshot_new(struct load *load)
{
	struct snapshot *snapshot;

	load->arena = arena_new();
	if (!load->arena)
		abort();
	snapshot = load_allocate(load, 1, sizeof(*snapshot));
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

	if (!config_text_prepare(text, len, &line, &reason)) {
		load_complain(load, line, "%s", reason);
	} else {
		cfg = load_parse(load, text);
		if (!load->failed)
			fill(load, cfg);
		cfg_free(cfg);
	}
	if (!load->failed)
		return &snapshot->config;
	arena_free(&load->arena);
	return NULL;
}

struct config *config_load_text(const char *text, const char *path, char *error, size_t error_size)
{
	struct load load = { .path = path, .error = error, .error_size = error_size };
	struct config *config;
	char *copy;

	if (strlen(text) > CONFIG_TEXT_MAX) {
		load_complain(&load, 0, "larger than 1 MiB");
		return NULL;
	}
	copy = memory_strdup(text);
	config = load_text(copy, strlen(copy), &load);
	free(copy);
	return config;
}

/* The file's octets, and a NUL behind them; or NULL. */
static char *read_file(struct load *load, size_t *len)
{
	FILE *file = fopen(load->path, "re");
	char *text;

	*len = 0;
	if (!file) {
		load_complain(load, 0, "%s", strerror(errno));
		return NULL;
	}
	text = memory_alloc(CONFIG_TEXT_MAX + 2);
	*len = fread(text, 1, CONFIG_TEXT_MAX + 1, file);
	if (ferror(file))
		load_complain(load, 0, "%s", strerror(errno));
	else if (*len > CONFIG_TEXT_MAX)
		load_complain(load, 0, "larger than 1 MiB");
	fclose(file);
	text[*len] = '\0';
	return text;
}

struct config *config_load(const char *path, char *error, size_t error_size)
{
	struct load load = { .path = path, .error = error, .error_size = error_size };
	struct config *config = NULL;
	size_t len;
	char *text = read_file(&load, &len);

	if (!load.failed)
		config = load_text(text, len, &load);
	free(text);
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
