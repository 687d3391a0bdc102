/*
 * doctor: the daemons of this host: whether they may read the configuration again,
 * their sockets, and whether they were seen.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/doctor.h"
#include "control/reader.h"
#include "control/text.h"
#include "control/wait.h"

/* ---- the configuration --------------------------------------------------- */

/* The daemons read it again at each connect or reload. */
static void look_at_redis_file(struct doctor *doctor, const struct reader *reader,
			       const char *setting, const char *path)
{
	int error = path ? reader_try(reader, path) : 0;

	if (error)
		doctor_say(doctor, DOCTOR_ERROR,
			   "let the daemons' group read it (chgrp, chmod 640): else they do not reach Redis",
			   "%s %s: user %s may not read it: %s", setting, path,
			   doctor->control->config->user, reader_error(error));
}

static void look_at_redis_files(struct doctor *doctor, const struct reader *reader)
{
	const struct redis_settings *redis = &doctor->control->config->redis;

	look_at_redis_file(doctor, reader, "password_file", redis->password_file);
	look_at_redis_file(doctor, reader, "sentinel_password_file", redis->sentinel_password_file);
	look_at_redis_file(doctor, reader, "tls_ca_file", redis->tls_ca_file);
	look_at_redis_file(doctor, reader, "tls_cert_file", redis->tls_cert_file);
	look_at_redis_file(doctor, reader, "tls_key_file", redis->tls_key_file);
}

/* Only a daemon that root starts becomes another user, and only root can try it. */
static void look_at_configuration(struct doctor *doctor)
{
	const struct config *config = doctor->control->config;
	struct reader reader;
	int error;

	if (geteuid() != 0 || !reader_of_user(config->user, config->group, &reader))
		return;
	error = reader_try(&reader, config->path);
	if (error == ETIMEDOUT)
		doctor_say(doctor, DOCTOR_WARNING,
			   "look at the mount: daemons that are told to read it again will hang",
			   "%s: %s", config->path, reader_error(error));
	else if (error)
		doctor_say(doctor, DOCTOR_WARNING,
			   "let the daemons' group read it (chgrp, chmod 640): else a reload fails",
			   "%s: user %s may not read it: %s", config->path, config->user,
			   strerror(error));
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "user %s may read %s", config->user,
			   config->path);
	look_at_redis_files(doctor, &reader);
}

/* ---- sockets ------------------------------------------------------------- */

/* Also by one that is too busy to take a connection, which is not waited for. */
static bool is_listened_on(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	refused = fd < 0 || (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
			     errno == ECONNREFUSED);
	if (fd >= 0)
		close(fd);
	return !refused;
}

static void look_at_access(struct doctor *doctor, const char *path, const struct stat *st)
{
	const struct config *config = doctor->control->config;
	const struct group *group = config->socket_group ? getgrnam(config->socket_group) : NULL;

	if (config->socket_group && !group)
		doctor_say(doctor, DOCTOR_ERROR,
			   "set socket_group to the group of Postfix's processes",
			   "there is no group %s", config->socket_group);
	else if ((st->st_mode & 07777) != config->socket_mode ||
		 (group && st->st_gid != group->gr_gid))
		doctor_say(doctor, DOCTOR_WARNING, "restart the daemon",
			   "%s has not got mode %04o and group %s", path,
			   (unsigned)config->socket_mode,
			   config->socket_group ? config->socket_group : "");
	else if (st->st_mode & S_IWOTH)
		doctor_say(doctor, DOCTOR_WARNING, "set socket_mode 0660",
			   "everybody on this host may connect to %s: there is no password on it",
			   path);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s", path);
}

/* Nothing of what is spoken there has a password. */
static void look_at_address(struct doctor *doctor, const struct endpoint *listener)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(listener, text);
	if (endpoint_is_exposed(listener))
		doctor_say(doctor, DOCTOR_WARNING,
			   "let only Postfix in: by a firewall, or an address of this host alone",
			   "other hosts may reach %s, and whoever does is served", text);
}

