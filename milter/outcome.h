/*
 * Carries an answer out through libmilter.
 *
 * What is possible and what is not (DESIGN 4.2, 4.3; tried out with Postfix
 * 3.7 and libmilter 8.17):
 *
 * - A message is charged and answered within one end-of-message callback.
 *   libmilter calls no abort after it, so "charged, then aborted" cannot be
 *   seen; what can be seen is that Postfix has gone before it got our answer:
 *   then a call to libmilter fails and the charge is taken back, own quotas
 *   and shared ones. On a TCP connection the first such write may still succeed
 *   and the charge stays.
 * - What a later milter or a later restriction decides is never told to us. A
 *   message refused by them after our answer stays charged, which is why this
 *   milter stands last in smtpd_milters.
 * - Holding, discarding and redirecting exist at the end of the message only;
 *   libmilter refuses them elsewhere.
 * - A header From is rewritten by several calls; when one fails the message is
 *   deferred, and Postfix forgets the others with it.
 * - A client that drops the connection after the final dot does not undo the
 *   message: Postfix delivers it, and it is rightly charged.
 */
#ifndef SENDWARD_MILTER_OUTCOME_H
#define SENDWARD_MILTER_OUTCOME_H

#include <stdbool.h>
#include <sys/types.h>

#include <libmilter/mfapi.h>

#include "milter/answer.h"
#include "milter/message.h"

/* At RCPT: the reply, or SMFIS_CONTINUE. */
sfsistat outcome_of_command(SMFICTX *ctx, const struct answer *answer);

/* At the end of the message. False in *carried_out when libmilter or Postfix
 * could not do it; then nothing was accepted and a charge is to be taken
 * back. */
sfsistat outcome_of_message(SMFICTX *ctx, const struct answer *answer,
			    const struct message *message, bool *carried_out);

/* One reply with a text of our own; code and xcode are of one class. */
sfsistat outcome_reply(SMFICTX *ctx, const char *code, const char *xcode, const char *text);

#endif
