#include "tests/scenario/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "tests/unit/suite.h"

#define START_MS INT64_C(1700000000000)

void play_wrong(const struct play *p, const char *what)
{
	fprintf(stderr, "%s:%d: %s: %s\n", p->scenario->path, p->line, what, p->text);
	exit(99);
}

void play_must(const struct play *p, bool condition, const char *what)
{
	if (!condition)
		play_wrong(p, what);
}

/* ---- texts -------------------------------------------------------------- */

/* "..." in the pattern stands for any text. */
static bool matches(const char *pattern, const char *text)
{
	for (; strncmp(pattern, "...", 3) != 0; pattern++, text++) {
		if (*pattern != *text)
			return false;
		if (!*pattern)
			return true;
	}
	for (pattern += 3; *text; text++)
		if (matches(pattern, text))
			return true;
	return matches(pattern, text);
}

void play_check_match(const char *text, const char *pattern)
{
	if (matches(pattern, text))
		SUITE_TRUE(true);
	else
		SUITE_TEXT_EQUAL(text, pattern);
}

char *play_word(char **rest)
{
	char *start = *rest + strspn(*rest, " \t"), *p = start, *out = start;
	bool quoted = false;

	for (; *p && (quoted || !strchr(" \t", *p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			*out++ = *p;
	}
	*rest = *p ? p + 1 : p;
	*rest += strspn(*rest, " \t");
	*out = '\0';
	return start;
}

int64_t play_number(const struct play *p, const char *text)
{
	const char *reason;
	int64_t n = 0;

	play_must(p, amount_parse(text, &n, &reason), "not a number");
	return n;
}

int64_t play_duration(const struct play *p, const char *text)
{
	const char *reason;
	int64_t ms = 0;

	play_must(p, duration_parse_ms(text, &ms, &reason), "not a duration");
	return ms;
}

/* ---- lines -------------------------------------------------------------- */

/* Reads the next line into p->text, without its end; false at the end. */
static bool read_line(struct play *p)
{
	size_t len = strcspn(p->next, "\n");

	if (!*p->next)
		return false;
	p->line++;
	play_must(p, len < sizeof(p->text), "the line is too long");
	memcpy(p->text, p->next, len);
	p->text[len] = '\0';
	p->next += len + (p->next[len] == '\n');
	return true;
}

/* The indented lines that follow become the configuration. */
static void step_config(struct play *p, char *rest)
{
	char text[4096] = "", error[500] = "";

	(void)rest;
	while (*p->next && strchr(" \t", *p->next) && read_line(p)) {
		play_must(p, strlen(text) + strlen(p->text) + 20 < sizeof(text), "too much");
		strcat(strcat(text, p->text), "\n");
	}
	if (!strstr(text, "node = "))
		strcat(text, "node = \"mx1\"\n");
	config_unref(&p->config);
	p->config = config_load_text(text, "scenario", error, sizeof(error));
	play_must(p, p->config != NULL, error);
}

/* ---- the play ----------------------------------------------------------- */

static const struct step line_steps[] = {
	{ "config", step_config },
	{ "reload", step_config },
	{ NULL, NULL },
};

static const struct step *find_step(const struct step *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static void run_step(struct play *p)
{
	char line[LINE_MAX_OCTETS], *rest = line;
	const struct step *step;
	const char *name;

	memcpy(line, p->text, sizeof(line));
	suite_row("%s:%d: %s%s", p->scenario->path, p->line, p->text,
		  p->later ? " (answered later)" : "");
	name = play_word(&rest);
	if (!*name || *name == '#')
		return;
	step = find_step(line_steps, name);
	if (!step)
		step = find_step(request_steps, name);
	if (!step)
		step = find_step(world_steps, name);
	play_must(p, step != NULL, "no such step");
	step->run(p, rest);
}

void play_scenario(const struct scenario *scenario, bool later)
{
	struct play *p = memory_zero(sizeof(*p));
	char none[] = "";

	p->scenario = scenario;
	p->line = scenario->line;
	p->next = "";
	p->later = later;
	p->store = fake_store_new(START_MS);
	fake_store_answer_later(p->store, later);
	p->given = (struct request_line){ .login = "rose@dom.example",
					  .client = "192.0.2.1",
					  .sender = "rose@dom.example",
					  .recipients = 1,
					  .size = 1000 };
	step_config(p, none);
	p->next = scenario->text;
	while (read_line(p))
		run_step(p);
	fake_store_free(&p->store);
	config_unref(&p->config);
	free(p);
}
