#include "control/server_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void server_info(const char *info, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	out[0] = '\0';
	for (const char *line = info; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == ':') {
			line += len + 1;
			snprintf(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
			return;
		}
	}
}

int64_t server_info_number(const char *info, const char *name)
{
	char text[32];

	server_info(info, name, text, sizeof(text));
	return strtoll(text, NULL, 10);
}

/* Valkey names itself, and claims to be a Redis 7.2. */
void server_info_version(const char *info, char out[SERVER_VERSION_MAX])
{
	char number[32], name[24];

	server_info(info, "valkey_version", number, sizeof(number));
	snprintf(name, sizeof(name), "valkey");
	if (!number[0]) {
		server_info(info, "redis_version", number, sizeof(number));
		snprintf(name, sizeof(name), "redis");
	}
	snprintf(out, SERVER_VERSION_MAX, "%s%s%s", number[0] ? name : "", number[0] ? " " : "",
		 number);
}
