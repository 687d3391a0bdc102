/*
 * export, import: accounts as lines of JSON, with the keys of `user show`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "control/accounts.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/edit.h"
#include "control/import_line.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"

static void print_line(const struct view *view, void *arg)
{
	json_t *json = view_json(view);

	(void)arg;
	control_print_json_line(json);
	json_decref(json);
}

int command_export(struct control *control)
{
	if (!control_connect(control))
		return STATUS_REFUSED;
	return accounts_all(control, print_line, NULL);
}

/* Octets of a line, its "effective" included. */
#define LINE_OCTETS_MAX (2 * RECORD_MAX)

/* ---- the file ------------------------------------------------------------ */

struct import {
	struct control *control;
	const char *name; /* of the file */
	FILE *file;
	bool dry_run;
	size_t line; /* number of the present one */
	size_t added, replaced, same, refused;
	bool stopped; /* the store is away */
};

static bool replace_record(struct edit *edit, void *arg)
{
	const json_t *record = arg;
	json_t *created = json_incref(json_object_get(edit->record, "created"));

	json_object_clear(edit->record);
	json_object_update(edit->record, (json_t *)record);
	if (!json_object_get(record, "created") && created)
		json_object_set(edit->record, "created", created);
	json_decref(created);
	return true;
}

static void store_line(struct import *import, const char *login, json_t *record)
{
	switch (edit_account(import->control, login, EDIT_EITHER, replace_record, record, NULL)) {
	case EDIT_ADDED:
		import->added++;
		break;
	case EDIT_CHANGED:
		import->replaced++;
		break;
	case EDIT_SAME:
		import->same++;
		break;
	case EDIT_REFUSED:
		/* A line that is right can only fail with the store. */
		fprintf(stderr, "%s:%zu: stopped here\n", import->name, import->line);
		import->stopped = true;
		break;
	}
}

static void import_line(struct import *import, const char *text, size_t len)
{
	char why[512] = "", *login = NULL, *printable;
	json_t *record = NULL;

	if (len > LINE_OCTETS_MAX)
		snprintf(why, sizeof(why), "is longer than %d octets", LINE_OCTETS_MAX);
	else
		record = import_line_read(text, len, import->control->config, &login, why, sizeof(why));
	if (!record) {
		printable = text_printable(why);
		fprintf(stderr, "%s:%zu: %s\n", import->name, import->line, printable);
		free(printable);
		import->refused++;
	} else if (import->dry_run) {
		import->added++;
	} else {
		store_line(import, login, record);
	}
	json_decref(record);
	free(login);
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* False, said, when the file cannot be read to its end. */
static bool import_file(struct import *import)
{
	size_t room = 0;
	char *text = NULL;
	ssize_t len;
	bool ok;

	errno = 0;
	while (!import->stopped && (len = getline(&text, &room, import->file)) >= 0) {
		import->line++;
		if (!is_blank(text))
			import_line(import, text, (size_t)len);
		errno = 0;
	}
	ok = !ferror(import->file);
	if (!ok)
		control_refuse("%s: %s", import->name, strerror(errno));
	free(text);
	return ok && !import->stopped;
}

static void print_counts(const struct import *import)
{
	if (import->control->json && import->dry_run)
		control_print_json(need(json_pack("{s:I, s:I}", "good", (json_int_t)import->added,
						  "refused", (json_int_t)import->refused)));
	else if (import->control->json)
		control_print_json(need(json_pack(
			"{s:I, s:I, s:I, s:I}", "added", (json_int_t)import->added, "replaced",
			(json_int_t)import->replaced, "unchanged", (json_int_t)import->same,
			"refused", (json_int_t)import->refused)));
	else if (import->dry_run)
		printf("%zu good, %zu refused; nothing was written\n", import->added,
		       import->refused);
	else
		printf("%zu added, %zu replaced, %zu unchanged, %zu refused\n", import->added,
		       import->replaced, import->same, import->refused);
}

/* One for all: the accounts are in the file. */
static void write_event(const struct import *import)
{
	json_t *event;
	char actor[JOURNAL_ACTOR_MAX];

	if (import->dry_run || import->added + import->replaced == 0)
		return;
	event = journal_entry(import->control, "import", NULL);
	json_object_set_new(event, "added", need(json_integer((json_int_t)import->added)));
	json_object_set_new(event, "replaced", need(json_integer((json_int_t)import->replaced)));
	journal_actor(import->control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(import->control, event);
}

int command_import(struct control *control)
{
	const char *path = control->argument.text;
	bool standard_input = strcmp(path, "-") == 0, ok;
	struct import import = {
		.control = control,
		.name = standard_input ? "standard input" : path,
		.dry_run = control_has(control, OPTION_DRY_RUN),
	};

	if (!(import.dry_run ? control_load(control) : control_connect(control)))
		return STATUS_REFUSED;
	import.file = standard_input ? stdin : fopen(path, "re");
	if (!import.file)
		return control_refuse("%s: %s", path, strerror(errno));
	ok = import_file(&import);
	if (!standard_input)
		fclose(import.file);
	write_event(&import);
	print_counts(&import);
	return ok && import.refused == 0 ? STATUS_DONE : STATUS_REFUSED;
}
