#define _GNU_SOURCE
#include "control/wiring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/need.h"
#include "control/postfix_list.h"

/* ---- settings --------------------------------------------------------------- */

static void add_setting(struct wiring_settings *settings, const char *name, size_t name_len,
			const char *value, size_t value_len)
{
	if (settings->n == WIRING_SETTINGS_MAX)
		return;
	settings->items = need_room(settings->items, settings->n + 1, sizeof(settings->items[0]));
	settings->items[settings->n].name = need_copy(name, name_len);
	settings->items[settings->n++].value = need_copy(value, value_len);
}

/* "name = value", also "name =". False: it is something else. */
static bool read_line(struct wiring_settings *settings, const char *line, size_t len)
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

void wiring_read_settings(struct wiring_settings *settings, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		read_line(settings, text, len);
		text += len + (text[len] == '\n');
	}
}

static void settings_fini(struct wiring_settings *settings)
{
	for (size_t i = 0; i < settings->n; i++) {
		free(settings->items[i].name);
		free(settings->items[i].value);
	}
	free(settings->items);
	*settings = (struct wiring_settings){ 0 };
}

/* NULL: there is none. */
static const char *find(const struct wiring_settings *settings, const char *name)
{
	for (size_t i = settings->n; i > 0; i--)
		if (strcmp(settings->items[i - 1].name, name) == 0)
			return settings->items[i - 1].value;
	return NULL;
}

bool wiring_has(const struct wiring_settings *settings, const char *name)
{
	return find(settings, name) != NULL;
}

const char *wiring_value(const struct wiring_settings *settings, const char *name)
{
	const char *value = find(settings, name);

	return value ? value : "";
}

bool wiring_yes(const struct wiring_settings *settings, const char *name)
{
	return strcmp(wiring_value(settings, name), "yes") == 0;
}

bool wiring_lists(const struct wiring_settings *settings, const char *name, const char *word)
{
	struct postfix_list list;
	bool found = false;

	postfix_list_init(&list, wiring_value(settings, name));
	for (size_t i = 0; i < list.n; i++)
		found = found || strcmp(list.items[i], word) == 0;
	postfix_list_fini(&list);
	return found;
}

/* ---- services --------------------------------------------------------------- */

void wiring_init(struct wiring *wiring, const struct config *config, wiring_same *same)
{
	memset(wiring, 0, sizeof(*wiring));
	wiring->config = config;
	wiring->same = same;
}

void wiring_fini(struct wiring *wiring)
{
	settings_fini(&wiring->main);
	for (size_t i = 0; i < wiring->n; i++) {
		free(wiring->services[i].name);
		settings_fini(&wiring->services[i].own);
		settings_fini(&wiring->services[i].force);
	}
	wiring->n = 0;
}

/* The columns of master(5). */
enum { SERVICE, TYPE, PRIVATE, UNPRIVILEGED, CHROOT, WAKEUP, MAXPROC, COMMAND, COLUMNS };

/* "-" in the column chroot is "n" from Postfix 3.0 on, unless compatibility_level is 0. */
static bool is_chrooted(const struct wiring *wiring, const char *column)
{
	return strcmp(column, "y") == 0 ||
	       (strcmp(column, "-") == 0 &&
		atoi(wiring_value(&wiring->main, "compatibility_level")) < 1);
}

static void add_service(struct wiring *wiring, char *const columns[COLUMNS])
{
	struct wiring_service *service;
	char *name;

	if (strcmp(columns[COMMAND], "proxymap") == 0 && strcmp(columns[SERVICE], "proxymap") == 0)
		wiring->proxymap_chrooted = is_chrooted(wiring, columns[CHROOT]);
	if (strcmp(columns[COMMAND], "smtpd") != 0)
		return;
	if (wiring->n == WIRING_SERVICES_MAX) {
		wiring->too_many = true;
		return;
	}
	if (asprintf(&name, "%s/%s", columns[SERVICE], columns[TYPE]) < 0)
		memory_exhausted();
	service = &wiring->services[wiring->n++];
	*service = (struct wiring_service){
		.name = name,
		.chrooted = is_chrooted(wiring, columns[CHROOT]),
		.privileged = strcmp(columns[UNPRIVILEGED], "n") == 0,
	};
}

void wiring_read_services(struct wiring *wiring, const char *text)
{
	char *copy = memory_strdup(text), *rest = copy, *line, *columns[COLUMNS];

	while ((line = strsep(&rest, "\n"))) {
		size_t n = 0;
		char *word;

		while (n < COLUMNS && (word = strsep(&line, " \t")))
			if (*word)
				columns[n++] = word;
		if (n == COLUMNS)
			add_service(wiring, columns);
	}
	free(copy);
}

void wiring_read_own(struct wiring *wiring, const char *text)
{
	for (; *text; text += strspn(text, "\n")) {
		size_t len = strcspn(text, "\n");

		for (size_t i = 0; i < wiring->n; i++) {
			const char *name = wiring->services[i].name;
			size_t n = strlen(name);

			if (len > n && memcmp(text, name, n) == 0 && text[n] == '/')
				read_line(&wiring->services[i].own, text + n + 1, len - n - 1);
		}
		text += len;
	}
}

/* ---- what they are for ------------------------------------------------------ */

/* Nobody calls the way back from a filter so. */
static bool has_name_of_submission(const struct wiring_service *service)
{
	static const char *const names[] = { "submission", "submissions", "smtps", "587", "465" };
	const char *name = service->name, *colon;
	size_t len = strcspn(name, "/");

	colon = memrchr(name, ':', len);
	if (colon) {
		len -= (size_t)(colon + 1 - name);
		name = colon + 1;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return true;
	return false;
}

bool wiring_is_reinjection(const struct wiring_service *service)
{
	const struct wiring_settings *own = &service->own;

	if (wiring_yes(own, "smtpd_sasl_auth_enable") || has_name_of_submission(service))
		return false;
	return wiring_lists(&service->force, "receive_override_options", "no_milters") ||
	       wiring_has(own, "content_filter") ||
	       wiring_has(own, "smtpd_authorized_xforward_hosts");
}

bool wiring_is_submission(const struct wiring_service *service)
{
	return wiring_yes(&service->force, "smtpd_sasl_auth_enable") &&
	       !wiring_is_reinjection(service);
}
