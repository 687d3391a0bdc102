/*
 * check-config: what the configuration names and this host must have: users, groups, files.
 */
#ifndef SENDWARD_CONTROL_CONFIG_HOST_H
#define SENDWARD_CONTROL_CONFIG_HOST_H

#include <stdbool.h>

#include "base/config.h"

/* One finding; text is "file:line: reason", borrowed. An error keeps a daemon from its work;
 * a warning is what could not be seen by the user who looks. */
typedef void config_host_say(bool error, const char *text, void *arg);

/* Looks at what the file itself sets; a default is not looked for, since the configuration
 * may be checked where no daemon is. */
void config_host_look(const struct config *config, config_host_say *say, void *arg);

#endif
