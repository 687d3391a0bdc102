#include "milter/outcome.h"

#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "milter/rewrite.h"
#include "milter/text.h"

/* Why Postfix holds a message; it neither logs nor stores the text. */
#define HOLD_REASON "held by Sendward"

/* Sendmail takes a reply as a format, so "%" is written twice (libmilter's
 * smfi_setreply; Postfix makes one of two). */
static void double_percents(const char *text, char out[2 * REPLY_TEXT_MAX + 1])
{
	size_t n = 0;

	for (; *text && n < 2 * REPLY_TEXT_MAX - 1; text++) {
		out[n++] = *text;
		if (*text == '%')
			out[n++] = '%';
	}
	out[n] = '\0';
}

sfsistat outcome_reply(SMFICTX *ctx, const char *code, const char *xcode, const char *text)
{
	char doubled[2 * REPLY_TEXT_MAX + 1];

	double_percents(text, doubled);
	if (smfi_setreply(ctx, libmilter_text(code), libmilter_text(xcode), doubled) != MI_SUCCESS)
		log_error("libmilter does not take the reply %s %s %s", code, xcode, text);
	return code[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

sfsistat outcome_of_command(SMFICTX *ctx, const struct answer *answer)
{
	if (answer->action != ACTION_REFUSE && answer->action != ACTION_DEFER)
		return SMFIS_CONTINUE;
	return outcome_reply(ctx, answer->code, answer->xcode, answer->text);
}

/* ---- the end of the message ------------------------------------------------ */

typedef bool carry_out(SMFICTX *ctx, const struct answer *answer, const struct message *message,
		       sfsistat *result);

/* Is Postfix still there? Only worth a packet when there is a charge to take
 * back. */
static bool reachable(SMFICTX *ctx, const struct answer *answer)
{
	return answer->charges.n == 0 || smfi_progress(ctx) == MI_SUCCESS;
}

static bool accept_message(SMFICTX *ctx, const struct answer *answer, const struct message *message,
			   sfsistat *result)
{
	(void)message;
	*result = SMFIS_CONTINUE;
	return reachable(ctx, answer);
}

static bool refuse_message(SMFICTX *ctx, const struct answer *answer, const struct message *message,
			   sfsistat *result)
{
	(void)message;
	*result = outcome_of_command(ctx, answer);
	return true;
}

static bool hold_message(SMFICTX *ctx, const struct answer *answer, const struct message *message,
			 sfsistat *result)
{
	const char *reason = answer->text[0] ? answer->text : HOLD_REASON;

	(void)message;
	*result = SMFIS_CONTINUE;
	return smfi_quarantine(ctx, libmilter_text(reason)) == MI_SUCCESS;
}

static bool discard_message(SMFICTX *ctx, const struct answer *answer,
			    const struct message *message, sfsistat *result)
{
	(void)message;
	*result = SMFIS_DISCARD;
	return reachable(ctx, answer);
}

/* Postfix compares with what the client wrote, not with {rcpt_addr}. */
static bool delete_recipient(const char *recipient, void *arg)
{
	return smfi_delrcpt(arg, libmilter_text(recipient)) == MI_SUCCESS;
}

static bool redirect_message(SMFICTX *ctx, const struct answer *answer,
			     const struct message *message, sfsistat *result)
{
	*result = SMFIS_CONTINUE;
	return answer->redirect && message_each_recipient(message, delete_recipient, ctx) &&
	       smfi_addrcpt(ctx, libmilter_text(answer->redirect)) == MI_SUCCESS;
}

static carry_out *const table[] = {
	[ACTION_ACCEPT] = accept_message,   [ACTION_REFUSE] = refuse_message,
	[ACTION_DEFER] = refuse_message,    [ACTION_HOLD] = hold_message,
	[ACTION_DISCARD] = discard_message, [ACTION_REDIRECT] = redirect_message,
};

/* Before anything else, as an answer that cannot be given must be no answer. */
static bool put_header_right(SMFICTX *ctx, const struct answer *answer,
			     const struct message *message)
{
	return answer->rewrite.fields == 0 ||
	       rewrite_message(ctx, &answer->rewrite, &message->originals);
}

sfsistat outcome_of_message(SMFICTX *ctx, const struct answer *answer,
			    const struct message *message, bool *carried_out)
{
	sfsistat result;

	*carried_out = put_header_right(ctx, answer, message) &&
		       table[answer->action](ctx, answer, message, &result);
	return *carried_out ? result : SMFIS_TEMPFAIL;
}
