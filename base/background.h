/*
 * A daemon that goes into the background: the command that started it waits
 * until it is ready, or says why it is not.
 */
#ifndef SENDWARD_BACKGROUND_H
#define SENDWARD_BACKGROUND_H

/* Octets of the reason. */
#define BACKGROUND_ERROR_MAX 512

/* Returns in the daemon: in a session of its own, in "/", with /dev/null for
 * standard input, output and error. The command ends with status 0 or 1. */
void background_enter(const char *program);

/* To the waiting command, if there is one still. */
void background_ready(void);
void background_failed(const char *error);

#endif
