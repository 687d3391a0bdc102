#include "base/daemon_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_CONFIG SYSCONFDIR "/sendward/sendward.conf"
#define EXIT_USAGE 2

/* getopt(3), --help and the check of the manual pages read this table. */
static const struct {
	struct option option; /* .val is the short form */
	const char *argument, *text;
} option_table[] = {
	{ { "config", required_argument, NULL, 'c' },
	  "FILE",
	  "read FILE instead of " DEFAULT_CONFIG },
	{ { "foreground", no_argument, NULL, 'f' },
	  "",
	  "stay in the foreground and log to standard error" },
	{ { "test", no_argument, NULL, 't' }, "", "test the configuration and exit" },
	{ { "verbose", no_argument, NULL, 'v' }, "", "log more" },
	{ { "version", no_argument, NULL, 'V' }, "", "print the version and exit" },
	{ { "help", no_argument, NULL, 'h' }, "", "print this and exit" },
};
#define OPTIONS (sizeof(option_table) / sizeof(option_table[0]))

static void print_help(const struct daemon_program *program)
{
	char names[40];
	size_t i;

	printf("%s: %s\n\nusage: %s [options]\n\n", program->name, program->about, program->name);
	for (i = 0; i < OPTIONS; i++) {
		snprintf(names, sizeof(names), "-%c, --%s %s", option_table[i].option.val,
			 option_table[i].option.name, option_table[i].argument);
		printf("  %-20s %s\n", names, option_table[i].text);
	}
}

static void build_getopt(struct option longs[OPTIONS + 1], char shorts[2 * OPTIONS + 1])
{
	size_t i;

	for (i = 0; i < OPTIONS; i++) {
		longs[i] = option_table[i].option;
		*shorts++ = (char)longs[i].val;
		if (longs[i].has_arg == required_argument)
			*shorts++ = ':';
	}
	longs[OPTIONS] = (struct option){ 0 };
	*shorts = '\0';
}

static void apply_option(const struct daemon_program *program, int letter, struct daemon_options *out)
{
	switch (letter) {
	case 'c':
		out->config_path = optarg;
		break;
	case 'f':
		out->foreground = true;
		break;
	case 't':
		out->test = true;
		break;
	case 'v':
		out->verbose = true;
		break;
	case 'V':
		printf("%s %s\n", program->name, PACKAGE_VERSION);
		exit(EXIT_SUCCESS);
	case 'h':
		print_help(program);
		exit(EXIT_SUCCESS);
	default:
		fprintf(stderr, "Try \"%s --help\".\n", program->name);
		exit(EXIT_USAGE);
	}
}

void daemon_options_parse(const struct daemon_program *program, int argc, char **argv,
			  struct daemon_options *out)
{
	struct option longs[OPTIONS + 1];
	char shorts[2 * OPTIONS + 1];
	int letter;

	*out = (struct daemon_options){ .config_path = DEFAULT_CONFIG };
	build_getopt(longs, shorts);
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		apply_option(program, letter, out);
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument \"%s\"\n", program->name, argv[optind]);
		exit(EXIT_USAGE);
	}
	/* A daemon leaves the directory it was started in. */
	if (!out->foreground && !out->test && out->config_path[0] != '/') {
		fprintf(stderr, "%s: without -f the path of the configuration must be absolute\n",
			program->name);
		exit(EXIT_USAGE);
	}
}
