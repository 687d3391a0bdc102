/*
 * The lines of a Postfix table: postmap(1), "INPUT FILE FORMAT", and what
 * `postmap -s` prints. Says where each came from and what is wrong with it;
 * what keys and values mean is the caller's.
 */
#ifndef SENDWARD_CONTROL_POSTFIX_LINES_H
#define SENDWARD_CONTROL_POSTFIX_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Octets of a logical line, continuation lines included. */
#define POSTFIX_LINE_MAX (1024 * 1024)

enum postfix_form {
	POSTFIX_SOURCE, /* key, blanks, value; comments and continuation lines */
	POSTFIX_LISTED, /* key, tab, value: what postmap -s prints */
};

struct postfix_line {
	size_t number;	   /* of its first line in the file */
	const char *key;   /* quoted as it is written; "" with some faults */
	const char *value; /* without blanks around it */
	const char *fault; /* static; NULL: it is an entry */
};

struct postfix_lines;

/* file is borrowed. */
struct postfix_lines *postfix_lines_new(FILE *file, enum postfix_form form);
void postfix_lines_free(struct postfix_lines **lines);

/* The next entry, its texts borrowed until the next call. False at the end,
 * and when the file cannot be read (ferror()). */
bool postfix_lines_next(struct postfix_lines *lines, struct postfix_line *out);

#endif
