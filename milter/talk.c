#include "milter/talk.h"

#include "base/log.h"
#include "milter/outcome.h"
#include "milter/protocol.h"

/* ---- session and message --------------------------------------------------- */

/* Postfix always says who connects; another server may not. */
static struct session *session_of(struct talk *talk, struct config *config)
{
	if (!talk->session)
		talk->session = session_new(config_ref(config), NULL);
	return talk->session;
}

static struct message *message_of(const struct talk *talk)
{
	return talk->session ? talk->session->message : NULL;
}

static void end_message(struct talk *talk)
{
	if (talk->session)
		message_free(&talk->session->message);
}

/* Without a login there is nobody to ask about but the client's network, and whose identity
 * the session is of. */
static bool is_asked_about(const struct session *session, const char *login, bool identities)
{
	return *login || session->config->unauthenticated.n_quotas > 0 || identities;
}

static void begin_message(struct session *session, const struct packet *packet,
			  const struct talk_setting *setting)
{
	const char *name = session->login ? session->login : "", *sender, *parameter;
	struct username username;
	size_t at = 0;
	bool fits;

	message_free(&session->message);
	session->left_alone = !is_asked_about(session, name, setting->identities);
	if (session->left_alone)
		return;
	fits = config_username(session->config, name, &username);
	sender = packet_text(packet, &at);
	session->message = message_new(&username, sender);
	message_set_queue_id(session->message, session->queue_id);
	session->queue_id[0] = '\0';
	session->message->tls = session->tls;
	session->message->login_too_long = !fits;
	session->message->spares = setting->originators;
	session->message->header_wanted = *name || setting->identities;
	session->message->reply_to = session->config->reply_to_owned;
	while ((parameter = packet_text(packet, &at)))
		message_add_parameter(session->message, parameter);
}

/* ---- commands -------------------------------------------------------------- */

struct hearing {
	struct talk *talk;
	const struct talk_setting *setting;
	const struct packet *packet;
	struct packets *out;
	struct request *question;
};

static enum heard bad(struct talk *talk, const char *fault)
{
	talk->fault = fault;
	return HEARD_BAD;
}

static enum heard on_negotiate(const struct hearing *h)
{
	if (h->talk->negotiated)
		return bad(h->talk, "a second negotiation");
	if (!protocol_negotiate(h->packet, &h->talk->steps, h->out)) {
		log_error("the mail server speaks too old a milter protocol: in Postfix's "
			  "main.cf set milter_protocol = 6, its default");
		return HEARD_QUIT;
	}
	h->talk->negotiated = true;
	return HEARD_ON;
}

static enum heard on_connect(const struct hearing *h)
{
	char client[IP_TEXT_MAX];

	if (!protocol_client(h->packet, client))
		return bad(h->talk, "no address of a client");
	session_free(&h->talk->session);
	h->talk->session = session_new(config_ref(h->setting->config), client);
	return HEARD_ON;
}

/* What belongs to the message that begins now. */
static void hear_macros_of_mail(struct session *session, const struct packet *packet)
{
	session_set_login(session, protocol_macro(packet, "{auth_authen}"),
			  tls_version_of(protocol_macro(packet, "{tls_version}")));
	session_set_queue_id(session, protocol_macro(packet, "i"));
}

/* Postfix knows the queue id from the second RCPT of a message on, of mail that does not come
 * by SMTP from MAIL on; another server may tell it with any command. */
static enum heard on_macros(const struct hearing *h)
{
	struct message *message = message_of(h->talk);

	if (protocol_macros_for(h->packet) == COMMAND_MAIL)
		hear_macros_of_mail(session_of(h->talk, h->setting->config), h->packet);
	else if (message)
		message_set_queue_id(message, protocol_macro(h->packet, "i"));
	return HEARD_ON;
}

static enum heard on_mail(const struct hearing *h)
{
	size_t at = 0;

	if (!packet_text(h->packet, &at))
		return bad(h->talk, "MAIL without a sender");
	begin_message(session_of(h->talk, h->setting->config), h->packet, h->setting);
	return HEARD_ON;
}

static enum heard say(const struct hearing *h, enum protocol_word word)
{
	packets_add(h->out, (char)word);
	return HEARD_ON;
}

static void refuse_login(const struct session *session, const char *recipient, struct packets *out)
{
	struct request request = message_request(session, STAGE_RCPT, recipient);
	struct verdict verdict;
	struct answer answer;

	answer_cannot_tell(session->config, &request, "the login is too long", &verdict);
	answer_log(session->config, &request, &verdict);
	answer_from(&verdict, &answer);
	outcome_of_command(out, &answer);
}

static void refuse_recipient(struct packets *out)
{
	protocol_reply(out, "452", "4.5.3", "too many recipients in one message");
}

/* A recipient that is refused is not one; the message goes on. */
static enum heard on_recipient(const struct hearing *h)
{
	struct session *session = session_of(h->talk, h->setting->config);
	size_t at = 0;
	const char *recipient = packet_text(h->packet, &at);

	if (session->left_alone)
		return say(h, WORD_ACCEPT);
	if (!session->message || !recipient)
		return say(h, WORD_TEMPFAIL);
	if (session->message->login_too_long) {
		refuse_login(session, recipient, h->out);
		return HEARD_ON;
	}
	if (message_full(session->message, recipient)) {
		refuse_recipient(h->out);
		return HEARD_ON;
	}
	*h->question = message_request(session, STAGE_RCPT, recipient);
	return HEARD_ASK;
}

