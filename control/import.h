/*
 * `import` at work: lines of a file become accounts and secrets in the store, or
 * with a dry run the difference they would make.
 */
#ifndef SENDWARD_CONTROL_IMPORT_H
#define SENDWARD_CONTROL_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "control/control.h"
#include "control/import_source.h"

enum import_mode {
	IMPORT_WRITE,
	IMPORT_CHECK, /* only the file is looked at; good lines are counted as added */
	IMPORT_DIFF,  /* what would change is printed */
};

struct import_counts {
	size_t added, changed, same, secrets, refused;
};

struct import {
	struct control *control;
	const char *name; /* of the file */
	FILE *file;
	enum import_mode mode;
	struct import_source source;
	struct import_counts counts;
};

/* Reads to the end of the file. What is wrong with a line is said with its number,
 * and the others follow. False, said, when it stopped before the end: the file
 * cannot be read, or the store is away. */
bool import_run(struct import *import);

#endif
