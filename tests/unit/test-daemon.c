/*
 * Each run of the daemon is a child process, as daemon_main() owns the process
 * it runs in.
 */
#define _GNU_SOURCE /* SOCK_NONBLOCK, setenv */

#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/suite.h"

static char directory[64], config_path[128], out_path[128], socket_path[100];

/* What the last run printed, standard output and error together. */
static char output[8192];

static void write_config(const char *text)
{
	FILE *file = fopen(config_path, "w");

	fputs(text, file);
	fclose(file);
	chmod(config_path, 0644);
}

static void set_up(void)
{
	snprintf(directory, sizeof(directory), "/tmp/sendward-daemon-XXXXXX");
	if (!mkdtemp(directory))
		abort();
	snprintf(config_path, sizeof(config_path), "%s/sendward.conf", directory);
	snprintf(out_path, sizeof(out_path), "%s/out", directory);
	snprintf(socket_path, sizeof(socket_path), "%s/notify", directory);
	write_config("node = test user = root");
}

static void tear_down(void)
{
	unlink(config_path);
	unlink(out_path);
	unlink(socket_path);
	rmdir(directory);
}

/* --- programs -------------------------------------------------------------- */

static bool open_good(struct config *config, char *error, size_t error_size)
{
	(void)config;
	(void)error;
	(void)error_size;
	return true;
}

static bool open_bad(struct config *config, char *error, size_t error_size)
{
	(void)config;
	snprintf(error, error_size, "no listener today");
	return false;
}

static int run_once(struct config *config)
{
	daemon_ready();
	daemon_stopping();
	config_unref(&config);
	return 0;
}

static int run_badly(struct config *config)
{
	config_unref(&config);
	return 1;
}

static int run_checks(struct config *config)
{
	struct rlimit files, core;
	struct sigaction pipe_action;
	mode_t mask = umask(0);

	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_CORE, &core);
	sigaction(SIGPIPE, NULL, &pipe_action);
	log_info("files=%d core=%d pipe=%d umask=%o uid=%ld gid=%ld",
		 files.rlim_cur == files.rlim_max, core.rlim_cur == 0,
		 pipe_action.sa_handler == SIG_IGN, (unsigned)mask, (long)getuid(), (long)getgid());
	config_unref(&config);
	return 0;
}

static int run_reload(struct config *config)
{
	struct config *new;

	write_config("node = other user = nobody socket_mode = 0600 state_dir = /elsewhere");
	new = daemon_reload(config);
	log_info("first reload: %s", new ? new->node : "none");
	config_unref(&new);
	write_config("node = \"");
	new = daemon_reload(config);
	log_info("second reload: %s", new ? new->node : "none");
	config_unref(&config);
	return 0;
}

/* --- running --------------------------------------------------------------- */

static void read_output(void)
{
	FILE *file = fopen(out_path, "r");
	size_t n = fread(output, 1, sizeof(output) - 1, file);

	output[n] = '\0';
	fclose(file);
}

/* Runs the program with these arguments, NULL at the end; the exit status. */
static int run(bool (*open_it)(struct config *, char *, size_t), int (*run_it)(struct config *),
	       ...)
{
	const struct daemon_program program = { "testd", "tests itself", open_it, run_it };
	char *argv[8] = { "testd" };
	int argc = 0, fd, status;
	va_list args;
	pid_t pid;

	va_start(args, run_it);
	while (argv[argc] && argc < 7)
		argv[++argc] = va_arg(args, char *);
	va_end(args);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		fd = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		exit(daemon_main(&program, argc, argv));
	}
	waitpid(pid, &status, 0);
	read_output();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_output(const char *part)
{
	char message[sizeof(output) + 256];

	if (strstr(output, part))
		return;
	snprintf(message, sizeof(message), "\"%.200s\" in \"%s\"", part, output);
	suite_true(0, message, __FILE__, __LINE__);
}

/* --- tests ----------------------------------------------------------------- */

