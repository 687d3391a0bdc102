#include <stdio.h>

#include "base/config.h"
#include "base/daemon.h"
#include "policy/policyd.h"

static struct policyd *policyd;

static bool open_policyd(struct config *config, char *error, size_t error_size)
{
	if (config->n_policyd_listen == 0 && config->n_sender_login_listen == 0) {
		snprintf(error, error_size, "%s: no \"listen\" in section policyd", config->path);
		return false;
	}
	policyd = policyd_open(config, error, error_size);
	return policyd != NULL;
}

static int run_policyd(struct config *config)
{
	return policyd_run(policyd, config);
}

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
		.name = "sendward-policyd",
		.about = "Postfix policy service: may this login send this message now?",
		.open = open_policyd,
		.run = run_policyd,
	};

	return daemon_main(&program, argc, argv);
}
