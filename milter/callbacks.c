#include "milter/callbacks.h"

#include <string.h>

#include <sys/types.h>

#include <libmilter/mfapi.h>

#include "base/log.h"
#include "milter/message.h"
#include "milter/outcome.h"
#include "milter/text.h"

/* What the milter may do to a message, and the steps of the protocol it can
 * do without or without a reply (libmilter's xxfi_negotiate). Headers come as
 * they are, with the space after the colon: so their size is exact. */
#define ACTIONS                                                                           \
	(SMFIF_QUARANTINE | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_CHGHDRS | SMFIF_ADDHDRS | \
	 SMFIF_SETSYMLIST)
#define STEPS                                                                          \
	(SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NR_CONN | \
	 SMFIP_NR_MAIL | SMFIP_NR_HDR | SMFIP_NR_BODY)
#define STEPS_NEEDED SMFIP_HDR_LEADSPC

/* Not left to Postfix's milter_mail_macros and the like: without {auth_authen}
 * every message would pass. */
static const struct {
	int where;
	const char *names;
} macros[] = {
	{ SMFIM_ENVFROM, "{auth_authen} {tls_version}" },
	{ SMFIM_ENVRCPT, "i" },
	{ SMFIM_EOM, "i" },
};

/* libmilter hands nothing of ours to a callback. Set once, before its
 * threads exist. */
static struct bridge *bridge;
static struct desk *desk;

/* ---- session and message --------------------------------------------------- */

/* Postfix always says who connects; another server may not. */
static struct session *session_of(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (!session) {
		session = session_new(bridge_config(bridge), NULL);
		smfi_setpriv(ctx, session);
	}
	return session;
}

static const char *macro(SMFICTX *ctx, const char *name)
{
	const char *value = smfi_getsymval(ctx, libmilter_text(name));

	return value ? value : "";
}

/* The queue id is known from the second RCPT of a message on. */
static void learn_queue_id(SMFICTX *ctx, struct message *message)
{
	message_set_queue_id(message, macro(ctx, "i"));
}

/* ---- stages ---------------------------------------------------------------- */

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
			     unsigned long unused2, unsigned long unused3,
			     unsigned long *want_actions, unsigned long *want_steps,
			     unsigned long *want2, unsigned long *want3)
{
	(void)unused2;
	(void)unused3;
	if ((actions & ACTIONS) != ACTIONS || (steps & STEPS_NEEDED) != STEPS_NEEDED) {
		log_error("the mail server speaks too old a milter protocol: in Postfix's "
			  "main.cf set milter_protocol = 6, its default");
		return SMFIS_REJECT;
	}
	*want_actions = ACTIONS;
	*want_steps = (STEPS & steps) | STEPS_NEEDED;
	*want2 = 0;
	*want3 = 0;
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		if (smfi_setsymlist(ctx, macros[i].where, libmilter_text(macros[i].names)) !=
		    MI_SUCCESS)
			return SMFIS_REJECT;
	}
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct session *session = smfi_getpriv(ctx);

	(void)name;
	session_free(&session);
	session = session_new(bridge_config(bridge), (const struct sockaddr *)address);
	smfi_setpriv(ctx, session);
	return SMFIS_NOREPLY;
}

/* Without a login there is nobody to ask about but the client's network, and whose identity
 * the session is of. */
static bool is_asked_about(const struct session *session, const char *login)
{
	return *login || session->config->unauthenticated.n_quotas > 0 ||
	       desk_knows_identities(desk);
}

/* Nothing is asked yet: every recipient is asked about, and what is wrong with
 * the sender is wrong then. Postfix' own restrictions and its policy protocol do
 * the same (smtpd_delay_reject, postconf(5)), and a question less is asked. */
