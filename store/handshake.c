#include "store/handshake.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* The commands go out together; the first that fails tells why. */
struct handshake {
	int expected, answered;
	bool must_tell; /* its role */
	char error[200];
	void (*done)(const char *error, void *arg);
	void *arg;
};

static void answered(struct handshake *h, enum link_result result)
{
	if (++h->answered < h->expected)
		return;
	/* A connection that was lost has been told to its owner already. */
	if (result == LINK_OK)
		h->done(h->error[0] ? h->error : NULL, h->arg);
	free(h);
}

static void on_reply(enum link_result result, struct redisReply *reply, const char *error,
		     void *arg)
{
	struct handshake *h = arg;

	if (!h->error[0] && result != LINK_OK)
		snprintf(h->error, sizeof(h->error), "%s", error);
	if (!h->error[0] && reply && reply->type == REDIS_REPLY_ERROR)
		snprintf(h->error, sizeof(h->error), "%s", reply->str);
	answered(h, result);
}

/* Source: the ROLE command's page: "master", or "slave" and others. */
static void on_role(enum link_result result, struct redisReply *reply, const char *error,
		    void *arg)
{
	struct handshake *h = arg;
	const struct redisReply *role = NULL;

	if (result == LINK_OK && !h->must_tell && reply->type == REDIS_REPLY_ERROR &&
	    strncmp(reply->str, "NOPERM", 6) == 0) {
		answered(h, result);
		return;
	}
	if (h->error[0] || result != LINK_OK || reply->type == REDIS_REPLY_ERROR) {
		on_reply(result, reply, error, arg);
		return;
	}
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0)
		role = reply->element[0];
	if (!role || role->type != REDIS_REPLY_STRING || strcmp(role->str, "master") != 0)
		snprintf(h->error, sizeof(h->error), "this server is a replica, not the primary");
	answered(h, result);
}

static void say(struct link *link, struct handshake *h, int argc, const char *const *argv)
{
	link_send_early(link, argc, argv, on_reply, h);
}

/* The first line of the file. */
static const char *read_password(const char *path, char out[PASSWORD_MAX + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, PASSWORD_MAX);
	const char *error = n < 0 ? strerror(errno) : NULL;

	if (fd >= 0)
		close(fd);
	out[n < 0 ? 0 : n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return error;
}

static void authenticate(struct link *link, struct handshake *h,
			 const struct redis_settings *settings, const char *password)
{
	const char *argv[3] = {"AUTH"};
	int argc = 1;

	if (settings->username)
		argv[argc++] = settings->username;
	argv[argc++] = password;
	link_send_secret(link, argc, argv, on_reply, h);
}

void handshake_start(struct link *link, const struct redis_settings *settings, enum link_role role,
		     void (*done)(const char *error, void *arg), void *arg)
{
	struct handshake *h = memory_zero(sizeof(*h));
	char password[PASSWORD_MAX + 1] = "", error[300], database[16];
	const char *why;

	h->done = done;
	h->arg = arg;
	h->must_tell = role == LINK_PRIMARY;
	if (settings->password_file && (why = read_password(settings->password_file, password))) {
		snprintf(error, sizeof(error), "password file %s: %s", settings->password_file,
			 why);
		free(h);
		done(error, arg);
		return;
	}
	h->expected = 1 + (settings->password_file != NULL) + (settings->database != 0) + (role != LINK_ANY_ROLE);
	if (settings->password_file)
		authenticate(link, h, settings, password);
	explicit_bzero(password, sizeof(password));
	if (settings->database != 0) {
		snprintf(database, sizeof(database), "%d", settings->database);
		say(link, h, 2, (const char *const[]){"SELECT", database});
	}
	if (role != LINK_ANY_ROLE)
		link_send_early(link, 1, (const char *const[]){ "ROLE" }, on_role, h);
	say(link, h, 1, (const char *const[]){ "PING" });
}