static void test_information(void)
{
	set_up();
	SUITE_INT_EQUAL(run(open_good, run_once, "-V", NULL), 0);
	SUITE_TEXT_EQUAL(output, "testd " PACKAGE_VERSION "\n");
	SUITE_INT_EQUAL(run(open_good, run_once, "--help", NULL), 0);
	expect_output("testd: tests itself\n");
	expect_output("-c, --config FILE");
	expect_output("-f, --foreground");
	expect_output("-t, --test");
	expect_output("-V, --version");
	tear_down();
}

static void test_usage(void)
{
	set_up();
	SUITE_INT_EQUAL(run(open_good, run_once, "-x", NULL), 2);
	expect_output("Try \"testd --help\".");
	SUITE_INT_EQUAL(run(open_good, run_once, "-c", NULL), 2);
	SUITE_INT_EQUAL(run(open_good, run_once, "-f", "more", NULL), 2);
	expect_output("unexpected argument \"more\"");
	SUITE_INT_EQUAL(run(open_good, run_once, "-c", "relative.conf", NULL), 2);
	expect_output("must be absolute");
	tear_down();
}

static void test_test(void)
{
	char expected[256];

	set_up();
	SUITE_INT_EQUAL(run(open_bad, run_badly, "-t", "-c", config_path, NULL), 0);
	snprintf(expected, sizeof(expected), "%s: the configuration is good\n", config_path);
	SUITE_TEXT_EQUAL(output, expected);
	write_config("\nnodde = x");
	snprintf(expected, sizeof(expected),
		 "%s:2: there is no setting nodde; did you mean node?\n", config_path);
	SUITE_INT_EQUAL(run(open_good, run_once, "-t", "--config", config_path, NULL), 1);
	SUITE_TEXT_EQUAL(output, expected);
	SUITE_INT_EQUAL(run(open_good, run_once, "-f", "-c", config_path, NULL), 1);
	SUITE_TEXT_EQUAL(output, expected);
	SUITE_INT_EQUAL(run(open_good, run_once, "-c", config_path, NULL), 1);
	SUITE_TEXT_EQUAL(output, expected);
	tear_down();
}

static void test_foreground(void)
{
	set_up();
	SUITE_INT_EQUAL(run(open_good, run_once, "-f", "-c", config_path, NULL), 0);
	expect_output("testd " PACKAGE_VERSION " starting, node test, configuration ");
	SUITE_INT_EQUAL(run(open_bad, run_once, "-f", "-c", config_path, NULL), 1);
	expect_output("error: no listener today\n");
	SUITE_INT_EQUAL(run(open_good, run_badly, "-f", "-c", config_path, NULL), 1);
	tear_down();
}

static void test_background(void)
{
	set_up();
	SUITE_INT_EQUAL(run(open_good, run_once, "-c", config_path, NULL), 0);
	SUITE_TEXT_EQUAL(output, "");
	SUITE_INT_EQUAL(run(open_bad, run_once, "-c", config_path, NULL), 1);
	SUITE_TEXT_EQUAL(output, "testd: no listener today\n");
	SUITE_INT_EQUAL(run(open_good, run_badly, "-c", config_path, NULL), 1);
	SUITE_TEXT_EQUAL(output, "testd: ended before it was ready; the mail log may say why\n");
	tear_down();
}

static void test_limits(void)
{
	set_up();
	SUITE_INT_EQUAL(run(open_good, run_checks, "-f", "-c", config_path, NULL), 0);
	expect_output("files=1 core=1 pipe=1 umask=77 ");
	tear_down();
}

static void test_reload(void)
{
	set_up();
	SUITE_INT_EQUAL(run(open_good, run_reload, "-f", "-c", config_path, NULL), 0);
	expect_output("warning: user has changed in ");
	expect_output("warning: socket_mode has changed in ");
	expect_output("warning: state_dir has changed in ");
	expect_output("first reload: other\n");
	expect_output("sendward.conf:1: a string begins in this line and does not end in it; the "
		      "configuration stays as it is\n");
	expect_output("second reload: none\n");
	tear_down();
}

static int open_notify_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	return fd;
}

static void expect_datagram(int fd, const char *expected)
{
	char text[256];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (strlen(text) > strlen(expected))
		text[strlen(expected)] = '\0';
	SUITE_TEXT_EQUAL(text, expected);
}