static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	struct session *session = session_of(ctx);
	const char *name = macro(ctx, "{auth_authen}");
	struct username username;
	bool fits;

	message_free(&session->message);
	session->left_alone = !is_asked_about(session, name);
	if (session->left_alone)
		return SMFIS_NOREPLY;
	fits = config_username(session->config, name, &username);
	session->message = message_new(&username, argv);
	session->message->tls = tls_version_of(macro(ctx, "{tls_version}"));
	session->message->login_too_long = !fits;
	session->message->header_wanted = *name || desk_knows_identities(desk);
	session->message->reply_to = session->config->reply_to_owned;
	return SMFIS_NOREPLY;
}

static sfsistat refuse_login(SMFICTX *ctx, const struct session *session, const char *recipient)
{
	struct request request = message_request(session, STAGE_RCPT, recipient);
	struct verdict verdict;
	struct answer answer;

	answer_cannot_tell(session->config, &request, "the login is too long", &verdict);
	desk_log(session->config, &request, &verdict);
	answer_from(&verdict, &answer);
	return outcome_of_command(ctx, &answer);
}

static sfsistat ask_about_recipient(SMFICTX *ctx, struct session *session, const char *recipient,
				    bool *is_free)
{
	struct request request = message_request(session, STAGE_RCPT, recipient);
	struct answer answer;

	desk_ask(desk, session->config, &request, NULL, &answer);
	*is_free = answer.recipient_free;
	return outcome_of_command(ctx, &answer);
}

static sfsistat refuse_recipient(SMFICTX *ctx)
{
	return outcome_reply(ctx, "452", "4.5.3", "too many recipients in one message");
}

/* A recipient that is refused is not one; the message goes on. */
static sfsistat on_recipient(SMFICTX *ctx, char **argv)
{
	struct session *session = session_of(ctx);
	struct message *message = session->message;
	sfsistat result;
	bool is_free;

	if (session->left_alone)
		return SMFIS_ACCEPT;
	if (!message || !argv[0])
		return SMFIS_TEMPFAIL;
	learn_queue_id(ctx, message);
	if (message->login_too_long)
		return refuse_login(ctx, session, argv[0]);
	if (message_full(message, argv[0]))
		return refuse_recipient(ctx);
	result = ask_about_recipient(ctx, session, argv[0], &is_free);
	if (result == SMFIS_CONTINUE && !message_add_recipient(message, argv[0], is_free))
		return refuse_recipient(ctx);
	return result;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = session_of(ctx);

	if (session->message)
		message_add_header(session->message, name, value);
	return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
	struct session *session = session_of(ctx);

	(void)data;
	if (session->message)
		message_add_body(session->message, len);
	return SMFIS_NOREPLY;
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);
	struct message *message = session->message;
	struct request request;
	struct answer answer;
	bool carried_out;
	sfsistat result;

	if (!message)
		return SMFIS_TEMPFAIL;
	learn_queue_id(ctx, message);
	request = message_request(session, STAGE_END_OF_MESSAGE, "");
	desk_ask(desk, session->config, &request, message_take_originators(message), &answer);
	result = outcome_of_message(ctx, &answer, message, &carried_out);
	if (!carried_out)
		desk_undo(desk, session->config, &request, &answer);
	message_free(&session->message);
	return result;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session)
		message_free(&session->message);
	return SMFIS_CONTINUE;
}

/* Also called when another client's session follows on the connection, and
 * for a connection that said nothing. */
static sfsistat on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	session_free(&session);
	smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

/* ---- registration ---------------------------------------------------------- */

bool callbacks_register(const char *name)
{
	struct smfiDesc description = {
		.xxfi_name = libmilter_text(name),
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = ACTIONS,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_recipient,
		.xxfi_header = on_header,
		.xxfi_body = on_body,
		.xxfi_eom = on_end_of_message,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	return smfi_register(description) == MI_SUCCESS;
}

void callbacks_use(struct bridge *the_bridge, struct desk *the_desk)
{
	bridge = the_bridge;
	desk = the_desk;
}