static enum heard on_header(const struct hearing *h)
{
	struct message *message = message_of(h->talk);
	const char *name, *value;
	size_t at = 0;

	name = packet_text(h->packet, &at);
	value = packet_text(h->packet, &at);
	if (!name || !value)
		return bad(h->talk, "a header field without a value");
	if (message) {
		message_add_header(message, name, value,
				   at - 1 - (size_t)(value - h->packet->data));
		/* The space after the colon is one octet of the message all the same. */
		message->received_bytes += !(h->talk->steps & STEP_LEADING_SPACE);
	}
	return HEARD_ON;
}

static enum heard on_body(const struct hearing *h)
{
	struct message *message = message_of(h->talk);

	if (message)
		message_add_body(message, h->packet->len);
	return HEARD_ON;
}

/* sendmail may put the last octets of a body into it; Postfix does not. Who was told that
 * nothing more is asked may come this far all the same. */
static enum heard on_end(const struct hearing *h)
{
	struct message *message = message_of(h->talk);

	if (!message)
		return say(h, h->talk->session && h->talk->session->left_alone ? WORD_ACCEPT :
										 WORD_TEMPFAIL);
	message_add_body(message, h->packet->len);
	*h->question = talk_last_question(h->talk);
	return HEARD_ASK;
}

static enum heard on_abort(const struct hearing *h)
{
	end_message(h->talk);
	return HEARD_ON;
}

static enum heard on_new_session(const struct hearing *h)
{
	session_free(&h->talk->session);
	return HEARD_ON;
}

static enum heard on_quit(const struct hearing *h)
{
	(void)h;
	return HEARD_QUIT;
}

/* Nothing of it is looked at. */
static enum heard on_other(const struct hearing *h)
{
	(void)h;
	return HEARD_ON;
}

/* By their letter. */
static enum heard (*const commands[PROTOCOL_LETTERS])(const struct hearing *h) = {
	[COMMAND_ABORT - 'A'] = on_abort,
	[COMMAND_BODY - 'A'] = on_body,
	[COMMAND_CONNECT - 'A'] = on_connect,
	[COMMAND_DATA - 'A'] = on_other,
	[COMMAND_END - 'A'] = on_end,
	[COMMAND_END_HEADER - 'A'] = on_other,
	[COMMAND_HEADER - 'A'] = on_header,
	[COMMAND_HELO - 'A'] = on_other,
	[COMMAND_MACROS - 'A'] = on_macros,
	[COMMAND_MAIL - 'A'] = on_mail,
	[COMMAND_NEGOTIATE - 'A'] = on_negotiate,
	[COMMAND_QUIT - 'A'] = on_quit,
	[COMMAND_QUIT_NEW - 'A'] = on_new_session,
	[COMMAND_RCPT - 'A'] = on_recipient,
	[COMMAND_UNKNOWN - 'A'] = on_other,
};

/* A command that is heard but has no answer yet lets the server go on. */
enum heard talk_hear(struct talk *talk, const struct talk_setting *setting,
		     const struct packet *packet, struct packets *out, struct request *question)
{
	const struct hearing h = { talk, setting, packet, out, question };
	const char command = packet->command;
	const unsigned letter = protocol_letter(command);
	size_t len = out->len;
	enum heard heard;

	if (!talk->negotiated && command != COMMAND_NEGOTIATE && command != COMMAND_QUIT)
		return bad(talk, "a command before the negotiation");
	if (letter >= PROTOCOL_LETTERS || !commands[letter])
		return bad(talk, "an unknown command");
	heard = commands[letter](&h);
	if (heard == HEARD_ON && out->len == len && protocol_waits(talk->steps, command))
		return say(&h, WORD_CONTINUE);
	return heard;
}

/* ---- questions and answers ------------------------------------------------- */

struct originators *talk_originators(struct talk *talk, const struct request *question)
{
	if (question->stage != STAGE_END_OF_MESSAGE)
		return NULL;
	return message_take_originators(talk->session->message);
}

static void answer_recipient(struct message *message, const struct request *question,
			     const struct answer *answer, struct packets *out)
{
	message->was_identity |= answer->identified && !outcome_refuses(answer);
	if (outcome_refuses(answer) ||
	    message_add_recipient(message, question->recipient, answer->recipient_free,
				  answer->recipient_listed))
		outcome_of_command(out, answer);
	else
		refuse_recipient(out);
}

bool talk_answer(struct talk *talk, const struct request *question, const struct answer *answer,
		 struct packets *out)
{
	if (question->stage == STAGE_END_OF_MESSAGE)
		return outcome_of_message(out, answer, talk->session->message);
	answer_recipient(talk->session->message, question, answer, out);
	return true;
}

struct request talk_last_question(const struct talk *talk)
{
	return message_request(talk->session, STAGE_END_OF_MESSAGE, "");
}

void talk_end_message(struct talk *talk)
{
	end_message(talk);
}

bool talk_in_message(const struct talk *talk)
{
	return message_of(talk) != NULL;
}

void talk_fini(struct talk *talk)
{
	session_free(&talk->session);
}
