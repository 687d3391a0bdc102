#include "policy/stage.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/reply.h"
#include "base/units.h"
#include "engine/decision.h"

/* Postfix's values of protocol_state (SMTPD_POLICY_README). */
static const struct state {
	const char *name;
	bool decided;
	enum stage stage;
} states[] = {
	{ "RCPT", true, STAGE_RCPT },
	{ "DATA", true, STAGE_DATA },
	{ "END-OF-MESSAGE", true, STAGE_END_OF_MESSAGE },
	{ "MAIL", true, STAGE_MAIL },
	{ "CONNECT", false, STAGE_MAIL },
	{ "EHLO", false, STAGE_MAIL },
	{ "HELO", false, STAGE_MAIL },
	{ "VRFY", false, STAGE_MAIL },
	{ "ETRN", false, STAGE_MAIL },
};

static const struct state *state_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i].name, name) == 0)
			return &states[i];
	return NULL;
}

/* Decimal digits up to AMOUNT_MAX; -1 for anything else. */
static int64_t number(const struct attribute_value *value)
{
	int64_t n = 0;
	size_t i;

	if (value->len == 0)
		return -1;
	for (i = 0; i < value->len; i++) {
		if (!ascii_is_digit(value->text[i]))
			return -1;
		n = n * 10 + (value->text[i] - '0');
		if (n > AMOUNT_MAX)
			return -1;
	}
	return n;
}

/* The attributes that become texts in the engine's request. */
static const struct {
	enum attribute attribute;
	const char *has_nul;
} texts[] = {
	{ ATTRIBUTE_SASL_USERNAME, "the login has a NUL byte" },
	{ ATTRIBUTE_CLIENT_ADDRESS, "client_address has a NUL byte" },
	{ ATTRIBUTE_SENDER, "sender has a NUL byte" },
	{ ATTRIBUTE_QUEUE_ID, "queue_id has a NUL byte" },
	{ ATTRIBUTE_INSTANCE, "instance has a NUL byte" },
	{ ATTRIBUTE_RECIPIENT, "recipient has a NUL byte" },
	{ ATTRIBUTE_ENCRYPTION_PROTOCOL, "encryption_protocol has a NUL byte" },
	{ ATTRIBUTE_CCERT_FINGERPRINT, "ccert_fingerprint has a NUL byte" },
	{ ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT, "ccert_pubkey_fingerprint has a NUL byte" },
	{ ATTRIBUTE_POLICY_CONTEXT, "policy_context has a NUL byte" },
};

/* Cut at a NUL a value would be somebody else's. Returns what is wrong. */
static const char *texts_fault(const struct policy_request *in)
{
	size_t i;

	if (!in->may_hold_nul)
		return NULL;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct attribute_value *value = &in->values[texts[i].attribute];

		if (memchr(value->text, '\0', value->len))
			return texts[i].has_nul;
	}
	return NULL;
}

/* Returns what is wrong. */
static const char *fill_login(const struct config *config, struct stage_question *out)
{
	if (out->request.by_identity)
		return NULL;
	if (!config_username(config, out->request.login, &out->username))
		return "the login is too long";
	out->request.login = out->username.login;
	out->request.credential = out->username.credential;
	return NULL;
}

/* At RCPT Postfix does not say how many there are, and at MAIL there are
 * none. Returns what is wrong. */
static const char *fill_recipients(const struct policy_request *in,
				   const struct transaction *transaction, struct request *out,
				   uint64_t *recipient)
{
	const struct attribute_value *name = &in->values[ATTRIBUTE_RECIPIENT];

	switch (out->stage) {
	case STAGE_MAIL:
		return NULL;
	case STAGE_RCPT:
		*recipient = transaction_hash(name->text, name->len);
		out->recipient = name->text;
		out->recipients = transaction_count_with(transaction, *recipient);
		out->free_recipients = transaction_free_without(transaction, *recipient);
		return NULL;
	case STAGE_DATA:
	case STAGE_END_OF_MESSAGE:
		break;
	}
	out->recipients = number(&in->values[ATTRIBUTE_RECIPIENT_COUNT]);
	if (out->recipients < 0)
		return in->values[ATTRIBUTE_RECIPIENT_COUNT].given ?
			       "recipient_count is not a number" :
			       "recipient_count is missing";
	out->free_recipients = transaction_free_of(transaction, out->recipients);
	out->listed_recipients = transaction_listed_of(transaction, out->recipients);
	return NULL;
}