static void look_at_listener(struct doctor *doctor, const struct endpoint *listener)
{
	struct stat st;

	if (listener->kind != ENDPOINT_UNIX)
		look_at_address(doctor, listener);
	else if (stat(listener->path, &st) != 0)
		doctor_say(doctor, errno == EACCES ? DOCTOR_UNKNOWN : DOCTOR_ERROR,
			   errno == EACCES ? "run this as root" : "start the daemon", "%s: %s",
			   listener->path, strerror(errno));
	else if (!S_ISSOCK(st.st_mode) || !is_listened_on(listener->path))
		doctor_say(doctor, DOCTOR_ERROR, "start the daemon", "nobody listens on %s",
			   listener->path);
	else
		look_at_access(doctor, listener->path, &st);
}

static void look_at_sockets(struct doctor *doctor)
{
	const struct config *config = doctor->control->config;
	const struct endpoint *listener;
	const char *daemon;

	for (size_t i = 0; (listener = config_listener(config, i, &daemon)); i++)
		look_at_listener(doctor, listener);
	if (config->n_policyd_listen == 0 && !config->milter_configured)
		doctor_say(doctor, DOCTOR_WARNING, "add a section policyd or milter",
			   "neither daemon is configured");
}

/* ---- heartbeats ---------------------------------------------------------- */

/* What the daemon has noticed: another one beats under its name. */
static void say_seen(struct doctor *doctor, const char *name, const char *text)
{
	json_t *beat = json_loads(text, 0, NULL);
	const json_t *other = json_object_get(beat, "namesake");
	const char *host = json_string_value(json_object_get(other, "host"));
	char *shown = text_printable(host && *host ? host : "unknown");

	if (other)
		doctor_say(doctor, DOCTOR_ERROR,
			   "set node in sendward.conf: each machine needs one of its own",
			   "%s is two daemons, one on host %s with pid %lld", name, shown,
			   (long long)json_integer_value(json_object_get(other, "pid")));
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s was seen", name);
	free(shown);
	json_decref(beat);
}

static void look_at_beat(struct doctor *doctor, const char *daemon)
{
	char name[NODE_MAX + 16];
	struct answer answer;

	snprintf(name, sizeof(name), "%s/%s", doctor->control->config->node, daemon);
	answer_init(&answer, doctor->control->wait);
	store_beat_get(wait_store(doctor->control->wait), name, answer_record, &answer);
	wait_until(doctor->control->wait, &answer.done);
	if (answer.result == STORE_OK)
		say_seen(doctor, name, answer.text);
	else if (answer.result == STORE_NOT_FOUND)
		doctor_say(doctor, DOCTOR_WARNING,
			   "is it running, with this configuration, and does it reach Redis?",
			   "%s was not seen lately", name);
	else
		doctor_say(doctor, DOCTOR_UNKNOWN, NULL, "%s: %s", name, answer.error);
	answer_fini(&answer);
}

static void look_at_beats(struct doctor *doctor)
{
	struct control *control = doctor->control;
	char error[WAIT_ERROR_MAX];

	if (!control->wait && !wait_open(control->config, &control->wait, error)) {
		doctor_say(doctor, DOCTOR_UNKNOWN, NULL, "%s", error);
		return;
	}
	if (control->config->n_policyd_listen > 0)
		look_at_beat(doctor, "policyd");
	if (control->config->milter_configured)
		look_at_beat(doctor, "milter");
	if (control->config->sasld.n_listen > 0)
		look_at_beat(doctor, "sasld");
}

void doctor_host(struct doctor *doctor)
{
	doctor->check = "configuration";
	look_at_configuration(doctor);
	doctor->check = "sockets";
	look_at_sockets(doctor);
	doctor->check = "daemons";
	look_at_beats(doctor);
}
