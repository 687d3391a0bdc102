#include <stdio.h>

#include "base/config.h"
#include "base/daemon.h"
#include "sasld/sasld.h"

static struct sasld *sasld;

static bool open_sasld(struct config *config, char *error, size_t error_size)
{
	if (config->sasld.n_listen == 0) {
		snprintf(error, error_size, "%s: no \"listen\" in section sasld", config->path);
		return false;
	}
	sasld = sasld_open(config, error, error_size);
	return sasld != NULL;
}

static int run_sasld(struct config *config)
{
	return sasld_run(sasld, config);
}

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
		.name = "sendward-sasld",
		.about = "SASL server for Postfix: is this SMTP user who they say?",
		.open = open_sasld,
		.run = run_sasld,
	};

	return daemon_main(&program, argc, argv);
}
