#define _GNU_SOURCE /* pipe2 */

#include "base/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define DEFAULT_CONFIG SYSCONFDIR "/sendward/sendward.conf"
#define EXIT_ENVIRONMENT 1
#define EXIT_USAGE 2

struct options {
	const char *config_path;
	bool foreground, test, verbose;
};

/* The pipe to the command that waits for the daemon to be ready; -1 none. */
static int ready_fd = -1;

/* --- options --------------------------------------------------------------- */

/* getopt(3), --help and the check of the manual pages read this table. */
static const struct {
	struct option option; /* .val is the short form */
	const char *argument, *text;
} option_table[] = {
	{ { "config", required_argument, NULL, 'c' },
	  "FILE",
	  "read FILE instead of " DEFAULT_CONFIG },
	{ { "foreground", no_argument, NULL, 'f' },
	  "",
	  "stay in the foreground and log to standard error" },
	{ { "test", no_argument, NULL, 't' }, "", "test the configuration and exit" },
	{ { "verbose", no_argument, NULL, 'v' }, "", "log more" },
	{ { "version", no_argument, NULL, 'V' }, "", "print the version and exit" },
	{ { "help", no_argument, NULL, 'h' }, "", "print this and exit" },
};
#define OPTIONS (sizeof(option_table) / sizeof(option_table[0]))

static void print_help(const struct daemon_program *program)
{
	char names[40];
	size_t i;

	printf("%s: %s\n\nusage: %s [options]\n\n", program->name, program->about, program->name);
	for (i = 0; i < OPTIONS; i++) {
		snprintf(names, sizeof(names), "-%c, --%s %s", option_table[i].option.val,
			 option_table[i].option.name, option_table[i].argument);
		printf("  %-20s %s\n", names, option_table[i].text);
	}
}

static void build_getopt(struct option longs[OPTIONS + 1], char shorts[2 * OPTIONS + 1])
{
	size_t i;

	for (i = 0; i < OPTIONS; i++) {
		longs[i] = option_table[i].option;
		*shorts++ = (char)longs[i].val;
		if (longs[i].has_arg == required_argument)
			*shorts++ = ':';
	}
	longs[OPTIONS] = (struct option){ 0 };
	*shorts = '\0';
}

static void apply_option(const struct daemon_program *program, int letter, struct options *out)
{
	switch (letter) {
	case 'c':
		out->config_path = optarg;
		break;
	case 'f':
		out->foreground = true;
		break;
	case 't':
		out->test = true;
		break;
	case 'v':
		out->verbose = true;
		break;
	case 'V':
		printf("%s %s\n", program->name, PACKAGE_VERSION);
		exit(EXIT_SUCCESS);
	case 'h':
		print_help(program);
		exit(EXIT_SUCCESS);
	default:
		fprintf(stderr, "Try \"%s --help\".\n", program->name);
		exit(EXIT_USAGE);
	}
}

static void parse_options(const struct daemon_program *program, int argc, char **argv,
			  struct options *out)
{
	struct option longs[OPTIONS + 1];
	char shorts[2 * OPTIONS + 1];
	int letter;

	*out = (struct options){ .config_path = DEFAULT_CONFIG };
	build_getopt(longs, shorts);
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		apply_option(program, letter, out);
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument \"%s\"\n", program->name, argv[optind]);
		exit(EXIT_USAGE);
	}
	/* A daemon leaves the directory it was started in. */
	if (!out->foreground && !out->test && out->config_path[0] != '/') {
		fprintf(stderr, "%s: without -f the path of the configuration must be absolute\n",
			program->name);
		exit(EXIT_USAGE);
	}
}

/* --- into the background --------------------------------------------------- */

/* The waiting command: what the daemon sends is a NUL when it is ready, else
 * why it is not. Does not return. */
static void wait_ready(const struct daemon_program *program, int fd)
{
	char text[DAEMON_ERROR_MAX];
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
	fprintf(stderr, "%s: %s\n", program->name,
		used > 0 ? text : "ended before it was ready; the mail log may say why");
	exit(EXIT_ENVIRONMENT);
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

/* Returns in the daemon. */
static void go_background(const struct daemon_program *program)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		fprintf(stderr, "%s: cannot start: %s\n", program->name, strerror(errno));
		exit(EXIT_ENVIRONMENT);
	}
	if (pid > 0) {
		close(fds[1]);
		wait_ready(program, fds[0]);
	}
	close(fds[0]);
	ready_fd = fds[1];
	detach();
}

