/*
 * A message in a file, as a mail program saves it: the header fields that a
 * milter gets from Postfix when a client sends it, as far as they say who it
 * is from.
 *
 * What Postfix does with the lines first (smtpd.c, is_header.c, mime_state.c;
 * tests/e2e tries it out):
 *
 *	lines end in LF or CRLF, a CR elsewhere is a space;
 *	a first line "From ..." or ">From ..." (mbox) is no field From, and a
 *	file has it in front of the message;
 *	blanks before the colon go, a NUL ends the line, and a field that is too
 *	long is cut;
 *	the first line that is no header field begins the body, empty or not.
 */
#ifndef SENDWARD_CONTROL_MESSAGE_FILE_H
#define SENDWARD_CONTROL_MESSAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of a file, and of its header. Postfix's message_size_limit is
 * 10240000 by default. */
#define MESSAGE_FILE_MAX (64 * 1024 * 1024)
#define MESSAGE_HEADER_MAX (1024 * 1024)

/* Octets of a name that is of interest. */
#define FIELD_NAME_MAX 32

/* An originator field or Return-Path. */
struct message_field {
	char name[FIELD_NAME_MAX + 1]; /* as written, without blanks behind it */
	char *text;		       /* owned; the whole field, folded with LF */
	size_t len;		       /* of the text */
	size_t value;		       /* where in the text its value begins */
	int line;		       /* of the file, from 1 */
};

struct message_file {
	struct message_field *fields; /* owned; in the order of the file */
	size_t n_fields;
	char *mbox_sender;  /* owned; address of the mbox line; NULL: none */
	int64_t size_bytes; /* with the line ends of SMTP, RFC 1870 */
	int body_line;	    /* where the body begins without an empty line; 0 */
};

/* What follows the colon, borrowed. */
const char *message_field_value(const struct message_field *field);

#define MESSAGE_ERROR_MAX 512

/* Reads the file, "-": standard input. False with "file: reason" or
 * "file:line: reason" when it cannot be read, is too large, or does not begin
 * like a message. message_file_fini() in any case. */
bool message_file_read(const char *path, struct message_file *out, char error[MESSAGE_ERROR_MAX]);

/* The same of octets in memory, which are changed. name is for errors. */
bool message_file_parse(char *octets, size_t len, const char *name, struct message_file *out,
			char error[MESSAGE_ERROR_MAX]);

void message_file_fini(struct message_file *file);

/* What the message says its envelope sender was, as it stands there, and in
 * *where what says so ("Return-Path field", "mbox line"); NULL when nothing
 * does. The first Return-Path field is the last one put in. */
const char *message_file_sender(const struct message_file *file, const char **where);

#endif
