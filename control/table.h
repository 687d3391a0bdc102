/*
 * Aligned tables for people. Cells are copied and made printable; a column is
 * as wide as its widest cell of at most TABLE_WIDTH_MAX, the last one is not padded.
 * A wider cell pushes the rest of its own row to the right.
 */
#ifndef SENDWARD_CONTROL_TABLE_H
#define SENDWARD_CONTROL_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 8
#define TABLE_WIDTH_MAX 64

struct table;

/* columns: 1 to TABLE_COLUMNS_MAX. */
struct table *table_new(size_t columns);
void table_free(struct table **table);

/* Cells are added from left to right, row after row; NULL is empty. */
void table_cell(struct table *table, const char *text);
void table_cellf(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A whole row at once: as many texts as there are columns. */
void table_row(struct table *table, const char *const *cells);

void table_print(const struct table *table, FILE *out);

#endif
