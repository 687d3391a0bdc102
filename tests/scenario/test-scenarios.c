/*
 * Plays the *.scenario files beside it; tests/scenario/README.md has the
 * format.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/scenario/play.h"
#include "tests/unit/suite.h"

#define SCENARIOS_MAX 300

static struct scenario scenarios[SCENARIOS_MAX];
static struct suite_test tests[SCENARIOS_MAX];
static size_t n_scenarios, n_played;

/* The suite runs them in their order. */
static void play_next(void)
{
	const struct scenario *scenario = &scenarios[n_played++];

	play_scenario(scenario, false);
	play_scenario(scenario, true);
}

/* ---- files -------------------------------------------------------------- */

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = memory_zero(1 << 20);

	if (!file || fread(text, 1, (1 << 20) - 1, file) == 0) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(99);
	}
	fclose(file);
	return text;
}

/* Cuts the file's text into scenarios; the text stays allocated. */
static void load_file(const char *path)
{
	static const char head[] = "scenario ";
	char *line = read_file(path), *end;
	int number = 1;

	for (; line; line = end, number++) {
		struct scenario *s = &scenarios[n_scenarios];

		end = strchr(line, '\n');
		if (end)
			*end++ = strncmp(line, head, strlen(head)) == 0 ? '\0' : '\n';
		if (strncmp(line, head, strlen(head)) != 0)
			continue;
		if (n_scenarios == SCENARIOS_MAX) {
			fprintf(stderr, "%s:%d: too many scenarios\n", path, number);
			exit(99);
		}
		*line = '\0'; /* the end of the scenario before */
		s->path = path;
		s->line = number;
		snprintf(s->name, sizeof(s->name), "%s", line + strlen(head));
		s->text = end ? end : line;
		tests[n_scenarios] = (struct suite_test){ s->name, play_next };
		n_scenarios++;
	}
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char pattern[4096];
	static glob_t found; /* scenarios borrow their paths */

	header_address_init();
	snprintf(pattern, sizeof(pattern), "%s/tests/scenario/%s.scenario", srcdir ? srcdir : ".",
		 argc > 1 ? argv[1] : "*");
	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "%s: no such file\n", pattern);
		return 99;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		load_file(found.gl_pathv[i]);
	return suite_run("scenarios", tests, n_scenarios);
}
