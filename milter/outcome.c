#include "milter/outcome.h"

#include "milter/protocol.h"
#include "milter/rewrite.h"

/* Why Postfix holds a message; it neither logs nor stores the text. */
#define HOLD_REASON "held by Sendward"

bool outcome_refuses(const struct answer *answer)
{
	return answer->action == ACTION_REFUSE || answer->action == ACTION_DEFER;
}

void outcome_of_command(struct packets *out, const struct answer *answer)
{
	if (outcome_refuses(answer))
		protocol_reply(out, answer->code, answer->xcode, answer->text);
	else
		packets_add(out, WORD_CONTINUE);
}

/* ---- the end of the message ------------------------------------------------ */

static void hold_message(struct packets *out, const struct answer *answer)
{
	protocol_quarantine(out, answer->text[0] ? answer->text : HOLD_REASON);
	packets_add(out, WORD_CONTINUE);
}

static bool delete_recipient(const char *recipient, bool listed, void *arg)
{
	(void)listed;
	protocol_delete_recipient(arg, recipient);
	return true;
}

static bool drop_recipient(const char *recipient, bool listed, void *arg)
{
	if (!listed)
		protocol_delete_recipient(arg, recipient);
	return true;
}

static void discard_message(struct packets *out, const struct answer *answer,
			    const struct message *message)
{
	if (answer->dropped == 0) {
		packets_add(out, WORD_DISCARD);
		return;
	}
	message_each_recipient(message, drop_recipient, out);
	packets_add(out, WORD_CONTINUE);
}

static void redirect_message(struct packets *out, const struct answer *answer,
			     const struct message *message)
{
	message_each_recipient(message, delete_recipient, out);
	protocol_add_recipient(out, answer->redirect);
	packets_add(out, WORD_CONTINUE);
}

bool outcome_of_message(struct packets *out, const struct answer *answer,
			const struct message *message)
{
	if (answer->action == ACTION_REDIRECT && !answer->redirect) {
		packets_add(out, WORD_TEMPFAIL);
		return false;
	}
	if (answer->rewrite.fields != 0)
		rewrite_message(out, &answer->rewrite, &message->originals);
	switch (answer->action) {
	case ACTION_ACCEPT:
	case ACTION_REFUSE:
	case ACTION_DEFER:
		outcome_of_command(out, answer);
		break;
	case ACTION_HOLD:
		hold_message(out, answer);
		break;
	case ACTION_DISCARD:
		discard_message(out, answer, message);
		break;
	case ACTION_REDIRECT:
		redirect_message(out, answer, message);
		break;
	}
	return true;
}
