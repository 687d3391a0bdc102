/*
 * reload: a signal to the daemons of this host.
 *
 * Which they are is read from /proc (proc(5)), which needs neither Redis nor
 * pid files and cannot be out of date: processes with the name of a daemon
 * that were started with this very configuration file and that catch the
 * signal. Any other process is left alone.
 *
 * Before any is signalled it is tried whether each may read the file, as the user that
 * it is: one that may not would say so in its log only, and go on with what it has.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/commands.h"
#include "control/control.h"
#include "control/need.h"
#include "control/reader.h"

/* Octets of a command line that are looked at. */
#define COMMAND_LINE_MAX 16384
/* Octets of /proc/PID/status that are looked at. */
#define STATUS_TEXT_MAX 8192

static const struct daemon {
	const char *name;
	int signal;
} daemons[] = {
	{ "sendward-policyd", SIGHUP },
	{ "sendward-sasld", SIGHUP },
	/* It takes SIGHUP too, but one that was started before an update may not. */
	{ "sendward-milter", SIGUSR1 },
};

/* A file below /proc/PID, with a NUL behind; its length, -1 when it cannot be
 * read (the process has ended, or is none of ours). */
static ssize_t read_proc(const char *pid, const char *file, char *out, size_t size)
{
	char path[64];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	out[len] = '\0';
	return (ssize_t)len;
}

static const struct daemon *daemon_named(const char *argv0)
{
	const char *slash = strrchr(argv0, '/'), *name = slash ? slash + 1 : argv0;

	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		if (strcmp(name, daemons[i].name) == 0)
			return &daemons[i];
	return NULL;
}

/* The file given with -c in the words of a command line, or the default. */
static const char *config_of(const char *words, size_t len)
{
	const char *end = words + len, *path = SYSCONFDIR "/sendward/sendward.conf";

	for (const char *word = words; word < end; word += strlen(word) + 1) {
		const char *next = word + strlen(word) + 1;
		/* "-c", "-cFILE", "-fc": no other letter takes a value. */
		const char *c = word[0] == '-' && word[1] != '-' ? strchr(word, 'c') : NULL;

		if (c && c[1])
			path = c + 1;
		else if (c || strcmp(word, "--config") == 0)
			path = next < end ? next : path;
		else if (strncmp(word, "--config=", 9) == 0)
			path = word + 9;
	}
	return path;
}

/* As the process sees it: in its own root and working directory. Who may not
 * look there (a daemon cannot be looked into by others of its user) takes the
 * same root for granted. */
static bool is_same_file(const char *pid, const char *path, const struct stat *ours)
{
	char seen[4096 + 64];
	struct stat theirs;

	snprintf(seen, sizeof(seen), "/proc/%.20s/%s/%.4095s", pid, path[0] == '/' ? "root" : "cwd",
		 path);
	if (stat(seen, &theirs) != 0 &&
	    (errno != EACCES || path[0] != '/' || stat(path, &theirs) != 0))
		return false;
	return theirs.st_dev == ours->st_dev && theirs.st_ino == ours->st_ino;
}

static bool has_signal(const char *status, const char *set, int signal)
{
	const char *line = strstr(status, set);

	return line && (strtoull(line + strlen(set), NULL, 16) >> (signal - 1) & 1);
}

/* Caught, or blocked for the moment. A daemon that has only just started would
 * die of the signal. */
static bool is_expected(const char *pid, int signal)
{
	char status[STATUS_TEXT_MAX];

	return read_proc(pid, "status", status, sizeof(status)) >= 0 &&
	       (has_signal(status, "\nSigCgt:", signal) || has_signal(status, "\nSigBlk:", signal));
}

/* The daemon that the process is, when it uses our configuration file. */
static const struct daemon *daemon_of(const char *pid, const struct stat *config)
{
	static char words[COMMAND_LINE_MAX];
	ssize_t len = read_proc(pid, "cmdline", words, sizeof(words));
	const struct daemon *daemon = len > 0 ? daemon_named(words) : NULL;

	if (!daemon || !is_same_file(pid, config_of(words, (size_t)len), config))
		return NULL;
	return daemon;
}

/* One reload: what the steps below need. */
struct round {
	const struct control *control;
	struct stat config;
	json_t *told;
};

