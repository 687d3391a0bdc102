#include "control/import_source.h"

#include <stdio.h>
#include <string.h>

#include "control/import_value.h"
#include "control/need.h"

bool import_format_parse(const char *text, enum import_format *out)
{
	static const char *const names[] = {
		[IMPORT_JSON] = "json", [IMPORT_CSV] = "csv", [IMPORT_PASSWD] = "passwd"
	};

	for (int i = IMPORT_JSON; i <= IMPORT_PASSWD; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum import_format)i;
			return true;
		}
	}
	return false;
}

bool import_source_is_whole(const struct import_source *source)
{
	return source->format == IMPORT_JSON;
}

/* An object begins with "{", and no user of a passwd-file has a comma. */
static enum import_format guess(const char *text)
{
	size_t word = strcspn(text, ",:");

	if (*text == '{')
		return IMPORT_JSON;
	return text[word] == ':' ? IMPORT_PASSWD : IMPORT_CSV;
}

/* ---- csv ------------------------------------------------------------------------- */

static const struct column {
	const char *name;
	import_put *put;
} columns[] = {
	{ "login", import_put_text },
	{ "password", import_put_password },
	{ "password_changed", import_put_changed },
	{ "plan", import_put_text },
	{ "group", import_put_text },
	{ "description", import_put_text },
	{ "state", import_put_text },
	{ "reason", import_put_text },
	{ "senders", import_put_list },
	{ "networks", import_put_list },
	{ "quotas", import_put_list },
	{ "max_recipients", import_put_amount },
	{ "max_size", import_put_amount },
	{ "require_tls", import_put_text },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct column *find_column(const char *name)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	return NULL;
}

/* The next cell, unquoted in place; *rest is behind it, NULL after the last one.
 * False: its quotes are wrong. */
static bool next_cell(char **rest, char **cell)
{
	char *in = *rest, *out = *rest;
	bool closed = false;

	*cell = out;
	if (*in != '"') {
		in += strcspn(in, ",\"");
		if (*in == '"')
			return false;
		*rest = *in ? in + 1 : NULL;
		*in = '\0';
		return true;
	}
	for (in++; *in; in++) {
		closed = *in == '"' && *++in != '"';
		if (closed)
			break;
		*out++ = *in;
	}
	if (!closed || (*in && *in != ','))
		return false;
	*rest = *in ? in + 1 : NULL;
	*out = '\0';
	return true;
}

/* What programs write between cells in place of a comma. */
static const struct {
	char letter;
	const char *name;
} delimiters[] = { { ';', "\";\"" }, { '\t', "a tab" }, { '|', "\"|\"" } };

static void complain_column(const char *cell, char *why, size_t size)
{
	size_t used;

	for (size_t i = 0; i < sizeof(delimiters) / sizeof(delimiters[0]); i++) {
		if (strchr(cell, delimiters[i].letter)) {
			snprintf(why, size, "\"%.60s\" is no column; the file seems to have %s between "
				 "its cells: it must be \",\"", cell, delimiters[i].name);
			return;
		}
	}
	used = (size_t)snprintf(why, size, "\"%.60s\" is no column; there are", cell);
	for (size_t i = 0; i < COLUMNS && used < size; i++)
		used += (size_t)snprintf(why + used, size - used, "%s %s", i ? "," : "",
					 columns[i].name);
}

static bool is_named(const struct import_source *source, const struct column *column)
{
	for (size_t i = 0; i < source->n_columns; i++)
		if (source->columns[i] == column->name)
			return true;
	return false;
}

static enum import_read read_columns(struct import_source *source, char *text, char *why,
				     size_t size)
{
	bool login = false;
	char *cell;

	while (text) {
		const struct column *column = NULL;

		if (source->n_columns == IMPORT_COLUMNS_MAX || !next_cell(&text, &cell) ||
		    !(column = find_column(cell))) {
			complain_column(cell, why, size);
			return IMPORT_NO_SUCH_FILE;
		}
		if (is_named(source, column)) {
			snprintf(why, size, "there are two columns \"%s\"", column->name);
			return IMPORT_NO_SUCH_FILE;
		}
		login = login || column == &columns[0];
		source->columns[source->n_columns++] = column->name;
	}
	if (login)
		return IMPORT_NOTHING;
	snprintf(why, size, "there is no column \"login\"");
	return IMPORT_NO_SUCH_FILE;
}

