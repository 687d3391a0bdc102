/*
 * One message in a list of what a login has sent (store/sent.h), as a line:
 *
 *	time recipients bytes queue-id action node client credential sender
 *
 * "-" is a word that is empty. Nothing but the sender, which comes last, may hold a blank;
 * elsewhere "?" stands for one, and everywhere for a newline. Of lines that are kept
 * together one may end behind its queue id: the rest, its tail, is as in the line before.
 */
#ifndef SENDWARD_SENT_LINE_H
#define SENDWARD_SENT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/request.h"
#include "engine/verdict.h"

/* One message as it is read. All texts are borrowed for the call; "" not known. */
struct sent_message {
	int64_t time_ms; /* Unix time of the decision */
	int64_t recipients, bytes;
	const char *action; /* action_name() */
	const char *node, *queue_id, *client_address, *credential, *sender;
};

/* Octets of one message as it is kept; a longer one loses the end of its sender. */
#define SENT_LINE_MAX 1024

struct sent_line {
	size_t len, tail; /* octets, and where its tail begins */
	char text[SENT_LINE_MAX];
};

/* The line that is kept of a message; node as the configuration has it. */
void sent_format(const struct request *request, const struct verdict *verdict, const char *node,
		 struct sent_line *line);

/* Lines of len octets, any octets, a newline between two, each with its tail (but for one of
 * SENT_LINE_MAX octets or more, which none of ours has) and a newline behind it.
 * Returns their octets, which are written to out if it is not NULL: at most 1 + len, and
 * SENT_LINE_MAX + 1 for each line. */
size_t sent_expand(const char *lines, size_t len, char *out);

/* Cuts a line with its tail apart, in place. False when it is not such a line. */
bool sent_parse(char *line, struct sent_message *out);

/* Cuts the last line off lines of *len octets and a NUL, in place; NULL when there is none
 * left. */
char *sent_cut_last(char *lines, size_t *len);

#endif
