/*
 * sendward - accounts, usage and state of what sendward-policyd and
 * sendward-milter decide. sendward(1).
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/core_dump.h"
#include "base/log.h"
#include "control/arguments.h"
#include "control/control.h"

/* A file or socket must not get the number of one of the three that the caller has
 * closed: what is printed would go there. To this one nothing can be written. */
static void fill_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct control control;
	int status;

	fill_standard_files();
	/* Both sides may close: a pipe on standard output, and Redis. */
	signal(SIGPIPE, SIG_IGN);
	core_dump_forbid();
	log_open("sendward", LOG_TARGET_STDERR);
	/* What goes wrong is said as the answer to what was asked. */
	log_set_level(LEVEL_ERROR);
	if (arguments_parse(argc, argv, &control, &status))
		status = control.command->run(&control);
	control_fini(&control);
	return control_close_output(status);
}
