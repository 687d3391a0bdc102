#define _GNU_SOURCE
#include "control/postfix_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/map_values.h"
#include "tests/unit/suite.h"

/* "number:key=value" of each entry, "number!fault" of each other line. */
static char *read_all(const char *text, size_t len, enum postfix_form form)
{
	FILE *file = fmemopen((void *)text, len, "r");
	struct postfix_lines *lines = postfix_lines_new(file, form);
	struct postfix_line line;
	char *out = NULL;
	size_t size;
	FILE *memory = open_memstream(&out, &size);

	while (postfix_lines_next(lines, &line)) {
		if (line.fault)
			fprintf(memory, "%zu!%s;", line.number, line.fault);
		else
			fprintf(memory, "%zu:%s=%s;", line.number, line.key, line.value);
	}
	fclose(memory);
	postfix_lines_free(&lines);
	fclose(file);
	return out;
}

static void test_source(void)
{
	static const struct {
		const char *text, *entries;
	} rows[] = {
		{ "a b\n", "1:a=b;" },
		{ "a\t b c \r\nd e", "1:a=b c;2:d=e;" },
		{ "# x\n\n  \n a b\n", "4!begins with a blank, and there is no line that it goes on "
				       "with;" },
		{ "a b\n c\n#x\n\n  # y\n\td\ne f\n", "1:a=b c\td;7:e=f;" },
		{ "\"a b\"@d x\n", "1:\"a b\"@d=x;" },
		{ "\"a\\\" b\"@d x\n", "1:\"a\\\" b\"@d=x;" },
		{ "a\\ b x\n", "1:a\\ b=x;" },
		{ "\"a b\n", "1!has a quote that does not end;" },
		{ "a\n", "1!is not a key, a blank and a value;" },
		{ "a: b\n",
		  "1!is \"key: value\", as in an alias file; a table has no \":\" there;" },
		{ " # only a comment\n", "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		char *entries = read_all(rows[i].text, strlen(rows[i].text), POSTFIX_SOURCE);

		suite_row("row %zu", i);
		SUITE_TEXT_EQUAL(entries, rows[i].entries);
		free(entries);
	}
}

static void test_listed(void)
{
	static const char text[] = "#a\tb\n c d\te\n\"x y\"@d\tu1, u2\n";
	char *entries = read_all(text, sizeof(text) - 1, POSTFIX_LISTED);

	SUITE_TEXT_EQUAL(entries, "1:#a=b;2: c d=e;3:\"x y\"@d=u1, u2;");
	free(entries);
}

static void test_limits(void)
{
	static const char nul[] = "a b\0c\nd e\n";
	char *entries = read_all(nul, sizeof(nul) - 1, POSTFIX_SOURCE), *text;

	SUITE_TEXT_EQUAL(entries, "1!has a NUL in it;2:d=e;");
	free(entries);
	text = memory_alloc(POSTFIX_LINE_MAX + 16);
	memset(text, 'x', POSTFIX_LINE_MAX + 8);
	memcpy(text, "a ", 2);
	memcpy(text + POSTFIX_LINE_MAX + 8, "\nd e\n", 5);
	entries = read_all(text, POSTFIX_LINE_MAX + 13, POSTFIX_SOURCE);
	SUITE_TEXT_EQUAL(entries, "1!is longer than 1048576 octets;2:d=e;");
	free(entries);
	free(text);
}

static void test_values(void)
{
	size_t n;
	char **values = map_values_addresses(" a@d,\"b, c\"@d\t,, d ", &n);

	SUITE_INT_EQUAL(n, 3);
	SUITE_TEXT_EQUAL(values[0], "a@d");
	SUITE_TEXT_EQUAL(values[1], "\"b, c\"@d");
	SUITE_TEXT_EQUAL(values[2], "d");
	map_values_free(values, n);
	values = map_values_logins("\"a b", &n);
	SUITE_INT_EQUAL(n, 2);
	map_values_free(values, n);
	values = map_values_logins(" , ", &n);
	SUITE_INT_EQUAL(n, 0);
	map_values_free(values, n);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "comments and continuation lines are read as postmap reads them", test_source },
		{ "what postmap -s prints has neither", test_listed },
		{ "a line too long or with a NUL is told, the next one read", test_limits },
		{ "a value is cut at commas and blanks, addresses outside quotes", test_values },
	};

	return suite_run("postfix-lines", tests, SUITE_LEN(tests));
}
