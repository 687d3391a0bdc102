/*
 * Sources of Postfix tables: every line is an entry or has a fault, in the
 * order of the file, and what an entry lists is never empty.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/map_values.h"
#include "control/postfix_lines.h"
#include "tests/fuzz/target.h"

static void check_values(const char *text, char **(*cut)(const char *text, size_t *n))
{
	size_t n, octets = 0;
	char **values = cut(text, &n);

	for (size_t i = 0; i < n; i++) {
		must(*values[i] != '\0');
		octets += strlen(values[i]);
	}
	must(octets <= strlen(text));
	map_values_free(values, n);
}

static void check_line(const struct postfix_line *line, size_t after)
{
	must(line->number > after);
	if (line->fault)
		return;
	must(*line->key != '\0' && *line->value != '\0');
	check_values(line->value, map_values_logins);
	check_values(line->value, map_values_addresses);
}

static void read_all(const uint8_t *data, size_t size, enum postfix_form form)
{
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
	struct postfix_lines *lines;
	struct postfix_line line;
	size_t after = 0;

	if (!file)
		return;
	lines = postfix_lines_new(file, form);
	while (postfix_lines_next(lines, &line)) {
		check_line(&line, after);
		after = line.number;
	}
	postfix_lines_free(&lines);
	fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	read_all(data, size, POSTFIX_SOURCE);
	read_all(data, size, POSTFIX_LISTED);
	return 0;
}
