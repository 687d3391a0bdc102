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

/* Straight to the file: stdio would keep a copy. After an error something is left for
 * control_close_output() to fail with, so that the exit status says it, too. */
static void write_octets(const char *octets, size_t len)
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
			return;
		}
		octets += n;
		len -= (size_t)n;
	}
}

/* What is made here has no character that JSON would escape. */
void new_secret_print_json(const struct new_secret *secret, json_t *object)
{
	char *text = need(json_dumps(object, JSON_INDENT(2)));
	size_t len = strlen(text);

	json_decref(object);
	if (!secret->made) {
		puts(text);
	} else {
		/* Before the closing brace and the line's end in front of it. */
		write_octets(text, len - 2);
		write_octets(",\n  \"password\": \"", strlen(",\n  \"password\": \""));
		write_octets(secret_text(secret->secret), secret_length(secret->secret));
		write_octets("\"\n}\n", 4);
	}
	free(text);
}

void new_secret_print(const struct new_secret *secret)
{
	if (!secret->made)
		return;
	write_octets("password: ", strlen("password: "));
	write_octets(secret_text(secret->secret), secret_length(secret->secret));
	write_octets("\n", 1);
}
