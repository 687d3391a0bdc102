/*
 * explain: the engine asked about a message, one in a file or one that does
 * not exist.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/accounts.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/explain_view.h"
#include "control/message_file.h"
#include "control/need.h"
#include "control/wait.h"
#include "engine/decision.h"

/* ---- the message that is asked about ------------------------------------- */

static int64_t number_or(const struct control *control, enum option_id option, int64_t otherwise)
{
	const struct value *value = control_value(control, option);

	return value ? value->number : otherwise;
}

/* The envelope sender as the daemons put it into replies: without <> and what
 * stands around it. Owned by the caller. */
static char *bare_sender(const char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len >= 2 && text[0] == '<' && text[len - 1] == '>')
		return need_copy(text + 1, len - 2);
	return need_copy(text, len);
}

static void add_fields(const struct control *control, const struct message_file *message,
		       struct header_view *view)
{
	for (size_t i = 0; message && i < message->n_fields; i++)
		header_view_add(view, message->fields[i].name,
				message_field_value(&message->fields[i]), message->fields[i].line);
	for (size_t i = 0; i < control->n_given; i++)
		if (control->given[i].option == OPTION_HEADER_FROM)
			header_view_add(view, originator_name(ORIGINATOR_FROM),
					control->given[i].value.text, 0);
	header_view_end(view);
}

static const char *text_or_empty(const struct control *control, enum option_id option)
{
	const struct value *value = control_value(control, option);

	return value ? value->text : "";
}

static void fill_request(const struct control *control, const struct message_file *message,
			 struct request *r)
{
	const struct value *credential = control_value(control, OPTION_CREDENTIAL);
	const struct value *login = control_value(control, OPTION_LOGIN);
	enum stage stage = (enum stage)number_or(control, OPTION_STAGE, STAGE_END_OF_MESSAGE);

	*r = (struct request){
		.stage = stage,
		/* Final, so that a sandbox shows; no queue id: nothing is
		 * charged. */
		.final = stage == STAGE_END_OF_MESSAGE,
		.explained = true,
		.queue_id = "",
		.login = login ? login->text : "",
		.credential = credential ? credential->text : "",
		.tls = (enum tls_version)number_or(control, OPTION_TLS, TLS_1_3),
		.client_cert = text_or_empty(control, OPTION_CLIENT_CERT),
		.context = text_or_empty(control, OPTION_CONTEXT),
		.client_address = control_value(control, OPTION_CLIENT)->text,
		.sender_form = ADDRESS_SMTP,
		.recipients = number_or(control, OPTION_RECIPIENTS, stage == STAGE_MAIL ? 0 : 1),
		.free_recipients = number_or(control, OPTION_FREE_RECIPIENTS, 0),
		.recipient = "",
		.size_bytes = number_or(control, OPTION_SIZE, message ? message->size_bytes : 0),
	};
}

/* Sets explained->sender and where it comes from; false, said, when nothing
 * tells. */
static bool find_sender(const struct control *control, const struct message_file *message,
			struct explained *e)
{
	const struct value *given = control_value(control, OPTION_FROM);
	const char *text = given ? given->text : NULL;

	e->sender_from = "--from";
	if (!text && message)
		text = message_file_sender(message, &e->sender_from);
	if (text)
		e->sender = bare_sender(text);
	else if (message)
		control_misuse(control, "--from is missing, and %s has no Return-Path field",
			       e->message_name);
	else
		control_misuse(control, "--from is missing");
	return text != NULL;
}

/* ---- the answer ---------------------------------------------------------- */

struct question {
	const struct config *config;
	struct explained *explained;
	bool done;
	int status;
};

/* The verdict is borrowed for the call; it has no pointers to what the call
 * owns but the error. */
static void on_verdict(const struct verdict *v, void *arg)
{
	struct question *q = arg;
	char error[WAIT_ERROR_MAX];

	q->done = true;
	q->explained->verdict = *v;
	if (!v->store_error)
		return;
	wait_error(q->config, v->store_error, error);
	q->status = control_refuse("%s", error);
}

/* When a message like this one fits, quota by quota. */
static int look(const struct control *control, struct explained *e)
{
	const struct request *r = &e->request;
	int64_t counted = r->recipients - r->free_recipients;
	const int64_t fit[QUOTA_UNITS] = {
		[QUOTA_MESSAGES] = 1,
		[QUOTA_RECIPIENTS] = counted > 0 ? counted : 1,
		[QUOTA_BYTES] = r->size_bytes > 0 ? r->size_bytes : 1,
	};

	if (!look_at_login(control->wait, r->login, fit, &e->quotas))
		return control_refuse("%s", e->quotas.error);
	return STATUS_DONE;
}

/* --login may be the username of a credential, as the client authenticates. */
static void name_credential(const struct control *control, struct explained *e)
{
	if (!config_username(e->config, e->request.login, &e->username))
		return;
	if (control_has(control, OPTION_CREDENTIAL))
		return;
	e->request.login = e->username.login;
	e->request.credential = e->username.credential;
}

static void learn(const struct view *view, void *arg)
{
	identities_learn(arg, view->login, (struct account *)view->account);
}

/* Without --login: whose session it is. Wrong usage, said, when it is nobody's. */
static int find_identity(struct control *control, struct explained *e)
{
	struct identities *identities = identities_new();
	const char *login = "";
	int status = accounts_identities(control, learn, identities);

	if (status == STATUS_DONE && !identities_find(identities, &e->request, &login))
		status = control_misuse(
			control, "--login is missing, and a session from %s is no identity's",
			e->request.client_address);
	snprintf(e->username.login, sizeof(e->username.login), "%s", login);
	e->request.login = e->username.login;
	e->request.by_identity = true;
	identities_free(&identities);
	return status;
}

