#include "control/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/memory.h"
#include "control/need.h"
#include "control/text.h"

/* Octets of a cell made from a format; longer ones are cut. */
#define CELL_MAX 1024

static const char gap[] = "  ";

struct table {
	size_t columns;
	size_t widths[TABLE_COLUMNS_MAX];
	char **cells; /* row after row, made printable */
	size_t n, room;
};

struct table *table_new(size_t columns)
{
	struct table *table = memory_zero(sizeof(*table));

	assert(columns >= 1 && columns <= TABLE_COLUMNS_MAX);
	table->columns = columns;
	return table;
}

void table_free(struct table **table)
{
	struct table *t = *table;

	*table = NULL;
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}

void table_cell(struct table *table, const char *text)
{
	char *cell = text_printable(text ? text : "");
	size_t width = text_columns(cell);
	size_t column = table->n % table->columns;

	if (table->n == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->cells = need_room(table->cells, table->room, sizeof(*table->cells));
	}
	table->cells[table->n++] = cell;
	if (width > table->widths[column] && width <= TABLE_WIDTH_MAX)
		table->widths[column] = width;
}

void table_cellf(struct table *table, const char *format, ...)
{
	char text[CELL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	table_cell(table, text);
}

void table_row(struct table *table, const char *const *cells)
{
	for (size_t i = 0; i < table->columns; i++)
		table_cell(table, cells[i]);
}

/* No blanks at the end of a line: the cells right of this one are empty. */
static int is_last(const struct table *table, size_t cell)
{
	size_t end = cell - cell % table->columns + table->columns;

	for (cell++; cell < end && cell < table->n; cell++)
		if (table->cells[cell][0])
			return 0;
	return 1;
}

static void print_row(const struct table *table, size_t first, FILE *out)
{
	for (size_t column = 0; column < table->columns && first + column < table->n; column++) {
		const char *cell = table->cells[first + column];
		size_t columns = text_columns(cell), width = table->widths[column];
		size_t pad = width > columns ? width - columns : 0;

		fputs(cell, out);
		if (is_last(table, first + column))
			break;
		fprintf(out, "%*s%s", (int)pad, "", gap);
	}
	fputc('\n', out);
}

void table_print(const struct table *table, FILE *out)
{
	for (size_t first = 0; first < table->n; first += table->columns)
		print_row(table, first, out);
}
