/*
 * Writes an answer in the milter protocol.
 *
 * What is possible and what is not (tried out with Postfix 3.7 and 3.10):
 *
 * - What a later milter or a later restriction decides is never told to us. A
 *   message refused by them after our answer stays charged, which is why this
 *   milter stands last in smtpd_milters.
 * - Holding, discarding and redirecting exist at the end of the message only.
 * - A header From is rewritten by several packets; a server that does not get
 *   them all with the last word defers the message and forgets them.
 * - A client that drops the connection after the final dot does not undo the
 *   message: Postfix delivers it, and it is rightly charged.
 */
#ifndef SENDWARD_MILTER_OUTCOME_H
#define SENDWARD_MILTER_OUTCOME_H

#include <stdbool.h>

#include "milter/answer.h"
#include "milter/message.h"
#include "milter/packet.h"

/* Does it refuse or defer? */
bool outcome_refuses(const struct answer *answer);

/* At RCPT: the reply, or that the server may go on. */
void outcome_of_command(struct packets *out, const struct answer *answer);

/* At the end of the message. False when that is not possible: then the message
 * is deferred, and a charge is to be taken back. */
bool outcome_of_message(struct packets *out, const struct answer *answer,
			const struct message *message);

#endif