/* The policy daemon, where it charges, acts on all of a message, and only knows whether all
 * recipients are listed (policy/transaction.h). */
static int64_t listed_recipients(const struct control *control, int64_t recipients)
{
	int64_t listed = number_or(control, OPTION_SANDBOX_RECIPIENTS, 0);
	bool all = listed >= recipients;

	return all || config_charge_by(control->config) == CHARGE_MILTER ? listed : 0;
}

/* The configuration is there now. */
static void fill_configured(struct control *control, struct explained *e)
{
	e->config = control->config;
	e->header = header_view_new(e->config->reply_to_owned);
	add_fields(control, e->message, e->header);
	e->header_seen = e->message || control_has(control, OPTION_HEADER_FROM);
	if (e->request.login[0] && !e->request.by_identity)
		name_credential(control, e);
	if (e->header_seen)
		e->request.originators = &e->header->originators;
	e->request.listed_recipients = listed_recipients(control, e->request.recipients);
}

static int ask(struct control *control, struct explained *e)
{
	struct question q = { .config = control->config, .explained = e };
	int status = e->request.login[0] ? STATUS_DONE : find_identity(control, e);

	if (status != STATUS_DONE)
		return status;
	fill_configured(control, e);
	decision_start(store_env(wait_store(control->wait)), control->config, &e->request,
		       on_verdict, &q);
	wait_until(control->wait, &q.done);
	if (q.status == STATUS_DONE)
		q.status = look(control, e);
	if (q.status != STATUS_DONE)
		return q.status;
	/* Whose patterns are shown is the account that the quotas were read of,
	 * a moment after the decision. */
	effective_resolve(control->config, e->quotas.account, e->request.login,
			  wait_now_s(control->wait), &e->effective);
	effective_credential(e->quotas.account, request_credential(&e->request),
			     wait_now_s(control->wait), &e->effective);
	if (control->json)
		control_print_json(explain_json(e));
	else
		explain_print(e);
	return explain_refused(&e->verdict) ? STATUS_REFUSED : STATUS_DONE;
}

/* ---- the command --------------------------------------------------------- */

static int explain(struct control *control, struct message_file *message, struct explained *e)
{
	const struct value *config = control_value(control, OPTION_CONFIG);
	int status;

	e->config_option = config ? config->text : NULL;
	e->message = message;
	e->size_from_file = message && !control_has(control, OPTION_SIZE);
	fill_request(control, message, &e->request);
	if (!find_sender(control, message, e))
		return STATUS_USAGE;
	e->request.sender = e->sender;
	if (message && message->body_line > 0)
		control_note("%s:%d: %s", e->message_name, message->body_line, explain_header_end);
	status = control_connect(control) ? ask(control, e) : STATUS_REFUSED;
	look_fini(&e->quotas);
	header_view_free(&e->header);
	free(e->sender);
	return status;
}

static bool is_more_than_all(const struct control *control, enum option_id some)
{
	return number_or(control, some, 0) > number_or(control, OPTION_RECIPIENTS, 1);
}

static int command_explain(struct control *control)
{
	const struct value *path = control_value(control, OPTION_MESSAGE);
	struct explained *e = need(calloc(1, sizeof(*e)));
	struct message_file message = { 0 };
	char error[MESSAGE_ERROR_MAX];
	int status;

	header_address_init();
	e->message_name = path && strcmp(path->text, "-") == 0 ? "standard input" :
			  path				       ? path->text :
								 NULL;
	if (path && control_has(control, OPTION_HEADER_FROM))
		status = control_misuse(control, "--message and --header-from: only one of them");
	else if (is_more_than_all(control, OPTION_FREE_RECIPIENTS))
		status = control_misuse(control, "--free-recipients are some of --recipients, "
						 "not more");
	else if (is_more_than_all(control, OPTION_SANDBOX_RECIPIENTS))
		status = control_misuse(control, "--sandbox-recipients are some of --recipients, "
						 "not more");
	else if (path && !message_file_read(path->text, &message, error))
		status = control_refuse("%s", error);
	else
		status = explain(control, path ? &message : NULL, e);
	message_file_fini(&message);
	free(e);
	return status;
}

const struct command commands_explain[] = {
	{ .name = "explain",
	  .options = OPTION_LIST(OPTION_LOGIN, OPTION_FROM, OPTION_HEADER_FROM, OPTION_MESSAGE,
				 OPTION_CLIENT, OPTION_RECIPIENTS, OPTION_SIZE,
				 OPTION_FREE_RECIPIENTS, OPTION_SANDBOX_RECIPIENTS, OPTION_STAGE,
				 OPTION_CREDENTIAL, OPTION_TLS, OPTION_CLIENT_CERT, OPTION_CONTEXT),
	  .required = OPTION_LIST(OPTION_CLIENT),
	  .help = "tell what would happen to a message, and why",
	  .notes = "Without --login the session is of the identity that it matches.\n"
		   "Runs the checks of the daemons and charges nothing. --from is needed unless\n"
		   "--message has a Return-Path field. With neither --header-from nor --message\n"
		   "the header is not checked, as in the policy daemon. The exit status is 0\n"
		   "when the message would be accepted, 1 when it would be refused.",
	  .run = command_explain },
	{ 0 },
};
