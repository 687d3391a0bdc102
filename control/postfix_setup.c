#define _GNU_SOURCE
#include "control/postfix_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "control/need.h"
#include "control/postfix_list.h"

/* ---- settings --------------------------------------------------------------- */

static void add_setting(struct setup_settings *settings, const char *name, size_t name_len,
			const char *value, size_t value_len)
{
	if (settings->n == SETUP_SETTINGS_MAX)
		return;
	settings->items = need_room(settings->items, settings->n + 1, sizeof(settings->items[0]));
	settings->items[settings->n].name = need_copy(name, name_len);
	settings->items[settings->n++].value = need_copy(value, value_len);
}

/* "name = value", also "name =". False: it is something else. */
static bool read_line(struct setup_settings *settings, const char *line, size_t len)
{
	const char *equals = memmem(line, len, " =", 2);
	const char *value;

	if (!equals)
		return false;
	value = equals + 2;
	if (value < line + len && *value == ' ')
		value++;
	add_setting(settings, line, (size_t)(equals - line), value, (size_t)(line + len - value));
	return true;
}

void setup_read_settings(struct setup_settings *settings, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		read_line(settings, text, len);
		text += len + (text[len] == '\n');
	}
}

static void settings_fini(struct setup_settings *settings)
{
	for (size_t i = 0; i < settings->n; i++) {
		free(settings->items[i].name);
		free(settings->items[i].value);
	}
	free(settings->items);
	*settings = (struct setup_settings){ 0 };
}

/* NULL: there is none. */
static const char *find(const struct setup_settings *settings, const char *name)
{
	for (size_t i = settings->n; i > 0; i--)
		if (strcmp(settings->items[i - 1].name, name) == 0)
			return settings->items[i - 1].value;
	return NULL;
}

bool setup_has(const struct setup_settings *settings, const char *name)
{
	return find(settings, name) != NULL;
}

const char *setup_value(const struct setup_settings *settings, const char *name)
{
	const char *value = find(settings, name);

	return value ? value : "";
}

bool setup_yes(const struct setup_settings *settings, const char *name)
{
	return strcasecmp(setup_value(settings, name), "yes") == 0;
}

bool setup_lists(const struct setup_settings *settings, const char *name, const char *word)
{
	struct postfix_list list;
	bool found = false;

	postfix_list_init(&list, setup_value(settings, name));
	for (size_t i = 0; i < list.n; i++)
		found = found || strcmp(list.items[i], word) == 0;
	postfix_list_fini(&list);
	return found;
}

/* ---- services --------------------------------------------------------------- */

void setup_init(struct setup *setup, const struct config *config, setup_same *same)
{
	memset(setup, 0, sizeof(*setup));
	setup->config = config;
	setup->same = same;
}

void setup_fini(struct setup *setup)
{
	settings_fini(&setup->main);
	for (size_t i = 0; i < setup->n; i++) {
		free(setup->services[i].name);
		free(setup->services[i].stray);
		settings_fini(&setup->services[i].own);
		settings_fini(&setup->services[i].force);
	}
	setup->n = 0;
}

/* The columns of master(5). */
enum { SERVICE, TYPE, PRIVATE, UNPRIVILEGED, CHROOT, WAKEUP, MAXPROC, COMMAND, COLUMNS };

/* "-" in the column chroot is "n" from Postfix 3.0 on, unless compatibility_level is 0. */
static bool is_chrooted(const struct setup *setup, const char *column)
{
	return strcmp(column, "y") == 0 ||
	       (strcmp(column, "-") == 0 &&
		atoi(setup_value(&setup->main, "compatibility_level")) < 1);
}

/* One that begins with a brace reaches to that which closes it. */
static size_t word_length(const char *text)
{
	size_t depth = 0, n = 0;

	if (text[0] != '{')
		return strcspn(text, " \t");
	for (; text[n] && (depth > 0 || n == 0); n++) {
		if (text[n] == '{')
			depth++;
		else if (text[n] == '}')
			depth--;
	}
	return n;
}

