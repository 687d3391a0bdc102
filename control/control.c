#include "control/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/need.h"
#include "control/text.h"
#include "control/wait.h"

/* Octets of one message; longer ones are cut. */
#define MESSAGE_MAX 2048

void control_fini(struct control *control)
{
	for (size_t i = 0; i < control->n_given; i++)
		value_fini(&control->given[i].value);
	free(control->given);
	value_fini(&control->argument);
	wait_close(&control->wait);
	if (control->config)
		config_unref(&control->config);
}

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args)
{
	char message[MESSAGE_MAX];
	char *printable;

	vsnprintf(message, sizeof(message), format, args);
	printable = text_printable(message);
	fputs(printable, stderr);
	free(printable);
}

__attribute__((format(printf, 1, 0))) static void say_line(const char *format, va_list args)
{
	/* What was printed before stands before it, also in a file. */
	fflush(stdout);
	fputs("sendward: ", stderr);
	say(format, args);
	fputc('\n', stderr);
}

int control_refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(format, args);
	va_end(args);
	return STATUS_REFUSED;
}

void control_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(format, args);
	va_end(args);
}

int control_misuse(const struct control *control, const char *format, ...)
{
	const char *name = control->command ? control->command->name : "";
	const char *gap = *name ? " " : "";
	va_list args;

	fprintf(stderr, "sendward%s%s: ", gap, name);
	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, "\nTry `sendward%s%s --help`.\n", gap, name);
	return STATUS_USAGE;
}

/* False when the login is too long. */
static bool settle_login(const struct config *config, struct value *value)
{
	char login[LOGIN_MAX + 1];

	if (!config_login(config, value->text, login))
		return false;
	/* value_login() has left room. */
	strcpy(value->text, login);
	return true;
}

bool control_take_login(const struct config *config, const char *text, struct value *out,
			const char **reason)
{
	if (!value_login(text, out, reason))
		return false;
	*reason = "is too long";
	return settle_login(config, out);
}

/* The logins that were given, as the daemons know them; false, said, when one
 * is too long. */
static bool settle_logins(struct control *control)
{
	struct value *argument = &control->argument, *value = NULL;

	if (argument->text && control->command && control->command->check == value_login &&
	    !settle_login(control->config, argument))
		value = argument;
	for (size_t i = 0; !value && i < control->n_given; i++)
		if (control->given[i].option == OPTION_LOGIN &&
		    !settle_login(control->config, &control->given[i].value))
			value = &control->given[i].value;
	if (value)
		control_refuse("%s: the login is too long", value->text);
	return !value;
}

bool control_load(struct control *control)
{
	char error[MESSAGE_MAX];

	if (control->config)
		return true;
	control->config = config_load(control->config_path, error, sizeof(error));
	if (!control->config) {
		fprintf(stderr, "%s\n", error);
		if (access(control->config_path, R_OK) != 0 && errno == EACCES)
			control_note("whoever runs this must be able to read it: root, or a member "
				     "of its group");
	}
	return control->config && settle_logins(control);
}

const struct plan *control_plan(const struct control *control, const char *name)
{
	const struct config *config = control->config;
	const struct plan *plan = config_plan(config, name);
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; !plan && i < config->n_plans && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 config->plans[i].name);
	if (!plan)
		control_refuse("plan \"%s\" is not in %s; there are: %s", name, config->path, names);
	return plan;
}

int control_no_redis(const char *error)
{
	return control_refuse("%s: see `sendward doctor redis`", error);
}

bool control_connect(struct control *control)
{
	char error[WAIT_ERROR_MAX];

	if (!control_load(control))
		return false;
	if (!control->wait && !wait_open(control->config, &control->wait, error))
		control_no_redis(error);
	return control->wait != NULL;
}

const struct value *control_value(const struct control *control, enum option_id option)
{
	for (size_t i = control->n_given; i > 0; i--)
		if (control->given[i - 1].option == option)
			return &control->given[i - 1].value;
	return NULL;
}

bool control_has(const struct control *control, enum option_id option)
{
	return control_value(control, option) != NULL;
}

const char *control_login(const struct control *control)
{
	return control->argument.text;
}

void control_say(const char *login, const char *what)
{
	char *printable = text_printable(login);

	printf("%s: %s\n", printable, what);
	free(printable);
}

int control_done(const struct control *control, const char *what)
{
	if (control->json)
		control_print_json(need(json_pack("{s:o, s:b}", "login",
						  text_json(control_login(control)), what, 1)));
	else
		control_say(control_login(control), what);
	return STATUS_DONE;
}

/* 0.93 is 0.93, not 0.93000000000000005. */
#define REAL_DIGITS 15

void control_print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS));
	putchar('\n');
	json_decref(json);
}

void control_print_json_line(const json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
	putchar('\n');
}

void control_print_item(json_t *item, size_t n)
{
	fputs(n ? ",\n" : "[\n", stdout);
	json_dumpf(item, stdout, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
	json_decref(item);
}

void control_print_end(size_t n)
{
	puts(n ? "\n]" : "[]");
}

int control_close_output(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* Whoever closed the pipe has read enough. */
	if (errno == EPIPE)
		return STATUS_REFUSED;
	return control_refuse("standard output: %s",
			      errno ? strerror(errno) : "not all could be written");
}
