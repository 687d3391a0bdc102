/*
 * How far long work is, on one line of a terminal: nothing in the first second,
 * nothing when standard error is no terminal.
 */
#ifndef SENDWARD_CONTROL_PROGRESS_H
#define SENDWARD_CONTROL_PROGRESS_H

#include <stddef.h>
#include <stdio.h>

/* The work is to read the file; of a pipe the size is not known. */
void progress_begin(FILE *file);

/* So many octets more are done. */
void progress_add(size_t octets);

/* Takes the line away: before anything else is written, and at the end. */
void progress_clear(void);

#endif
