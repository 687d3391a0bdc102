/*
 * Postfix's socketmap protocol, socketmap_table(5): a netstring "NAME KEY" is
 * answered by a netstring "OK DATA", "NOTFOUND ", "TEMP REASON" or "PERM
 * REASON". No I/O.
 */
#ifndef SENDWARD_POLICY_SOCKETMAP_H
#define SENDWARD_POLICY_SOCKETMAP_H

#include <stddef.h>

/* Octets of a question: a key is no longer than an SMTP command line
 * (line_length_limit, 2048). */
#define SOCKETMAP_QUESTION_MAX 4096

/* Octets of an answer; Postfix takes 100000. */
#define SOCKETMAP_ANSWER_MAX 100000

/* An answer as a netstring: its length, ":", it, ",". */
#define SOCKETMAP_NETSTRING_MAX (SOCKETMAP_ANSWER_MAX + 8)

struct socketmap_question {
	char name[SOCKETMAP_QUESTION_MAX + 1]; /* of the map */
	char key[SOCKETMAP_QUESTION_MAX + 1];
};

enum socketmap_result {
	SOCKETMAP_MORE, /* not all of it is there */
	SOCKETMAP_QUESTION,
	SOCKETMAP_BAD, /* *fault says why, a static text */
};

/* Reads the question that data begins with, and how many octets it has. */
enum socketmap_result socketmap_read(const char *data, size_t len, struct socketmap_question *out,
				     size_t *used, const char **fault);

enum socketmap_status { SOCKETMAP_OK, SOCKETMAP_NOTFOUND, SOCKETMAP_TEMP, SOCKETMAP_PERM };

/* Writes the netstring and returns its length; text (for SOCKETMAP_NOTFOUND "")
 * is cut where the answer ends. */
size_t socketmap_write(enum socketmap_status status, const char *text,
		       char out[SOCKETMAP_NETSTRING_MAX + 1]);

#endif