/* To the waiting command, if there is one still. */
static void tell_waiting(const char *text, size_t len)
{
	if (ready_fd < 0)
		return;
	if (write(ready_fd, text, len) < 0)
		log_debug("nobody waits for the daemon any more");
	close(ready_fd);
	ready_fd = -1;
}

static int fail(const char *error)
{
	log_error("%s", error);
	tell_waiting(error, strlen(error));
	return EXIT_ENVIRONMENT;
}

/* --- limits ---------------------------------------------------------------- */

static void set_limit(int resource, bool to_hard)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return;
	limit.rlim_cur = to_hard ? limit.rlim_max : 0;
	if (setrlimit(resource, &limit) < 0)
		log_debug("cannot change resource limit %d: %s", resource, strerror(errno));
}

static void on_libevent_message(int severity, const char *message)
{
	log_line(severity >= EVENT_LOG_WARN ? LEVEL_WARNING : LEVEL_DEBUG, "libevent: %s", message);
}

/* As many descriptors as allowed; no core, which would hold the password of
 * Redis; files of ours for nobody else; a closed connection is no signal. */
static void set_process_limits(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	set_limit(RLIMIT_NOFILE, true);
	set_limit(RLIMIT_CORE, false);
	umask(077);
	sigaction(SIGPIPE, &ignore, NULL);
	event_set_log_callback(on_libevent_message);
}

/* --- privileges ------------------------------------------------------------ */

/* Whom to become; nobody else when name is NULL. */
struct identity {
	const char *name;
	uid_t uid;
	gid_t gid;
};

static bool refuse(char *error, size_t error_size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool refuse(char *error, size_t error_size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, error_size, format, args);
	va_end(args);
	return false;
}

static bool find_group(const struct config *config, gid_t *out, char *error, size_t error_size)
{
	const struct group *group;

	if (!config->group)
		return true;
	group = getgrnam(config->group);
	if (!group)
		return refuse(error, error_size, "group %s does not exist (setting group in %s)",
			      config->group, config->path);
	*out = group->gr_gid;
	return true;
}

/* Found before anything is opened, used afterwards. */
static bool find_identity(const struct config *config, const struct options *options,
			  struct identity *out, char *error, size_t error_size)
{
	const struct passwd *user;

	*out = (struct identity){ 0 };
	if (geteuid() != 0)
		return true;
	user = getpwnam(config->user);
	if (!user && options->foreground) {
		log_warning(
			"user %s does not exist: STAYING ROOT; create the user, or name another "
			"with the setting user",
			config->user);
		return true;
	}
	if (!user)
		return refuse(error, error_size,
			      "user %s does not exist (setting user in %s); create it with: "
			      "adduser --system --group %s",
			      config->user, config->path, config->user);
	if (user->pw_uid == 0)
		log_warning("staying root, as the setting user says");
	*out = (struct identity){ config->user, user->pw_uid, user->pw_gid };
	return find_group(config, &out->gid, error, error_size);
}

static bool drop_privileges(const struct identity *identity, char *error, size_t error_size)
{
	if (!identity->name)
		return true;
	if (initgroups(identity->name, identity->gid) < 0 || setgid(identity->gid) < 0 ||
	    setuid(identity->uid) < 0)
		return refuse(error, error_size, "cannot become user %s: %s", identity->name,
			      strerror(errno));
	if (identity->uid != 0 && setuid(0) == 0)
		return refuse(error, error_size, "became user %s but could become root again",
			      identity->name);
	return true;
}

/* --- the course of things -------------------------------------------------- */

static int start(const struct daemon_program *program, const struct options *options,
		 struct config *config)
{
	char error[DAEMON_ERROR_MAX];
	struct identity identity;

	set_process_limits();
	if (!find_identity(config, options, &identity, error, sizeof(error)) ||
	    !program->open(config, error, sizeof(error)) ||
	    !drop_privileges(&identity, error, sizeof(error))) {
		config_unref(&config);
		return fail(error);
	}
	log_info("%s %s starting, node %s, configuration %s", program->name, PACKAGE_VERSION,
		 config->node, config->path);
	return program->run(config);
}

int daemon_main(const struct daemon_program *program, int argc, char **argv)
{
	char error[DAEMON_ERROR_MAX];
	struct options options;
	struct config *config;

	parse_options(program, argc, argv, &options);
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
		go_background(program);
	log_open(program->name, options.foreground ? LOG_TARGET_STDERR : LOG_TARGET_SYSLOG);
	if (options.verbose)
		log_set_level(LEVEL_DEBUG);
	return start(program, &options, config);
}

void daemon_ready(void)
{
	sd_notify(0, "READY=1");
	tell_waiting("", 1);
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
