#define _GNU_SOURCE /* environ */
#include "tests/store/redis.h"

#include <dirent.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define ARGUMENTS_MAX 20
#define SERVERS_MAX 16

struct redis {
	const char *const *arguments;
	bool sentinel;
	char config[80]; /* its file; "" none */
	char directory[64], socket[80], log[80];
	pid_t pid; /* 0: none */
	redisContext *connection;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "redis: %s: %s\n", what, why);
	exit(99);
}

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the process -------------------------------------------------------- */

static const char *program(void)
{
	const char *named = getenv("SENDWARD_REDIS_SERVER");

	return named && named[0] ? named : "redis-server";
}

static void run_server(const struct redis *r)
{
	const char *argv[ARGUMENTS_MAX + 40] = {
		program(),	   "--port",	   "0",	      "--unixsocket", r->socket, "--dir",
		r->directory,	   "--logfile",	   r->log,    "--save",	      "",	 "--appendonly",
		"yes",		   "--appendfsync", "no",     "--daemonize",  "no",	 "--databases",
		"4",		   "--loglevel",   "notice",
	};
	const char *with_file[] = { program(), r->config, r->sentinel ? "--sentinel" : NULL, NULL };
	size_t n = 0;

	while (argv[n])
		n++;
	for (size_t i = 0; r->arguments && r->arguments[i] && i < ARGUMENTS_MAX; i++)
		argv[n++] = r->arguments[i];
	/* Not even a test that crashes leaves it behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(argv[0], (char *const *)(r->config[0] ? with_file : argv));
	fprintf(stderr, "%s cannot be started (%s): apt-get install redis-server\n", argv[0],
		strerror(errno));
	_exit(99);
}

static void show_log(const struct redis *r)
{
	char line[1000];
	FILE *file = fopen(r->log, "r");

	while (file && fgets(line, sizeof(line), file))
		fputs(line, stderr);
	if (file)
		fclose(file);
}

static void wait_for_end(struct redis *r)
{
	int status;

	if (r->pid > 0)
		waitpid(r->pid, &status, 0);
	r->pid = 0;
}

static bool answers(struct redis *r, bool loading)
{
	redisReply *reply;
	bool yes;

	r->connection = redisConnectUnix(r->socket);
	if (!r->connection || r->connection->err) {
		redisFree(r->connection);
		r->connection = NULL;
		return false;
	}
	reply = redisCommand(r->connection, "PING");
	yes = reply && (reply->type == REDIS_REPLY_STATUS || strncmp(reply->str, "NOAUTH", 6) == 0 ||
			(loading && strncmp(reply->str, "LOADING", 7) == 0));
	freeReplyObject(reply);
	if (!yes) {
		redisFree(r->connection);
		r->connection = NULL;
	}
	return yes;
}

static void fork_server(struct redis *r)
{
	fflush(NULL);
	r->pid = fork();
	if (r->pid == 0)
		run_server(r);
	if (r->pid < 0)
		die("fork", strerror(errno));
}

static void wait_for_server(struct redis *r, bool loading)
{
	int64_t until_ms = monotonic_ms() + REDIS_PATIENCE_MS;

	while (!answers(r, loading)) {
		int status;

		if (waitpid(r->pid, &status, WNOHANG) == r->pid || monotonic_ms() > until_ms) {
			show_log(r);
			die("redis-server", "does not start");
		}
		poll(NULL, 0, 5);
	}
}

void redis_start(struct redis *r)
{
	fork_server(r);
	wait_for_server(r, false);
}

void redis_start_loading(struct redis *r)
{
	fork_server(r);
	wait_for_server(r, true);
}

void redis_wait_loaded(struct redis *r)
{
	redisFree(r->connection);
	wait_for_server(r, false);
}

void redis_kill(struct redis *r)
{
	if (r->connection)
		redisFree(r->connection);
	r->connection = NULL;
	if (r->pid > 0)
		kill(r->pid, SIGKILL);
	wait_for_end(r);
}

void redis_freeze(struct redis *r)
{
	int status;

	kill(r->pid, SIGSTOP);
	waitpid(r->pid, &status, WUNTRACED);
}

void redis_thaw(struct redis *r)
{
	kill(r->pid, SIGCONT);
}

/* ---- the directory ------------------------------------------------------ */

static void remove_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[600];

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (unlink(name) < 0)
			remove_directory(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* Of a test program that ends early. */
static struct redis *servers[SERVERS_MAX];

static void remove_all(void)
{
	for (size_t i = 0; i < SERVERS_MAX; i++)
		redis_free(&servers[i]);
}

static void remember(struct redis *r)
{
	static bool registered;
	size_t i = 0;

	if (!registered)
		atexit(remove_all);
	registered = true;
	while (i < SERVERS_MAX && servers[i])
		i++;
	if (i == SERVERS_MAX)
		die("redis_new", "too many servers");
	servers[i] = r;
}

static struct redis *redis_prepare(void)
{
	struct redis *r = memory_zero(sizeof(*r));

	remember(r);
	snprintf(r->directory, sizeof(r->directory), "/tmp/sendward-test-XXXXXX");
	if (!mkdtemp(r->directory))
		die(r->directory, strerror(errno));
	snprintf(r->socket, sizeof(r->socket), "%s/s", r->directory);
	snprintf(r->log, sizeof(r->log), "%s/log", r->directory);
	return r;
}

struct redis *redis_new(const char *const *arguments)
{
	struct redis *r = redis_prepare();

	r->arguments = arguments;
	redis_start(r);
	return r;
}

struct redis *redis_new_with(int port, bool sentinel, const char *format, ...)
{
	struct redis *r = redis_prepare();
	FILE *file;
	va_list args;

	r->sentinel = sentinel;
	snprintf(r->config, sizeof(r->config), "%s/conf", r->directory);
	file = fopen(r->config, "w");
	if (!file)
		die(r->config, strerror(errno));
	fprintf(file, "bind 127.0.0.1\nport %d\nunixsocket %s\ndir %s\nlogfile %s\n", port,
		r->socket, r->directory, r->log);
	if (!sentinel)
		fputs("save \"\"\nappendonly yes\nappendfsync no\n", file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
	redis_start(r);
	return r;
}

void redis_free(struct redis **redis)
{
	struct redis *r = *redis;

	*redis = NULL;
	if (!r)
		return;
	for (size_t i = 0; i < SERVERS_MAX; i++)
		if (servers[i] == r)
			servers[i] = NULL;
	redis_kill(r);
	remove_directory(r->directory);
	free(r);
}

const char *redis_socket(const struct redis *r)
{
	return r->socket;
}

const char *redis_directory(const struct redis *r)
{
	return r->directory;
}

/* ---- commands ----------------------------------------------------------- */

static redisReply *call(struct redis *r, const char *format, va_list args)
{
	redisReply *reply;
	va_list again;

	va_copy(again, args);
	reply = r->connection ? redisvCommand(r->connection, format, args) : NULL;
	/* A server that changes its role closes its connections. */
	if (!reply && r->connection && r->pid > 0) {
		redisFree(r->connection);
		wait_for_server(r, false);
		reply = redisvCommand(r->connection, format, again);
	}
	va_end(again);
	if (!reply)
		die(format, r->connection ? r->connection->errstr : "not running");
	return reply;
}

redisReply *redis_call(struct redis *r, const char *format, ...)
{
	redisReply *reply;
	va_list args;

	va_start(args, format);
	reply = call(r, format, args);
	va_end(args);
	return reply;
}

void redis_do(struct redis *r, const char *format, ...)
{
	redisReply *reply;
	va_list args;

	va_start(args, format);
	reply = call(r, format, args);
	va_end(args);
	if (reply->type == REDIS_REPLY_ERROR)
		die(format, reply->str);
	freeReplyObject(reply);
}

int64_t redis_integer(struct redis *r, const char *format, ...)
{
	redisReply *reply;
	int64_t n;
	va_list args;

	va_start(args, format);
	reply = call(r, format, args);
	va_end(args);
	if (reply->type != REDIS_REPLY_INTEGER)
		die(format, reply->str ? reply->str : "not an integer");
	n = reply->integer;
	freeReplyObject(reply);
	return n;
}

bool redis_has_text(struct redis *r, const char *command, const char *text)
{
	redisReply *reply = redis_call(r, command);
	bool has = reply->type == REDIS_REPLY_STRING && strstr(reply->str, text);

	freeReplyObject(reply);
	return has;
}

/* How much of what was written it has. */
static long long written(struct redis *r)
{
	static const char name[] = "master_repl_offset:";
	redisReply *reply = redis_call(r, "INFO replication");
	const char *at = reply->type == REDIS_REPLY_STRING ? strstr(reply->str, name) : NULL;
	long long offset = at ? strtoll(at + strlen(name), NULL, 10) : -1;

	freeReplyObject(reply);
	return offset;
}

void redis_wait_copied(struct redis *primary, struct redis *replica)
{
	int64_t until_ms = monotonic_ms() + REDIS_PATIENCE_MS;

	while (written(replica) < written(primary)) {
		if (monotonic_ms() > until_ms)
			die("replication", "takes too long");
		poll(NULL, 0, 1);
	}
}
