#define _GNU_SOURCE /* strsep() */
#include "store/attempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/builder.h"
#include "base/memory.h"
#include "base/octets.h"

#define IN_WORD(c) ((c) > ' ' && (c) != 0x7f)

static const struct octets in_word = OCTETS(IN_WORD);

/* ---- writing ------------------------------------------------------------ */

static void add_client(struct builder *line, const char *client)
{
	size_t len = strlen(client);

	for (size_t i = 0; i < len; i++)
		builder_add_char(line, in_word.has[(unsigned char)client[i]] ? client[i] : '?');
	if (len == 0)
		builder_add_char(line, '-');
}

void attempt_format_last(const struct attempt *attempt, char out[ATTEMPT_LAST_MAX])
{
	struct builder line;

	builder_init(&line, out, ATTEMPT_LAST_MAX);
	builder_add_int(&line, attempt->time_s);
	builder_add_char(&line, ' ');
	builder_add(&line, action_name(attempt->action));
	builder_add_char(&line, ' ');
	builder_add(&line, check_name(attempt->check));
	builder_add_char(&line, ' ');
	add_client(&line, attempt->client);
}

void attempt_format_counts(const struct attempt_counts *counts, char out[ATTEMPT_COUNTS_MAX])
{
	struct builder text;

	builder_init(&text, out, ATTEMPT_COUNTS_MAX);
	for (int monitored = 0; monitored < 2; monitored++) {
		for (int check = 0; check < CHECKS; check++) {
			if (counts->n[monitored][check] == 0)
				continue;
			if (text.len > 0)
				builder_add_char(&text, ' ');
			builder_add(&text, monitored ? ATTEMPT_MONITORED : "");
			builder_add(&text, check_name((enum check)check));
			builder_add_char(&text, '=');
			builder_add_int(&text, counts->n[monitored][check]);
		}
	}
}

/* ---- reading ------------------------------------------------------------ */

/* Digits and nothing else; false with *out as it was. */
static bool read_number(const char *text, int64_t *out)
{
	long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (*end || errno)
		return false;
	*out = number;
	return true;
}

static bool read_check(const char *name, enum check *out)
{
	for (int check = 0; check < CHECKS; check++) {
		if (strcmp(name, check_name((enum check)check)) == 0) {
			*out = (enum check)check;
			return true;
		}
	}
	return false;
}

static bool read_action(const char *name, enum action *out)
{
	for (int action = ACTION_REFUSE; action <= ACTION_REDIRECT; action++) {
		if (strcmp(name, action_name((enum action)action)) == 0) {
			*out = (enum action)action;
			return true;
		}
	}
	return false;
}

/* "TIME VERDICT CHECK CLIENT" */
static void read_last(char *line, struct attempts_seen *out)
{
	char *time = strsep(&line, " "), *action = strsep(&line, " "), *check = strsep(&line, " ");

	if (!line || !read_number(time, &out->last_s) || out->last_s > ATTEMPT_TIME_MAX ||
	    !read_action(action, &out->last_action) || !read_check(check, &out->last_check))
		return;
	out->has_last = true;
	if (strcmp(line, "-") != 0)
		snprintf(out->last_client, sizeof(out->last_client), "%s", line);
}

/* "NAME=COUNT" of a slot that is so old. */
static void read_count(char *name, int64_t age, struct attempts_seen *out)
{
	const size_t prefix = strlen(ATTEMPT_MONITORED);
	bool monitored = strncmp(name, ATTEMPT_MONITORED, prefix) == 0;
	struct attempts_late *late = monitored ? &out->monitored : &out->refused;
	char *count = name;
	enum check check;
	int64_t n;

	strsep(&count, "=");
	if (!count || !read_number(count, &n) ||
	    !read_check(name + (monitored ? prefix : 0), &check))
		return;
	/* What others put there does not make a sum too large. */
	if (n > UINT32_MAX)
		n = UINT32_MAX;
	if (age <= 3600 / ATTEMPT_SLOT_S)
		late->hour[check] += n;
	if (age < ATTEMPT_SLOTS)
		late->day[check] += n;
}

/* "SLOT NAME=COUNT NAME=COUNT" */
static void read_slot(char *line, int64_t now_s, struct attempts_seen *out)
{
	char *word = strsep(&line, " ");
	int64_t slot;

	if (!read_number(word, &slot))
		return;
	while ((word = strsep(&line, " ")))
		read_count(word, now_s / ATTEMPT_SLOT_S - slot, out);
}

void attempts_read(const char *record, size_t len, int64_t now_s, struct attempts_seen *out)
{
	char *copy = memory_alloc(len + 1), *rest = copy, *line;

	memcpy(copy, record, len);
	copy[len] = '\0';
	*out = (struct attempts_seen){ .any = true };
	read_last(strsep(&rest, "\n"), out);
	while ((line = strsep(&rest, "\n")))
		read_slot(line, now_s, out);
	free(copy);
}

int64_t attempts_total(const int64_t by_check[CHECKS])
{
	int64_t total = 0;

	for (int check = 0; check < CHECKS; check++)
		total += by_check[check];
	return total;
}