static void test_notify(void)
{
	int fd;

	set_up();
	fd = open_notify_socket();
	setenv("NOTIFY_SOCKET", socket_path, 1);
	run(open_good, run_once, "-f", "-c", config_path, NULL);
	expect_datagram(fd, "READY=1");
	expect_datagram(fd, "STOPPING=1");
	run(open_good, run_reload, "-f", "-c", config_path, NULL);
	expect_datagram(fd, "RELOADING=1\nMONOTONIC_USEC=");
	expect_datagram(fd, "READY=1");
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	tear_down();
}

/* Anybody else stays who he is, so there is nothing to try; which is said. */
static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	printf("(not tried, as only root can) ");
	return false;
}

static void test_privileges(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	const struct group *group = getgrnam("daemon");
	char expected[128];

	if (!is_root())
		return;
	SUITE_TRUE(nobody && group);
	set_up();
	write_config("user = nobody");
	SUITE_INT_EQUAL(run(open_good, run_checks, "-f", "-c", config_path, NULL), 0);
	snprintf(expected, sizeof(expected), " uid=%ld gid=%ld\n", (long)nobody->pw_uid,
		 (long)nobody->pw_gid);
	expect_output(expected);
	write_config("user = nobody group = daemon");
	SUITE_INT_EQUAL(run(open_good, run_checks, "-f", "-c", config_path, NULL), 0);
	snprintf(expected, sizeof(expected), " uid=%ld gid=%ld\n", (long)nobody->pw_uid,
		 (long)group->gr_gid);
	expect_output(expected);
	tear_down();
}

static void test_unreadable(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	char expected[256];

	if (!is_root())
		return;
	SUITE_TRUE(nobody);
	set_up();
	chmod(directory, 0711);
	write_config("user = nobody");
	snprintf(
		expected, sizeof(expected),
		"warning: %s: user nobody may not read it (Permission denied): a reload will fail; ",
		config_path);
	SUITE_INT_EQUAL(run(open_good, run_checks, "-f", "-c", config_path, NULL), 0);
	SUITE_TRUE(!strstr(output, "a reload will fail"));
	chmod(config_path, 0600);
	SUITE_INT_EQUAL(run(open_good, run_checks, "-f", "-c", config_path, NULL), 0);
	expect_output(expected);
	if (chown(config_path, 0, nobody->pw_gid) != 0 || chmod(config_path, 0640) != 0)
		abort();
	SUITE_INT_EQUAL(run(open_good, run_checks, "-f", "-c", config_path, NULL), 0);
	SUITE_TRUE(!strstr(output, "a reload will fail"));
	tear_down();
}

static void test_no_user(void)
{
	if (!is_root())
		return;
	set_up();
	write_config("user = no-such-user");
	SUITE_INT_EQUAL(run(open_good, run_checks, "-f", "-c", config_path, NULL), 0);
	expect_output("warning: user no-such-user does not exist: STAYING ROOT");
	expect_output(" uid=0 gid=0\n");
	SUITE_INT_EQUAL(run(open_good, run_once, "-c", config_path, NULL), 1);
	expect_output("testd: user no-such-user does not exist (setting user in ");
	write_config("user = nobody group = no-such-group");
	SUITE_INT_EQUAL(run(open_good, run_once, "-f", "-c", config_path, NULL), 1);
	expect_output("error: group no-such-group does not exist (setting group in ");
	tear_down();
}

static const struct suite_test tests[] = {
	{ "version and help are printed", test_information },
	{ "wrong usage exits with 2", test_usage },
	{ "a configuration is tested, and refused with file, line and reason", test_test },
	{ "in the foreground errors go to standard error", test_foreground },
	{ "in the background the command returns when the daemon is ready, or says why not",
	  test_background },
	{ "limits are set", test_limits },
	{ "a bad file on reload leaves the configuration as it is", test_reload },
	{ "the service manager is told", test_notify },
	{ "started as root it becomes the configured user", test_privileges },
	{ "a file that this user may not read again is warned of", test_unreadable },
	{ "without that user it stays root only in the foreground", test_no_user },
};

int main(void)
{
	return suite_run("daemon", tests, SUITE_LEN(tests));
}