/* SIZE= is the client's and optional; at the end Postfix says the size. A
 * client that has no such attribute at all is not Postfix (wiring_no_size()). */
static const char *fill_size(const struct policy_request *in, struct request *out)
{
	const struct attribute_value *size = &in->values[ATTRIBUTE_SIZE];

	if (!size->given || (size->len == 0 && out->stage != STAGE_END_OF_MESSAGE))
		return NULL;
	out->size_bytes = number(size);
	return out->size_bytes < 0 ? "size is not a number" : NULL;
}

/* Postfix makes the queue file, and with it the queue id, at the first RCPT;
 * with smtpd_proxy_filter it makes none, and END-OF-MESSAGE comes without. The
 * instance is one of the message too, and the same in a repeated request.
 * Only what is charged has need of a token. Returns what is wrong. */
static const char *fill_key(const struct policy_request *in, struct transaction *transaction,
			    struct request *out)
{
	const char *token = transaction_token(transaction);

	out->queue_id = in->values[ATTRIBUTE_QUEUE_ID].text;
	out->token = out->final ? token : NULL;
	if (out->stage != STAGE_END_OF_MESSAGE)
		return NULL;
	if (!out->queue_id[0]) {
		out->before_queue = true;
		out->queue_id = in->values[ATTRIBUTE_INSTANCE].text;
	}
	return token || decision_key_fits(out->queue_id) ?
		       NULL :
		       "neither queue_id nor instance tells which message it is";
}

static void fill_texts(const struct policy_request *in, struct request *out)
{
	out->login = in->values[ATTRIBUTE_SASL_USERNAME].text;
	out->client_address = in->values[ATTRIBUTE_CLIENT_ADDRESS].text;
	out->sender = in->values[ATTRIBUTE_SENDER].text;
	out->sender_form = ADDRESS_INTERNAL;
	out->queue_id = in->values[ATTRIBUTE_QUEUE_ID].text;
	out->recipient = "";
	out->tls = tls_version_of(in->values[ATTRIBUTE_ENCRYPTION_PROTOCOL].text);
}

/* "relay", or "relay:NAME", whose identities are those of the context NAME. */
static void fill_context(const struct policy_request *in, const struct state *state,
			 struct transaction *transaction, struct request *out)
{
	const char *context = in->values[ATTRIBUTE_POLICY_CONTEXT].text;
	size_t len = strlen(STAGE_RELAY_CONTEXT);

	transaction->relay = false;
	if (strncmp(context, STAGE_RELAY_CONTEXT, len) == 0 &&
	    (!context[len] || context[len] == ':')) {
		transaction->relay = state->stage == STAGE_RCPT;
		context += context[len] ? len + 1 : len;
	}
	out->context = context;
	out->client_cert = in->values[ATTRIBUTE_CCERT_FINGERPRINT].text;
	out->client_key = in->values[ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT].text;
}

/* What of the milter's it cannot see is charged here. */
static void take_identity(const struct account *account, const char *login,
			  struct stage_question *out)
{
	struct request *request = &out->request;

	memcpy(out->username.login, login, strlen(login) + 1);
	out->username.credential[0] = '\0';
	request->login = out->username.login;
	request->credential = out->username.credential;
	request->by_identity = true;
	if (request->stage == STAGE_END_OF_MESSAGE && identity_is_policyd_only(account->identity))
		request->final = true;
}

/* STAGE_DECIDE when there is somebody to ask about. */
static enum stage_task find_who(const struct config *config, const struct identities *identities,
				const struct transaction *transaction, struct stage_question *out)
{
	const struct request *request = &out->request;
	const struct account *account;
	const char *login;

	if (request->login[0])
		return transaction->relay ? STAGE_NO_LOGIN : STAGE_DECIDE;
	account = identities ? identities_find(identities, request, &login) : NULL;
	if (account) {
		take_identity(account, login, out);
		return STAGE_DECIDE;
	}
	if (transaction->relay)
		return !identities || identities_complete(identities) ? STAGE_NO_LOGIN :
									STAGE_UNSURE;
	return config->unauthenticated.n_quotas > 0 || request->was_identity ? STAGE_DECIDE :
									       STAGE_NO_LOGIN;
}

