/*
 * import: accounts and hashes of passwords from a file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/commands.h"
#include "control/control.h"
#include "control/import.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/text.h"

static json_t *counts_json(const struct import *import)
{
	const struct import_counts *c = &import->counts;
	json_t *json;

	if (import->mode == IMPORT_CHECK)
		return need(json_pack("{s:I, s:I}", "good", (json_int_t)c->added, "refused",
				      (json_int_t)c->refused));
	json = need(json_pack("{s:I, s:I, s:I, s:I}", "added", (json_int_t)c->added, "replaced",
			      (json_int_t)c->changed, "unchanged", (json_int_t)c->same, "refused",
			      (json_int_t)c->refused));
	if (c->secrets)
		json_object_set_new(json, "secrets", need(json_integer((json_int_t)c->secrets)));
	return json;
}

static void print_counts(const struct import *import)
{
	const struct import_counts *c = &import->counts;

	if (import->control->json) {
		control_print_json(counts_json(import));
		return;
	}
	if (import->mode == IMPORT_CHECK)
		printf("%zu good, ", c->added);
	else
		printf("%zu added, %zu replaced, %zu unchanged, ", c->added, c->changed, c->same);
	if (c->secrets)
		printf("%zu passwords, ", c->secrets);
	printf("%zu refused%s\n", c->refused,
	       import->mode == IMPORT_WRITE ? "" : "; nothing was written");
}

/* One for all: the accounts are in the file. */
static void write_event(const struct import *import)
{
	const struct import_counts *c = &import->counts;
	char actor[JOURNAL_ACTOR_MAX];
	json_t *event;

	if (import->mode != IMPORT_WRITE || c->added + c->changed + c->secrets == 0)
		return;
	event = journal_entry(import->control, "import", NULL);
	json_object_set_new(event, "added", need(json_integer((json_int_t)c->added)));
	json_object_set_new(event, "replaced", need(json_integer((json_int_t)c->changed)));
	if (c->secrets)
		json_object_set_new(event, "secrets", need(json_integer((json_int_t)c->secrets)));
	journal_actor(import->control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(import->control, event);
}

static int command_import(struct control *control)
{
	const struct value *format = control_value(control, OPTION_FORMAT);
	const char *path = control->argument.text;
	bool standard_input = strcmp(path, "-") == 0, ok;
	struct import import = {
		.control = control,
		.name = standard_input ? "standard input" : path,
		.mode = control_has(control, OPTION_DRY_RUN) ? IMPORT_CHECK :
			control_has(control, OPTION_DIFF)    ? IMPORT_DIFF :
							       IMPORT_WRITE,
		.source.format = format ? (enum import_format)format->number : IMPORT_GUESS,
	};

	if (control_has(control, OPTION_DRY_RUN) && control_has(control, OPTION_DIFF))
		return control_misuse(control, "--dry-run or --diff, not both");
	if (!(import.mode == IMPORT_CHECK ? control_load(control) : control_connect(control)))
		return STATUS_REFUSED;
	import.file = standard_input ? stdin : fopen(path, "re");
	if (!import.file)
		return control_refuse("%s: %s", path, strerror(errno));
	ok = import_run(&import);
	if (!standard_input)
		fclose(import.file);
	write_event(&import);
	print_counts(&import);
	return ok && import.counts.refused == 0 ? STATUS_DONE : STATUS_REFUSED;
}

const struct command commands_import[] = {
	{ .name = "import",
	  .argument = "FILE",
	  .check = value_file,
	  .options = OPTION_LIST(OPTION_DRY_RUN, OPTION_DIFF, OPTION_FORMAT, OPTION_ACTOR),
	  .help = "read accounts from a file, \"-\": standard input",
	  .notes = "Reads what export prints (an account that exists is replaced), CSV with the\n"
		   "names of the columns in its first line, and Dovecot's passwd-files (both change\n"
		   "what they name). Lines that are wrong are refused with their numbers, the\n"
		   "others are read. --dry-run does not need Redis. With --diff + is a new account,\n"
		   "~ one that changes, and in what.",
	  .run = command_import },
	{ 0 },
};
