/*
 * Values in the lines of CSV and passwd-files, as the members of an object that
 * control/import_line.h reads.
 */
#ifndef SENDWARD_CONTROL_IMPORT_VALUE_H
#define SENDWARD_CONTROL_IMPORT_VALUE_H

#include <jansson.h>
#include <stdbool.h>

/* Sets line's member name from text, which it may change. False with *reason, static,
 * for a text that is none. */
typedef bool import_put(json_t *line, const char *name, char *text, const char **reason);

import_put import_put_text;
import_put import_put_list;   /* ";" in between */
import_put import_put_amount; /* base/units.h */

/* The hash of the main credential, in "secrets"; one without a scheme is what crypt(3)
 * wrote. And when it was set: "2026-01-31" (UTC) or Unix time, not in the future. */
import_put import_put_password;
import_put import_put_changed;

#endif
