#define _GNU_SOURCE
#include "control/postconf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/postfix_list.h"
#include "control/postfix_program.h"

/* ---- one call --------------------------------------------------------------- */

struct call {
	const char *path, *directory;
	struct postconf *result;
};

/* Words of one call: -c DIR -x, a -o for each of a service's settings, names. */
#define WORDS_MAX (2 * SETUP_SETTINGS_MAX + POSTFIX_LIST_MAX + 64)

struct words {
	const char *words[WORDS_MAX + 1];
	size_t n;
};

/* There is room for all that can be asked. */
static void add_word(struct words *words, const char *word)
{
	if (words->n < WORDS_MAX)
		words->words[words->n++] = word;
	words->words[words->n] = NULL;
}

static struct words begin(const struct call *call)
{
	struct words words = { .n = 0 };

	add_word(&words, "postconf");
	if (call->directory) {
		add_word(&words, "-c");
		add_word(&words, call->directory);
	}
	return words;
}

/* Up to max octets; owned. */
static char *read_text(FILE *file, size_t max, bool *cut)
{
	char *text = memory_alloc(max + 1);
	size_t n = file ? fread(text, 1, max, file) : 0;

	text[n] = '\0';
	*cut = file && n == max;
	return text;
}

static const char *behind_name(const char *line)
{
	const char *name = "postconf: ";

	return strncmp(line, name, strlen(name)) == 0 ? line + strlen(name) : line;
}

static void add_warning(struct postconf *result, const char *line)
{
	for (size_t i = 0; i < result->n_warnings; i++)
		if (strcmp(result->warnings[i], line) == 0)
			return;
	if (result->n_warnings < POSTCONF_WARNINGS_MAX)
		result->warnings[result->n_warnings++] = memory_strdup(line);
}

static void fail(struct postconf *result, const char *text)
{
	if (!result->error)
		result->error = memory_strdup(text);
}

/* Of a call that did not succeed the last line says why; of the others warnings are kept. */
static void hear(const struct call *call, FILE *said, bool ok, bool heed)
{
	static const char warning[] = "warning: ";
	const char *last = "postconf did not succeed";
	bool cut;
	char *text = read_text(said, POSTCONF_SAID_MAX, &cut), *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		const char *what = behind_name(line);

		if (*what)
			last = what;
		if (heed && strncmp(what, warning, strlen(warning)) == 0)
			add_warning(call->result, what + strlen(warning));
	}
	if (!ok)
		fail(call->result, last);
	free(text);
}

/* What it prints, owned; NULL when it fails. heed: what it warns of is kept. */
static char *run(const struct call *call, const struct words *words, bool heed)
{
	struct postfix_program program;
	bool cut = false, ok;
	char *text = NULL;

	if (!postfix_program_start(&program, call->path, words->words, POSTCONF_LIMIT_S))
		fail(call->result, strerror(errno));
	else
		text = read_text(program.file, POSTCONF_OUTPUT_MAX, &cut);
	ok = postfix_program_end(&program);
	if (cut)
		fail(call->result, "postconf prints more than 1 MB");
	if (program.late)
		fail(call->result, "postconf has not ended in time");
	if (text)
		hear(call, program.said, ok && !cut, heed);
	postfix_program_fini(&program);
	if (!ok || cut) {
		free(text);
		text = NULL;
	}
	return text;
}

static char *run_option(const struct call *call, const char *option)
{
	struct words words = begin(call);

	add_word(&words, option);
	return run(call, &words, true);
}

/* ---- all of them ------------------------------------------------------------ */

/* What matters of main.cf apart from services. */
static const char *const main_names[] = {
	"compatibility_level", "config_directory",	     "internal_mail_filter_classes",
	"mail_owner",	       "multi_instance_directories", "non_smtpd_milters",
	"queue_directory",
};

