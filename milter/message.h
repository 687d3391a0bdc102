/*
 * What is known of one SMTP session and of its present message.
 *
 * Texts are copied; a message costs at most RECIPIENT_OCTETS_MAX, one struct
 * originators and what milter/original.h keeps.
 */
#ifndef SENDWARD_MILTER_MESSAGE_H
#define SENDWARD_MILTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/network.h"
#include "base/spares.h"
#include "engine/request.h"
#include "milter/original.h"

/* Recipients of one message; Postfix's smtpd_recipient_limit is 1000. Each is
 * kept because a redirection has to delete it by its exact spelling. */
#define RECIPIENTS_MAX 10000
#define RECIPIENT_OCTETS_MAX (4 * 1024 * 1024)

struct message {
	struct username username; /* .login is "" for a session without one */
	bool login_too_long;	  /* and so it is nobody's: username is cut */
	enum tls_version tls;
	bool was_identity;		 /* a recipient was accepted as an identity's */
	bool header_wanted;		 /* there may be somebody to compare the originators with */
	char *sender;			 /* as typed, without the outer "<>"; "" for <> */
	char queue_id[QUEUE_ID_MAX + 1]; /* "" while not known */
	char token[MESSAGE_TOKEN_LENGTH + 1]; /* request.token */
	bool size_announced;
	int64_t announced_bytes; /* SIZE= of MAIL, or 0 */
	int64_t received_bytes;
	/* Accepted ones, one after the other: an octet (message.c), text, NUL. */
	char *recipients;
	size_t recipients_len, recipients_size;
	int64_t n_recipients;
	int64_t n_free_recipients;	 /* of these, those that no quota counts */
	int64_t n_listed_recipients;	 /* ... and those in sandbox_recipients */
	bool recipients_stay;		 /* request.recipients_stay */
	bool reply_to;			 /* is looked at; set before there are fields */
	struct originators *originators; /* NULL until there is such a field */
	struct spares *spares;		 /* of originators, borrowed; may be NULL */
	struct originals originals;	 /* the same fields as they came */
};

struct session {
	struct config *config;	  /* the snapshot it began with; a reference */
	char client[IP_TEXT_MAX]; /* "unknown" when it is no IP address */
	char *login;		  /* of the next message; owned; NULL as long as nobody said */
	enum tls_version tls;	  /* likewise */
	struct message *message;  /* owned; NULL between messages */
	char queue_id[QUEUE_ID_MAX + 1]; /* of the next message; "" while not known */
	bool left_alone;		 /* its present message: nobody to ask about */
};

/* client as text; NULL for "unknown". Takes over the reference to config. */
struct session *session_new(struct config *config, const char *client);
void session_free(struct session **session);

/* The queue id of the message that begins next, "" when nobody said. One that is too long is
 * not kept. */
void session_set_queue_id(struct session *session, const char *queue_id);

/* Who is logged in from now on, "" for nobody, and under which TLS; copied. */
void session_set_login(struct session *session, const char *login, enum tls_version tls);

/* Chooses where the tokens of this process begin, at random: another milter
 * on the node, or this one started again, is not to give out the same. Once,
 * before there are messages. */
void message_tokens_init(void);

/* sender is MAIL's, as typed. */
struct message *message_new(const struct username *username, const char *sender);
void message_free(struct message **message);

/* Another one of MAIL (RFC 5321 section 4.1.1.2); of SIZE= (RFC 1870) the first
 * counts. */
void message_add_parameter(struct message *message, const char *parameter);

/* queue_id may be NULL: not known yet. One that is too long is not kept. */
void message_set_queue_id(struct message *message, const char *queue_id);

/* One more recipient was accepted; text exactly as the client spelled it, free
 * when no quota counts it, listed when a login in the sandbox reaches it. False
 * when message_full() or out of memory.
 * Of some spellings Postfix keeps less than was typed, and does not find the
 * recipient by them any more (tried out with 3.7): routes, groups, lists,
 * brackets within brackets, comments and address literals that do not end.
 * Where there is any of "<>:;,([", all of the message's recipients stay. */
bool message_add_recipient(struct message *message, const char *text, bool is_free, bool is_listed);
bool message_full(const struct message *message, const char *text);

/* Calls each recipient in the order of the session while it returns true;
 * returns whether all did. */
bool message_each_recipient(const struct message *message,
			    bool (*each)(const char *recipient, bool listed, void *arg), void *arg);

/* One header field: value, of value_len octets, is what follows the colon,
 * folded lines are separated by LF. */
void message_add_header(struct message *message, const char *name, const char *value,
			size_t value_len);

/* The next len octets of the body, with the line ends of SMTP. */
void message_add_body(struct message *message, size_t len);

/* Octets between DATA and the final dot, as Postfix counts them for the
 * policy protocol: CRLF line ends and the empty line after the header, without
 * its own Received field. Bcc and Return-Path fields are not seen. */
int64_t message_size(const struct message *message);

/* The header is complete: hands its originators over to the caller, who gives
 * them to message->spares. NULL unless header_wanted: nobody is to be compared with them. */
struct originators *message_take_originators(struct message *message);

/* The question of that stage, without originators; borrows from all three.
 * recipient is, at RCPT, the one asked for, as typed; else "". */
struct request message_request(const struct session *session, enum stage stage,
			       const char *recipient);

#endif
