#include "control/command.h"

#include <string.h>

#include "control/commands.h"

/* Longer than any name with its argument, so that the help texts align. */
#define NAME_COLUMN 26

static const struct command *const tables[] = {
	commands_user,
	commands_users,
	commands_password,
	commands_credential,
	commands_lockout,
	commands_identity,
	commands_state,
	commands_compromised,
	commands_usage,
	commands_top,
	commands_reset,
	commands_explain,
	commands_events,
	commands_sent,
	commands_status,
	commands_config,
	commands_doctor,
	commands_export,
	commands_import,
	commands_senders,
	commands_reindex,
	commands_reload,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* The one behind it, in the order of the tables; NULL begins, and is after the last.
 * *table is kept by the caller. */
static const struct command *next_command(const struct command *command, size_t *table)
{
	if (!command)
		*table = 0;
	command = command ? command + 1 : tables[0];
	if (!command->name && ++*table < TABLES)
		command = tables[*table];
	return command->name ? command : NULL;
}

bool command_takes(const struct command *command, enum option_id option)
{
	return option_in(command->options, option);
}

const struct option_row *command_option(const struct command *command, enum option_id option)
{
	for (const struct meaning *m = command->meanings; m && m->row.name; m++)
		if (m->option == option)
			return &m->row;
	return option_row(option);
}

/* How many of the words the command's name takes; 0: it is another one. */
static size_t name_matches(const char *name, char *const *words, size_t n)
{
	for (size_t used = 0; used < n;) {
		size_t len = strcspn(name, " ");

		if (strlen(words[used]) != len || memcmp(words[used], name, len) != 0)
			return 0;
		used++;
		if (!name[len])
			return used;
		name += len + 1;
	}
	return 0;
}

const struct command *command_find(char *const *words, size_t n, size_t *used)
{
	const struct command *c = NULL;
	size_t table;

	while ((c = next_command(c, &table)))
		if ((*used = name_matches(c->name, words, n)))
			break;
	return c;
}

static bool in_group(const struct command *command, const char *group)
{
	size_t len = strlen(group);

	return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

bool command_is_group(const char *word)
{
	const struct command *c = NULL;
	size_t table;

	while ((c = next_command(c, &table)))
		if (in_group(c, word))
			break;
	return c != NULL;
}

void command_names(void (*each)(struct nearest *nearest, const char *name),
		   struct nearest *nearest)
{
	const struct command *c = NULL;
	size_t table;

	while ((c = next_command(c, &table)))
		each(nearest, c->name);
}

/* ---- help ---------------------------------------------------------------- */

/* "  NAME   text", the text's further lines below its first. */
static void print_entry(const char *name, const char *help, FILE *out)
{
	if (strlen(name) > NAME_COLUMN)
		fprintf(out, "  %s\n  %*s ", name, NAME_COLUMN, "");
	else
		fprintf(out, "  %-*s ", NAME_COLUMN, name);
	for (; *help; help++) {
		fputc(*help, out);
		if (*help == '\n')
			fprintf(out, "  %*s ", NAME_COLUMN, "");
	}
	fputc('\n', out);
}

static void print_commands(const char *group, FILE *out)
{
	const struct command *c = NULL;
	char name[64];
	size_t table;

	while ((c = next_command(c, &table))) {
		if (group && !in_group(c, group))
			continue;
		snprintf(name, sizeof(name), c->argument_optional ? "%s%s[%s]" : "%s%s%s", c->name,
			 c->argument ? " " : "", c->argument ? c->argument : "");
		print_entry(name, c->help, out);
	}
}

static void print_option(const struct option_row *o, FILE *out)
{
	char name[64];

	snprintf(name, sizeof(name), "%c%c%c --%s%s%s", o->letter ? '-' : ' ',
		 o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name,
		 o->argument ? " " : "", o->argument ? o->argument : "");
	print_entry(name, o->help, out);
}

static void print_common_options(FILE *out)
{
	for (int i = 0; i < OPTIONS; i++)
		if (option_is_common(i))
			print_option(option_row(i), out);
}

void command_help_all(FILE *out)
{
	fputs("Usage: sendward [-c FILE] [--json] COMMAND [ARGUMENT] [OPTION]...\n\n"
	      "Decides which logins may send mail, and how much.\n\nCommands:\n",
	      out);
	print_commands(NULL, out);
	fputs("\nOptions, before or behind the command:\n", out);
	print_common_options(out);
	fputs("\n`sendward COMMAND --help` tells the options of a command.\n"
	      "Exit status: 0 done, 1 refused or not found, 2 wrong usage.\n",
	      out);
}

void command_help_group(const char *group, FILE *out)
{
	fprintf(out, "Usage: sendward %s COMMAND [ARGUMENT] [OPTION]...\n\nCommands:\n", group);
	print_commands(group, out);
	fputs("\n`sendward COMMAND --help` tells the options of a command.\n", out);
}

void command_help(const struct command *command, FILE *out)
{
	fprintf(out, "Usage: sendward %s", command->name);
	if (command->argument)
		fprintf(out, command->argument_optional ? " [%s]" : " %s", command->argument);
	for (int i = 0; i < OPTIONS; i++)
		if (option_in(command->required, i))
			fprintf(out, " --%s %s", option_row(i)->name, option_row(i)->argument);
	fputs(" [OPTION]...\n\n", out);
	fprintf(out, "%c%s.\n", command->help[0] - 'a' + 'A', command->help + 1);
	if (command->notes)
		fprintf(out, "%s\n", command->notes);
	fputs("\nOptions:\n", out);
	for (int i = 0; i < OPTIONS; i++)
		if (command_takes(command, i))
			print_option(command_option(command, i), out);
	print_common_options(out);
}
