#define _GNU_SOURCE
#include "control/postmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "control/control.h"

struct postmap {
	char *table;
	pid_t pid;
	FILE *file;
	FILE *said; /* its standard error */
};

/* $PATH is not asked: who runs sendward is often root. */
static const char *const programs[] = {
	"/usr/sbin/postmap",
	"/usr/local/sbin/postmap",
	"/usr/pkg/sbin/postmap",
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
	{ "pcre", "its patterns cannot be listed as addresses; give domains to logins as *@domain" },
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

static const char *find_program(void)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (access(programs[i], X_OK) == 0)
			return programs[i];
	control_refuse("there is no postmap in /usr/sbin, /usr/local/sbin or /usr/pkg/sbin; "
		       "`postmap -s TYPE:NAME >FILE' elsewhere makes a file to import");
	return NULL;
}

static void be_postmap(const char *program, const char *table, int out, int said)
{
	int nothing = open("/dev/null", O_RDONLY);

	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(said, STDERR_FILENO) < 0)
		_exit(126);
	signal(SIGPIPE, SIG_DFL);
	execl(program, "postmap", "-s", table, (char *)NULL);
	dprintf(STDERR_FILENO, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

static bool start(struct postmap *postmap, const char *program)
{
	int ends[2];

	postmap->said = tmpfile();
	if (!postmap->said || pipe2(ends, O_CLOEXEC) != 0)
		return false;
	fflush(NULL);
	postmap->pid = fork();
	if (postmap->pid == 0)
		be_postmap(program, postmap->table, ends[1], fileno(postmap->said));
	close(ends[1]);
	postmap->file = postmap->pid > 0 ? fdopen(ends[0], "r") : NULL;
	if (!postmap->file)
		close(ends[0]);
	return postmap->file != NULL;
}

struct postmap *postmap_open(const char *table)
{
	/* proxymap(8) does not list; what is behind it does. */
	const char *proxy = "proxy:", *program;
	struct postmap *postmap;

	if (strncmp(table, proxy, strlen(proxy)) == 0)
		table += strlen(proxy);
	if (!can_be_listed(table) || !(program = find_program()))
		return NULL;
	postmap = memory_zero(sizeof(*postmap));
	postmap->table = memory_strdup(table);
	if (!start(postmap, program)) {
		control_refuse("%s: %s", table, strerror(errno));
		postmap_close(&postmap);
	}
	return postmap;
}

FILE *postmap_file(struct postmap *postmap)
{
	return postmap->file;
}

static void pass_on(FILE *said)
{
	char text[POSTMAP_SAID_MAX + 1];
	size_t n;

	rewind(said);
	n = fread(text, 1, POSTMAP_SAID_MAX, said);
	text[n] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		control_note("%s", line);
}

static bool reap(struct postmap *postmap)
{
	int status;

	if (postmap->pid <= 0)
		return false;
	while (waitpid(postmap->pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool postmap_close(struct postmap **postmap)
{
	struct postmap *p = *postmap;
	bool ok;

	*postmap = NULL;
	if (p->file)
		fclose(p->file);
	ok = reap(p);
	if (p->said) {
		pass_on(p->said);
		fclose(p->said);
	}
	if (!ok && p->pid > 0)
		control_refuse("%s: `postmap -s' did not succeed", p->table);
	free(p->table);
	free(p);
	return ok;
}