static bool read_cells(const struct import_source *source, char *text, json_t *line, char *why,
		       size_t size)
{
	size_t i = 0;
	char *cell;

	for (; text; i++) {
		const char *name, *reason = "";

		if (i == source->n_columns || !next_cell(&text, &cell)) {
			snprintf(why, size, i == source->n_columns ?
						    "has more cells than there are columns" :
						    "a cell's quotes are wrong");
			return false;
		}
		name = source->columns[i];
		if (*cell && !find_column(name)->put(line, name, cell, &reason)) {
			snprintf(why, size, "%s: %s", name, reason);
			return false;
		}
	}
	if (i < source->n_columns)
		snprintf(why, size, "has fewer cells than there are columns");
	return i == source->n_columns;
}

static enum import_read read_csv(struct import_source *source, char *text, json_t **out, char *why,
				 size_t size)
{
	json_t *line;

	if (source->n_columns == 0)
		return read_columns(source, text, why, size);
	line = need(json_object());
	if (read_cells(source, text, line, why, size)) {
		*out = line;
		return IMPORT_LINE;
	}
	json_decref(line);
	return IMPORT_WRONG;
}

/* ---- passwd ----------------------------------------------------------------------- */

/* Colons in front of the extra fields. */
#define PASSWD_FIELDS 7

#define ALLOW_NETS "allow_nets="

static bool read_extra(char *extra, json_t *line, const char **reason)
{
	char *word;

	while (extra && (word = strsep(&extra, " "))) {
		if (strncmp(word, ALLOW_NETS, strlen(ALLOW_NETS)) != 0)
			continue;
		word += strlen(ALLOW_NETS);
		*reason = "allow_nets is empty: nobody could log in";
		if (!*word)
			return false;
		for (char *comma = word; (comma = strchr(comma, ','));)
			*comma = ';';
		if (!import_put_list(line, "networks", word, reason))
			return false;
	}
	return true;
}

static bool read_hash(char *hash, json_t *line, const char **reason)
{
	return !*hash || import_put_password(line, "password", hash, reason);
}

static enum import_read read_passwd(char *text, json_t **out, char *why, size_t size)
{
	char *login = strsep(&text, ":"), *hash = strsep(&text, ":");
	const char *reason = "";
	json_t *line;

	if (!hash) {
		snprintf(why, size, "there is no \":\"");
		return IMPORT_WRONG;
	}
	for (int i = 2; i < PASSWD_FIELDS && text; i++)
		strsep(&text, ":");
	line = need(json_object());
	if (import_put_text(line, "login", login, &reason) && read_hash(hash, line, &reason) &&
	    read_extra(text, line, &reason)) {
		*out = line;
		return IMPORT_LINE;
	}
	snprintf(why, size, "%s", reason);
	json_decref(line);
	return IMPORT_WRONG;
}

/* ---- any --------------------------------------------------------------------------- */

/* Jansson speaks of its flags there. */
static const char *json_fault(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);

	return code == json_error_null_character || code == json_error_null_byte_in_key ?
		       "\\u0000 stands in a text" :
		       error->text;
}

static enum import_read read_json(const char *text, size_t len, json_t **out, char *why,
				  size_t size)
{
	json_error_t error;
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (json_is_object(line)) {
		*out = line;
		return IMPORT_LINE;
	}
	snprintf(why, size, "%s", line ? "is not a JSON object" : json_fault(&error));
	json_decref(line);
	return IMPORT_WRONG;
}

static void skip_mark(char **text, size_t *len)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (strncmp(*text, mark, strlen(mark)) == 0) {
		*text += strlen(mark);
		*len -= strlen(mark);
	}
}

enum import_read import_source_read(struct import_source *source, char *text, size_t len,
				    json_t **out, char *why, size_t size)
{
	size_t blank;

	/* What spreadsheets put in front of UTF-8. */
	if (source->format == IMPORT_GUESS || (source->format == IMPORT_CSV && source->n_columns == 0))
		skip_mark(&text, &len);
	blank = strspn(text, " \t");
	if (!text[blank] && strlen(text) == len)
		return IMPORT_NOTHING;
	/* A comment in front of the first account says nothing yet. */
	if (source->format == IMPORT_GUESS && *text == '#')
		return IMPORT_NOTHING;
	if (source->format == IMPORT_GUESS)
		source->format = guess(text + blank);
	if (source->format == IMPORT_JSON)
		return read_json(text, len, out, why, size);
	if (strlen(text) != len) {
		snprintf(why, size, "has a NUL");
		return IMPORT_WRONG;
	}
	if (source->format == IMPORT_CSV)
		return read_csv(source, text, out, why, size);
	return *text == '#' ? IMPORT_NOTHING : read_passwd(text, out, why, size);
}
