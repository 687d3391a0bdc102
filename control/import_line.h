/*
 * One line of `import`: an account as JSON, with the keys of `user show`.
 */
#ifndef SENDWARD_CONTROL_IMPORT_LINE_H
#define SENDWARD_CONTROL_IMPORT_LINE_H

#include <jansson.h>
#include <stddef.h>

#include "base/config.h"

/* The record of a line (a new reference), which can be stored, and its login
 * (free() it); NULL with the reason in why. */
json_t *import_line_read(const char *text, size_t len, const struct config *config, char **login,
			 char *why, size_t size);

#endif
