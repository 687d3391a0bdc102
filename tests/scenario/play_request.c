/* The steps that ask the engine. */
#include <stdio.h>
#include <string.h>

#include "tests/scenario/play.h"
#include "tests/unit/suite.h"

static void set_field(const struct play *p, struct request_line *f, char *name, const char *value)
{
	const struct {
		const char *name;
		char *text;
		size_t size;
		int64_t *n;
	} table[] = {
		{ "qid", f->qid, sizeof(f->qid), NULL },
		{ "login", f->login, sizeof(f->login), NULL },
		{ "credential", f->credential, sizeof(f->credential), NULL },
		{ "tls", f->tls, sizeof(f->tls), NULL },
		{ "client", f->client, sizeof(f->client), NULL },
		{ "sender", f->sender, sizeof(f->sender), NULL },
		{ "from", f->from, sizeof(f->from), NULL },
		{ "reply_to", f->reply_to, sizeof(f->reply_to), NULL },
		{ "recipients", NULL, 0, &f->recipients },
		{ "size", NULL, 0, &f->size },
		{ "recipient", f->recipient, sizeof(f->recipient), NULL },
		{ "free", NULL, 0, &f->free },
		{ "listed", NULL, 0, &f->listed },
		{ "stay", NULL, 0, &f->stay },
		{ "unqueued", NULL, 0, &f->unqueued },
		{ "identity", NULL, 0, &f->identity },
		{ "was_identity", NULL, 0, &f->was_identity },
		{ "repeated", NULL, 0, &f->repeated },
		{ "cert", f->cert, sizeof(f->cert), NULL },
		{ "context", f->context, sizeof(f->context), NULL },
	};

	for (size_t i = 0; i < SUITE_LEN(table); i++) {
		if (strcmp(table[i].name, name) != 0)
			continue;
		if (table[i].n)
			*table[i].n = play_number(p, value);
		else
			snprintf(table[i].text, table[i].size, "%s", value);
		if (table[i].text == f->from)
			f->header_seen = true;
		return;
	}
	play_wrong(p, "no such field");
}

/* NAME=VALUE words up to "->" or the end. */
static void read_fields(const struct play *p, char **rest, struct request_line *f)
{
	while (**rest && strncmp(*rest, "->", 2) != 0) {
		char *name = play_word(rest), *value = strchr(name, '=');

		play_must(p, value != NULL, "not NAME=VALUE");
		*value++ = '\0';
		set_field(p, f, name, value);
	}
}

static void step_given(struct play *p, char *rest)
{
	read_fields(p, &rest, &p->given);
}

static void read_header(struct play *p)
{
	const char *from = p->fields.from;

	originators_init(&p->originators);
	if (p->config->reply_to_owned)
		originators_want_reply_to(&p->originators);
	if (strcmp(from, "none") != 0)
		originators_add(&p->originators, "From", from, strlen(from));
	if (p->fields.reply_to[0])
		originators_add(&p->originators, "Reply-To", p->fields.reply_to,
				strlen(p->fields.reply_to));
	originators_end(&p->originators);
}

static void make_request(struct play *p, enum stage stage, bool final)
{
	const struct request_line *f = &p->fields;

	if (f->header_seen)
		read_header(p);
	p->request = (struct request){
		.stage = stage,
		.final = final,
		.queue_id = f->qid,
		.login = f->login,
		.credential = f->credential,
		.tls = tls_version_of(f->tls),
		.may_be_repeated = f->repeated != 0,
		.by_identity = f->identity != 0,
		.was_identity = f->was_identity != 0,
		.client_cert = f->cert,
		.context = f->context,
		.client_address = f->client,
		.sender = f->sender,
		.sender_form = ADDRESS_INTERNAL,
		.recipients = f->recipients,
		.size_bytes = f->size,
		.recipient = f->recipient,
		.free_recipients = f->free,
		.listed_recipients = f->listed,
		.recipients_stay = f->stay != 0,
		.before_queue = f->unqueued != 0,
		.originators = f->header_seen ? &p->originators : NULL,
	};
}

