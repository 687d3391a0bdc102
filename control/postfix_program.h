/*
 * Running one of Postfix's commands: without a shell, with the caller's own
 * rights and environment, its standard input empty.
 */
#ifndef SENDWARD_CONTROL_POSTFIX_PROGRAM_H
#define SENDWARD_CONTROL_POSTFIX_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* Where they are looked for, for people. */
#define POSTFIX_PROGRAM_PLACES "/usr/sbin, /usr/local/sbin or /usr/pkg/sbin"
#define POSTFIX_PROGRAM_PATH_MAX 64

struct postfix_program {
	pid_t pid;
	FILE *file; /* its standard output */
	FILE *said; /* its standard error; from the beginning when it has ended */
	bool late;  /* it was ended after limit_s */
};

/* The path of "postmap"; false when there is none. $PATH is not asked: who runs
 * sendward is often root. */
bool postfix_program_find(const char *name, char path[POSTFIX_PROGRAM_PATH_MAX]);

/* Starts it; argv ends with NULL. With limit_s it is ended after so many seconds, 0: never.
 * False with errno set. _end() it in any case. */
bool postfix_program_start(struct postfix_program *program, const char *path,
			   const char *const *argv, unsigned limit_s);

/* Waits for its end, at once when not everything was read; said stays open. True when
 * it has succeeded. */
bool postfix_program_end(struct postfix_program *program);

/* Gives up what is left. */
void postfix_program_fini(struct postfix_program *program);

#endif
