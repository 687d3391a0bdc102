#include "control/arguments.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/nearest.h"

/* What getopt_long() returns for option i; above every character. */
#define CODE(i) (256 + (i))

/* The words that are not options, and the options given. */
struct words {
	char **list;
	size_t n;
};

static void build_tables(struct option longs[OPTIONS + 1], char shorts[2 * OPTIONS + 3])
{
	/* "-": words come in their place, also with POSIXLY_CORRECT; ":": we
	 * say what is wrong. */
	char *p = stpcpy(shorts, "-:");

	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = option_row(i);

		longs[i] = (struct option){ row->name,
					    row->argument ? required_argument : no_argument, NULL,
					    CODE(i) };
		if (row->letter) {
			*p++ = row->letter;
			if (row->argument)
				*p++ = ':';
		}
	}
	longs[OPTIONS] = (struct option){ 0 };
	*p = '\0';
}

/* The option behind a return value of getopt_long(); OPTIONS: none. */
static int option_of(int code)
{
	if (code >= CODE(0))
		return code - CODE(0);
	for (int i = 0; i < OPTIONS; i++)
		if (option_row(i)->letter && option_row(i)->letter == code)
			return i;
	return OPTIONS;
}

/* Is the word the beginning of several options? */
static bool is_ambiguous(const char *name, size_t len)
{
	size_t n = 0;

	for (int i = 0; i < OPTIONS; i++)
		n += strncmp(option_row(i)->name, name, len) == 0;
	return n > 1;
}

/* word: "--qouta" or "--qouta=5". */
static void complain_option(const struct control *control, const char *word)
{
	char name[NEAREST_WORD_MAX + 2];
	struct nearest nearest;
	size_t len = strcspn(word, "=");

	snprintf(name, sizeof(name), "%.*s", (int)len - 2, word + 2);
	nearest_init(&nearest, name);
	for (int i = 0; i < OPTIONS; i++)
		if (!control->command || option_is_common(i) || command_takes(control->command, i))
			nearest_try(&nearest, option_row(i)->name);
	if (is_ambiguous(word + 2, len - 2))
		control_misuse(control, "ambiguous option %.*s", (int)len, word);
	else if (nearest.found)
		control_misuse(control, "unknown option %.*s; did you mean --%s?", (int)len, word,
			       nearest.found);
	else
		control_misuse(control, "unknown option %.*s", (int)len, word);
}

/* words: what stands in front of it, which may say what command it is for. */
static bool say_misuse(struct control *control, int code, char **argv, const struct words *words)
{
	int option = option_of(optopt);
	size_t used;

	control->command = command_find(words->list, words->n, &used);
	if (code == ':') {
		const struct option_row *row = option_row(option);

		control_misuse(control, "--%s needs %s", row->name, row->argument);
	} else if (optopt && option < OPTIONS) {
		control_misuse(control, "--%s takes no value", option_row(option)->name);
	} else if (optopt) {
		control_misuse(control, "unknown option -%c", optopt);
	} else {
		complain_option(control, argv[optind - 1]);
	}
	return false;
}

static bool scan(int argc, char **argv, struct control *control, struct words *words)
{
	struct option longs[OPTIONS + 1];
	char shorts[2 * OPTIONS + 3];
	int code;

	build_tables(longs, shorts);
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (code == 1)
			words->list[words->n++] = optarg;
		else if (code == '?' || code == ':')
			return say_misuse(control, code, argv, words);
		else
			control->given[control->n_given++] =
				(struct given){ .option = option_of(code), .text = optarg };
	}
	/* Behind "--". */
	while (optind < argc)
		words->list[words->n++] = argv[optind++];
	return true;
}

/* --version and --help, which need nothing else to be right. */
static bool answer_at_once(const struct control *control, const struct words *words)
{
	if (control_has(control, OPTION_VERSION)) {
		puts("sendward " PACKAGE_VERSION);
		return true;
	}
	if (!control_has(control, OPTION_HELP))
		return false;
	if (control->command)
		command_help(control->command, stdout);
	else if (words->n > 0 && command_is_group(words->list[0]))
		command_help_group(words->list[0], stdout);
	else
		command_help_all(stdout);
	return true;
}

/* What the same is called elsewhere. */
static const struct {
	const char *word, *command;
} names_elsewhere[] = {
	{ "unblock", "allow" },	 { "unlock", "allow" },	   { "enable", "allow" },
	{ "lock", "block" },	 { "disable", "block" },   { "suspend", "block" },
	{ "add", "user add" },	 { "set", "user set" },	   { "show", "user show" },
	{ "list", "user list" }, { "users", "user list" }, { "delete", "user delete" },
	{ "log", "events" },	 { "history", "sent" },	   { "quota", "usage" },
	{ "backup", "export" },	 { "restore", "import" },  { "check", "check-config" },
	{ "help", "--help" },
};

static const char *name_here(const char *word)
{
	for (size_t i = 0; i < sizeof(names_elsewhere) / sizeof(names_elsewhere[0]); i++)
		if (strcmp(names_elsewhere[i].word, word) == 0)
			return names_elsewhere[i].command;
	return NULL;
}

