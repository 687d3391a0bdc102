#include "base/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/background.h"
#include "base/core_dump.h"
#include "base/daemon_events.h"
#include "base/daemon_options.h"
#include "base/identity.h"
#include "base/log.h"

#define EXIT_ENVIRONMENT 1

/* --- limits ---------------------------------------------------------------- */

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_debug("cannot raise the limit of descriptors: %s", strerror(errno));
}

static void on_libevent_message(int severity, const char *message)
{
	log_line(severity >= EVENT_LOG_WARN ? LEVEL_WARNING : LEVEL_DEBUG, "libevent: %s", message);
}

/* As many descriptors as allowed; files of ours for nobody else; a closed
 * connection is no signal. */
static void set_process_limits(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	raise_descriptors();
	umask(077);
	sigaction(SIGPIPE, &ignore, NULL);
	event_set_log_callback(on_libevent_message);
}

/* --- the course of things -------------------------------------------------- */

static int fail(const char *error)
{
	log_error("%s", error);
	background_failed(error);
	return EXIT_ENVIRONMENT;
}

/* Root read it at the start; from now on the user that root has become does. */
static void warn_of_reload(const struct config *config, const struct identity *identity)
{
	if (identity->name && access(config->path, R_OK) < 0)
		log_warning("%s: user %s may not read it (%s): a reload will fail; let the group "
			    "of that user read it (chgrp, chmod 640)",
			    config->path, identity->name, strerror(errno));
}

static int start(const struct daemon_program *program, const struct daemon_options *options,
		 struct config *config)
{
	char error[DAEMON_ERROR_MAX];
	struct identity identity;

	set_process_limits();
	if (!identity_find(config, options->foreground, &identity, error, sizeof(error)) ||
	    !program->open(config, error, sizeof(error)) ||
	    !identity_become(&identity, error, sizeof(error))) {
		config_unref(&config);
		return fail(error);
	}
	core_dump_forbid();
	log_info("%s %s starting, node %s, configuration %s", program->name, PACKAGE_VERSION,
		 config->node, config->path);
	warn_of_reload(config, &identity);
	return program->run(config);
}

int daemon_main(const struct daemon_program *program, int argc, char **argv)
{
	char error[DAEMON_ERROR_MAX];
	struct daemon_options options;
	struct config *config;

	daemon_events_defer();
	daemon_options_parse(program, argc, argv, &options);
	config = config_load(options.config_path, error, sizeof(error));
	if (!config) {
		fprintf(stderr, "%s\n", error);
		return EXIT_ENVIRONMENT;
	}
	if (options.test) {
		printf("%s: the configuration is good\n", config->path);
		config_unref(&config);
		return EXIT_SUCCESS;
	}
	if (!options.foreground)
		background_enter(program->name);
	log_open(program->name, options.foreground ? LOG_TARGET_STDERR : LOG_TARGET_SYSLOG);
	if (options.verbose)
		log_set_level(LEVEL_DEBUG);
	return start(program, &options, config);
}

void daemon_ready(void)
{
	sd_notify(0, "READY=1");
	background_ready();
}

void daemon_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

/* --- reload ---------------------------------------------------------------- */

static bool text_differs(const char *a, const char *b)
{
	return a != b && (!a || !b || strcmp(a, b) != 0);
}

/* What a running daemon cannot change any more. */
static void warn_of_restart(const struct config *old, const struct config *new)
{
	const struct {
		const char *name;
		bool changed;
	} settings[] = {
		{ "user", text_differs(old->user, new->user) },
		{ "group", text_differs(old->group, new->group) },
		{ "socket_mode", old->socket_mode != new->socket_mode },
		{ "socket_group", text_differs(old->socket_group, new->socket_group) },
		{ "state_dir", text_differs(old->state_dir, new->state_dir) },
		{ "sasld hash_threads", old->sasld.hash_threads != new->sasld.hash_threads },
		{ "milter listen",
		  old->milter_configured != new->milter_configured ||
			  !endpoint_equal(&old->milter_listen, &new->milter_listen) },
	};
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (settings[i].changed)
			log_warning("%s has changed in %s: restart the daemons for it",
				    settings[i].name, new->path);
}

/* Type=notify-reload of systemd wants the time beside RELOADING=1. */
static void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

struct config *daemon_reload(const struct config *running)
{
	char error[DAEMON_ERROR_MAX];
	struct config *config;

	notify_reloading();
	config = config_load(running->path, error, sizeof(error));
	if (config) {
		log_once_forget();
		warn_of_restart(running, config);
	} else {
		log_error("%s; the configuration stays as it is", error);
	}
	sd_notify(0, "READY=1");
	return config;
}
