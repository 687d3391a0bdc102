/*
 * sendward - accounts, usage and state of what sendward-policyd and
 * sendward-milter decide. sendward(1).
 */
#include <signal.h>

#include "base/core_dump.h"
#include "base/log.h"
#include "control/arguments.h"
#include "control/control.h"

int main(int argc, char **argv)
{
	struct control control;
	int status;

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