/* The first word that is no option and no value of -o, owned; NULL: there is none. */
static char *find_stray(const char *arguments)
{
	bool is_value = false;

	arguments += strspn(arguments, " \t");
	while (*arguments) {
		size_t len = word_length(arguments);

		if (!is_value && arguments[0] != '-')
			return need_copy(arguments, len);
		is_value = !is_value && len == 2 && arguments[1] == 'o';
		arguments += len;
		arguments += strspn(arguments, " \t");
	}
	return NULL;
}

static void add_service(struct setup *setup, char *const columns[COLUMNS], const char *arguments)
{
	struct setup_service *service;
	char *name;

	if (strcmp(columns[COMMAND], "proxymap") == 0 && strcmp(columns[SERVICE], "proxymap") == 0)
		setup->proxymap_chrooted = is_chrooted(setup, columns[CHROOT]);
	if (strcmp(columns[COMMAND], "smtpd") != 0)
		return;
	if (setup->n == SETUP_SERVICES_MAX) {
		setup->too_many = true;
		return;
	}
	if (asprintf(&name, "%s/%s", columns[SERVICE], columns[TYPE]) < 0)
		memory_exhausted();
	service = &setup->services[setup->n++];
	*service = (struct setup_service){
		.name = name,
		.chrooted = is_chrooted(setup, columns[CHROOT]),
		.privileged = strcmp(columns[UNPRIVILEGED], "n") == 0,
		.stray = find_stray(arguments),
	};
}

void setup_read_services(struct setup *setup, const char *text)
{
	char *copy = memory_strdup(text), *rest = copy, *line, *columns[COLUMNS];

	while ((line = strsep(&rest, "\n"))) {
		size_t n = 0;
		char *word;

		while (n < COLUMNS && (word = strsep(&line, " \t")))
			if (*word)
				columns[n++] = word;
		if (n == COLUMNS)
			add_service(setup, columns, line ? line : "");
	}
	free(copy);
}

void setup_read_own(struct setup *setup, const char *text)
{
	for (; *text; text += strspn(text, "\n")) {
		size_t len = strcspn(text, "\n");

		for (size_t i = 0; i < setup->n; i++) {
			const char *name = setup->services[i].name;
			size_t n = strlen(name);

			if (len > n && memcmp(text, name, n) == 0 && text[n] == '/')
				read_line(&setup->services[i].own, text + n + 1, len - n - 1);
		}
		text += len;
	}
}

/* ---- what they are for ------------------------------------------------------ */

static bool has_port(const struct setup_service *service, const char *const *ports)
{
	const char *name = service->name, *colon;
	size_t len = strcspn(name, "/");

	colon = memrchr(name, ':', len);
	if (colon) {
		len -= (size_t)(colon + 1 - name);
		name = colon + 1;
	}
	for (; *ports; ports++)
		if (strlen(*ports) == len && memcmp(*ports, name, len) == 0)
			return true;
	return false;
}

/* Nobody calls the way back from a filter so. */
static bool has_name_of_submission(const struct setup_service *service)
{
	static const char *const ports[] = { "submission", "submissions", "smtps",
					     "587",	   "465",	  NULL };

	return has_port(service, ports);
}

bool setup_is_outside(const struct setup_service *service)
{
	static const char *const ports[] = { "smtp", "25", NULL };

	return has_port(service, ports) || strcmp(strchr(service->name, '/'), "/pass") == 0;
}

bool setup_is_reinjection(const struct setup_service *service)
{
	const struct setup_settings *own = &service->own;

	if (setup_yes(own, "smtpd_sasl_auth_enable") || has_name_of_submission(service))
		return false;
	/* With one of its own it is the way there. */
	return setup_lists(&service->force, "receive_override_options", "no_milters") ||
	       (setup_has(own, "content_filter") && !*setup_value(own, "content_filter")) ||
	       setup_has(own, "smtpd_authorized_xforward_hosts");
}

bool setup_is_submission(const struct setup_service *service)
{
	return setup_yes(&service->force, "smtpd_sasl_auth_enable") &&
	       !setup_is_reinjection(service);
}
