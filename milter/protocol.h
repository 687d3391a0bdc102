/*
 * The milter protocol, version 6, as Postfix and sendmail speak it: what we
 * agree on with a mail server, what it tells us, and what we answer. No I/O.
 *
 * Source: libmilter's mfdef.h, whose numbers these are
 * (tests/unit/test-milter-numbers), and Postfix's src/milter/milter8.c.
 */
#ifndef SENDWARD_MILTER_PROTOCOL_H
#define SENDWARD_MILTER_PROTOCOL_H

#include <stdbool.h>

#include "base/network.h"
#include "milter/packet.h"

#define PROTOCOL_VERSION 6

/* What the mail server says. Those without "answered" are never answered; of
 * the others it depends on what was agreed. */
enum protocol_command {
	COMMAND_ABORT = 'A',	  /* the message is over, the session goes on */
	COMMAND_BODY = 'B',	  /* answered */
	COMMAND_CONNECT = 'C',	  /* answered */
	COMMAND_MACROS = 'D',	  /* for the command that it names */
	COMMAND_END = 'E',	  /* of the body; answered */
	COMMAND_HELO = 'H',	  /* answered */
	COMMAND_QUIT_NEW = 'K',	  /* another client's session follows */
	COMMAND_HEADER = 'L',	  /* answered */
	COMMAND_MAIL = 'M',	  /* answered */
	COMMAND_END_HEADER = 'N', /* answered */
	COMMAND_NEGOTIATE = 'O',  /* answered by the same */
	COMMAND_QUIT = 'Q',	  /* the connection is over */
	COMMAND_RCPT = 'R',	  /* answered */
	COMMAND_DATA = 'T',	  /* answered */
	COMMAND_UNKNOWN = 'U',	  /* to the server; answered */
};

/* A table of commands has a place for each capital letter; those of others are
 * behind it. */
#define PROTOCOL_LETTERS ('Z' - 'A' + 1)
static inline unsigned protocol_letter(char command)
{
	return (unsigned char)command - (unsigned)'A';
}

/* What we say: changes of the message, at its end only, and the last word on
 * a command. */
enum protocol_word {
	WORD_ADD_RECIPIENT = '+',
	WORD_DELETE_RECIPIENT = '-',
	WORD_ACCEPT = 'a', /* nothing more is asked about this message */
	WORD_CONTINUE = 'c',
	WORD_DISCARD = 'd',
	WORD_ADD_HEADER = 'h',
	WORD_SET_MACROS = 'l',
	WORD_CHANGE_HEADER = 'm',
	WORD_QUARANTINE = 'q',
	WORD_REJECT = 'r',
	WORD_TEMPFAIL = 't',
	WORD_REPLY = 'y', /* a reply of our own */
};

/* What a milter may do to a message. */
enum protocol_action {
	CAN_ADD_HEADERS = 0x1,
	CAN_ADD_RECIPIENTS = 0x4,
	CAN_DELETE_RECIPIENTS = 0x8,
	CAN_CHANGE_HEADERS = 0x10,
	CAN_QUARANTINE = 0x20,
	CAN_SET_MACROS = 0x100,
};

/* Commands that need not be sent (NO), or that we do not answer (SILENT). */
enum protocol_step {
	STEP_SILENT_HEADER = 0x80,
	STEP_NO_UNKNOWN = 0x100,
	STEP_SILENT_CONNECT = 0x1000,
	STEP_SILENT_HELO = 0x2000,
	STEP_SILENT_MAIL = 0x4000,
	STEP_SILENT_RCPT = 0x8000,
	STEP_SILENT_DATA = 0x10000,
	STEP_SILENT_UNKNOWN = 0x20000,
	STEP_SILENT_END_HEADER = 0x40000,
	STEP_SILENT_BODY = 0x80000,
	STEP_LEADING_SPACE = 0x100000, /* values of fields come as they are; else without
					* the space after the colon */
};

/* For which command macros are asked. */
enum protocol_stage { FOR_MAIL = 2, FOR_RCPT = 3, FOR_END = 5 };

/* How a client's address is given. */
enum protocol_family { FAMILY_INET = '4', FAMILY_INET6 = '6' };

/* Answers the server's offer, or returns false: it cannot do what we need.
 * What is agreed on goes to *steps. */
bool protocol_negotiate(const struct packet *offer, uint32_t *steps, struct packets *out);

/* Does the server wait for an answer to this command? */
bool protocol_waits(uint32_t steps, char command);

/* The command that the macros are for; 0 when it does not say. */
char protocol_macros_for(const struct packet *macros);

/* The value of one of them, "" when it is not given. A name of one letter may
 * come with braces or without. */
const char *protocol_macro(const struct packet *macros, const char *name);

/* The client of COMMAND_CONNECT as text, "unknown" when it has no IP address;
 * false when the packet is none. */
bool protocol_client(const struct packet *connect, char out[IP_TEXT_MAX]);

/* --- answers ---------------------------------------------------------------- */

/* A reply to the SMTP client; code and xcode are of one class. */
void protocol_reply(struct packets *out, const char *code, const char *xcode, const char *text);

void protocol_quarantine(struct packets *out, const char *reason);
void protocol_add_recipient(struct packets *out, const char *recipient);

/* As the client wrote it: the server compares with that. */
void protocol_delete_recipient(struct packets *out, const char *recipient);

/* Values begin with what follows the colon (STEP_LEADING_SPACE), and are folded
 * with LF. A field is counted from 1 among those of its name; value NULL
 * deletes it. */
void protocol_add_header(struct packets *out, const char *name, const char *value);
void protocol_change_header(struct packets *out, const char *name, unsigned index,
			    const char *value);

#endif
