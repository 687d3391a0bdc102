#define _GNU_SOURCE /* setresuid, setresgid, pipe2 */
#include "control/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool reader_of_user(const char *user, const char *group, struct reader *out)
{
	const struct passwd *who = getpwnam(user);
	const struct group *other;

	if (!who)
		return false;
	out->uid = who->pw_uid;
	out->gid = who->pw_gid;
	other = group ? getgrnam(group) : NULL;
	if (group && !other)
		return false;
	if (other)
		out->gid = other->gr_gid;
	out->n_groups = READER_GROUPS_MAX;
	return getgrouplist(user, out->gid, out->groups, &out->n_groups) >= 0;
}

/* The numbers behind name, separated by blanks, at most max; how many, -1 when there is
 * no such line or it has more. */
static int read_numbers(const char *status, const char *name, unsigned *out, int max)
{
	const char *at = strstr(status, name);
	int n = 0;

	if (!at)
		return -1;
	at += strlen(name);
	while (at[strspn(at, " \t")] != '\n' && at[strspn(at, " \t")] != '\0') {
		char *end;
		unsigned long number = strtoul(at, &end, 10);

		if (end == at || n == max)
			return -1;
		out[n++] = (unsigned)number;
		at = end;
	}
	return n;
}

/* "Uid:" and "Gid:" have the real one, the effective one, the saved one and that of the
 * file system. */
bool reader_of_status(const char *status, struct reader *out)
{
	unsigned uids[4], gids[4], groups[READER_GROUPS_MAX];

	out->n_groups = read_numbers(status, "\nGroups:", groups, READER_GROUPS_MAX);
	if (read_numbers(status, "\nUid:", uids, 4) != 4 ||
	    read_numbers(status, "\nGid:", gids, 4) != 4 || out->n_groups < 0)
		return false;
	out->uid = uids[1];
	out->gid = gids[1];
	for (int i = 0; i < out->n_groups; i++)
		out->groups[i] = groups[i];
	return true;
}

struct trial {
	const struct reader *reader;
	const char *path;
};

static int try_as(const void *arg)
{
	const struct trial *trial = arg;
	const struct reader *reader = trial->reader;

	if (setgroups((size_t)reader->n_groups, reader->groups) != 0 ||
	    setresgid(reader->gid, reader->gid, reader->gid) != 0 ||
	    setresuid(reader->uid, reader->uid, reader->uid) != 0)
		return 0;
	return access(trial->path, R_OK) == 0 ? 0 : errno;
}

/* Until the child has ended, which closes its end of the pipe: what it says. One that hangs
 * in the kernel may not even die, so it is left to init. */
static int await(pid_t child, int fd, int limit_ms)
{
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	int status, n;

	do
		n = poll(&ended, 1, limit_ms);
	while (n < 0 && errno == EINTR);
	if (n == 0) {
		kill(child, SIGKILL);
		return ETIMEDOUT;
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int reader_in_child(int (*what)(const void *arg), const void *arg, int limit_ms)
{
	int ends[2], error = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return 0;
	child = fork();
	if (child == 0)
		_exit(what(arg));
	close(ends[1]);
	if (child > 0)
		error = await(child, ends[0], limit_ms);
	close(ends[0]);
	return error;
}

int reader_try(const struct reader *reader, const char *path)
{
	if (geteuid() != 0 || reader->uid == 0)
		return 0;
	return reader_in_child(try_as, &(struct trial){ reader, path }, READER_LIMIT_MS);
}

const char *reader_error(int error)
{
	return error == ETIMEDOUT ? READER_LATE : strerror(error);
}
