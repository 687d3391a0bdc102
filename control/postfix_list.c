#define _POSIX_C_SOURCE 200809L
#include "control/postfix_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

/* Postfix's CHARS_COMMA_SP. */
static const char between[] = ", \t\r\n";

/* The end of the item that begins here. */
static char *end_of(char *p)
{
	size_t depth = 0;

	for (; *p && (depth > 0 || !strchr(between, *p)); p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}' && depth > 0)
			depth--;
	}
	return p;
}

/* The next item, its end marked; NULL: there is none. */
static char *take(char **rest)
{
	char *item = *rest + strspn(*rest, between), *end = end_of(item);

	*rest = end;
	if (*end) {
		*end = '\0';
		*rest = end + 1;
	}
	return *item ? item : NULL;
}

void postfix_list_init(struct postfix_list *list, const char *text)
{
	char *rest, *item;

	list->n = 0;
	rest = list->text = memory_strdup(text);
	while (list->n < POSTFIX_LIST_MAX && (item = take(&rest)))
		list->items[list->n++] = item;
}

void postfix_list_fini(struct postfix_list *list)
{
	free(list->text);
	list->text = NULL;
	list->n = 0;
}

bool postfix_list_warns(const struct postfix_list *list, size_t i)
{
	return i > 0 && strcasecmp(list->items[i - 1], POSTFIX_WARNS) == 0;
}

/* Cuts blanks off both ends. */
static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, between);
	len = strlen(text);
	while (len > 0 && strchr(between, text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* Without the braces around it, and the blanks inside of them. */
static char *unbraced(char *text)
{
	size_t len;

	if (text[0] != '{')
		return text;
	len = strlen(text);
	if (text[len - 1] == '}')
		text[len - 1] = '\0';
	return trimmed(text + 1);
}

static void add_attribute(struct postfix_server *server, char *text)
{
	char *equals;

	text = unbraced(text);
	equals = strchr(text, '=');
	if (!equals && !server->stray)
		server->stray = text;
	if (!equals || server->n == POSTFIX_ATTRIBUTES_MAX)
		return;
	*equals = '\0';
	server->attributes[server->n].name = trimmed(text);
	server->attributes[server->n++].value = trimmed(equals + 1);
}

void postfix_server_init(struct postfix_server *server, const char *item)
{
	char *rest, *text;

	server->n = 0;
	server->stray = NULL;
	server->text = memory_strdup(item);
	rest = unbraced(server->text);
	text = take(&rest);
	server->endpoint = text ? text : "";
	while ((text = take(&rest)))
		add_attribute(server, text);
}

void postfix_server_fini(struct postfix_server *server)
{
	free(server->text);
	server->text = NULL;
}

const char *postfix_server_value(const struct postfix_server *server, const char *name,
				 const char *otherwise)
{
	for (size_t i = server->n; i > 0; i--)
		if (strcmp(server->attributes[i - 1].name, name) == 0)
			return server->attributes[i - 1].value;
	return otherwise;
}

int64_t postfix_time_ms(const char *text)
{
	static const char letters[] = "smhdw";
	static const int64_t seconds[] = { 1, 60, 3600, 86400, 604800 };
	const char *letter;
	char *end;
	long long number = strtoll(text, &end, 10);

	if (end == text || number < 0 || number > INT32_MAX)
		return -1;
	if (!*end)
		return number * 1000;
	letter = strchr(letters, *end);
	return letter && !end[1] ? number * seconds[letter - letters] * 1000 : -1;
}