/* Of a group the second word is what is mistyped. */
static void complain_command(const struct control *control, const struct words *words, bool group)
{
	char name[2 * NEAREST_WORD_MAX];
	struct nearest nearest;

	snprintf(name, sizeof(name), "%s%s%s", words->list[0], group ? " " : "",
		 group ? words->list[1] : "");
	nearest_init(&nearest, name);
	nearest.found = name_here(name);
	if (!nearest.found)
		command_names(nearest_try, &nearest);
	if (nearest.found)
		control_misuse(control, "unknown command \"%s\"; did you mean \"%s\"?", name,
			       nearest.found);
	else
		control_misuse(control, "unknown command \"%s\"", name);
}

static bool say_no_command(const struct control *control, const struct words *words)
{
	bool group = words->n > 0 && command_is_group(words->list[0]);

	if (words->n == 0)
		command_help_all(stderr);
	else if (group && words->n == 1)
		command_help_group(words->list[0], stderr);
	else
		complain_command(control, words, group);
	return false;
}

/* Is it an option of this command, not given too often, with a good value? */
/* A longer word is shown by its beginning, lest what is wrong with it is not seen. */
#define SHOWN_MAX 100

/* "--size "abc": reason"; what has its "--". */
static void complain_value(const struct control *control, const char *what, const char *text,
			   const char *reason)
{
	size_t len = strlen(text), shown = len < SHOWN_MAX ? len : SHOWN_MAX;

	/* Not in the middle of a character. */
	while (shown > 0 && shown < len && ((unsigned char)text[shown] & 0xc0) == 0x80)
		shown--;
	control_misuse(control, "%s \"%.*s%s\": %s", what, (int)shown, text,
		       shown < len ? "..." : "", reason);
}

static bool check_option(const struct control *control, struct given *given)
{
	const struct option_row *row = command_option(control->command, given->option);
	const char *reason = "is not valid";
	char name[64];

	if (!command_takes(control->command, given->option) && !option_is_common(given->option)) {
		control_misuse(control, "takes no --%s", row->name);
		return false;
	}
	if (!row->check)
		return true;
	for (const struct given *g = control->given; g < given && !row->many; g++) {
		if (g->option == given->option) {
			control_misuse(control, "--%s is given twice", row->name);
			return false;
		}
	}
	if (!row->check(given->text, &given->value, &reason)) {
		snprintf(name, sizeof(name), "--%s", row->name);
		complain_value(control, name, given->text, reason);
		return false;
	}
	return true;
}

static bool check_options(const struct control *control)
{
	for (size_t i = 0; i < control->n_given; i++)
		if (!check_option(control, &control->given[i]))
			return false;
	for (int i = 0; i < OPTIONS; i++) {
		if (option_in(control->command->required, i) && !control_has(control, i)) {
			control_misuse(control, "--%s is missing", option_row(i)->name);
			return false;
		}
	}
	return true;
}

/* A word that may be a password is not repeated: what is printed may be kept. */
static void complain_surplus(const struct control *control, const char *word)
{
	if (command_takes(control->command, OPTION_PASSWORD_STDIN))
		control_misuse(control, "a word is too much; a password is never an argument, "
					"where others could read it: it is asked for, or read with "
					"--password-stdin");
	else if (command_takes(control->command, OPTION_NAME) &&
		 !control->command->argument_optional) /* lockout has none */
		control_misuse(control, "a word is too much; a password is never an argument, "
					"where others could read it");
	else if (!control->command->argument && command_takes(control->command, OPTION_LOGIN))
		control_misuse(control, "\"%s\" is too much; a login is given with --login", word);
	else
		control_misuse(control, "\"%s\" is too much", word);
}

/* words: what follows the command's name. */
static bool take_argument(struct control *control, char **words, size_t n)
{
	const struct command *command = control->command;
	size_t wanted = command->argument ? 1 : 0;
	const char *reason = "is not valid";

	if (n > wanted) {
		complain_surplus(control, words[wanted]);
		return false;
	}
	if (n < wanted && !command->argument_optional) {
		control_misuse(control, "%s is missing", command->argument);
		return false;
	}
	if (n && !command->check(words[0], &control->argument, &reason)) {
		complain_value(control, command->argument, words[0], reason);
		return false;
	}
	return true;
}

/* At most so many options are given: a word can be several letters. */
static size_t letters_of(int argc, char **argv)
{
	size_t n = 1;

	for (int i = 0; i < argc; i++)
		n += strlen(argv[i]) + 1;
	return n;
}

static bool parse(int argc, char **argv, struct control *control, struct words *words, int *status)
{
	size_t used = 0;

	*status = STATUS_USAGE;
	if (!scan(argc, argv, control, words))
		return false;
	control->command = command_find(words->list, words->n, &used);
	if (answer_at_once(control, words)) {
		*status = STATUS_DONE;
		return false;
	}
	if (!control->command)
		return say_no_command(control, words);
	return take_argument(control, words->list + used, words->n - used) &&
	       check_options(control);
}

bool arguments_parse(int argc, char **argv, struct control *control, int *status)
{
	struct words words = { memory_zero((size_t)argc * sizeof(char *)), 0 };
	const struct value *path;
	bool run;

	memset(control, 0, sizeof(*control));
	control->given = memory_zero(letters_of(argc, argv) * sizeof(*control->given));
	run = parse(argc, argv, control, &words, status);
	free(words.list);
	path = control_value(control, OPTION_CONFIG);
	control->config_path = path && path->text ? path->text :
						    SYSCONFDIR "/sendward/sendward.conf";
	control->json = control_has(control, OPTION_JSON);
	return run;
}
