#include "control/map_values.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "control/need.h"

static const char separators[] = ", \t\r\n";

/* Octets up to the next separator outside quotes. */
static size_t quoted_word(const char *text)
{
	bool quoted = false;
	size_t i;

	for (i = 0; text[i]; i++) {
		if (text[i] == '\\' && text[i + 1])
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && strchr(separators, text[i]))
			break;
	}
	return i;
}

static size_t plain_word(const char *text)
{
	return strcspn(text, separators);
}

static char **cut(const char *text, size_t (*word)(const char *text), size_t *n)
{
	char **values = NULL;
	size_t room = 0;

	for (*n = 0;;) {
		size_t len;

		text += strspn(text, separators);
		if (*text == '\0')
			return values;
		len = word(text);
		if (*n == room) {
			room = room ? 2 * room : 1;
			values = need_room(values, room, sizeof(*values));
		}
		values[(*n)++] = need_copy(text, len);
		text += len;
	}
}

char **map_values_logins(const char *text, size_t *n)
{
	return cut(text, plain_word, n);
}

char **map_values_addresses(const char *text, size_t *n)
{
	return cut(text, quoted_word, n);
}

void map_values_free(char **values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(values[i]);
	free(values);
}
