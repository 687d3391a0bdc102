/*
 * check-config: what the configuration names and this host must have: users, groups, files;
 * and where other hosts may reach the daemons.
 */
#ifndef SENDWARD_CONTROL_CONFIG_HOST_H
#define SENDWARD_CONTROL_CONFIG_HOST_H

#include "base/config.h"

/* One finding; text is "file:line: warning: what", without a line of listeners, borrowed. A warning and no error: the
 * configuration may be that of another host, and its files another user's. */
typedef void config_host_say(const char *text, void *arg);

/* Looks at what the file itself sets, not for defaults. */
void config_host_look(const struct config *config, config_host_say *say, void *arg);

#endif
