/*
 * Whom a daemon that was started as root becomes: setuid(2), initgroups(3).
 */
#ifndef SENDWARD_IDENTITY_H
#define SENDWARD_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/config.h"

/* Nobody else when name is NULL. name is borrowed from the configuration. */
struct identity {
	const char *name;
	uid_t uid;
	gid_t gid;
};

/* To be asked before anything is opened. may_stay_root: a user that does not
 * exist is a warning. On failure returns false with a text for people. */
bool identity_find(const struct config *config, bool may_stay_root, struct identity *out,
		   char *error, size_t error_size);

/* For good: fails when root could be had again. */
bool identity_become(const struct identity *identity, char *error, size_t error_size);

#endif
