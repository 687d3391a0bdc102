/*
 * doctor postfix: what is found at one smtpd, each in a function of its own that sets
 * doctor->check. Pure, but for doctor_way() and doctor_socket().
 */
#ifndef SENDWARD_CONTROL_DOCTOR_POSTFIX_H
#define SENDWARD_CONTROL_DOCTOR_POSTFIX_H

#include "control/asked.h"
#include "control/doctor.h"

/* Octets of an advice that has names in it. */
#define ADVICE_MAX (SETUP_PATH_MAX + 256)

/* Its milters: is ours there, and the last? */
void doctor_milter(struct doctor *doctor, const struct asked *asked);

/* The policy service in its lists; who charges. */
void doctor_policy(struct doctor *doctor, const struct asked *asked);
void doctor_charging(struct doctor *doctor, const struct asked *asked);

/* How long Postfix waits for us, and what it does then. */
void doctor_away(struct doctor *doctor, const struct asked *asked);

/* Its SASL server, and the map of senders. */
void doctor_sasl(struct doctor *doctor, const struct asked *asked);
void doctor_senders(struct doctor *doctor, const struct asked *asked);

/* An endpoint that setting names. True when there was something to say: it is meant for
 * ours and leads elsewhere or is not read, or is ours and not what is needed there. */
bool doctor_wrong_target(struct doctor *doctor, const struct asked *asked, const char *setting,
			 const char *endpoint, const struct setup_target *target,
			 enum setup_part needed);

/* What setting has in braces behind ours, part PART_POLICYD or PART_MILTER: what smtpd cannot
 * read of it ends it. */
void doctor_attributes(struct doctor *doctor, const char *setting,
		       const struct postfix_server *server, enum setup_part part);

/* "name it unix:sendward/milter in smtpd_milters", or why that would not do. */
void doctor_advise(const struct asked *asked, const char *format, const struct endpoint *listener,
		   char out[ADVICE_MAX]);

/* May Postfix's processes, which are mail_owner, come to the directory that the socket is in
 * (false, said, when not), and connect to it? */
bool doctor_way(struct doctor *doctor, const char *mail_owner, const struct setup_target *target);
void doctor_socket(struct doctor *doctor, const char *mail_owner, const char *path);

/* setup_same: by name, else by what is there. */
bool doctor_same_place(const char *a, const char *b);

#endif
