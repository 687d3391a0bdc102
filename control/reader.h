/*
 * May another user read a file? A daemon reads its configuration again as the user
 * that it became, whoever asks it to.
 *
 * It is tried out in a child process that becomes that user: what the kernel answers has
 * the directories, access lists (acl(5)) and file systems in it. Only root can; see
 * reader_try().
 */
#ifndef SENDWARD_CONTROL_READER_H
#define SENDWARD_CONTROL_READER_H

#include <stdbool.h>
#include <sys/types.h>

/* A reader with more groups is not tried out. */
#define READER_GROUPS_MAX 256

struct reader {
	uid_t uid;
	gid_t gid;
	gid_t groups[READER_GROUPS_MAX];
	int n_groups;
};

/* Whom root becomes with the settings user and group; group NULL: the user's own. False
 * when there is no such user or group, or it has too many groups. */
bool reader_of_user(const char *user, const char *group, struct reader *out);

/* Who a process is, by the text of /proc/PID/status (proc(5)), its effective user. False
 * when that does not tell it, or it has too many groups. */
bool reader_of_status(const char *status, struct reader *out);

/* How long the file system is waited for: of a network mount that is dead nothing comes. */
#define READER_LIMIT_MS 5000
#define READER_LATE "its file system has not answered within 5 seconds"

/* 0 when it may read the file, else the errno that it gets, ETIMEDOUT after READER_LIMIT_MS.
 * 0 also when it cannot be tried: who asks is not root. */
int reader_try(const struct reader *reader, const char *path);

/* In words; static, or valid until the next strerror(). */
const char *reader_error(int error);

/* What what(arg), an errno or 0, says in a child process; ETIMEDOUT when it has not ended
 * within limit_ms, 0 when there can be no child. */
int reader_in_child(int (*what)(const void *arg), const void *arg, int limit_ms);

#endif
