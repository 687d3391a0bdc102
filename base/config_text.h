/*
 * What comes before libconfuse: the text of a configuration file, made strict.
 *
 * libconfuse 3.3 (Debian 12 and 13) counts a line with a comment three times,
 * knows no comment inside a list, expands "${NAME}" from the environment,
 * drops characters it does not know ("*@example.org" unquoted becomes
 * "@example.org"), accepts a file that ends inside a section, has no comma
 * between settings and one name space for settings and sections. So comments
 * and such commas are blanked out here, the sections group NAME { } get another
 * name, and the rest is refused, with the right line.
 */
#ifndef SENDWARD_CONFIG_TEXT_H
#define SENDWARD_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Octets of a file. */
#define CONFIG_TEXT_MAX (1024 * 1024)

/* What libconfuse reads for the section "group"; nobody can write it. */
#define CONFIG_TEXT_GROUP "\001roup"

/*
 * Blanks the comments (#, // and C's) and the commas between settings out of
 * text, which is len octets and a NUL. False for what the grammar of sendward.conf(5) does not have, with its
 * line and a static text in *reason: a string that does not end in its line,
 * an escape other than \" and \\ in double quotes or \' and \\ in single ones,
 * "${" where it would be expanded, braces that do not match, a control
 * character, an unquoted "*", a "+" that is not "+=", or a comma elsewhere.
 */
bool config_text_prepare(char *text, size_t len, int *line, const char **reason);

#endif
