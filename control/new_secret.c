#define _GNU_SOURCE
#include "control/new_secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/password.h"
#include "control/need.h"

#define REASON_MAX 512

void new_secret_fini(struct new_secret *secret)
{
	secret_free(&secret->secret);
}

bool new_secret_make(struct new_secret *out)
{
	*out = (struct new_secret){ secret_new(), true };
	if (password_make(PASSWORD_MADE_LENGTH, out->secret))
		return true;
	control_refuse("no randomness for a password");
	new_secret_fini(out);
	return false;
}

static bool read_secret(const struct control *control, bool confirm, struct secret *out)
{
	char error[REASON_MAX];
	bool ok = control_has(control, OPTION_PASSWORD_STDIN) ?
			  secret_read_line(STDIN_FILENO, out, error, sizeof(error)) :
			  secret_ask("Password: ", confirm, out, error, sizeof(error));

	if (!ok)
		control_refuse("the password: %s", error);
	return ok;
}

bool new_secret_take(const struct control *control, const char *login, struct new_secret *out)
{
	const struct password_settings *settings = &control->config->passwords;
	const struct password_rules rules = { login, (size_t)settings->min_length,
					      settings->list_file };
	char error[REASON_MAX];
	bool ok;

	*out = (struct new_secret){ secret_new(), false };
	ok = read_secret(control, true, out->secret);
	if (ok && !password_is_good(out->secret, &rules, error, sizeof(error))) {
		control_refuse("the password is not good: %s", error);
		ok = false;
	}
	if (!ok)
		new_secret_fini(out);
	return ok;
}

bool new_secret_compare(const struct control *control, struct new_secret *out)
{
	*out = (struct new_secret){ secret_new(), false };
	if (read_secret(control, false, out->secret))
		return true;
	new_secret_fini(out);
	return false;
}

/* ---- showing ------------------------------------------------------------------ */

/* Straight to the file: stdio would keep a copy. False, said, after an error: then
 * something is left for control_close_output() to fail with, so that the exit status
 * says it, too. */
static bool write_octets(const char *octets, size_t len)
{
	fflush(stdout);
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, octets, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			control_refuse("standard output: %s: the password was set and could not be "
				       "shown; make another",
				       strerror(errno));
			fputc('\n', stdout);
			return false;
		}
		octets += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_text(const char *text)
{
	return write_octets(text, strlen(text));
}

static bool write_secret(const struct new_secret *secret)
{
	return write_octets(secret_text(secret->secret), secret_length(secret->secret));
}

/* What is made here has no character that JSON would escape. */
void new_secret_print_json(const struct new_secret *secret, json_t *object)
{
	char *text = need(json_dumps(object, JSON_INDENT(2)));
	size_t len = strlen(text);

	json_decref(object);
	if (!secret->made)
		puts(text);
	else if (write_octets(text, len - 2) && /* before the line's end and the closing brace */
		 write_text(",\n  \"password\": \"") && write_secret(secret))
		write_text("\"\n}\n");
	free(text);
}

void new_secret_print(const struct new_secret *secret)
{
	if (!secret->made)
		return;
	if (write_text("password: ") && write_secret(secret))
		write_text("\n");
}
