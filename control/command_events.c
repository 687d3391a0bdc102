/*
 * events: what has happened, from the stream that daemons and tool write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/need.h"
#include "control/text.h"
#include "control/wait.h"

/* One wait for new events; the connection is looked at in between. */
#define FOLLOW_BLOCK_MS 5000

/* Between two tries while the store is away. */
#define FOLLOW_PAUSE_MS 1000

#define POSITION_MAX 64

struct reading {
	struct answer answer; /* first, see answer_done() */
	const struct control *control;
	const char *login; /* only its events; NULL: all */
	char position[POSITION_MAX];
	size_t n;
};

static bool is_time(const char *name)
{
	return strcmp(name, "until") == 0 || strcmp(name, "due") == 0;
}

static void add_field(struct fields *fields, const char *name, const json_t *value)
{
	char time[TEXT_TIME_MAX], *text;

	if (is_time(name) && json_is_integer(value)) {
		text_time(json_integer_value(value), time);
		fields_add(fields, name, time);
	} else if (!json_is_string(value)) {
		text = need(json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY));
		fields_add(fields, name, text);
		free(text);
	} else if (json_string_length(value) > 0) {
		fields_add(fields, name, json_string_value(value));
	}
}

/* Of other names, what others put into the stream, nothing is shown. */
static bool is_name_of_ours(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz_");

	return name[len] == '\0' && len > 0 && len <= FIELDS_KEY_MAX;
}

static bool stands_before(const char *name)
{
	return strcmp(name, "time") == 0 || strcmp(name, "event") == 0 ||
	       strcmp(name, "login") == 0;
}

/* The rest of the event behind time, event and login. */
static void add_fields(struct fields *fields, const json_t *event)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)event, name, value)
	{
		if (is_name_of_ours(name) && !stands_before(name) && !json_is_null(value))
			add_field(fields, name, value);
	}
}

static const char *text_of(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text && *text ? text : "-";
}

static void print_line(const json_t *event)
{
	char *login = text_printable(text_of(event, "login"));
	char *kind = text_printable(text_of(event, "event"));
	char time[TEXT_TIME_MAX];
	struct fields fields;

	text_time(json_integer_value(json_object_get(event, "time")), time);
	fields_init(&fields, FIELDS_LINE_MAX);
	add_fields(&fields, event);
	printf("%s  %s  %s  %s\n", time, kind, login, fields.line);
	free(kind);
	free(login);
}

static void on_event(const char *position, const char *text, void *arg)
{
	struct reading *r = arg;
	json_t *event = json_loads(text, 0, NULL);
	const char *login = json_string_value(json_object_get(event, "login"));

	snprintf(r->position, sizeof(r->position), "%s", position);
	r->n++;
	/* What others put into the stream is none of ours. */
	if (json_is_object(event) && (!r->login || (login && strcmp(login, r->login) == 0))) {
		if (r->control->json)
			control_print_json_line(event);
		else
			print_line(event);
	}
	json_decref(event);
}

/* False, with the error in r->answer, when the store did not answer. */
static bool read_some(struct wait *wait, struct reading *r, int64_t block_ms)
{
	char after[POSITION_MAX];

	snprintf(after, sizeof(after), "%s", r->position);
	r->n = 0;
	answer_init(&r->answer, wait);
	store_events_read(wait_store(wait), after, block_ms, on_event, answer_done, r);
	wait_until(wait, &r->answer.done);
	return r->answer.result == STORE_OK;
}

/* Ends when standard output does, or with a signal. */
static int follow(struct control *control, struct reading *r)
{
	bool away = false;

	while (fflush(stdout) == 0 && !ferror(stdout)) {
		bool ok = read_some(control->wait, r, FOLLOW_BLOCK_MS);

		if (!ok && !away)
			control_note("%s; waiting for it", r->answer.error);
		away = !ok;
		if (away)
			wait_pause(control->wait, FOLLOW_PAUSE_MS);
	}
	return STATUS_DONE;
}

/* An entry's position begins with the store's time at which it was written, in
 * milliseconds. */
static void find_begin(const struct control *control, struct reading *r)
{
	const struct value *since = control_value(control, OPTION_SINCE);
	int64_t begin_ms = 0;

	if (since) {
		wait_learn_clock(control->wait);
		begin_ms = wait_now_s(control->wait) * 1000 - since->number;
	}
	snprintf(r->position, sizeof(r->position), "%lld",
		 (long long)(begin_ms > 0 ? begin_ms : 0));
}

static int command_events(struct control *control)
{
	const struct value *login = control_value(control, OPTION_LOGIN);
	struct reading r = { .control = control, .login = login ? login->text : NULL };
	bool ok;

	if (!control_connect(control))
		return STATUS_REFUSED;
	find_begin(control, &r);
	do {
		ok = read_some(control->wait, &r, 0);
	} while (ok && r.n > 0);
	if (!ok)
		return control_refuse("%s", r.answer.error);
	return control_has(control, OPTION_FOLLOW) ? follow(control, &r) : STATUS_DONE;
}

const struct command commands_events[] = {
	{ .name = "events",
	  .options = OPTION_LIST(OPTION_FOLLOW, OPTION_LOGIN, OPTION_SINCE),
	  .help = "print what has happened",
	  .run = command_events },
	{ 0 },
};
