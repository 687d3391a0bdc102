#define _POSIX_C_SOURCE 200809L
#include "control/postmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "control/control.h"
#include "control/postfix_program.h"

struct postmap {
	char *table;
	struct postfix_program program;
};

/* Types whose tables are questions and answers, not a list of entries. */
static const struct {
	const char *type, *instead;
} unlistable[] = {
	{ "cidr", "it has networks, not addresses" },
	{ "ldap", "export its entries to a text file" },
	{ "memcache", "export its entries to a text file" },
	{ "mongodb", "export its entries to a text file" },
	{ "mysql", "export its rows to a text file" },
	{ "nis", "export its entries to a text file" },
	{ "pcre",
	  "its patterns cannot be listed as addresses; give domains to logins as *@domain" },
	{ "pgsql", "export its rows to a text file" },
	{ "pipemap", "name the tables it is made of" },
	{ "randmap", "it has no keys" },
	{ "regexp",
	  "its patterns cannot be listed as addresses; give domains to logins as *@domain" },
	{ "socketmap", "export what its server knows to a text file" },
	{ "sqlite", "export its rows to a text file" },
	{ "static", "it has no keys" },
	{ "tcp", "export what its server knows to a text file" },
	{ "unionmap", "name the tables it is made of" },
};

/* Octets of the type, 0: it begins with none. */
static size_t type_length(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && text[n] == ':' && text[n + 1] != '\0' ? n : 0;
}

bool postmap_is_table(const char *text)
{
	return type_length(text) > 0 && access(text, F_OK) != 0;
}

static bool can_be_listed(const char *table)
{
	size_t n = type_length(table);

	for (size_t i = 0; i < sizeof(unlistable) / sizeof(unlistable[0]); i++) {
		if (strlen(unlistable[i].type) == n && memcmp(table, unlistable[i].type, n) == 0) {
			control_refuse("%s: Postfix cannot list a table of this type: %s", table,
				       unlistable[i].instead);
			return false;
		}
	}
	return true;
}

static bool find_postmap(char path[POSTFIX_PROGRAM_PATH_MAX])
{
	if (postfix_program_find("postmap", path))
		return true;
	control_refuse("there is no postmap in " POSTFIX_PROGRAM_PLACES
		       "; `postmap -s TYPE:NAME >FILE' elsewhere makes a file to import");
	return false;
}

struct postmap *postmap_open(const char *table)
{
	/* proxymap(8) does not list; what is behind it does. */
	const char *proxy = "proxy:";
	char path[POSTFIX_PROGRAM_PATH_MAX];
	struct postmap *postmap;

	if (strncmp(table, proxy, strlen(proxy)) == 0)
		table += strlen(proxy);
	if (!can_be_listed(table) || !find_postmap(path))
		return NULL;
	postmap = memory_zero(sizeof(*postmap));
	postmap->table = memory_strdup(table);
	if (!postfix_program_start(&postmap->program, path,
				   (const char *const[]){ "postmap", "-s", table, NULL }, 0)) {
		control_refuse("%s: %s", table, strerror(errno));
		postmap_close(&postmap);
	}
	return postmap;
}

FILE *postmap_file(struct postmap *postmap)
{
	return postmap->program.file;
}

/* A text file that has just been changed Postfix reads again, until it stays the same,
 * and warns of the same each time: once is enough. */
static void pass_on(FILE *said)
{
	char text[POSTMAP_SAID_MAX + 1];
	size_t n = fread(text, 1, POSTMAP_SAID_MAX, said), n_told = 0;
	const char *told[POSTMAP_TOLD_MAX];

	text[n] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		bool known = false;

		for (size_t i = 0; i < n_told; i++)
			known = known || strcmp(told[i], line) == 0;
		if (known || n_told == POSTMAP_TOLD_MAX)
			continue;
		control_note("%s", line);
		told[n_told++] = line;
	}
}

bool postmap_close(struct postmap **postmap)
{
	struct postmap *p = *postmap;
	bool ok = postfix_program_end(&p->program);

	*postmap = NULL;
	if (p->program.said)
		pass_on(p->program.said);
	if (!ok && p->program.pid > 0)
		control_refuse("%s: `postmap -s' did not succeed", p->table);
	postfix_program_fini(&p->program);
	free(p->table);
	free(p);
	return ok;
}
