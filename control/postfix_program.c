#define _GNU_SOURCE
#include "control/postfix_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const directories[] = { "/usr/sbin", "/usr/local/sbin", "/usr/pkg/sbin" };

bool postfix_program_find(const char *name, char path[POSTFIX_PROGRAM_PATH_MAX])
{
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		snprintf(path, POSTFIX_PROGRAM_PATH_MAX, "%s/%s", directories[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void be_program(const char *path, const char *const *argv, unsigned limit_s, int out,
		       int said)
{
	int nothing = open("/dev/null", O_RDONLY);

	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(said, STDERR_FILENO) < 0)
		_exit(126);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	alarm(limit_s); /* it outlives exec */
	execv(path, (char *const *)argv);
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

bool postfix_program_start(struct postfix_program *program, const char *path,
			   const char *const *argv, unsigned limit_s)
{
	int ends[2];

	*program = (struct postfix_program){ .said = tmpfile() };
	if (!program->said || pipe2(ends, O_CLOEXEC) != 0)
		return false;
	fflush(NULL);
	program->pid = fork();
	if (program->pid == 0)
		be_program(path, argv, limit_s, ends[1], fileno(program->said));
	close(ends[1]);
	program->file = program->pid > 0 ? fdopen(ends[0], "r") : NULL;
	if (!program->file)
		close(ends[0]);
	return program->file != NULL;
}

static bool reap(pid_t pid, bool *late)
{
	int status;

	if (pid <= 0)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	*late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool postfix_program_end(struct postfix_program *program)
{
	bool ok;

	if (program->file)
		fclose(program->file);
	program->file = NULL;
	ok = reap(program->pid, &program->late);
	if (program->said)
		rewind(program->said);
	return ok;
}

void postfix_program_fini(struct postfix_program *program)
{
	if (program->said)
		fclose(program->said);
	program->said = NULL;
}
