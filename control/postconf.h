/*
 * Reading how Postfix is set up, with postconf(1).
 */
#ifndef SENDWARD_CONTROL_POSTCONF_H
#define SENDWARD_CONTROL_POSTCONF_H

#include <stdbool.h>

#include "control/postfix_setup.h"

/* Octets that one call of postconf may print, of what it says on standard error, and seconds
 * that it may take. */
#define POSTCONF_OUTPUT_MAX (1024 * 1024)
#define POSTCONF_SAID_MAX 16384
#define POSTCONF_LIMIT_S 20

/* Of its lines, warnings beyond these are left out. */
#define POSTCONF_WARNINGS_MAX 20

struct postconf {
	bool missing;			       /* there is no postconf on this host */
	char *error;			       /* one line; owned */
	char *warnings[POSTCONF_WARNINGS_MAX]; /* owned */
	size_t n_warnings;
};

/* Fills setup, which is initialised. directory: that of main.cf and master.cf, NULL: the
 * usual one. False: out->error says why; what is there of setup is not to be used. */
bool postconf_read(const char *directory, struct setup *setup, struct postconf *out);

void postconf_fini(struct postconf *postconf);

#endif
