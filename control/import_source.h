/*
 * What `import` reads: one account a line, in one of three forms.
 *
 *	json	an object with the keys of `user show`, and "secrets" as
 *		`export --with-secrets` writes them
 *	csv	RFC 4180, one record a line; the first line names the columns.
 *		senders, networks and quotas are lists with ";" in between
 *	passwd	Dovecot's passwd-file: USER:{SCHEME}HASH:...; of the extra
 *		fields allow_nets
 *
 * A byte order mark in front of the first line is no part of it.
 *
 * A JSON line is a whole account. The others change what they name, and leave
 * the rest of an account that exists as it is.
 */
#ifndef SENDWARD_CONTROL_IMPORT_SOURCE_H
#define SENDWARD_CONTROL_IMPORT_SOURCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define IMPORT_COLUMNS_MAX 32

enum import_format { IMPORT_GUESS, IMPORT_JSON, IMPORT_CSV, IMPORT_PASSWD };

/* "json", "csv", "passwd". */
bool import_format_parse(const char *text, enum import_format *out);

struct import_source {
	enum import_format format; /* IMPORT_GUESS until the first line */
	const char *columns[IMPORT_COLUMNS_MAX]; /* csv, static; NULL before its first line */
	size_t n_columns;
};

enum import_read { IMPORT_LINE, IMPORT_NOTHING, IMPORT_WRONG, IMPORT_NO_SUCH_FILE };

/* One line of the file, without its end. IMPORT_LINE: *out is an object, a new
 * reference. IMPORT_NOTHING: a comment, names of columns, a blank line.
 * IMPORT_WRONG with the reason in why; IMPORT_NO_SUCH_FILE: the whole file is not
 * what it should be. text is changed. */
enum import_read import_source_read(struct import_source *source, char *text, size_t len,
				    json_t **out, char *why, size_t size);

/* Does a line of it stand for the whole account? */
bool import_source_is_whole(const struct import_source *source);

#endif
