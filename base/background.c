#define _GNU_SOURCE /* pipe2 */

#include "base/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"

/* The pipe to the command that waits for the daemon to be ready; -1 none. */
static int ready_fd = -1;

/* The waiting command: what the daemon sends is a NUL when it is ready, else
 * why it is not. Does not return. */
static void wait_ready(const char *program, int fd)
{
	char text[BACKGROUND_ERROR_MAX];
	size_t used = 0;
	ssize_t n;

	while (used < sizeof(text) - 1 &&
	       (n = read(fd, text + used, sizeof(text) - 1 - used)) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		used += n > 0 ? (size_t)n : 0;
		if (used > 0 && text[used - 1] == '\0')
			exit(EXIT_SUCCESS);
	}
	text[used] = '\0';
	fprintf(stderr, "%s: %s\n", program,
		used > 0 ? text : "ended before it was ready; the mail log may say why");
	exit(EXIT_FAILURE);
}

static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (chdir("/") < 0 || null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
}

void background_enter(const char *program)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		fprintf(stderr, "%s: cannot start: %s\n", program, strerror(errno));
		exit(EXIT_FAILURE);
	}
	if (pid > 0) {
		close(fds[1]);
		wait_ready(program, fds[0]);
	}
	close(fds[0]);
	ready_fd = fds[1];
	detach();
}

static void tell_waiting(const char *text, size_t len)
{
	if (ready_fd < 0)
		return;
	if (write(ready_fd, text, len) < 0)
		log_debug("nobody waits for the daemon any more");
	close(ready_fd);
	ready_fd = -1;
}

void background_ready(void)
{
	tell_waiting("", 1);
}

void background_failed(const char *error)
{
	tell_waiting(error, strlen(error));
}