enum stage_task stage_map(const struct policy_request *in, const struct config *config,
			  const struct identities *identities, struct transaction *transaction,
			  struct stage_question *out, const char **why)
{
	struct request *request = &out->request;
	const struct attribute_value *instance = &in->values[ATTRIBUTE_INSTANCE];
	const char *name = in->values[ATTRIBUTE_PROTOCOL_STATE].text;
	const struct state *state = state_find(name);
	enum stage_task task;

	if (!state)
		return STAGE_UNKNOWN;
	if (!state->decided)
		return STAGE_UNDECIDED;
	memset(request, 0, sizeof(*request));
	request->stage = state->stage;
	request->final = state->stage == STAGE_END_OF_MESSAGE &&
			 config_charge_by(config) == CHARGE_POLICYD;
	fill_texts(in, request);
	fill_context(in, state, transaction, request);
	*why = texts_fault(in);
	if (*why)
		return STAGE_CANNOT;
	transaction_enter(transaction, instance->text, instance->len, request->queue_id[0]);
	request->was_identity = transaction->identified;
	task = find_who(config, identities, transaction, out);
	if (task != STAGE_DECIDE)
		return task;
	*why = fill_key(in, transaction, request);
	if (!*why)
		*why = fill_login(config, out);
	if (!*why)
		*why = fill_recipients(in, transaction, request, &out->recipient);
	if (!*why)
		*why = fill_size(in, request);
	return *why ? STAGE_CANNOT : STAGE_DECIDE;
}

/* Text comes from people (replies, reasons): no control gets out, or it could
 * end the line and give a second action. */
static struct stage_answer finish(char *out, int n)
{
	size_t len = (size_t)n, i;

	if (len > STAGE_ANSWER_MAX - 3)
		len = STAGE_ANSWER_MAX - 3;
	for (i = 0; i < len; i++)
		if (ascii_is_control(out[i]))
			out[i] = '?';
	memcpy(out + len, "\n\n", 3);
	return (struct stage_answer){ .text = out, .len = len + 2 };
}

struct stage_answer stage_answer_pass(void)
{
	static const char pass[] = "action=DUNNO\n\n";

	return (struct stage_answer){ .text = pass, .len = sizeof(pass) - 1 };
}

static struct stage_answer answer_reply(const char *code, const char *xcode, const char *text,
					char *out)
{
	return finish(out, snprintf(out, STAGE_ANSWER_MAX, "action=%s %s %s", code, xcode, text));
}

/* The actions of access(5) that are not a reply. */
static const char *const words[] = {
	[ACTION_HOLD] = "HOLD",
	[ACTION_DISCARD] = "DISCARD",
	[ACTION_REDIRECT] = "REDIRECT",
};

struct stage_answer stage_answer(const struct verdict *verdict, bool relay,
				 char out[STAGE_ANSWER_MAX])
{
	const char *text = verdict->text;

	switch (verdict->action) {
	case ACTION_ACCEPT:
		if (relay && verdict->identified)
			return finish(out, snprintf(out, STAGE_ANSWER_MAX, "action=OK"));
		return stage_answer_pass();
	case ACTION_REFUSE:
	case ACTION_DEFER:
		return answer_reply(verdict->code, verdict->xcode, text, out);
	case ACTION_REDIRECT:
		text = verdict->redirect;
		break;
	case ACTION_HOLD:
	case ACTION_DISCARD:
		break;
	}
	assert(verdict->action >= ACTION_HOLD && verdict->action <= ACTION_REDIRECT && text);
	return finish(out, snprintf(out, STAGE_ANSWER_MAX, "action=%s %s", words[verdict->action],
				    text));
}

struct stage_answer stage_answer_unsure(const struct config *config, char out[STAGE_ANSWER_MAX])
{
	const struct reply_line *line = &config->replies[REPLY_CANNOT_TELL];

	return finish(out, snprintf(out, STAGE_ANSWER_MAX,
				    "action=DEFER_IF_REJECT %s temporarily unable to check whether "
				    "this client may relay",
				    line->xcode));
}

struct stage_answer stage_answer_cannot(const struct config *config, const char *login,
					char out[STAGE_ANSWER_MAX])
{
	const struct reply_line *line = &config->replies[REPLY_CANNOT_TELL];
	const struct reply_values values = { .login = login };
	char text[REPLY_TEXT_MAX + 1];

	reply_expand(line, &values, text, sizeof(text));
	return answer_reply(line->code, line->xcode, text, out);
}