/* And in each smtpd. */
static const char *const service_names[] = {
	"milter_command_timeout",
	"milter_content_timeout",
	"milter_default_action",
	"milter_protocol",
	"receive_override_options",
	"smtpd_client_restrictions",
	"smtpd_data_restrictions",
	"smtpd_delay_reject",
	"smtpd_end_of_data_restrictions",
	"smtpd_helo_restrictions",
	"smtpd_milter_maps",
	"smtpd_milters",
	"smtpd_policy_service_default_action",
	"smtpd_policy_service_timeout",
	"smtpd_policy_service_try_limit",
	"smtpd_proxy_filter",
	"smtpd_recipient_restrictions",
	"smtpd_relay_restrictions",
	"smtpd_restriction_classes",
	"smtpd_sasl_auth_enable",
	"smtpd_sasl_path",
	"smtpd_sasl_type",
	"smtpd_sender_login_maps",
	"smtpd_sender_restrictions",
};

static bool read_main(const struct call *call, struct setup *setup)
{
	struct words words = begin(call);
	char *text;

	add_word(&words, "-x");
	for (size_t i = 0; i < sizeof(main_names) / sizeof(main_names[0]); i++)
		add_word(&words, main_names[i]);
	text = run(call, &words, false);
	if (text)
		setup_read_settings(&setup->main, text);
	free(text);
	return text != NULL;
}

static bool read_services(const struct call *call, struct setup *setup)
{
	char *services = run_option(call, "-M"), *own = services ? run_option(call, "-P") : NULL;
	char *all = own ? run_option(call, "-n") : NULL; /* for what it warns of */
	bool ok = all != NULL;

	if (ok) {
		setup_read_services(setup, services);
		setup_read_own(setup, own);
	}
	free(services);
	free(own);
	free(all);
	return ok;
}

/* -o NAME=VALUE of master.cf, as arguments; owned. */
static char **options_of(const struct setup_service *service, struct words *words)
{
	char **options = memory_zero((service->own.n + 1) * sizeof(*options));

	for (size_t i = 0; i < service->own.n; i++) {
		if (asprintf(&options[i], "%s=%s", service->own.items[i].name,
			     service->own.items[i].value) < 0)
			memory_exhausted();
		add_word(words, "-o");
		add_word(words, options[i]);
	}
	return options;
}

/* What is in force in the service, by postconf's own rules for -o and $name. */
static bool read_force(const struct call *call, const char *const *names, size_t n,
		       struct setup_service *service)
{
	struct words words = begin(call);
	char **options, *text;

	add_word(&words, "-x");
	options = options_of(service, &words);
	for (size_t i = 0; i < n; i++)
		add_word(&words, names[i]);
	text = run(call, &words, false);
	if (text)
		setup_read_settings(&service->force, text);
	free(text);
	for (size_t i = 0; i < service->own.n; i++)
		free(options[i]);
	free(options);
	return text != NULL;
}

/* Its restriction classes, which it may have by itself. */
static bool read_classes(const struct call *call, struct setup_service *service)
{
	struct postfix_list classes;
	bool ok;

	postfix_list_init(&classes, setup_value(&service->force, "smtpd_restriction_classes"));
	ok = classes.n == 0 || read_force(call, classes.items, classes.n, service);
	postfix_list_fini(&classes);
	return ok;
}

static bool read_all_force(const struct call *call, struct setup *setup)
{
	static const size_t n = sizeof(service_names) / sizeof(service_names[0]);
	bool ok = true;

	for (size_t i = 0; i < setup->n && ok; i++)
		ok = read_force(call, service_names, n, &setup->services[i]) &&
		     read_classes(call, &setup->services[i]);
	return ok;
}

bool postconf_read(const char *directory, struct setup *setup, struct postconf *out)
{
	char path[POSTFIX_PROGRAM_PATH_MAX];
	struct call call = { .path = path, .directory = directory, .result = out };

	*out = (struct postconf){ .missing = !postfix_program_find("postconf", path) };
	if (out->missing) {
		fail(out, "there is no postconf in " POSTFIX_PROGRAM_PLACES);
		return false;
	}
	return read_main(&call, setup) && read_services(&call, setup) &&
	       read_all_force(&call, setup);
}

void postconf_fini(struct postconf *postconf)
{
	free(postconf->error);
	postconf->error = NULL;
	for (size_t i = 0; i < postconf->n_warnings; i++)
		free(postconf->warnings[i]);
	postconf->n_warnings = 0;
}
