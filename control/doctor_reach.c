/*
 * doctor postfix: may Postfix's processes connect to a socket? smtpd runs as
 * mail_owner with the group of that user and no other one, whatever groups it is a
 * member of (Postfix's set_ugid(3)).
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/doctor_postfix.h"

/* ---- the same place --------------------------------------------------------- */

/* The directory by its real name, and the last part; false when there is no such directory. */
static bool real_place(const char *path, char out[PATH_MAX + SETUP_PATH_MAX])
{
	char directory[SETUP_PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash)
		return false;
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path + 1), path);
	if (!realpath(directory, real))
		return false;
	snprintf(out, PATH_MAX + SETUP_PATH_MAX, "%s/%s", real, slash + 1);
	return true;
}

bool doctor_same_place(const char *a, const char *b)
{
	char real_a[PATH_MAX + SETUP_PATH_MAX], real_b[PATH_MAX + SETUP_PATH_MAX];

	if (strcmp(a, b) == 0)
		return true;
	return real_place(a, real_a) && real_place(b, real_b) && strcmp(real_a, real_b) == 0;
}

/* ---- the way there ---------------------------------------------------------- */

static bool may(const struct passwd *who, const struct stat *st, unsigned bits)
{
	unsigned shift = 0;

	if (st->st_uid == who->pw_uid)
		shift = 6;
	else if (st->st_gid == who->pw_gid)
		shift = 3;
	return ((st->st_mode >> shift) & bits) == bits;
}

/* False, said, when it cannot be looked at. */
static bool look_up(struct doctor *doctor, const char *path, struct stat *st)
{
	if (stat(path, st) == 0)
		return true;
	if (errno == EACCES)
		doctor_say(doctor, DOCTOR_UNKNOWN, "run this as root", "%s: %s", path,
			   strerror(errno));
	else
		doctor_say(doctor, DOCTOR_ERROR,
			   "start the daemon, which makes the socket; its directory "
			   "is made by systemd-tmpfiles --create sendward.conf",
			   "%s: %s", path, strerror(errno));
	return false;
}

/* False, said, when who may not look for something in the directory. */
static bool may_pass(struct doctor *doctor, const struct passwd *who, const char *directory)
{
	struct stat st;

	if (!look_up(doctor, directory, &st))
		return false;
	if (may(who, &st, 1))
		return true;
	doctor_say(
		doctor, DOCTOR_ERROR,
		"let it belong to that group, with mode 0750; to make the user a member of other "
		"groups is of no use: smtpd has none but its own",
		"%s: user %s and its group may not search it (mode %04o)", directory, who->pw_name,
		(unsigned)st.st_mode & 07777U);
	return false;
}

/* NULL, said, when there is no such user. */
static const struct passwd *find_user(struct doctor *doctor, const char *mail_owner)
{
	const struct passwd *who = getpwnam(mail_owner);

	doctor->check = "reach";
	if (!who)
		doctor_say(doctor, DOCTOR_ERROR, "see mail_owner in postconf(5)",
			   "there is no user %s, which is mail_owner", mail_owner);
	return who;
}

/* Each directory from start on down to the one that path is in. */
bool doctor_way(struct doctor *doctor, const char *mail_owner, const struct setup_target *target)
{
	const struct passwd *who = find_user(doctor, mail_owner);
	const char *path = target->path, *below = path + strlen(target->start);
	char directory[SETUP_PATH_MAX];

	if (!who || !may_pass(doctor, who, target->start))
		return false;
	for (const char *slash = strchr(below, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
		if (slash > below && !may_pass(doctor, who, directory))
			return false;
	}
	return true;
}

void doctor_socket(struct doctor *doctor, const char *mail_owner, const char *path)
{
	const struct passwd *who = find_user(doctor, mail_owner);
	struct stat st;

	if (!who || !look_up(doctor, path, &st))
		return;
	if (!S_ISSOCK(st.st_mode))
		doctor_say(doctor, DOCTOR_ERROR, "remove it, and start the daemon",
			   "%s is no socket", path);
	else if (!may(who, &st, 2))
		doctor_say(
			doctor, DOCTOR_ERROR,
			"set socket_group to its group and socket_mode 0660, and restart the daemon",
			"%s: user %s and its group may not connect (mode %04o)", path, who->pw_name,
			(unsigned)st.st_mode & 07777U);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "user %s may connect to %s", who->pw_name,
			   path);
}
