#include "control/config_host.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct look {
	const struct config *config;
	config_host_say *say;
	void *arg;
};

/* line 0: the file does not set it. */
static void look_at_name(const struct look *look, const char *setting, const char *name,
			 bool (*exists)(const char *name))
{
	int line = config_line(look->config, setting);
	char text[1024];

	if (line == 0 || !name || exists(name))
		return;
	snprintf(text, sizeof(text), "%s:%d: warning: %s \"%s\" does not exist on this host",
		 look->config->path, line, setting, name);
	look->say(text, look->arg);
}

/* The daemons read them at each connect. */
static void look_at_file(const struct look *look, const char *setting, const char *path)
{
	char text[1024];

	if (!path || access(path, R_OK) == 0)
		return;
	snprintf(text, sizeof(text), "%s:%d: warning: %s %s: %s", look->config->path,
		 config_redis_line(look->config, setting), setting, path, strerror(errno));
	look->say(text, look->arg);
}

/* Nothing of what is spoken there has a password. */
static void look_at_listeners(const struct look *look)
{
	char text[1024], address[ENDPOINT_TEXT_MAX];
	const struct endpoint *listener;
	const char *daemon;

	for (size_t i = 0; (listener = config_listener(look->config, i, &daemon)); i++) {
		if (!endpoint_is_exposed(listener))
			continue;
		endpoint_format(listener, address);
		snprintf(text, sizeof(text),
			 "%s: warning: other hosts may reach %s of %s, and whoever does is served: "
			 "let only Postfix in",
			 look->config->path, address, daemon);
		look->say(text, look->arg);
	}
}

static bool is_user(const char *name)
{
	return getpwnam(name) != NULL;
}

static bool is_group(const char *name)
{
	return getgrnam(name) != NULL;
}

/* As base/listening_socket.c takes it: a number, too. */
static bool is_socket_group(const char *name)
{
	return is_group(name) || name[strspn(name, "0123456789")] == '\0';
}

void config_host_look(const struct config *config, config_host_say *say, void *arg)
{
	const struct look look = { config, say, arg };
	const struct redis_settings *redis = &config->redis;

	look_at_name(&look, "user", config->user, is_user);
	look_at_name(&look, "group", config->group, is_group);
	look_at_name(&look, "socket_group", config->socket_group, is_socket_group);
	look_at_file(&look, "password_file", redis->password_file);
	look_at_file(&look, "sentinel_password_file", redis->sentinel_password_file);
	look_at_file(&look, "tls_ca_file", redis->tls_ca_file);
	look_at_file(&look, "tls_cert_file", redis->tls_cert_file);
	look_at_file(&look, "tls_key_file", redis->tls_key_file);
	look_at_listeners(&look);
}
