/*
 * One connection's conversation with a mail server, packet by packet. No I/O:
 * what is to be written goes to the caller, and so do the questions to the
 * engine.
 *
 * A session without a login, if nobody else can be asked about, is left alone:
 * its message is accepted at the first RCPT, and the next MAIL of the connection
 * is looked at again. What is wrong
 * with a sender is said at RCPT: Postfix' own restrictions and its policy
 * protocol do the same (smtpd_delay_reject, postconf(5)), and a question less
 * is asked.
 */
#ifndef SENDWARD_MILTER_TALK_H
#define SENDWARD_MILTER_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "milter/answer.h"
#include "milter/message.h"
#include "milter/packet.h"

struct talk {
	bool negotiated;
	uint32_t steps;		 /* agreed on */
	struct session *session; /* owned; NULL until something is said of it */
	const char *fault;	 /* after HEARD_BAD; a static text */
};

enum heard {
	HEARD_ON,   /* go on; perhaps there is something to be written */
	HEARD_ASK,  /* talk_answer() goes on with the answer to *question */
	HEARD_QUIT, /* the connection is to be closed */
	HEARD_BAD,  /* the same: this is not the milter protocol */
};

/* All zero is a new conversation. */
void talk_fini(struct talk *talk);

/* What is so when a packet is heard. */
struct talk_setting {
	struct config *config;	    /* of a session that begins here */
	bool identities;	    /* a session without a login may be an identity's */
	struct spares *originators; /* memory for those of a message; may be NULL */
};

/* The next packet; of a body only the length is looked at, its data may be
 * NULL. *question borrows from talk and packet. */
enum heard talk_hear(struct talk *talk, const struct talk_setting *setting,
		     const struct packet *packet, struct packets *out, struct request *question);

/* What the present message has of originators, for the question at its end; the
 * caller gives them to setting->originators. NULL when they are not looked at, or at RCPT. */
struct originators *talk_originators(struct talk *talk, const struct request *question);

/* Writes the answer to the question. False at the end of a message that is put
 * off because the answer cannot be carried out: its charge is to be taken
 * back. */
bool talk_answer(struct talk *talk, const struct request *question, const struct answer *answer,
		 struct packets *out);

/* The question at the end of the present message once more: to take back what
 * was charged. Borrows from talk. */
struct request talk_last_question(const struct talk *talk);

/* The answer at the end of the message is given. */
void talk_end_message(struct talk *talk);

/* Is there a message that has not ended? */
bool talk_in_message(const struct talk *talk);

#endif