static void on_verdict(const struct verdict *v, void *arg)
{
	struct play *p = arg;
	bool told = v->action == ACTION_REFUSE || v->action == ACTION_DEFER;

	SUITE_TRUE(!p->answered);
	p->answered = true;
	p->action = v->action;
	p->charged = v->charged;
	p->listed = v->recipient_listed;
	SUITE_INT_EQUAL(v->now_ms, fake_store_now_ms(p->store));
	SUITE_TRUE(!v->identified || (p->request.by_identity && !v->not_identified));
	snprintf(p->whose, sizeof(p->whose), "%s",
		 v->identified ? "identified" : v->not_identified ? "without login" : "");
	SUITE_INT_EQUAL(v->redirect != NULL, v->action == ACTION_REDIRECT);
	snprintf(p->redirect, sizeof(p->redirect), "%s", v->redirect ? v->redirect : "");
	snprintf(p->reply, sizeof(p->reply), "%s%s%s%s%s", told ? v->code : "", told ? " " : "",
		 told ? v->xcode : "", told ? " " : "", v->text);
	fields_init(&p->log, FIELDS_LINE_MAX);
	verdict_format_log(v, &p->request, p->config->node, 0, &p->log);
}

/* "-> ACTION [charged] [TEXT]" */
static void check_outcome(const struct play *p, char *rest)
{
	const char *arrow = play_word(&rest), *action = play_word(&rest);
	bool charged = strncmp(rest, "charged", 7) == 0 && strchr(" ", rest[7]);

	play_must(p, strcmp(arrow, "->") == 0, "\"->\" is missing");
	if (charged)
		play_word(&rest);
	SUITE_TEXT_EQUAL(action_name(p->action), action);
	SUITE_INT_EQUAL(p->charged, charged);
	if (p->action == ACTION_REDIRECT)
		SUITE_TEXT_EQUAL(p->redirect, rest);
	else if (*rest || p->action == ACTION_REFUSE || p->action == ACTION_DEFER)
		play_check_match(p->reply, rest);
}

static void ask(struct play *p, char *rest, enum stage stage, bool final)
{
	p->fields = p->given;
	read_fields(p, &rest, &p->fields);
	make_request(p, stage, final);
	p->answered = false;
	decision_start(fake_store_env(p->store), p->config, &p->request, on_verdict, p);
	SUITE_INT_EQUAL(p->answered, !p->later);
	while (fake_store_answer(p->store))
		;
	SUITE_TRUE(p->answered);
	check_outcome(p, rest);
}

static void step_mail(struct play *p, char *rest)
{
	ask(p, rest, STAGE_MAIL, false);
}

static void step_rcpt(struct play *p, char *rest)
{
	ask(p, rest, STAGE_RCPT, false);
}

static void step_data(struct play *p, char *rest)
{
	ask(p, rest, STAGE_DATA, false);
}

static void step_eom(struct play *p, char *rest)
{
	ask(p, rest, STAGE_END_OF_MESSAGE, false);
}

static void step_final(struct play *p, char *rest)
{
	ask(p, rest, STAGE_END_OF_MESSAGE, true);
}

static void step_log(struct play *p, char *rest)
{
	char pattern[LINE_MAX_OCTETS + 10];

	snprintf(pattern, sizeof(pattern), "...%s...", rest);
	play_check_match(p->log.line, pattern);
}

static void step_listed(struct play *p, char *rest)
{
	SUITE_TEXT_EQUAL(p->listed ? "yes" : "no", rest);
}

static void step_whose(struct play *p, char *rest)
{
	SUITE_TEXT_EQUAL(p->whose, rest);
}

const struct step request_steps[] = {
	{ "data", step_data },	 { "eom", step_eom }, { "final", step_final },
	{ "given", step_given }, { "log", step_log }, { "mail", step_mail },
	{ "rcpt", step_rcpt },	 { "whose", step_whose }, { "listed", step_listed },
	{ NULL, NULL },
};
