/*
 * doctor: how Redis is reached, by the configuration, and whether it is.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "control/doctor.h"
#include "control/doctor_ask.h"
#include "control/server_info.h"
#include "store/ask.h"

/* ---- files --------------------------------------------------------------- */

/* A file with a secret. */
static void look_at_secret(struct doctor *doctor, const char *setting, const char *path)
{
	struct stat st;

	if (!path)
		return;
	if (stat(path, &st) != 0)
		doctor_say(doctor, DOCTOR_ERROR, "the daemons read it at each connect",
			   "%s %s: %s", setting, path, strerror(errno));
	else if (st.st_mode & S_IRWXO)
		doctor_say(doctor, DOCTOR_ERROR, "chmod o-rwx, and let it belong to the daemons' group",
			   "%s %s can be read or written by everybody on this host", setting, path);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s %s is not for everybody", setting, path);
}

static void look_at_secrets(struct doctor *doctor)
{
	const struct redis_settings *redis = &doctor->control->config->redis;

	look_at_secret(doctor, "password_file", redis->password_file);
	look_at_secret(doctor, "sentinel_password_file", redis->sentinel_password_file);
	look_at_secret(doctor, "tls_key_file", redis->tls_key_file);
	if (!redis->password_file && redis_kind(redis) != ENDPOINT_UNIX)
		doctor_say(doctor, DOCTOR_WARNING,
			   "make an ACL user (below), and set redis.username and redis.password_file",
			   "no password: whoever reaches the server can block and allow every login");
}

/* ---- the way ------------------------------------------------------------- */

static bool is_loopback(const struct endpoint *server)
{
	return strncmp(server->host, "127.", 4) == 0 || strcmp(server->host, "::1") == 0 ||
	       strcmp(server->host, "localhost") == 0;
}

static bool is_far(const struct redis_settings *redis)
{
	for (size_t i = 0; i < redis->n_cluster; i++)
		if (!is_loopback(&redis->cluster[i]))
			return true;
	for (size_t i = 0; i < redis->n_sentinels; i++)
		if (!is_loopback(&redis->sentinels[i]))
			return true;
	return redis->n_cluster == 0 && redis->n_sentinels == 0 && !is_loopback(&redis->address);
}

static void look_at_socket(struct doctor *doctor, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & S_IWOTH) &&
	    !doctor->control->config->redis.password_file)
		doctor_say(doctor, DOCTOR_WARNING,
			   "set unixsocketperm 770 in redis.conf, and add user sendward to its group",
			   "everybody on this host can connect to %s, and there is no password", path);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "unix socket");
}

static void look_at_way(struct doctor *doctor)
{
	const struct redis_settings *redis = &doctor->control->config->redis;

	switch (redis_kind(redis)) {
	case ENDPOINT_UNIX:
		look_at_socket(doctor, redis->address.path);
		break;
	case ENDPOINT_TLS:
		doctor_say(doctor, DOCTOR_OK, NULL, "TLS");
		break;
	case ENDPOINT_INET:
		if (is_far(redis))
			doctor_say(doctor, DOCTOR_WARNING, "use tls: addresses",
				   "password and accounts cross the network in clear text");
		else
			doctor_say(doctor, DOCTOR_OK, NULL, "TCP on this host");
		break;
	}
}

void doctor_reach(struct doctor *doctor)
{
	doctor->check = "way";
	look_at_way(doctor);
	doctor->check = "secrets";
	look_at_secrets(doctor);
}

/* ---- connecting ---------------------------------------------------------- */

/* What the reason for no connection has in it, and what to do; the last row is
 * for all others. */
static const struct {
	const char *reason, *advice;
} remedies[] = {
	{ "NOPERM", "give the user the rights of the ACL line below" },
	{ "WRONGPASS", "redis.username and the password_file must be those of an ACL user; without "
		       "redis.username the password_file must have the server's requirepass" },
	{ "without any password", "the server has no password: set requirepass there, or an ACL user "
				  "(below) and redis.username; or take out redis.password_file" },
	{ "NOAUTH", "set redis.password_file, and redis.username for an ACL user" },
	{ "invalid password", "the password_file must have the server's requirepass" },
	{ "replica", "redis.address must be the primary; or let redis.sentinels name it" },
	{ "password file", "the file must be readable by the daemons and by who runs this" },
	{ "tls_", "the file must be there, and readable by the daemons and by who runs this" },
	{ "command 'SENTINEL'", "redis.sentinels must be sentinels, not the servers they watch" },
	{ "cluster support disabled", "it is a single server: name it in redis.address" },
	{ "ermission denied", "add the daemons' user to the group of the server's socket" },
	{ "ertificate", "see tls_ca_file and tls_server_name in sendward.conf(5)" },
	{ "nodename", "the host of the address is found neither by DNS nor in /etc/hosts" },
	{ "tls:", "is the server running, and is that the port where it speaks TLS (tls-port)?" },
	{ "", "is the server running, and reached at that address?" },
};

static const char *remedy_of(const char *error)
{
	size_t i = 0;

	while (!strstr(error, remedies[i].reason))
		i++;
	return remedies[i].advice;
}

static bool is_replica(const char *info)
{
	char role[16];

	server_info(info, "role", role, sizeof(role));
	return strcmp(role, "slave") == 0;
}

static bool is_sentinel(const char *info)
{
	char mode[16];

	server_info(info, "redis_mode", mode, sizeof(mode));
	if (!mode[0]) /* Valkey's name for it */
		server_info(info, "server_mode", mode, sizeof(mode));
	return strcmp(mode, "sentinel") == 0;
}

static void look_at_info(struct doctor *doctor, unsigned server, const char *info)
{
	struct patient patient = { .doctor = doctor, .number = server, .info = info };

	if (is_sentinel(info)) {
		doctor_say(doctor, DOCTOR_ERROR,
			   "name it in redis.sentinels, with redis.sentinel_master",
			   "this is a sentinel, and not a server that keeps anything");
		return;
	}
	doctor_server(&patient);
	if (!is_replica(info)) /* it takes no command that writes, whoever asks */
		doctor_rights(&patient);
}

static void look_at(struct doctor *doctor, unsigned server)
{
	struct doctor_reply info;

	doctor->check = "connection";
	doctor_ask(doctor->control->wait, server, (const char *const[]){ "INFO" }, 1, &info);
	if (info.result == STORE_OK || info.result == STORE_BAD)
		look_at_info(doctor, server, info.text);
	else
		doctor_say(doctor, DOCTOR_ERROR, remedy_of(info.error), "%s", info.error);
	doctor_reply_fini(&info);
}

void doctor_servers(struct doctor *doctor)
{
	struct control *control = doctor->control;
	char error[WAIT_ERROR_MAX], name[WAIT_ERROR_MAX];
	unsigned server = 0;

	doctor->check = "connection";
	if (!control->wait && !wait_open(control->config, &control->wait, error)) {
		doctor_say(doctor, DOCTOR_ERROR, remedy_of(error), "%s", error);
		return;
	}
	while ((server = ask_next(wait_store(control->wait), server))) {
		snprintf(name, sizeof(name), "%s", ask_name(wait_store(control->wait), server));
		doctor->server = control->config->redis.n_cluster > 0 ? name : NULL;
		look_at(doctor, server);
	}
	doctor->server = NULL;
}