/* What is done with each daemon; false, said, when it cannot be. */
typedef bool reload_step(const struct round *round, const char *pid, const struct daemon *daemon);

static void say_unreadable(const struct round *round, const char *pid, const struct daemon *daemon,
			   uid_t uid, int error)
{
	const struct passwd *user = getpwuid(uid);
	char number[24];

	snprintf(number, sizeof(number), "%ld", (long)uid);
	control_refuse("%s: user %s, as whom %s (process %s) runs, may not read it: %s",
		       round->control->config_path, user ? user->pw_name : number, daemon->name,
		       pid, reader_error(error));
}

/* True also when it cannot be known: the process has ended. */
static bool try_reading(const struct round *round, const char *pid, const struct daemon *daemon)
{
	char status[STATUS_TEXT_MAX], *path;
	struct reader reader;
	int error;

	if (read_proc(pid, "status", status, sizeof(status)) < 0 ||
	    !reader_of_status(status, &reader))
		return true;
	path = realpath(round->control->config_path, NULL);
	error = reader_try(&reader, path ? path : round->control->config_path);
	free(path);
	if (error)
		say_unreadable(round, pid, daemon, reader.uid, error);
	return error == 0;
}

static bool signal_daemon(const struct round *round, const char *pid, const struct daemon *daemon)
{
	long number = strtol(pid, NULL, 10);

	if (!is_expected(pid, daemon->signal)) {
		control_refuse("%s, process %s: not ready to be told", daemon->name, pid);
		return false;
	}
	if (kill((pid_t)number, daemon->signal) != 0) {
		control_refuse("%s, process %s: %s", daemon->name, pid, strerror(errno));
		return false;
	}
	json_array_append_new(round->told, need(json_pack("{s:s, s:I}", "daemon", daemon->name,
							  "pid", (json_int_t)number)));
	return true;
}

/* False, said, when it failed with one of them; the others had it done all the same. */
static bool with_all(const struct round *round, reload_step *step)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool ok = true;

	if (!proc) {
		control_refuse("/proc: %s", strerror(errno));
		return false;
	}
	while ((entry = readdir(proc))) {
		const struct daemon *daemon;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		daemon = daemon_of(entry->d_name, &round->config);
		if (daemon && !step(round, entry->d_name, daemon))
			ok = false;
	}
	closedir(proc);
	return ok;
}

/* False, said, when one of them could not be told. When one may not read the file none is,
 * lest they go on with different ones. */
static bool tell_all(const struct round *round)
{
	if (with_all(round, try_reading))
		return with_all(round, signal_daemon);
	control_note("no daemon was told: let the daemons' group read the file (chgrp, chmod 640)");
	return false;
}

static void print_told(const struct control *control, json_t *told)
{
	if (control->json) {
		control_print_json(need(json_pack("{s:O}", "told", told)));
		return;
	}
	for (size_t i = 0; i < json_array_size(told); i++) {
		const json_t *one = json_array_get(told, i);

		printf("%s, process %lld: told to read %s again\n",
		       json_string_value(json_object_get(one, "daemon")),
		       (long long)json_integer_value(json_object_get(one, "pid")),
		       control->config_path);
	}
}

static int command_reload(struct control *control)
{
	struct round round = { .control = control };
	bool ok;

	/* The daemons would refuse a broken file, but only in the log. */
	if (!control_load(control))
		return STATUS_REFUSED;
	if (stat(control->config_path, &round.config) != 0)
		return control_refuse("%s: %s", control->config_path, strerror(errno));
	round.told = need(json_array());
	ok = tell_all(&round);
	print_told(control, round.told);
	if (ok && json_array_size(round.told) == 0) {
		control_refuse("no daemon on this host uses %s", control->config_path);
		control_note("start one, or give -c the file that they were started with "
			     "(ps -eo args)");
		ok = false;
	}
	json_decref(round.told);
	return ok ? STATUS_DONE : STATUS_REFUSED;
}

const struct command commands_reload[] = {
	{ .name = "reload",
	  .help = "tell the daemons of this host to read their files again",
	  .notes = "Signals the daemons that were started with the same configuration file\n"
		   "(SIGHUP to sendward-policyd and sendward-sasld, SIGUSR1 to sendward-milter).\n"
		   "Where systemd runs them, `systemctl reload` does the same.",
	  .run = command_reload },
	{ 0 },
};
